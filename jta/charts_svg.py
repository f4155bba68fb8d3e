"""A picture of results as an SVG file of its own, for reports and slides: names, axis, marks, legend, source."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from jta.charts import Axis, Line, Picture

WIDTH, NAMES, ROW, TOP = 960, 320, 26, 84
INK, SOFT, GRID, FILL = "#1b1b1b", "#595959", "#d9d9d9", "#1f5fa8"
COLOURS = (FILL, "#b35900", INK, "#1a7f37", "#b3261e", SOFT)
SHAPES = (
    "M-4.5 0 A4.5 4.5 0 1 0 4.5 0 A4.5 4.5 0 1 0 -4.5 0 Z", "M0 -7 L7 0 L0 7 L-7 0 Z",
    "M-4.5 -4.5 H4.5 V4.5 H-4.5 Z", "M0 -6 L6 5 L-6 5 Z", "M0 6 L6 -5 L-6 -5 Z", "M-6 -1.5 H6 V1.5 H-6 Z",
)  # fmt: skip


def svg_file(picture: Picture, source: str, *, bar: bool = False) -> bytes:
    """Return a picture as a whole SVG file.

    Parameters
    ----------
    source : str
        Printed below: what the numbers come from.
    bar : bool
        Draw ranges as thick bars, as on the page of sensitivity.
    """
    notes = _notes(picture)
    height = TOP + ROW * len(picture.lines) + 70 + 16 * len(notes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="Liberation Sans, Arial, sans-serif" font-size="13" role="img" '
        f"aria-label={quoteattr(picture.title)}>",
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 28, picture.title, size=18, bold=True),
        *_legend(picture.series),
        *_axis(picture.axis, TOP, ROW * len(picture.lines), picture.rule),
    ]
    for n, line in enumerate(picture.lines):
        parts += _line(picture, line, TOP + ROW * n + ROW // 2, bar=bar)
    for n, text in enumerate([source, *reversed(notes)]):
        parts.append(_text(16, height - 16 - 16 * n, text, colour=SOFT, size=11))
    return ("\n".join([*parts, "</svg>"]) + "\n").encode()


def _notes(picture: Picture) -> list[str]:
    """Return what a reader must know who sees the picture without its page."""
    axis = picture.axis
    return [
        *([picture.about] if picture.about else []),
        *([f"The axis begins at {said(axis, axis.low, 0)}, not at 0."] if axis.low > 0 else []),
    ]


def said(axis: Axis, value: float, more: int = 1) -> str:
    """Return a value in the words of its axis.

    >>> said(Axis(0, 1, (0, 1), percent=True, digits=0), 0.125)
    '12.5 %'
    """
    digits = axis.digits + more
    return f"{100 * value:.{digits}f} %" if axis.percent else f"{value:.{digits}f}"


def _x(axis: Axis, value: float) -> float:
    return round(NAMES + (WIDTH - NAMES - 24) * axis.at(value) / 100, 1)


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK, size: int = 13, bold: bool = False
) -> str:
    look = f'text-anchor="{anchor}" fill="{colour}" font-size="{size}"' + (' font-weight="700"' if bold else "")
    return f'<text x="{x}" y="{y}" {look}>{escape(text)}</text>'


def _legend(series: tuple[str, ...]) -> list[str]:
    parts, x = [], 24.0
    for kind, name in enumerate(series):
        parts += [_shape(kind, x, 52), _text(x + 12, 56, name)]
        x += 40 + 7 * len(name)
    return parts


def _shape(kind: int, x: float, y: float, words: str = "") -> str:
    title = f"<title>{escape(words)}</title>" if words else ""
    return (
        f'<path d="{SHAPES[kind % 6]}" transform="translate({x} {y})" fill="{COLOURS[kind % 6]}" '
        f'stroke="#ffffff">{title}</path>'
    )


def _axis(axis: Axis, top: int, height: int, rule: float | None) -> list[str]:
    parts = []
    for tick in axis.ticks:
        x = _x(axis, tick)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{top}" y2="{top + height}" stroke="{GRID}"/>')
        parts.append(_text(x, top + height + 18, said(axis, tick, 0), anchor="middle", colour=SOFT))
    if rule is not None:
        x = _x(axis, rule)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{top}" y2="{top + height}" stroke="{INK}" stroke-dasharray="4 3"/>')
    return parts


def _line(picture: Picture, line: Line, y: int, *, bar: bool) -> list[str]:
    name = line.name if len(line.name) <= 46 else f"{line.name[:45]}…"
    parts = [_text(16, y + 4, name, bold=line.strong)]
    if line.low is not None and line.high is not None:
        low, high = _x(picture.axis, line.low), _x(picture.axis, line.high)
        words = f"{line.name}: {said(picture.axis, line.low)} to {said(picture.axis, line.high)}"
        stroke, width = (FILL, 12) if bar else (SOFT, 2)
        parts.append(
            f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="{stroke}" stroke-width="{width}">'
            f"<title>{escape(words)}</title></line>"
        )
    for mark in line.marks:
        label = mark.label or (picture.series[mark.kind] if mark.kind < len(picture.series) else line.name)
        parts.append(_shape(mark.kind, _x(picture.axis, mark.value), y, f"{label}: {said(picture.axis, mark.value)}"))
    return parts
