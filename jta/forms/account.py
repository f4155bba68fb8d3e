"""Forms for signing in, accounts and roles."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, Length

from jta.forms.study_fields import LineField
from jta.models.account import STUDY_ROLES

ROLE_LABELS = {
    "director": "Director: runs the study, builds the blueprint",
    "psychometrician": "Psychometrician: sees answers without names, runs the analysis",
    "approver": "Approver: approves the blueprint or returns it",
    "panelist": "Panelist (SME): reads the inventory",
    "auditor": "Auditor: reads everything that holds no names",
}
_ADDRESS = [
    DataRequired("Enter an e-mail address."),
    Email("This is not an e-mail address."),
    Length(max=254),
]


class SignInForm(FlaskForm):
    """Address and password."""

    email = LineField("E-mail address", [DataRequired("Enter your e-mail address."), Length(max=254)])
    password = PasswordField("Password", [DataRequired("Enter your password."), Length(max=256)])


class PasswordForm(FlaskForm):
    """Change one's own password."""

    old = PasswordField("Present password", [DataRequired("Enter your present password."), Length(max=256)])
    password = PasswordField("New password", [DataRequired("Enter a new password."), Length(max=256)])


class UserForm(FlaskForm):
    """A new account."""

    name = LineField("Name", [DataRequired("Enter the person's name."), Length(max=200)])
    email = LineField("E-mail address", _ADDRESS)
    password = PasswordField("First password", [DataRequired("Enter a first password."), Length(max=256)])
    administrator = BooleanField("Administrator of this installation")


class ResetForm(FlaskForm):
    """A new first password for an account."""

    password = PasswordField("New first password", [DataRequired("Enter a password."), Length(max=256)])


class MemberForm(FlaskForm):
    """A role in a study for an account."""

    email = LineField("E-mail address of the account", _ADDRESS)
    role = SelectField("Role", choices=[SelectChoice(role, ROLE_LABELS[role]) for role in STUDY_ROLES])
