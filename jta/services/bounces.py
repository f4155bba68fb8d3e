"""Reports of mail that did not arrive (RFC 3464), read from a Maildir: which message, which person, for good or not.

A report is counted once, by the hash of its bytes, and only then moved from ``new`` to ``cur``. Nothing is deleted:
what cannot be read or is not about a message of ours is counted as such and stays in the mailbox.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from pathlib import Path

import structlog
from sqlalchemy import exists, select

from jta import clock
from jta.db import db, transaction
from jta.models.delivery import OutboxMessage
from jta.models.sending import BounceReport
from jta.services import links
from jta.services.sending import kind_of

log = structlog.get_logger()
LARGEST = 2 * 1024 * 1024
_MARK = re.compile(r"[0-9a-f]{1,12}-[0-9a-f]{12}")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
# Classes of status that do not blame the address: full mailbox, system or network trouble, policy.
_NOT_THE_ADDRESS = re.compile(r"5\.(2\.[234]|3\.|4\.|6\.|7\.)")


@dataclass(frozen=True)
class Report:
    """What a report says: the kind, the status code, words of the mail server, and the message it is about."""

    kind: str
    status: str = ""
    detail: str = ""
    message_id: str = ""
    mark: str = ""


def read_bounces(maildir: Path) -> int:
    """Read every new report of a Maildir; return how many were new."""
    count = 0
    for path in sorted((maildir / "new").iterdir()) if (maildir / "new").is_dir() else ():
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        count += keep_report(parse_report(content), digest)
        _move(path, maildir / "cur")
    return count


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _move(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    path.rename(folder / f"{path.name}:2,S")


def parse_report(content: bytes) -> Report:
    """Say what a mail is: a report about a message, or nothing we can use. Never fails, whatever the bytes."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        return _read(message, content)
    except Exception as error:  # the parser of the standard library fails in many ways on bytes that are no mail
        log.warning("bounce_unreadable", error=type(error).__name__)
        return Report("unreadable", detail="This mail cannot be read.")


def _read(message: EmailMessage, content: bytes) -> Report:
    fields = next(_recipients(message), None)
    if fields is None:
        return Report("unreadable", detail="This mail is no delivery report.")
    action = str(fields.get("Action", "")).strip().lower()
    status = (re.search(r"\d\.\d{1,3}\.\d{1,3}", str(fields.get("Status", ""))) or [""])[0]
    detail = " ".join(str(fields.get("Diagnostic-Code", "")).split())[:300]
    return Report(_kind(action, status), status, detail, _original(content), _mark(message))


def _recipients(message: EmailMessage) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            if isinstance(blocks, list):
                yield from (b for b in blocks if isinstance(b, Message) and b.get("Action"))


def _kind(action: str, status: str) -> str:
    if action == "delayed":
        return "delayed"
    if action != "failed":
        return "not ours"  # relayed, delivered, expanded: good news, or none
    return "hard" if status.startswith("5") and not _NOT_THE_ADDRESS.match(status) else "soft"


def _original(content: bytes) -> str:
    # The last Message-ID of the mail is that of the message it brings back; the first is its own.
    found = _MESSAGE_ID.findall(content)
    return found[-1].decode("ascii", "replace") if len(found) > 1 else ""


def _mark(message: EmailMessage) -> str:
    for name in ("To", "Delivered-To", "X-Original-To", "Envelope-To"):
        for value in message.get_all(name, []):
            if found := _MARK.search(str(value).lower()):
                return found[0]
    return ""


def keep_report(report: Report, digest: str) -> bool:
    """Store a report, and that an address does not work where it says so; False where it was stored before."""
    with transaction():
        if db.session.scalar(select(exists().where(BounceReport.digest == digest))):
            return False
        message = _find(report)
        kind = report.kind if message is not None or report.kind == "unreadable" else "not ours"
        db.session.add(
            BounceReport(
                digest=digest, kind=kind, message_id=message.id if message else None, status=report.status,
                detail=report.detail, read_at=clock.now(),
            )
        )  # fmt: skip
        if message is not None and kind == "hard":
            kind_of(message).blame(message)
    return True


def _find(report: Report) -> OutboxMessage | None:
    found = select(OutboxMessage).where(OutboxMessage.message_id == report.message_id)
    message: OutboxMessage | None = db.session.scalar(found) if report.message_id else None
    if message is None and report.mark:
        message_id = links.read_bounce_mark(report.mark)
        message = db.session.get(OutboxMessage, message_id) if message_id is not None else None
    return message
