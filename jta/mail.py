"""The one place that speaks SMTP: builds a message, refuses what could forge its head, hands it to the mail server.

What the server says falls into four kinds. "accepted": it took the message. "later": it may take it another time (4xx,
or the connection was lost before the text was sent). "refused": it never will (5xx). "unknown": the connection was lost
after the text was sent, so nobody can know (RFC 1047); such a message is never sent again by itself.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jta.mail_settings import MailSettings

ACCEPTED, LATER, REFUSED, UNKNOWN = "accepted", "later", "refused", "unknown"
_POLICY = SMTP.clone(cte_type="7bit")
_LOST = (smtplib.SMTPServerDisconnected, OSError)  # OSError holds time-outs and resets
_FORGERY = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\\?")


class MailRefusedError(ValueError):
    """A message of ours that must not be sent: its head could be forged, or its address cannot be written."""


class MailServerError(RuntimeError):
    """The mail server cannot be used at all just now; no message is to blame."""


@dataclass(frozen=True)
class Mail:
    """One message. ``unsubscribe`` is the address that stops further ones, empty where there are none to stop."""

    to_name: str
    to_address: str
    from_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    language: str = "en"
    unsubscribe: str = ""


@dataclass(frozen=True)
class Reply:
    """What the server said to one message."""

    kind: str
    detail: str = ""


def plain_head(text: str) -> str:
    """Return a text that may stand in the head of a message.

    Python's own writer turns an encoded word with a line break in it into a header of its own (CVE-2024-6923), so
    encoded words and control characters are refused here.

    Raises
    ------
    MailRefusedError
        If it holds a control character or the beginning of an encoded word.
    """
    if _FORGERY.search(text):
        raise MailRefusedError("A name or subject holds signs that could forge the head of a message.")
    return text


def build(mail: Mail, settings: MailSettings) -> bytes:
    """Return a message as bytes, ready to be sent: plain text and HTML that say the same, seven-bit only.

    Raises
    ------
    MailRefusedError
        If a name, subject or address could forge the head.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(mail.from_name, settings.sender)
    message["To"] = _address(mail.to_name, mail.to_address)
    if mail.reply_to:
        message["Reply-To"] = _address("", mail.reply_to)
    message["Subject"] = plain_head(mail.subject)
    message["Date"] = format_datetime(mail.date)
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = plain_head(mail.language)
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return _unfolded(mail) + message.as_bytes()


def _unfolded(mail: Mail) -> bytes:
    # Python's writer breaks long words, and even encodes them: an address in angle brackets would not survive that.
    lines = [f"Message-ID: {plain_head(mail.message_id)}"]
    if mail.unsubscribe:
        lines.append(f"List-Unsubscribe: <{plain_head(mail.unsubscribe)}>")
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _address(name: str, address: str) -> Address:
    plain_head(address)
    try:
        return Address(display_name=plain_head(name), addr_spec=address)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise MailRefusedError("The address cannot be written in a message.") from error


class Connection:
    """One connection to the mail server, for many messages."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect, encrypt and sign in, unless that is done already.

        Raises
        ------
        MailServerError
            If the server cannot be reached or does not let us in; the message says why.
        """
        if self._smtp is not None:
            return
        settings = self._settings
        try:
            self._smtp = _connect(settings)
            if settings.user:
                self._smtp.login(settings.user, settings.password)
            else:
                self._smtp.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise MailServerError("The mail server does not accept our name and password.") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise MailServerError(_why(error)) from error

    def close(self) -> None:
        """End the connection, in order where the server still listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (smtplib.SMTPException, OSError):
                smtp.close()

    def offer(self, recipient: str, mark: str) -> Reply | None:
        """Name sender and recipient of the next message; None where the server waits for its text.

        Raises
        ------
        MailServerError
            If the server does not take our sender: no recipient is to blame.
        """
        if self._smtp is None:
            raise MailServerError("There is no connection to the mail server.")
        if not recipient.isascii() and not self._smtp.has_extn("smtputf8"):
            return Reply(REFUSED, "The mail server does not take addresses with such letters (SMTPUTF8).")
        try:
            code, said = self._smtp.mail(self._envelope_sender(mark), self._options(recipient))
            if code != 250:
                return self._sender_refused(code, said)
            code, said = self._smtp.rcpt(recipient)
        except _LOST as error:
            self.drop()
            return Reply(LATER, _why(error))
        return None if code in (250, 251) else self._answer(code, said)

    def send(self, content: bytes) -> Reply:
        """Send the text of the message that was offered."""
        if self._smtp is None:
            return Reply(LATER, "The connection was lost before the text was sent.")
        try:
            code, said = self._smtp.docmd("DATA")
            if code != 354:
                return self._answer(code, said)
        except _LOST as error:
            self.drop()
            return Reply(LATER, _why(error))
        try:
            self._smtp.send(_dotted(content))
            code, said = self._smtp.getreply()
        except _LOST as error:
            self.drop()
            return Reply(UNKNOWN, f"The connection was lost after the text was sent: {_why(error)}")
        return Reply(ACCEPTED, _shown(code, said)) if 200 <= code < 300 else self._answer(code, said)

    def reset(self) -> None:
        """Take back a message that was offered and is not to be sent after all."""
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except (smtplib.SMTPException, OSError):
            self.drop()

    def drop(self) -> None:
        """Forget a connection that is broken."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _envelope_sender(self, mark: str) -> str:
        return (self._settings.return_path or self._settings.sender).replace("{id}", mark)

    def _options(self, recipient: str) -> list[str]:
        return [] if recipient.isascii() else ["SMTPUTF8"]

    def _sender_refused(self, code: int, said: bytes) -> Reply:
        if code >= 500:
            self.drop()
            raise MailServerError(f"The mail server does not take mail from us: {_shown(code, said)}")
        return self._answer(code, said)

    def _answer(self, code: int, said: bytes) -> Reply:
        if code == 421 or code < 0:  # it ends the connection
            self.drop()
        else:
            self.reset()
        return Reply(REFUSED if 500 <= code < 600 else LATER, _shown(code, said))


def _connect(settings: MailSettings) -> smtplib.SMTP:
    where = (settings.host, settings.server_port)
    if settings.tls == "tls":
        return smtplib.SMTP_SSL(*where, timeout=settings.timeout, context=ssl.create_default_context())
    smtp = smtplib.SMTP(*where, timeout=settings.timeout)
    if settings.tls == "starttls":
        try:
            smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
    return smtp


def _dotted(content: bytes) -> bytes:
    lines = re.sub(rb"(?m)^\.", b"..", content)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _shown(code: int, said: bytes) -> str:
    words = said.decode("ascii", "replace").replace("\n", " ")
    return "".join(letter for letter in f"{code} {words}" if letter.isprintable())[:300]


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "The mail server did not answer in time."
    if isinstance(error, ssl.SSLError):
        return "The connection to the mail server could not be encrypted."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server does not offer the encryption or sign-in that is asked for."
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"The mail server said: {_shown(error.smtp_code, said if isinstance(said, bytes) else said.encode())}"
    if isinstance(error, ConnectionRefusedError):
        return "The mail server cannot be reached: nobody listens there."
    return "The connection to the mail server was lost or cannot be made."
