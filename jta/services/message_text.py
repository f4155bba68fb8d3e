"""The words of a message: a fixed list of merge fields, filled in once; plain text and HTML that say the same.

Users write plain text with fields in braces. Nothing else is special: no template language, no markup. What is filled
in is never read again, so a name that looks like a field stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from jta.errors import InvalidInputError

FOLDER = Path(__file__).resolve().parent.parent / "messages"  # standard texts: a folder for each language
FIELDS = {
    "name": "the person's name",
    "organization": "the person's district or employer",
    "study": "the title of the study",
    "credential": "the credential",
    "minutes": "estimated minutes to answer",
    "closes": "the last day to answer, from the settings",
    "contact": "the study's contact",
    "link": "the personal link",
    "opt_out": "the link that stops further messages",
}
LINKS = ("link", "opt_out")
PHRASES = {
    "en": {
        "link": "Open the survey", "opt_out": "Stop these messages", "confirm": "Confirm your address",
        "panel": "Open your rounds", "closes": "further notice", "contact": "reply to this message",
    },
    "es": {
        "link": "Abrir la encuesta", "opt_out": "No recibir más mensajes", "confirm": "Confirmar su dirección",
        "panel": "Abrir sus rondas", "closes": "nuevo aviso", "contact": "responda a este mensaje",
    },
}  # fmt: skip
NEEDED = {
    "invitation": ("link", "opt_out"), "reminder": ("link", "opt_out"), "reminder_partial": ("link", "opt_out"),
    "thanks": ("opt_out",), "closing": ("opt_out",), "registration": ("link",),
    "letter": ("link",),
}  # fmt: skip
LONGEST_SUBJECT, LONGEST_BODY = 150, 6_000
_FIELD = re.compile(r"\{([^{}]*)\}")
_BAD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\ud800-\udfff]"
)


@dataclass(frozen=True)
class Text:
    """Subject and body as written, with their fields."""

    subject: str
    body: str


@dataclass(frozen=True)
class Rendered:
    """A message with its fields filled in. The text part and the HTML part have the same words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Link:
    label: str
    url: str


NAMES = {
    "invitation": "Invitation", "reminder": "Reminder to those who have not started",
    "reminder_partial": "Reminder to those who have begun", "thanks": "Thanks to those who submitted",
    "closing": "Note that the survey is closed", "registration": "Confirmation of a registration",
    "letter": "Letter on paper",
}  # fmt: skip


@cache
def standard_text(kind: str, language: str = "en") -> Text:
    """Return the text that a study starts with; English where there is none in this language."""
    own = FOLDER / language.split("-")[0].lower() / f"{kind}.txt"
    head, _, body = (own if own.exists() else FOLDER / "en" / f"{kind}.txt").read_text("utf-8").partition("\n")
    return Text(head.removeprefix("Subject: "), body.strip())


def check_text(kind: str, text: Text) -> None:
    """Refuse a text that cannot be sent.

    Raises
    ------
    InvalidInputError
        Naming the field: an unknown merge field, a missing link, signs that may not stand in a message.
    """
    _check(text.subject, "subject", LONGEST_SUBJECT)
    _check(text.body, "body", LONGEST_BODY)
    if "\n" in text.subject or "=?" in text.subject:
        raise InvalidInputError("Write the subject on one line, without the signs =?.", field="subject")
    if found := [name for name in LINKS if name in fields_of(text.subject)]:
        raise InvalidInputError(f"A link ({{{found[0]}}}) belongs into the text, not the subject.", field="subject")
    for name in NEEDED[kind]:
        if name not in fields_of(text.body):
            raise InvalidInputError(f"This message must hold {{{name}}}, {FIELDS[name]}.", field="body")


def _check(text: str, field: str, longest: int) -> None:
    if not text.strip():
        raise InvalidInputError("Write something here.", field=field)
    if len(text) > longest:
        raise InvalidInputError(f"Use {longest:,} characters or fewer.", field=field)
    if _BAD.search(text):
        raise InvalidInputError("Use plain letters: this holds a hidden or control character.", field=field)
    for name in fields_of(text):
        if name not in FIELDS:
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise InvalidInputError(f"{{{name}}} is not a field. You can use {known}.", field=field)


def fields_of(text: str) -> list[str]:
    """Return the names in braces, in order.

    >>> fields_of("Dear {name}, open {link}")
    ['name', 'link']
    """
    return _FIELD.findall(text)


def phrases(language: str) -> Mapping[str, str]:
    """Return the fixed words of messages in a language, English where there are none."""
    return PHRASES.get(language.split("-")[0].lower(), PHRASES["en"])


def render(text: Text, values: Mapping[str, str], *, language: str = "en", link: str = "link") -> Rendered:
    """Fill the fields of a message; ``values`` holds every field, links as addresses; ``link`` names its phrase."""
    words = phrases(language)
    labels = {"link": words[link], "opt_out": words["opt_out"]}
    subject = " ".join("".join(str(part) for part in _parts(text.subject, values, {})).split())
    lines = [list(_parts(line, values, labels)) for line in text.body.replace("\r\n", "\n").strip().split("\n")]
    plain = "\n".join("".join(map(_plain, line)) for line in lines) + "\n"
    return Rendered(subject, plain, _html(subject, lines, language))


def _parts(line: str, values: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[str | _Link]:
    for number, piece in enumerate(_FIELD.split(line)):
        if number % 2 == 0:
            yield piece
        elif piece in labels:
            yield _Link(labels[piece], values[piece])
        else:
            yield values[piece]


def _plain(part: str | _Link) -> str:
    return f"{part.label}: {part.url}" if isinstance(part, _Link) else part


_STYLE = (
    "font-family:Georgia,'Times New Roman',serif;font-size:16px;line-height:1.5;color:#1a1a1a;background:#ffffff;"
    "max-width:36em;margin:0 auto;padding:16px"
)


def _html(subject: str, lines: list[list[str | _Link]], language: str) -> str:
    blocks: list[list[Markup]] = [[]]
    for line in lines:
        if "".join(map(_plain, line)).strip():
            blocks[-1].append(Markup("").join(map(_marked, line)))
        elif blocks[-1]:
            blocks.append([])
    said = "\n".join(f'<p style="margin:0 0 16px">{Markup("<br>").join(block)}</p>' for block in blocks if block)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(subject)}</title>'
    return (
        f'<!doctype html>\n<html lang="{escape(language)}" dir="{direction(language)}"><head>{head}</head>\n'
        f'<body style="{_STYLE}">\n{said}\n</body></html>\n'
    )


def direction(language: str) -> str:
    """Return the reading direction of a language: rtl or ltr."""
    return "rtl" if language.split("-")[0].lower() in {"ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "dv"} else "ltr"


def _marked(part: str | _Link) -> Markup:
    if not isinstance(part, _Link):
        return escape(part)
    shown = Markup(
        '<a href="{0}" style="color:#0b4f8a;font-weight:bold">{1}</a>: <span style="word-break:break-all">{0}</span>'
    )
    return shown.format(part.url, part.label)
