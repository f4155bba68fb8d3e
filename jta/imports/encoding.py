"""Bytes to text: UTF-8, or UTF-16 with its mark; anything else is refused with the way out, never guessed."""

from __future__ import annotations

import codecs
import re

from jta.imports.result import RefusedError

ADVICE = 'Save it as "CSV UTF-8" and send it again.'
_UTF7_MARKS = (b"+/v8", b"+/v9", b"+/v+", b"+/v/")
# "+" and a base64 run that begins with a zero byte: how UTF-7 writes a sign or a Latin letter ("+ADw-").
_UTF7 = re.compile(r"\+A[A-P][A-Za-z0-9+/]+-")

# Bytes that Western texts hardly hold, and longer runs than accents and quotes make: Shift_JIS and others.
_NOT_WESTERN = re.compile(rb"[\x81-\x84\x86-\x89\x8b\x8d\x8f\x90\x98\x9b\x9d]|[\x80-\xff]{3}")


def decode(data: bytes) -> str:
    """Return the text of a file.

    Raises
    ------
    RefusedError
        If the encoding is not UTF-8 or marked UTF-16, or the bytes are not valid in it.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise RefusedError(f"The file is saved as UTF-32. {ADVICE}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_utf16(data)
    if data.startswith(_UTF7_MARKS):
        raise RefusedError(f"The file is saved as UTF-7. {ADVICE}")
    _refuse_unmarked_wide(data[:4096])
    text = _decode_utf8(data.removeprefix(codecs.BOM_UTF8))
    if _UTF7.search(text):
        raise RefusedError(f"The file seems to be saved as UTF-7. {ADVICE}")
    return text


def _decode_utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError:
        raise RefusedError(f"The file begins as UTF-16 but is damaged or cut off. {ADVICE}") from None


def _refuse_unmarked_wide(sample: bytes) -> None:
    """Text of two or four bytes a letter shows as many zero bytes; single ones are reported cell by cell."""
    zeros = sample.count(0)
    if zeros * 5 > len(sample):
        name = "UTF-32" if zeros * 2 > len(sample) + 8 else "UTF-16"
        raise RefusedError(f"The file seems to be {name} without its mark. {ADVICE}")


def _decode_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RefusedError(_reason(data, error.start, line)) from None


def _reason(data: bytes, place: int, line: int) -> str:
    pair = data[place : place + 2]
    if pair[:1] in (b"\xc0", b"\xc1") or b"\xe0\x80" <= pair <= b"\xe0\x9f" or b"\xf0\x80" <= pair <= b"\xf0\x8f":
        return f"Line {line} holds a forbidden long form of a letter (overlong UTF-8). {ADVICE}"
    if b"\xed\xa0" <= pair <= b"\xed\xbf":
        return f"Line {line} holds half of a character (a lone surrogate). {ADVICE}"
    if place >= len(data) - 3 and pair[0] >= 0xC2 and all(0x80 <= b < 0xC0 for b in data[place + 1 :]):
        return "The file ends in the middle of a letter: it is cut off. Send it again."
    if _mostly_utf8(data):
        return f"The file mixes UTF-8 with another encoding (line {line}). {ADVICE}"
    guess = "" if _NOT_WESTERN.search(data) else "; perhaps Windows-1252"
    return f"The file is not UTF-8 (line {line}){guess}. {ADVICE}"


def _mostly_utf8(data: bytes) -> bool:
    """Whether at least as many letters beyond ASCII are right as are wrong; other encodings hit by chance only."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return sum(letter > "\x7f" for letter in text) - wrong >= wrong
