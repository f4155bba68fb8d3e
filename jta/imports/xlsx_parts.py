"""The parts around the sheets: relationships, list of sheets, number formats, shared texts; and what is refused."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from jta.imports.archive import AGAIN, DAMAGED, Archive
from jta.imports.result import RefusedError
from jta.imports.xml_guard import GuardedParser

_OFFICE = "http://schemas.openxmlformats.org"
_STRICT = "http://purl.oclc.org/ooxml"
SHEET_SPACES = (f"{_OFFICE}/spreadsheetml/2006/main", f"{_STRICT}/spreadsheetml/main")
_RELATION_SPACES = (f"{_OFFICE}/package/2006/relationships",)
_CONTENT_SPACES = (f"{_OFFICE}/package/2006/content-types",)
_ID_NAMES = tuple(f"{base}/officeDocument{year}/relationships id" for base, year in ((_OFFICE, "/2006"), (_STRICT, "")))
MOST_STRINGS = 1_500_000
_MACROS = "The workbook holds macros. Save it as Excel Workbook (.xlsx) without macros."
# Relations by the last word of their type, with what to tell of them.
_REFUSED_RELATIONS = {
    "externalLink": "The workbook is linked to another workbook. Break the links (Data, Edit Links) and save it again.",
    "externalLinkPath": "The workbook is linked to another workbook. Break the links (Data, Edit Links), save again.",
    "connections": "The workbook draws data from elsewhere. Remove its data connections and save it again.",
    "queryTable": "The workbook draws data from elsewhere. Remove its data connections and save it again.",
    "vbaProject": _MACROS,
    "xlMacrosheet": _MACROS,
    "xlIntlMacrosheet": _MACROS,
    "oleObject": "The workbook holds an embedded object. Delete it and save the workbook again.",
    "package": "The workbook holds an embedded file. Delete it and save the workbook again.",
    "control": "The workbook holds a control (ActiveX). Delete it and save the workbook again.",
}
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
# General, 0, #,##0 and Text show a whole number with all its digits and no others.
_PLAIN_FORMATS = frozenset({0, 1, 3, 49})
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """One sheet of the workbook: its name, its part, and whether a person sees it."""

    name: str
    part: str
    hidden: bool


@dataclass
class Book:
    """What is known of a workbook before its sheets are read; ``read`` are large parts already judged."""

    sheets: list[Sheet] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)


def read_book(archive: Archive, longest: int) -> Book:
    """Read the parts around the sheets.

    Raises
    ------
    RefusedError
        If the container is no workbook, or holds macros, links, embedded files, or a document type in any part.
    """
    _require_workbook(archive)
    main = _main_part(archive)
    relations = _relations(archive, main)
    book = Book(_sheets(archive, main, relations))
    parts = {kind: part for _, (kind, part) in relations.items() if kind in ("sharedStrings", "styles")}
    if "sharedStrings" in parts:
        book.strings = _strings(archive, parts["sharedStrings"], longest)
        book.read.add(parts["sharedStrings"].casefold())
    if "styles" in parts:
        book.formats = _formats(archive, parts["styles"])
    return book


def scan_other_parts(archive: Archive, taken: set[str]) -> None:
    """Unpack and parse every part that is not read otherwise, so that nothing in the file goes unseen."""
    for name in archive.names():
        if name.casefold() in taken or name.endswith("/"):
            continue
        if name.lower().endswith((".xml", ".rels")):
            GuardedParser().run(archive.stream(name))
            continue
        start = b""
        for piece in archive.stream(name):
            start = start or piece[:8]
        if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"MZ")):
            raise RefusedError("The workbook holds another packed file. Delete embedded files and save it again.")


def _require_workbook(archive: Archive) -> None:
    names = {name.casefold() for name in archive.names()}
    if "mimetype" in names:
        raise RefusedError("The file is an OpenDocument file. Save it as Excel Workbook (.xlsx).")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise RefusedError(_MACROS)
    others = (
        ("word/", "a Word document"),
        ("ppt/", "a presentation"),
        ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    )
    for start, what in others:
        if any(name.startswith(start) for name in names):
            raise RefusedError(f"The file is {what}. Save the list as Excel Workbook (.xlsx).")
    if "[content_types].xml" not in names or "_rels/.rels" not in names:
        raise RefusedError("The file is a ZIP archive, not an Excel workbook. Send a CSV, XLSX or JSON file.")
    _check_content_types(archive)


def _check_content_types(archive: Archive) -> None:
    def judge(attributes: dict[str, str]) -> None:
        if "macroenabled" in attributes.get("ContentType", "").lower():
            raise RefusedError(_MACROS)

    parser = GuardedParser({"Override": judge, "Default": judge}, spaces=_CONTENT_SPACES)
    parser.run(archive.stream("[Content_Types].xml"))


def _main_part(archive: Archive) -> str:
    for kind, part in _relations(archive, "").values():
        if kind == "officeDocument":
            return part
    raise RefusedError(f"The file has no workbook inside. {AGAIN}")


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Return the relations of one part: id to (last word of the type, target part)."""
    folder, name = posixpath.split(part)
    found: dict[str, tuple[str, str]] = {}

    def add(attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "").replace("\\", "/")
        full = target if target.startswith("/") else f"/{folder}/{target}"
        kind = attributes.get("Type", "").rpartition("/")[2]
        found[attributes.get("Id", "")] = (kind, posixpath.normpath(full).lstrip("/"))

    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path in archive:
        GuardedParser({"Relationship": add}, spaces=_RELATION_SPACES).run(archive.stream(path))
    return found


def check_relations(archive: Archive) -> None:
    """Refuse a workbook that refers to anything outside of it, plain hyperlinks excepted."""

    def judge(attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "").rpartition("/")[2]
        if kind in _REFUSED_RELATIONS:
            raise RefusedError(_REFUSED_RELATIONS[kind])
        if attributes.get("TargetMode", "").lower() == "external" and kind != "hyperlink":
            what = "a picture from the web" if kind == "image" else "something outside of it"
            raise RefusedError(f"The workbook refers to {what}. Delete it and save the workbook again.")

    for name in archive.names():
        if name.lower().endswith(".rels"):
            GuardedParser({"Relationship": judge}, spaces=_RELATION_SPACES).run(archive.stream(name))


def _sheets(archive: Archive, main: str, relations: dict[str, tuple[str, str]]) -> list[Sheet]:
    sheets: list[Sheet] = []

    def add(attributes: dict[str, str]) -> None:
        key = next((attributes[name] for name in _ID_NAMES if name in attributes), "")
        kind, part = relations.get(key, ("", ""))
        if kind == "worksheet":
            sheets.append(Sheet(attributes.get("name", ""), part, attributes.get("state", "visible") != "visible"))

    GuardedParser({"sheet": add}, spaces=SHEET_SPACES).run(archive.stream(main))
    if not sheets or any(sheet.part not in archive for sheet in sheets):
        raise RefusedError(f"The workbook has no sheet that can be read. {AGAIN}")
    return sheets


def _formats(archive: Archive, part: str) -> list[str]:
    """Return for each cell style whether its numbers show as ``plain``, ``date`` or ``formatted``."""
    codes: dict[int, str] = {}
    styles: list[int] = []
    inside = [False]

    def custom(attributes: dict[str, str]) -> None:
        codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")

    def enter(_: dict[str, str]) -> None:
        inside[0] = True

    def leave() -> None:
        inside[0] = False

    def style(attributes: dict[str, str]) -> None:
        if inside[0]:
            styles.append(_number(attributes.get("numFmtId", "0")))

    parser = GuardedParser({"numFmt": custom, "cellXfs": enter, "xf": style}, {"cellXfs": leave}, spaces=SHEET_SPACES)
    parser.run(archive.stream(part))
    return [_format_kind(number, codes.get(number, "")) for number in styles]


def _format_kind(number: int, code: str) -> str:
    if number in _PLAIN_FORMATS or code.lower() in ("general", "0", "#,##0", "@"):
        return "plain"
    if number in _DATE_FORMATS or re.search("[dmyhs]", _QUOTED.sub("", code), re.IGNORECASE):
        return "date"
    return "formatted"


def _number(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RefusedError(DAMAGED)
    return int(text)


def _strings(archive: Archive, part: str, longest: int) -> list[str]:
    """Return the shared texts; runs of rich text are joined, phonetic guides left out, giants cut one too long."""
    reader = StringReader(longest)
    starts = {"si": reader.open, "t": reader.open_text, "rPh": reader.open_guide}
    ends = {"si": reader.close, "t": reader.close_text, "rPh": reader.close_guide}
    parser = GuardedParser(starts, ends, reader.text, SHEET_SPACES, 4 * MOST_STRINGS)
    parser.run(archive.stream(part))
    return reader.strings


class StringReader:
    """Collects the text of ``si`` and ``is`` elements."""

    def __init__(self, longest: int) -> None:
        self.strings: list[str] = []
        self._longest = longest
        self._pieces: list[str] = []
        self._length = self._guides = 0
        self._wanted = False

    def open(self, _: dict[str, str]) -> None:
        """Begin one text."""
        self._pieces, self._length = [], 0

    def open_text(self, _: dict[str, str]) -> None:
        """Begin a run of letters."""
        self._wanted = self._guides == 0

    def close_text(self) -> None:
        """End a run of letters."""
        self._wanted = False

    def open_guide(self, _: dict[str, str]) -> None:
        """Begin a phonetic guide, which is not part of the text."""
        self._guides += 1

    def close_guide(self) -> None:
        """End a phonetic guide."""
        self._guides -= 1

    def text(self, letters: str) -> None:
        """Take letters, no more than one beyond the longest text allowed."""
        if self._wanted and self._length <= self._longest:
            self._pieces.append(letters[: self._longest + 1])
            self._length += len(letters)

    def joined(self) -> str:
        """Return the text so far, with Excel's escapes resolved."""
        return unescape("".join(self._pieces))

    def close(self) -> None:
        """End one text."""
        if len(self.strings) >= MOST_STRINGS:
            raise RefusedError("The workbook has too many different texts. Save the sheet as CSV UTF-8 and send that.")
        self.strings.append(self.joined())


_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    """Resolve Excel's way to write a letter by its number: ``_x000D_`` is a line break, ``_x005F_`` an underscore."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
