"""What a next step is, and a stage on the track."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import current_app

DIRECTOR, EDITORS, APPROVER = "director", "director or psychometrician", "approver"


@dataclass(frozen=True)
class NextStep:
    """The one next thing to do. ``endpoint`` and ``values`` lead there; ``post`` acts instead of leading.

    ``missing`` lists what is still needed, in words.
    """

    title: str
    text: str
    who: str
    label: str
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    post: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrackStage:
    """One stage of the track: ``state`` is done, current or todo."""

    label: str
    state: str


def has_mail_server() -> bool:
    """Say whether this installation can send messages."""
    return bool(current_app.config["SETTINGS"].mail.configured)


def invite_step(waiting: int, people: int, *, by_mail: bool) -> NextStep:
    """Return the next step where people have no link yet, or nobody is there: by mail if there is a mail server."""
    if not people:
        return NextStep(
            "Upload the roster", "The survey is open, but nobody is invited yet.",
            DIRECTOR, "Upload a roster", "delivery.upload",
        )  # fmt: skip
    if not by_mail:
        return NextStep(
            "Make the personal links", f"{waiting:,} of {people:,} people have no link yet.",
            DIRECTOR, "Make links", "delivery.links",
        )  # fmt: skip
    return NextStep(
        "Invite the people",
        f"{waiting:,} of {people:,} people have no personal link yet. An invitation by mail gives each their own, and "
        "so does a letter. Links that you make on the roster's page are yours to send.",
        DIRECTOR, "Go to messages", "sending.index",
    )  # fmt: skip
