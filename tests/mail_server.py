"""A real SMTP server on loopback that answers by the recipient's name.

``later2-…@`` is put off twice, ``refused-…@`` and ``nobody-…@`` never taken, ``cut-…@`` loses the connection after the
text, ``drop-…@`` before it, ``bye-…@`` gets 421, ``slow-…@`` waits. Everybody else is taken.
"""

from __future__ import annotations

import email
import email.policy
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from jta.mail_settings import MailSettings


@dataclass
class Received:
    """A message as the server has it."""

    to: str
    sender: str
    message: EmailMessage

    def part(self, subtype: str) -> str:
        body = self.message.get_body((subtype,))
        return body.get_content()


@dataclass
class MailServer:
    """What arrived, how often each recipient was offered, and what to do on each event."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    offered: Counter[str] = field(default_factory=Counter)
    sender_reply: str = ""
    on_data: Callable[[str], None] | None = None

    def settings(self, **changes: object) -> MailSettings:
        values = {"host": "127.0.0.1", "port": self.port, "tls": "none", "sender": "study@example.org", "timeout": 5.0}
        return MailSettings(**(values | changes))

    @property
    def recipients(self) -> Counter[str]:
        return Counter(one.to for one in self.received)

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        if self.sender_reply:
            return self.sender_reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        self.offered[address] += 1
        if (put_off := re.match(r"later(\d+)-", address)) and self.offered[address] <= int(put_off[1]):
            return "450 4.2.0 Greylisted, come back later"
        if address.startswith("full-"):
            return "452 4.2.2 Mailbox full"
        if address.startswith("nobody-"):
            return "550 5.1.1 No such user here"
        if address.startswith("refused-"):
            return "554 5.7.1 Not wanted"
        if address.startswith("bye-"):
            return "421 4.3.2 Going down"
        if address.startswith("drop-"):
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        to = envelope.rcpt_tos[0]
        if to.startswith("slow-"):
            time.sleep(0.2)
        if to.startswith("spam-"):
            return "550 5.7.1 The text is not wanted"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.received.append(Received(to, envelope.mail_from or "", message))
        if self.on_data is not None:
            self.on_data(to)
        if to.startswith("cut-"):
            server.transport.abort()
        return "250 2.0.0 Taken"


def free_port() -> int:
    """Return a port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server of this test's own."""
    handler = MailServer(port=free_port())
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()
