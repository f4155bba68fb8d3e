"""Text of one cell: what is kept, cleaned by name or a problem; and how values are shown in messages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# Letters without a shape and without a use in our texts: removed, and said so.
_REMOVED = "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\ufeff"
# Letters that show nothing but may matter inside a word (emoji, Persian): a cell of only these is empty.
_SHAPELESS = re.compile(
    f"[\\s{_REMOVED}\u115f\u1160\u17b4\u17b5\u200c\u200d\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
)
_HIDDEN = re.compile(f"[{_REMOVED}]")
_HIDDEN_IN_NAMES = re.compile(f"[{_REMOVED}\u200c\u200d]")
_BREAK = re.compile("[ \t]*(?:\r\n|[\r\n\u2028\u2029])[ \t]*|\t")
_LINE_END = re.compile("\r\n|[\r\n\u2028\u2029]")
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane * 0x10000 + 0xFFFE + i) for plane in range(17) for i in (0, 1))
# Each pattern with what to say of it; the first that is found makes the cell a problem.
_REFUSED = (
    (re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"), "a control character"),
    (re.compile("[\ud800-\udfff]"), "half of a character"),
    (re.compile("[\u202a-\u202e\u2066-\u2069]"), "a hidden character that turns the reading direction"),
    (re.compile("[\U000e0000-\U000e007f\ufff9-\ufffb]"), "a hidden tag character"),
    (re.compile("[\u00c2\u00c3][\u00a0-\u00bf]|\u00e2\u20ac"), "letters garbled by a wrong encoding before"),
    (re.compile("\ufffd"), "a replacement character: letters were lost before"),
    (re.compile(f"[{_NONCHARACTERS}]"), "a character that does not exist"),
)

TRIMMED = "Spaces around the text were removed"
UNBROKEN = "Line breaks and tabs inside cells were replaced by a space"
UNHIDDEN = "Invisible characters were removed"
COMPOSED = "Letters with separate accents were joined (Unicode NFC)"


class Cleaned(NamedTuple):
    """A cleaned text, the names of what was done to it, and a reason where it cannot be used."""

    text: str
    notes: tuple[str, ...] = ()
    reason: str | None = None


def clean(raw: str) -> Cleaned:
    """Clean one text: trim, one line, no hidden letters, accents joined; or say why it cannot be used."""
    if raw.isascii() and raw.isprintable():
        text = raw.strip(" ")
        return Cleaned(text, (TRIMMED,)) if text and text != raw else Cleaned(text)
    return _clean_unusual(raw)


def clean_paragraphs(raw: str) -> Cleaned:
    """Clean a text of several lines: line by line, so that its paragraphs stay."""
    lines = [clean(line) for line in _LINE_END.split(raw)]
    if reason := next((line.reason for line in lines if line.reason), None):
        return Cleaned("", (), reason)
    notes = dict.fromkeys(note for line in lines for note in line.notes)
    return Cleaned("\n".join(line.text for line in lines).strip("\n"), tuple(notes))


@lru_cache(maxsize=4096)
def _clean_unusual(raw: str) -> Cleaned:
    for pattern, what in _REFUSED:
        if match := pattern.search(raw):
            return Cleaned("", (), f"The cell holds {what} ({code_point(match[0][0])}). Correct it.")
    if _SHAPELESS.fullmatch(raw):
        return Cleaned("", (UNHIDDEN,) if raw.strip() else ())
    text, notes = raw, []
    for note, step in (
        (TRIMMED, str.strip),
        (UNBROKEN, _one_line),
        (UNHIDDEN, _unhide),
        (COMPOSED, _compose),
    ):
        before, text = text, step(text)
        if text != before:
            notes.append(note)
    return Cleaned(text.strip(), tuple(notes))


def _one_line(text: str) -> str:
    return _BREAK.sub(" ", text)


def _unhide(text: str) -> str:
    return _HIDDEN.sub("", text)


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def has_break(raw: str) -> bool:
    """Whether a text, trimmed, holds a line break or tab."""
    return _BREAK.search(raw.strip()) is not None


def has_hidden(text: str) -> bool:
    """Whether a text holds letters that show nothing."""
    return _HIDDEN_IN_NAMES.search(text) is not None


def strip_hidden(text: str) -> str:
    """Remove letters that show nothing, joiners too, and line breaks: for column names and codes."""
    return text if text.isascii() and text.isprintable() else _HIDDEN_IN_NAMES.sub("", _one_line(text))


def fold(text: str) -> str:
    """Return the form by which texts count as equal: hidden letters, width, case and spaces aside."""
    if text.isascii():
        return " ".join(text.casefold().split())
    composed = unicodedata.normalize("NFKC", _HIDDEN_IN_NAMES.sub("", text))
    return " ".join(unicodedata.normalize("NFKC", composed.casefold()).split())


def code_point(letter: str) -> str:
    """Return ``U+200B`` for a letter."""
    return f"U+{ord(letter):04X}"


def shown(value: str, length: int = 20) -> str:
    """Return a value in quotes for a message: short, on one line, with hidden letters written out."""
    short = " ".join(value.split(" ")[:4])[:length]
    cut = short if short == value else f"{short}…"
    return '"' + "".join(c if c.isprintable() else f"<{code_point(c)}>" for c in cut) + '"'
