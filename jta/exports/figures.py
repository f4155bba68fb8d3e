"""Figures of printed reports: one drawing as SVG (PDF, web) and PNG (Word), the same bytes for the same values."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jta.exports.report_parts import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAVY, PALE, INK, LINE = "#1F3A5F", "#7F9DBF", "#1A2530", "#C3CCD6"
_LOOK = {
    "font.family": "sans-serif", "font.sans-serif": ["Liberation Sans", "Arial", "DejaVu Sans"], "font.size": 9,
    "svg.hashsalt": "practice analysis", "svg.fonttype": "path", "axes.edgecolor": LINE, "axes.labelcolor": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip
_WIDTH = 6.6  # inches, the text width of a letter page


@dataclass(frozen=True)
class Dot:
    """A row of a dot plot: its name, its value, and the ends of its interval where there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def dot_figure(caption: str, alt: str, dots: Sequence[Dot], label: str, *, percent: bool = False) -> Figure:
    """Return a figure of values with their intervals, the first row on top."""

    def draw(axes: Axes) -> None:
        places = range(len(dots), 0, -1)
        for place, dot in zip(places, dots, strict=True):
            if dot.low is not None and dot.high is not None:
                axes.plot([dot.low, dot.high], [place, place], color=PALE, linewidth=4, solid_capstyle="butt")
            axes.plot(dot.value, place, "o", color=NAVY, markersize=5)
        axes.set_yticks(list(places), [_short(dot.name) for dot in dots])
        axes.set_xlabel(label)
        axes.grid(axis="x", color=LINE, linewidth=0.5)
        if percent:
            axes.xaxis.set_major_formatter(_percent)

    return _figure(caption, alt, draw, 0.9 + 0.26 * len(dots))


def bar_figure(caption: str, alt: str, bars: Sequence[tuple[str, float]], label: str) -> Figure:
    """Return a figure of whole numbers as bars, each with its number, the first on top."""

    def draw(axes: Axes) -> None:
        places = list(range(len(bars), 0, -1))
        axes.barh(places, [value for _, value in bars], color=NAVY, height=0.62)
        for place, (_, value) in zip(places, bars, strict=True):
            axes.annotate(f"{value:g}", (value, place), xytext=(4, 0), textcoords="offset points", va="center")
        axes.set_yticks(places, [_short(name) for name, _ in bars])
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(label)

    return _figure(caption, alt, draw, 0.9 + 0.3 * len(bars))


def spread_figure(caption: str, alt: str, values: Sequence[float], label: str, edges: Sequence[float]) -> Figure:
    """Return a figure of how often values fall between edges."""

    def draw(axes: Axes) -> None:
        axes.hist(values, bins=list(edges), color=NAVY, edgecolor="white")
        axes.set_xlabel(label)
        axes.set_ylabel("Task statements")

    return _figure(caption, alt, draw, 2.6)


def _percent(value: float, _place: Any) -> str:
    return f"{value * 100:g} %"


def _short(name: str) -> str:
    return name if len(name) <= 46 else f"{name[:45]}…"


def _figure(caption: str, alt: str, draw: Callable[[Axes], None], height: float) -> Figure:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Drawing

    with mpl.rc_context(_LOOK):
        drawing = Drawing(figsize=(_WIDTH, height), layout="constrained")
        draw(drawing.add_subplot())
        svg, png = io.BytesIO(), io.BytesIO()
        FigureCanvasSVG(drawing).print_svg(svg, metadata={"Date": None, "Creator": None})
        FigureCanvasAgg(drawing).print_png(png, metadata={"Software": None}, pil_kwargs={"dpi": (200, 200)})
    return Figure(caption, alt, svg.getvalue(), png.getvalue())
