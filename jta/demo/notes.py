"""What a visitor of the demo needs: who can sign in, a link, where the workbook is. For this machine only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demo, with its password: for this machine only."""

    role: str
    name: str
    email: str
    password: str


@dataclass(frozen=True)
class Demo:
    """What the command prints and the sign-in page shows."""

    accounts: tuple[DemoAccount, ...]
    link_path: str
    study_path: str
    workbook: str


def demo_file(instance: Path) -> Path:
    """Where a local installation keeps what the sign-in page shows of the demo."""
    return instance / "demo.json"


def read_demo(instance: Path) -> Demo | None:
    """Return what was written down of the demo, or None where there is none."""
    path = demo_file(instance)
    if not path.exists():
        return None
    plain = json.loads(path.read_text(encoding="utf-8"))
    return Demo(**{**plain, "accounts": tuple(DemoAccount(**a) for a in plain["accounts"])})


def keep_demo(instance: Path, demo: Demo) -> None:
    """Write it down, readable by its owner only."""
    descriptor = os.open(demo_file(instance), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(asdict(demo), handle, indent=2)


def make_password() -> str:
    """Return five random words: easy to type, for a demo that only this machine reaches."""
    words = (Path(__file__).with_name("words.txt")).read_text(encoding="utf-8").split()
    return "-".join(secrets.choice(words) for _ in range(5))
