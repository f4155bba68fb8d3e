"""Accounts of the staff: sign in and out, create, grant and take roles, change passwords."""

from __future__ import annotations

import secrets
import unicodedata

from flask_security import hash_password, verify_password
from sqlalchemy import func, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import InvalidInputError, NotFoundError
from jta.models.account import ADMINISTRATOR, STUDY_ROLES, Membership, Role, User
from jta.services.study_stage import lock_study

SHORTEST, LONGEST = 15, 256
_COMMON = (
    "password",
    "practiceanalysis",
    "certification",
    "qwertyuiop",
    "1234567890",
    "abcdefghij",
    "letmein",
    "iloveyou",
)


def normal_email(email: str) -> str:
    """Return an address as accounts are looked up by: composed, without blanks, in lower case."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def find_user(email: str) -> User | None:
    """Return the account with this address, or None."""
    return db.session.scalar(select(User).where(User.email == normal_email(email)))


def get_user(user_id: int) -> User:
    """Return an account.

    Raises
    ------
    NotFoundError
        If there is none with this id.
    """
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFoundError
    return user


def list_users() -> list[User]:
    """Return all accounts by name."""
    return list(db.session.scalars(select(User).order_by(func.lower(User.name), User.id)))


def check_password_rules(password: str, *, email: str = "", name: str = "") -> None:
    """Refuse a password that is too short or easily guessed; nothing else is asked of it.

    Raises
    ------
    InvalidInputError
        Saying what is wrong.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInputError(f"Use {SHORTEST} characters or more (up to {LONGEST}).", field="password")
    plain = "".join(c for c in password.lower() if c.isalnum())
    own = {"".join(c for c in part.lower() if c.isalnum()) for part in (email, email.split("@")[0], name)}
    if len(set(plain)) < 5 or any(_is_mostly(plain, word) for word in (*_COMMON, *own) if len(word) > 3):
        raise InvalidInputError("This password is easy to guess. Use a sentence or several words.", field="password")


def _is_mostly(plain: str, word: str) -> bool:
    return word in plain and len(plain.replace(word, "")) < 8


def sign_in(email: str, password: str) -> User | None:
    """Return the active account whose password this is, or None; unknown accounts take as long as known ones."""
    user = find_user(email)
    if user is None:
        hash_password(password)  # the same work as a check, so that time tells nothing
        return None
    right = verify_password(password, user.password)
    with transaction():
        ok = right and user.active
        audit.record(
            audit.Actor(user.name, "staff", user.id),
            "signed in" if ok else "sign-in refused",
            f"account {user.id}",
        )
    return user if ok else None


def sign_out(user: User) -> None:
    """End every session of an account, copies of its cookie included."""
    with transaction():
        user.fs_uniquifier = secrets.token_hex(32)
        audit.record(audit.Actor(user.name, "staff", user.id), "signed out", f"account {user.id}")


def create_user(
    actor: audit.Actor,
    *,
    email: str,
    name: str,
    password: str,
    administrator: bool = False,
    must_change: bool = True,
) -> User:
    """Create an account.

    Raises
    ------
    InvalidInputError
        If the address is taken or the password breaks the rules.
    """
    check_password_rules(password, email=email, name=name)
    with transaction():
        if find_user(email):
            raise InvalidInputError("An account with this address exists already.", field="email")
        user = User(
            email=normal_email(email),
            name=name.strip(),
            password=hash_password(password),
            active=True,
            fs_uniquifier=secrets.token_hex(32),
            must_change_password=must_change,
            created_at=clock.now(),
        )
        if administrator:
            user.roles = [_administrator_role()]
        db.session.add(user)
        db.session.flush()
        audit.record(
            actor,
            "created account",
            f"account {user.id}",
            after={"name": user.name, "administrator": administrator},
        )
    return user


def _administrator_role() -> Role:
    role = db.session.scalar(select(Role).where(Role.name == ADMINISTRATOR))
    if role is None:
        role = Role(name=ADMINISTRATOR, description="Manages accounts and settings; sees no answers.")
        db.session.add(role)
    return role


def change_password(user: User, *, old: str, new: str) -> None:
    """Replace one's own password; every other session of the account ends.

    Raises
    ------
    InvalidInputError
        If the old password is wrong, or the new one is the same or breaks the rules.
    """
    if not verify_password(old, user.password):
        raise InvalidInputError("This is not your present password.", field="old")
    if new == old:  # else a first password, which its giver knows, would stay
        raise InvalidInputError("This is your present password. Choose another one.", field="password")
    check_password_rules(new, email=user.email, name=user.name)
    with transaction():
        user.password = hash_password(new)
        user.fs_uniquifier = secrets.token_hex(32)
        user.must_change_password = False
        audit.record(audit.Actor(user.name, "staff", user.id), "changed own password", f"account {user.id}")


def set_active(actor: audit.Actor, user_id: int, *, active: bool) -> User:
    """Switch an account on or off; its sessions end at once.

    Raises
    ------
    InvalidInputError
        If somebody tries it on the own account.
    """
    if actor.user_id == user_id:
        raise InvalidInputError("You cannot switch off your own account.")
    user = get_user(user_id)
    with transaction():
        user.active = active
        user.fs_uniquifier = secrets.token_hex(32)
        audit.record(actor, "switched account on" if active else "switched account off", f"account {user.id}")
    return user


def reset_password(actor: audit.Actor, user_id: int, *, password: str) -> User:
    """Give an account a first password again, to be changed at the next sign-in."""
    user = get_user(user_id)
    if actor.user_id == user_id:
        raise InvalidInputError("Change your own password on your profile page.")
    check_password_rules(password, email=user.email, name=user.name)
    with transaction():
        user.password = hash_password(password)
        user.fs_uniquifier = secrets.token_hex(32)
        user.must_change_password = True
        audit.record(actor, "reset password", f"account {user.id}")
    return user


def list_members(study_id: int) -> list[Membership]:
    """Return the roles given in a study, by name of the account."""
    found = select(Membership).join(User).where(Membership.study_id == study_id)
    return list(db.session.scalars(found.order_by(func.lower(User.name), Membership.role)))


def grant_role(actor: audit.Actor, *, study_id: int, email: str, role: str) -> Membership:
    """Give an account a role in a study.

    Raises
    ------
    InvalidInputError
        If the account or role does not exist, the role is held already, or somebody tries to raise themselves.
    """
    if role not in STUDY_ROLES:
        raise InvalidInputError("Choose one of the roles in the list.", field="role")
    user = find_user(email)
    if user is None or not user.active:
        raise InvalidInputError(
            "No active account has this address. Ask the administrator to create one.", field="email"
        )
    if user.id == actor.user_id:
        raise InvalidInputError("You cannot give yourself a role; another director can.", field="email")
    with transaction():
        lock_study(study_id)  # whoever gives or takes roles of a study takes turns
        if any(m.study_id == study_id and m.role == role for m in user.memberships):
            raise InvalidInputError(f"{user.name} is {role} of this study already.", field="role")
        member = Membership(user_id=user.id, study_id=study_id, role=role, granted_at=clock.now())
        db.session.add(member)
        audit.record(actor, "granted role", f"account {user.id}", study_id=study_id, after={"role": role}, note=role)
    return member


def revoke_role(actor: audit.Actor, *, study_id: int, membership_id: int) -> None:
    """Take a role away; the last director of a study who can sign in stays.

    Raises
    ------
    NotFoundError
        If there is no such role in this study.
    InvalidInputError
        If it is the last director's.
    """
    with transaction():
        lock_study(study_id)
        member = db.session.get(Membership, membership_id, populate_existing=True)
        if member is None or member.study_id != study_id:
            raise NotFoundError
        others = [m for m in list_members(study_id) if m.role == "director" and m.user.active and m is not member]
        if member.role == "director" and not others:
            raise InvalidInputError("A study needs a director. Name another one first.")
        audit.record(
            actor,
            "took role away",
            f"account {member.user_id}",
            study_id=study_id,
            before={"role": member.role},
            note=member.role,
        )
        db.session.delete(member)
