"""Reports as PDF/UA-1: tagged, with alternative texts; all words travel as data, so none can be taken for markup."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from jta.exports.report_parts import (
    Bullets,
    Facts,
    Figure,
    Missing,
    Paragraph,
    Part,
    Report,
    Section,
    Table,
    missing_words,
    numbered,
)
from jta.exports.text import clean_text

_STYLE = Path(__file__).with_name("report.typ")


def write_report_pdf(report: Report) -> bytes:
    """Return the report as a PDF that meets PDF/UA-1; the same report gives the same bytes.

    Raises
    ------
    typst.TypstError
        If the document would not meet PDF/UA-1, such as a figure without an alternative text.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(_STYLE, folder / "report.typ")
        data = json.dumps(_document(report, folder), ensure_ascii=False)
        content: bytes = typst.compile(
            str(folder / "report.typ"), root=str(folder), sys_inputs={"data": data}, pdf_standards=["ua-1"],
            ignore_system_fonts=False, timestamp=int(report.at.timestamp()),
        )  # fmt: skip
    return content


def _document(report: Report, folder: Path) -> dict[str, Any]:
    return {
        "title": _clean(report.title), "subtitle": _clean(report.subtitle), "notice": _clean(report.notice),
        "author": report.author, "language": report.language, "contents": report.contents,
        "words": {"contents": "Contents"},
        "facts": [[_clean(name), _clean(value)] for name, value in report.facts],
        "chapters": [
            {"title": _clean(_title(number, chapter)), "parts": _parts(chapter.parts, folder)}
            for number, chapter in numbered(report)
        ],
    }  # fmt: skip


def _title(number: str, chapter: Any) -> str:
    return f"Appendix {number}. {chapter.title}" if chapter.appendix else f"{number}. {chapter.title}"


def _parts(parts: Sequence[Part], folder: Path) -> list[dict[str, Any]]:
    return [_part(part, folder) for part in parts]


def _part(part: Part, folder: Path) -> dict[str, Any]:
    match part:
        case Paragraph():
            return {"kind": "paragraph", "text": _clean(part.text)}
        case Bullets():
            return {"kind": "bullets", "items": [_clean(item) for item in part.items], "ordered": part.ordered}
        case Facts():
            return {"kind": "facts", "caption": part.caption, "rows": [[_clean(a), _clean(b)] for a, b in part.rows]}
        case Table():
            return {"kind": "table", **_table(part)}
        case Missing():
            return {"kind": "missing", "text": missing_words(part)}
        case Figure():
            return {"kind": "figure", "caption": part.caption, "alt": part.alt, "file": _keep(part, folder)}
        case Section():
            return {
                "kind": "section",
                "title": _clean(part.title),
                "level": part.level,
                "parts": _parts(part.parts, folder),
            }


def _table(table: Table) -> dict[str, Any]:
    plain = asdict(table)
    plain["rows"] = [[_clean(cell) for cell in row] for row in table.rows]
    plain["numeric"] = sorted(table.numeric)
    return plain


def _keep(figure: Figure, folder: Path) -> str:
    name = f"figure-{len(list(folder.glob('figure-*')))}.svg"
    (folder / name).write_bytes(figure.svg)
    return name


def _clean(text: str) -> str:
    return clean_text(text)
