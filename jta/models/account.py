"""Who may do what: accounts of the staff, installation roles, and roles per study."""

from __future__ import annotations

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jta.db import Base, db

ADMINISTRATOR = "administrator"
STUDY_ROLES = ("director", "psychometrician", "approver", "panelist", "auditor")

user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(db.Model, RoleMixin):
    """A role of the whole installation; today only the administrator."""

    __tablename__ = "role"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]


class User(db.Model, UserMixin):
    """A member of the staff who signs in; a respondent never does."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    # Changed at every sign-out and change of password: a copied session dies with it.
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    roles: Mapped[list[Role]] = relationship(secondary=user_role, lazy="selectin")
    memberships: Mapped[list[Membership]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def is_administrator(self) -> bool:
        """Whether this account manages the installation."""
        return any(role.name == ADMINISTRATOR for role in self.roles)


class Membership(db.Model):
    """One role of one person in one study."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "study_id", "role"),
        CheckConstraint(f"role IN {STUDY_ROLES}", name="known_role"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    granted_at: Mapped[datetime]
    user: Mapped[User] = relationship(back_populates="memberships")
