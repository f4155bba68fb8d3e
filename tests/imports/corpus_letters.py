"""Families 1 to 12, 46 and 53: encodings and odd letters."""

from __future__ import annotations

from collections.abc import Iterator

from tests.imports.case import GOOD, JSON_TEXT, STATEMENT, TEXT, Case, cell_cases
from tests.imports.files import (
    Xml,
    book,
    changed,
    csv_bytes,
    json_bytes,
)


def encodings() -> Iterator[Case]:
    def text(family: int, name: str, data: bytes, verdict: str, words: str = "", filename: str = "file.csv") -> Case:
        return Case(family, name, lambda: data, verdict, words, filename)

    yield text(1, "csv", b"\xef\xbb\xbf" + TEXT.encode(), "accept")
    yield text(1, "json", b"\xef\xbb\xbf" + JSON_TEXT.encode(), "accept", filename="file.json")
    for order, mark in (("le", b"\xff\xfe"), ("be", b"\xfe\xff")):
        yield text(2, f"csv_{order}", mark + TEXT.encode(f"utf-16-{order}"), "accept")
        yield text(2, f"json_{order}", mark + JSON_TEXT.encode(f"utf-16-{order}"), "accept", filename="file.json")
        yield text(3, f"csv_{order}", TEXT.encode(f"utf-16-{order}"), "refuse", "UTF-16")
        yield text(4, f"csv_{order}", TEXT.encode(f"utf-32-{order}"), "refuse", "UTF-32")
    yield text(3, "json", JSON_TEXT.encode("utf-16-le"), "refuse", "UTF-16", "file.json")
    yield text(4, "csv_marked", TEXT.encode("utf-32"), "refuse", "UTF-32")
    yield text(5, "csv", GOOD.replace("policy", "politique privée – “x”").encode("cp1252"), "refuse", "Windows-1252")
    yield text(5, "json", b'[{"domain":"\xe9"}]', "refuse", "Windows-1252", "file.json")
    yield text(6, "csv", GOOD.replace("Leadership", "指導力の計画").encode("shift_jis"), "refuse", "not UTF-8")
    mixed = GOOD.replace("Leadership", "Führung").encode() + "D2,Systems,D2.1,Networks,T4,Prüfe es\r\n".encode("cp1252")
    yield text(7, "csv", mixed, "refuse", "mixes UTF-8")
    yield text(8, "csv", GOOD.encode().replace(b"T1", b"T\xc0\xaf1"), "refuse", "overlong")
    yield text(8, "csv_long", GOOD.encode().replace(b"T1", b"T\xe0\x80\xaf1"), "refuse", "overlong")
    yield text(9, "csv", GOOD.encode().replace(b"T1", b"T\xed\xa0\x801"), "refuse", "lone surrogate")
    yield text(9, "csv_utf16", b"\xff\xfe" + GOOD.encode("utf-16-le") + b"\x00\xd8\x41\x00", "refuse", "damaged")
    yield text(12, "csv_marked", b"+/v8-" + GOOD.encode(), "refuse", "UTF-7")
    yield text(12, "csv", GOOD.replace("policy", "+ADw-script+AD4-").encode(), "refuse", "UTF-7")
    yield text(
        12, "csv_plus_in_address_is_fine", csv_bytes(changed("inventory", 0, STATEMENT, "Use a+tag-x@b.org")), "accept"
    )


def odd_letters() -> Iterator[Case]:
    escaped = json_bytes(changed("inventory", 1, STATEMENT, "Plan \ud800 it"))
    yield Case(
        9, "json", lambda: escaped, "problem", "half of a character", "file.json", accepted=2, row=2, column=STATEMENT
    )
    entity = Xml('<c r="@" t="inlineStr"><is><t>Plan &#xD800; it</t></is></c>')
    yield Case(9, "xlsx", lambda: book(changed("inventory", 1, STATEMENT, entity)), "refuse", "damaged", "file.xlsx")
    for family, name, letter, escape in (
        (10, "nul", "\0", "_x0000_"),
        (11, "escape", "\x1b", "_x001B_"),
        (11, "c1", "\x9b", "_x009B_"),
    ):
        words = f"control character (U+{ord(letter):04X})"
        for case in cell_cases(family, name, f"Plan {letter} it", "problem", words):
            if not case.filename.endswith("xlsx"):
                yield case
        rows = changed("inventory", 1, STATEMENT, f"Plan {escape} it")
        yield Case(
            family,
            f"{name}_xlsx",
            lambda rows=rows: book(rows),
            "problem",
            words,
            "file.xlsx",
            accepted=2,
            row=3,
            column=STATEMENT,
        )
    yield from cell_cases(7, "garbled_before", "Planifier les rÃ©seaux", "problem", "garbled by a wrong encoding")
    yield from cell_cases(7, "garbled_quote", "Planâ€™s end", "problem", "garbled by a wrong encoding")
    yield from cell_cases(7, "real_accents", "NÃO, Âme, pâté € 5", "accept", "")
    yield from cell_cases(11, "lost_letters", "Plan \ufffd it", "problem", "replacement character")
    yield from cell_cases(46, "invisible", "\u200b\u2060\u3164\u2800", "problem", "empty")
    yield from cell_cases(46, "spaces", "\u00a0\u2003", "problem", "empty", column="task_code")
    yield from cell_cases(46, "zero_width_inside", "Plan\u200b it", "clean", "Invisible characters were removed")
    yield from cell_cases(53, "bidi", "Plan \u202egnp.exe", "problem", "turns the reading direction (U+202E)")
    yield from cell_cases(
        53, "bidi_name", "Ana \u2066Example", "problem", "reading direction", column="name", kind="roster"
    )
    yield from cell_cases(53, "tag", "Plan it\U000e0041\U000e0042", "problem", "hidden tag character")


LETTER_CASES = [
    case
    for group in (
        encodings,
        odd_letters,
    )
    for case in group()
]
