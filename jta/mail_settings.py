"""Settings of the mail server and the mailbox of bounces, read from ``JTA_SMTP_*``, ``JTA_MAIL_*``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from jta.errors import ConfigError

MOST_PER_MINUTE = 100_000
TLS_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")


@dataclass(frozen=True)
class MailSettings:
    """How mail leaves this installation. Without a host none does.

    ``return_path`` may hold ``{id}``: a mark of the message then comes back in the address of each bounce.
    ``per_minute`` is the most messages of waves in any minute, of all workers together; 0 is no limit.
    """

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    tls: str = "starttls"
    timeout: float = 30.0
    sender: str = ""
    return_path: str = ""
    bounce_maildir: str = ""
    per_minute: int = 0

    @property
    def configured(self) -> bool:
        """Whether mail can be sent at all."""
        return bool(self.host)

    @property
    def server_port(self) -> int:
        """The port, the usual one of the kind of encryption where none is set."""
        return self.port or TLS_PORTS[self.tls]


def read_mail(given: Mapping[str, str]) -> MailSettings:
    """Return the mail settings of the environment.

    Raises
    ------
    ConfigError
        If a number cannot be read.
    """
    return MailSettings(
        host=given.get("JTA_SMTP_HOST", ""),
        port=int(_number(given, "JTA_SMTP_PORT", 0)),
        user=given.get("JTA_SMTP_USER", ""),
        password=given.get("JTA_SMTP_PASSWORD", ""),
        tls=given.get("JTA_SMTP_TLS", "starttls").lower(),
        timeout=_number(given, "JTA_SMTP_TIMEOUT", 30),
        sender=given.get("JTA_MAIL_FROM", ""),
        return_path=given.get("JTA_MAIL_RETURN_PATH", ""),
        bounce_maildir=given.get("JTA_BOUNCE_MAILDIR", ""),
        per_minute=int(_number(given, "JTA_MAIL_PER_MINUTE", 0)),
    )


def _number(given: Mapping[str, str], name: str, default: int) -> float:
    text = given.get(name) or str(default)
    if not text.isdecimal():
        raise ConfigError(f"{name}={text!r} is not a whole number.")
    return float(text)


def check_mail(mail: MailSettings) -> None:
    """Refuse settings that cannot work or would send a password in the clear.

    Raises
    ------
    ConfigError
        Naming the setting.
    """
    if mail.bounce_maildir and not Path(mail.bounce_maildir).is_dir():
        raise ConfigError("JTA_BOUNCE_MAILDIR must be the folder of a Maildir that exists.")
    if not 0 <= mail.per_minute <= MOST_PER_MINUTE:
        raise ConfigError(f"JTA_MAIL_PER_MINUTE must be 0 (no limit) to {MOST_PER_MINUTE:,}.")
    if mail.configured:
        _check_server(mail)
        _check_addresses(mail)


def _check_server(mail: MailSettings) -> None:
    if mail.tls not in TLS_PORTS:
        raise ConfigError("JTA_SMTP_TLS must be starttls, tls or none.")
    if mail.tls == "none" and not _is_local(mail.host):
        raise ConfigError("JTA_SMTP_TLS may be none only for a mail server on this machine.")
    if not 0 <= mail.port <= 65535 or not 1 <= mail.timeout <= 300:
        raise ConfigError("JTA_SMTP_PORT must be a port, JTA_SMTP_TIMEOUT 1 to 300 seconds.")
    if bool(mail.user) != bool(mail.password):
        raise ConfigError("JTA_SMTP_USER and JTA_SMTP_PASSWORD belong together: set both or none.")


def _check_addresses(mail: MailSettings) -> None:
    if not _ADDRESS.fullmatch(mail.sender):
        raise ConfigError("JTA_MAIL_FROM must be the address your messages come from, like study@example.org.")
    if mail.return_path and not _ADDRESS.fullmatch(mail.return_path.replace("{id}", "x")):
        raise ConfigError(
            "JTA_MAIL_RETURN_PATH must be an address, like bounces@example.org or bounces+{id}@example.org."
        )


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
