"""No number on a page of results that is not in the tables of its run, at the rounding shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from tests.factories import signed_in_client
from tests.views.test_results_pages import PAGES, analysed, site  # noqa: F401  fixtures

ROOT = Path(__file__).parents[2]
VARIANTS = (
    *(page for page in PAGES if page),
    "/tasks?scale=frequency", "/agreement?scale=frequency", "/subgroups?group=certified", "/subgroups?group=wave",
    "/methods?level=subdomain", "/crosstab?rows=certified&columns=wave",
)  # fmt: skip
NUMBER = re.compile(r"(?<![\w.,:/=-])([-+−]?)(\d[\d,]*(?:\.\d+)?|\.\d+)(?![\w:/]|[.,]\d)( ?%)?")


def _values(thing: object) -> Iterator[float]:
    if isinstance(thing, bool) or thing is None:
        return
    if isinstance(thing, int | float):
        yield float(thing)
    elif isinstance(thing, str):
        for found in re.findall(r"\d+(?:\.\d+)?", thing):
            yield float(found)
    elif isinstance(thing, dict):
        for part in thing.values():
            yield from _values(part)
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from _values(part)


class Told:
    """Every number that a run's tables, its plan and the words of the pages hold."""

    def __init__(self, tables: list, more: list[object]) -> None:
        numbers: set[float] = {value for part in more for value in _values(part)}
        for table in tables:
            for name in table.columns:
                column = table[name]
                if column.dtype.kind in "if" or str(column.dtype) in ("Int64", "Float64"):
                    numbers |= set(column.astype("Float64").dropna().astype(float))
                else:
                    numbers |= set(_values(column.dropna().astype(str).unique().tolist()))
        known = np.array(sorted(numbers))
        self.shown = {digits: self._rounded(known, digits) for digits in range(5)}
        self.percent = {digits: self._rounded(100 * known, digits) for digits in range(3)}

    @staticmethod
    def _rounded(values: np.ndarray, digits: int) -> set[str]:
        return {f"{abs(value):.{digits}f}" for value in values}

    def missing(self, text: str) -> list[str]:
        """Return the numbers of a text that are in no table."""
        found = []
        for _, digits_text, percent in NUMBER.findall(text):
            plain = digits_text.replace(",", "")
            plain = f"0{plain}" if plain.startswith(".") else plain
            digits = len(plain.partition(".")[2])
            known = self.percent.get(digits, set()) if percent else self.shown.get(digits, set())
            if plain not in known and not (percent and plain in self.shown.get(digits, set())):
                found.append(digits_text + percent)
        return found


def _text(html: str) -> str:
    """Return what a page says between its tabs and its foot; pictures, dates and hashes are left out."""
    main = html[html.index("<main") : html.index("</main>")]
    for gone in (
        r"<svg.*?</svg>",
        r"<code.*?</code>",
        r"<select.*?</select>",
        r"<details class=\"help-term.*?</details>",
    ):
        main = re.sub(gone, " ", main, flags=re.S)
    main = re.sub(r'<td class="text-wide">.*?(<|$)', r"<td> \1", main, flags=re.S)  # statements are the study's words
    text = unescape(re.sub(r"<[^>]+>", " ", main))
    return re.sub(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d|[0-9a-f]{64}|[\w-]+\.csv", " ", text)


@pytest.fixture
def told(site):  # noqa: F811  a fixture
    app, _ = site
    with app.app_context():
        from jta.services.results import get_run
        from jta.services.results_privacy import Reader
        from jta.services.results_tables import Tables, words_of

        run = get_run(1, 1)
        tables = Tables(run, Reader())
        shown = [tables.shown(name) for name in run.summary["tables"] if tables.rows(name)]
        words = words_of(run)
        statistics = next(t for t in shown if {"scale", "median"} <= set(t.columns))
        counts = list(range(len(statistics) + 1))  # how many rows of a table are meant
        here = [run.summary["counts"], run.plan, run.summary["document_values"], run.summary["notes"], counts]
        sources = [path.read_text() for path in (ROOT / "templates/results").glob("*.html")]
        fixed = [re.findall(r"[>\"“ (](\d*\.\d+|\d+)(?=[ .;,)\"<%])", source) for source in sources]
        labels = [*words.groups.values(), *words.variables.values(), run.id, run.dataset.number]
        yield Told(shown, [*here, *fixed, *labels, json.dumps(run.summary["units"])])


@pytest.mark.parametrize("page", VARIANTS)
def test_every_number_of_a_page_is_in_the_tables(site, told, page):  # noqa: F811  a fixture
    app, study = site
    html = signed_in_client(app, "dora@example.org").get(f"{study}/results/1{page}").text
    text = _text(html)
    assert len(NUMBER.findall(text)) > 5
    assert told.missing(text) == []


def test_a_number_of_its_own_would_be_found(told):
    assert told.missing("Weight 141.3 %, mean 9.876, alpha 0.98765") == ["141.3 %", "9.876", "0.98765"]
    assert told.missing("100 %") == []
