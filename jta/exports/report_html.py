"""Reports as one web page of their own: no script, no style from elsewhere, every word escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

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

_STYLE = """
body{font:16px/1.5 Arial,"Liberation Sans",sans-serif;color:#1A2530;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1,h2,h3{color:#1F3A5F;line-height:1.2}h2{margin-top:2.2rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left;font-weight:bold;padding:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid #C3CCD6}
thead th{background:#1F3A5F;color:#fff}td.number,th.number{text-align:right}
dt{font-weight:bold}dd{margin:0 0 .5rem}
.notice,.missing{background:#FCE4E4;color:#8B0000;font-weight:bold;padding:.6rem .8rem}
figure{margin:1rem 0}figure svg{max-width:100%;height:auto}figcaption{font-weight:bold}
.wide{overflow-x:auto}@media print{body{max-width:none;margin:0}tr{break-inside:avoid}}
"""


def write_report_html(report: Report) -> bytes:
    """Return the report as a web page that needs nothing else."""
    return "\n".join(_page(report)).encode()


def _page(report: Report) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="{_text(report.language)}"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(report.title)}: {_text(report.subtitle)}</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{_text(report.title)}</h1><p>{_text(report.subtitle)}</p>"
    if report.notice:
        yield f'<p class="notice">{_text(report.notice)}</p>'
    yield from _facts(Facts(report.facts))
    for number, chapter in numbered(report):
        name = f"Appendix {number}. {chapter.title}" if chapter.appendix else chapter.title
        yield f"<section><h2>{_text(name)}</h2>"
        yield from _parts(chapter.parts)
        yield "</section>"
    yield "</main></body></html>"


def _parts(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    match part:
        case Paragraph():
            yield f"<p>{_text(part.text)}</p>"
        case Bullets():
            kind = "ol" if part.ordered else "ul"
            yield f"<{kind}>{''.join(f'<li>{_text(item)}</li>' for item in part.items)}</{kind}>"
        case Facts():
            yield from _facts(part)
        case Table():
            yield from _table(part)
        case Missing():
            yield f'<p class="missing">{_text(missing_words(part))}</p>'
        case Figure():
            drawing = part.svg.decode()
            yield f'<figure role="img" aria-label="{_text(part.alt)}"><figcaption>{_text(part.caption)}</figcaption>'
            yield f"{drawing[drawing.index('<svg') :]}</figure>"
        case Section():
            level = min(6, part.level + 1)
            yield f"<h{level}>{_text(part.title)}</h{level}>"
            yield from _parts(part.parts)


def _facts(part: Facts) -> Iterator[str]:
    yield "<dl>"
    for name, value in part.rows:
        yield f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>"
    yield "</dl>"


def _table(part: Table) -> Iterator[str]:
    yield f'<div class="wide"><table><caption>{_text(part.caption)}</caption><thead><tr>'
    for n, title in enumerate(part.headers):
        side = ' class="number"' if n in part.numeric else ""
        yield f'<th scope="col"{side}>{_text(title)}</th>'
    yield "</tr></thead><tbody>"
    for row in part.rows:
        cells = (
            f'<td class="number">{_text(c)}</td>' if n in part.numeric else f"<td>{_text(c)}</td>"
            for n, c in enumerate(row)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"
    if part.note:
        yield f"<p><small>{_text(part.note)}</small></p>"


def _text(text: str) -> str:
    return escape(clean_text(text)).replace("\n", "<br>")
