"""Typed settings from ``JTA_*`` variables. A dangerous value stops the program and is named.

Without any of the four main variables the installation is *local*: it answers on the loopback
address only, keeps its data in ``instance/`` and makes its own random keys there. As soon as one
of them is set, all must be.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from jta.errors import ConfigError
from jta.imports.limits import SETTINGS as LIMIT_SETTINGS
from jta.imports.limits import LimitError, Limits
from jta.mail_settings import MailSettings, check_mail, read_mail

MAIN = ("JTA_DATABASE_URL", "JTA_SECRET_KEY", "JTA_LINK_KEY", "JTA_BASE_URL")
_SAMPLES = {"changeme", "change-me", "secret", "dev", "example", "password"}
_KNOWN = {
    *MAIN,
    *("JTA_DEBUG", "JTA_TRUSTED_PROXIES", "JTA_UPLOAD_MB", "JTA_SESSION_IDLE_MINUTES", "JTA_LOG_LEVEL"),
    *("JTA_SMTP_HOST", "JTA_SMTP_PORT", "JTA_SMTP_USER", "JTA_SMTP_PASSWORD", "JTA_SMTP_TLS", "JTA_SMTP_TIMEOUT"),
    *("JTA_MAIL_FROM", "JTA_MAIL_RETURN_PATH", "JTA_BOUNCE_MAILDIR", "JTA_MAIL_PER_MINUTE", "JTA_ERASURE_FILE"),
    *("JTA_BIND", "JTA_LOCAL_PORT"),  # read by ./run serve, and by ./run demo
    *LIMIT_SETTINGS,
}


@dataclass(frozen=True)
class Settings:
    """All settings; see docs/administrator.md for the meaning of each."""

    database_url: str
    secret_key: str
    link_key: str
    base_url: str
    debug: bool = False
    trusted_proxies: int = 0
    upload_mb: int = 10
    session_idle_minutes: int = 30
    log_level: str = "INFO"
    limits: Limits = field(default_factory=Limits)  # of imported files
    mail: MailSettings = field(default_factory=MailSettings)
    erasure_file: str = ""  # list of addresses that a restored backup must not bring back
    cheap_passwords: bool = False  # tests only: argon2 with its smallest cost; no variable sets it

    @property
    def is_loopback(self) -> bool:
        """Whether the base URL is http on this machine only."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def host(self) -> str:
        """Host name that requests must ask for."""
        return urlsplit(self.base_url).hostname or ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(instance: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from the environment, or the local ones where none is set.

    Raises
    ------
    ConfigError
        If a variable is missing, unknown or dangerous; the message names it.
    """
    environ = os.environ if environ is None else environ
    given = {k: v for k, v in environ.items() if k.startswith("JTA_") and not k.startswith("JTA_TEST_")}
    if unknown := sorted(set(given) - _KNOWN):
        raise ConfigError(f"{unknown[0]} is not a setting; known are {', '.join(sorted(_KNOWN))}.")
    settings = _from_environment(given) if any(given.get(name) for name in MAIN) else _local(instance, given)
    check(settings)
    _check_bind(settings, given.get("JTA_BIND", ""))
    return settings


def _from_environment(given: Mapping[str, str]) -> Settings:
    for name in MAIN:
        if not given.get(name):
            raise ConfigError(f"{name} is not set; it must be when any of {', '.join(MAIN)} is.")
    main = {name.removeprefix("JTA_").lower(): given[name] for name in MAIN}
    return Settings(**main, **_options(given))


def _options(given: Mapping[str, str]) -> dict[str, object]:
    readers = {
        "debug": _truth,
        "trusted_proxies": int,
        "upload_mb": int,
        "session_idle_minutes": int,
        "log_level": str,
    }
    values: dict[str, object] = {}
    for option, read in readers.items():
        name = f"JTA_{option.upper()}"
        if name in given:
            try:
                values[option] = read(given[name])
            except ValueError as error:
                raise ConfigError(f"{name}={given[name]!r} cannot be read: {error}.") from error
    try:
        values["limits"] = Limits.from_settings(given)
        values["mail"] = read_mail(given)
        values["erasure_file"] = given.get("JTA_ERASURE_FILE", "")
    except LimitError as error:
        raise ConfigError(str(error)) from error
    return values


def _truth(text: str) -> bool:
    if text.lower() in {"1", "true", "yes"}:
        return True
    if text.lower() in {"", "0", "false", "no"}:
        return False
    raise ValueError("use 1 or 0")


def _local(instance: Path, given: Mapping[str, str]) -> Settings:
    keys = json.loads(keys_file(instance).read_text()) if keys_file(instance).exists() else _new_keys()
    return Settings(
        database_url=f"sqlite:///{instance / 'jta.sqlite'}",
        secret_key=keys["secret_key"],
        link_key=keys["link_key"],
        base_url=f"http://127.0.0.1:{_port(given)}",
        **_options(given),
    )


def _port(given: Mapping[str, str]) -> int:
    text = given.get("JTA_LOCAL_PORT", "8000")
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ConfigError(f"JTA_LOCAL_PORT={text!r} is not a port; use a number from 1 to 65535.")
    return int(text)


def keys_file(instance: Path) -> Path:
    """Where a local installation keeps its keys."""
    return instance / "keys.json"


def _new_keys() -> dict[str, str]:
    return {"secret_key": secrets.token_urlsafe(48), "link_key": secrets.token_urlsafe(48)}


def keep_local_keys(instance: Path) -> None:
    """Write random keys for a local installation, once, readable by their owner only."""
    path = keys_file(instance)
    if path.exists():
        return
    instance.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(_new_keys(), handle)


def check(settings: Settings) -> None:
    """Refuse dangerous settings.

    Raises
    ------
    ConfigError
        Naming the first setting that is dangerous, and what it should be.
    """
    _check_key("JTA_SECRET_KEY", settings.secret_key)
    _check_key("JTA_LINK_KEY", settings.link_key)
    if settings.secret_key == settings.link_key:
        raise ConfigError("JTA_LINK_KEY must differ from JTA_SECRET_KEY.")
    _check_base_url(settings)
    _check_database(settings.database_url)
    if settings.trusted_proxies not in range(6):
        raise ConfigError("JTA_TRUSTED_PROXIES must be between 0 and 5.")
    if settings.upload_mb not in range(1, 101):
        raise ConfigError("JTA_UPLOAD_MB must be between 1 and 100.")
    if settings.session_idle_minutes not in range(5, 481):
        raise ConfigError("JTA_SESSION_IDLE_MINUTES must be between 5 and 480.")
    check_mail(settings.mail)
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ConfigError("JTA_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")


def _check_key(name: str, key: str) -> None:
    if len(key.encode()) < 32:
        raise ConfigError(f"{name} must be at least 32 bytes of random text.")
    if (
        key.lower() in _SAMPLES
        or len(set(key)) < 10
        or any(key.lower().startswith(s) for s in ("changeme", "change-me"))
    ):
        raise ConfigError(f"{name} looks like a sample value; make a random one.")


def _check_base_url(settings: Settings) -> None:
    parts = urlsplit(settings.base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ConfigError("JTA_BASE_URL must be the site's address, like https://survey.example.org.")
    if parts.scheme == "http" and not settings.is_loopback:
        raise ConfigError("JTA_BASE_URL must be https unless the site answers on this machine only.")
    if settings.debug and not settings.is_loopback:
        raise ConfigError("JTA_DEBUG must be off on a site that others reach.")


def _check_bind(settings: Settings, bind: str) -> None:
    # The local demo shows its passwords on the sign-in page: it must not be reached from elsewhere.
    if bind and settings.is_loopback and not _is_loopback(bind):
        raise ConfigError("JTA_BIND must be 127.0.0.1 unless JTA_BASE_URL is the https address of your site.")


def _check_database(url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigError("JTA_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    if ":memory:" in url or url == "sqlite:///":
        raise ConfigError("JTA_DATABASE_URL must name a file: a database in memory loses every answer.")


def flask_config(settings: Settings) -> dict[str, object]:
    """Return Flask's own configuration for these settings."""
    secure = settings.base_url.startswith("https://")
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        # An error is logged without the names and addresses it was about.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "SESSION_COOKIE_NAME": "__Host-jta" if secure else "jta",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # A respondent has no time limit; the staff's shorter one is kept in jta/sessions.py.
        "PERMANENT_SESSION_LIFETIME": 400 * 24 * 3600,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        # Our pages tell nobody where the reader came from (Referrer-Policy), so no Referer header can be asked for.
        # The token and the "__Host-" cookie, which no other site can set, do that work.
        "WTF_CSRF_SSL_STRICT": False,
        "MAX_CONTENT_LENGTH": (settings.upload_mb + 1) * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 5_000,
        "TRUSTED_HOSTS": _trusted_hosts(settings),
        "SECURITY_REGISTER_BLUEPRINT": False,
        "SECURITY_CLI_USERS_NAME": False,  # accounts are made by our own services, which keep the audit trail
        "SECURITY_CLI_ROLES_NAME": False,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SALT": settings.secret_key[:32],
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
        "SECURITY_PASSWORD_LENGTH_MIN": 15,
        "SECURITY_PASSWORD_CONFIRM_REQUIRED": True,
        "SECURITY_PASSWORD_NORMALIZE_FORM": "NFKD",
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": _argon2_cost(settings),
        "RATELIMIT_STORAGE_URI": "memory://",
        "RATELIMIT_STRATEGY": "moving-window",
        "RATELIMIT_HEADERS_ENABLED": False,
    }


def _argon2_cost(settings: Settings) -> dict[str, object]:
    return {"argon2__time_cost": 1, "argon2__memory_cost": 1024} if settings.cheap_passwords else {}


def _trusted_hosts(settings: Settings) -> list[str]:
    return ["127.0.0.1", "localhost", "[::1]"] if settings.is_loopback else [settings.host]
