"""The pictures of the pages of results, by name, for those who take them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jta.charts import Picture
from jta.charts_svg import svg_file
from jta.errors import NotFoundError
from jta.services.results_agreement import agreement_page
from jta.services.results_methods import methods_page
from jta.services.results_overview import overview
from jta.services.results_people import precision_page
from jta.services.results_sensitivity import sensitivity_page
from jta.services.results_tables import Tables

Asked = Mapping[str, str]
BARS = {"precision", "sensitivity"}


def _tornado(tables: Tables, asked: Asked) -> Picture | None:
    pictures = dict(enumerate(sensitivity_page(tables).pictures, 1))
    number = asked.get("domain", "1")
    return pictures.get(int(number)) if number.isascii() and number.isdigit() else None


CHARTS: dict[str, Callable[[Tables, Asked], Picture | None]] = {
    "weights": lambda tables, _asked: overview(tables).weights,
    "frame": lambda tables, _asked: overview(tables).frame,
    "precision": lambda tables, _asked: precision_page(tables).picture,
    "alpha": lambda tables, asked: agreement_page(tables, scale=asked.get("scale")).picture,
    "respondents": lambda tables, asked: agreement_page(tables, scale=asked.get("scale")).forecast,
    "methods": lambda tables, asked: methods_page(tables, level=asked.get("level", "domain")).picture,
    "sensitivity": _tornado,
}


def chart_file(tables: Tables, name: str, asked: Asked, title: str) -> bytes:
    """Return a picture as an SVG file, its numbers those of the page for the same reader.

    Raises
    ------
    NotFoundError
        If there is no such picture, or the run holds nothing to draw.
    """
    picture = CHARTS[name](tables, asked) if name in CHARTS else None
    if picture is None:
        raise NotFoundError
    run, n = tables.run, tables.run.summary["counts"]["respondents"]
    made = f"data set {run.dataset.number}, analysis {run.id}, result {run.result_hash[:12]}"
    source = f"{title.rstrip('.')}. n = {n} responses, {made}"
    return svg_file(picture, source, bar=name in BARS)
