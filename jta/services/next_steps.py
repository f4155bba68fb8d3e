"""What a next step is, and a stage on the track."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
