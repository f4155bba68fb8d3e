"""Letters on paper: one page for each person, with a QR code. Texts reach typst as data, never as markup."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("letters.typ")
PAPERS = {"us-letter": "US Letter", "a4": "A4"}


class LetterError(ValueError):
    """A letter cannot be printed as it is; the message says why."""


@dataclass(frozen=True)
class PaperLetter:
    """One letter: paragraphs of lines, and the address that its QR code holds."""

    subject: str
    paragraphs: list[str]
    url: str
    recipient: list[str]
    language: str


def write_letters(letters: Sequence[PaperLetter], *, paper: str, title: str, notice: str = "") -> bytes:
    """Return the letters as an accessible PDF, one page each, in the order given.

    Raises
    ------
    LetterError
        If one of them needs a second page, or holds a letter that no font of this machine has.
    """
    pages = [{**asdict(letter), "qr": qr_svg(letter.url)} for letter in letters]
    data = {"title": title, "paper": paper, "notice": notice, "letters": pages}
    compiler = _compiler(json.dumps(data))
    if json.loads(compiler.query("<pages>", field="value", one=True)) != len(letters):
        raise LetterError("The letter does not fit on one page. Shorten its text.")
    return _pdf(compiler)


def _pdf(compiler: Any) -> bytes:
    import typst

    try:
        return bytes(compiler.compile(format="pdf", pdf_standards=["ua-1"]))
    except typst.TypstError as error:
        if missing := re.search(r'the text `"(.+)"` could not be displayed', str(error)):
            raise LetterError(
                f"No font on the server can print {missing[1]}. Ask the administrator for one."
            ) from error
        raise


def _compiler(data: str) -> Any:
    import typst

    return typst.Compiler(str(TEMPLATE), font_paths=_fonts(), sys_inputs={"data": data})


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts()


def qr_svg(url: str) -> str:
    """Return a QR code as SVG text."""
    import segno

    buffer = io.BytesIO()
    segno.make(url, error="m", micro=False).save(buffer, kind="svg", border=2, xmldecl=False)
    return buffer.getvalue().decode()
