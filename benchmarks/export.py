"""What leaves the house costs: 20,000 x 200 ratings as Excel and CSV, read back; the demo study's documents.

``./run bench export`` prints CPU seconds (median of three runs) and the memory above the process.
"""

from __future__ import annotations

import io
import json
import resource
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd

from analysis.parquet import from_parquet, to_parquet
from analysis.ratings import study_from_codes
from analysis.scales import integer_scale
from jta.exports.rating_files import write_long_csv, write_wide_csv, write_wide_excel
from jta.exports.rating_table import RatingTable, build_rating_table

RESPONDENTS, TASKS, RUNS = 20_000, 200, 3


def main() -> None:
    """Measure and print one JSON object."""
    stored = _stored()
    found: dict[str, object] = {"respondents": RESPONDENTS, "ratings": RESPONDENTS * TASKS}
    for name, write in (("wide xlsx", write_wide_excel), ("wide csv", write_wide_csv), ("long csv", write_long_csv)):
        found[name] = _measure(stored, write)
    found["wide xlsx reads back"] = _reads_back(stored)
    found["documents"] = _documents()
    print(json.dumps(found, indent=1))
    if len(sys.argv) > 2 and sys.argv[1] == "--write":
        Path(sys.argv[2]).write_text(_page(found), encoding="utf-8")


def _page(found: dict[str, object]) -> str:
    lines = [
        "# What data out costs", "",
        "Made by `./run bench export`: ratings of one frozen data set as the database keeps it, read, given new "
        "names, written.", "",
        "| file | CPU seconds (median of three) | memory above the process | size |", "|---|---|---|---|",
    ]  # fmt: skip
    for name, cost in found.items():
        if isinstance(cost, dict) and "file MB" in cost:
            lines.append(f"| {name} | {cost['cpu seconds']} | {cost['MB above']} MB | {cost['file MB']} MB |")
    read = found["wide xlsx reads back"]
    back = f"{found['respondents']:,} respondents, {found['ratings']:,} cells. Excel read back: {read}."
    documents = [
        "| document of the demo study | first, wall s | median of three, wall s | CPU s | size |",
        "|---|---|---|---|---|",
    ]
    for name, cost in dict(found["documents"]).items():  # type: ignore[call-overload]  # names and costs
        figures = (cost[key] for key in ("first", "wall", "cpu", "MB"))
        documents.append(f"| {name} | {' | '.join(f'{n:.2f}' for n in figures)} MB |")
    return "\n".join([*lines, "", back, "", *documents, ""])


def _documents() -> dict[str, dict[str, float]]:
    """Write the documents of the demo study from its database, in a process that has written none."""
    from flask_migrate import upgrade

    from jta import create_app
    from jta.config import Settings
    from jta.demo.load import load_demo
    from jta.exports.blueprint_workbook import write_blueprint_workbook
    from jta.exports.report_pdf import write_report_pdf
    from jta.exports.report_word import write_report_word
    from jta.services.blueprint import get_blueprint
    from jta.services.report_book import build_blueprint_book
    from jta.services.report_content import technical_report

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/jta.sqlite", secret_key="k3Jm9vQx7TzB2nLw5RyC8dHf4GsP6aUe",
            link_key="w8Zx2cVb6Nm4Qa9Sd7Fg3Hj5Kl1PoIuY", base_url="http://127.0.0.1:8000", log_level="ERROR",
        )  # fmt: skip
        with create_app(settings, instance=Path(folder)).app_context():
            upgrade()
            load_demo(Path(folder), lambda _said: None)
            return {
                "blueprint workbook": _timed(
                    lambda: write_blueprint_workbook(build_blueprint_book(get_blueprint(1, 1)))
                ),
                "technical report, Word": _timed(lambda: write_report_word(technical_report(1, 1), None)),
                "technical report, PDF": _timed(lambda: write_report_pdf(technical_report(1, 1))),
            }


def _timed(write: Callable[[], bytes]) -> dict[str, float]:
    walls, seconds = [], []
    for _ in range(RUNS):
        wall, start = time.perf_counter(), time.process_time()
        size = len(write())
        walls.append(time.perf_counter() - wall)
        seconds.append(time.process_time() - start)
    return {"first": walls[0], "wall": statistics.median(walls), "cpu": statistics.median(seconds), "MB": size / 1e6}


def _stored() -> bytes:
    """Return the data set as the database keeps it."""
    random = np.random.default_rng(1)
    scale = integer_scale("IMP", 1, 5)
    ids = [f"R{n:05}" for n in range(RESPONDENTS)]
    tasks = pd.DataFrame({"task_id": [f"1.{n}" for n in range(TASKS)], "task_text": "x", "domain_id": "1"})
    tasks = tasks.assign(domain_name="D", subdomain_id="", subdomain_name="", position=range(1, TASKS + 1))
    codes = {"IMP": random.integers(0, 6, (RESPONDENTS, TASKS)).astype(np.uint8)}
    background = pd.DataFrame({"respondent_id": ids, "region": random.choice(list("NSWE"), RESPONDENTS)})
    return to_parquet(study_from_codes(tasks, [scale], ids, codes, respondents=background))


def _table(stored: bytes) -> RatingTable:
    data = from_parquet(stored)
    if data.respondents is None:
        raise RuntimeError("the data set lost its background")
    return build_rating_table(data, data.respondents, [f"p{n:05}" for n in range(RESPONDENTS)])


def _measure(stored: bytes, write: Callable[[RatingTable, io.BufferedWriter], int]) -> dict[str, float]:
    seconds = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(RUNS):
        start = time.process_time()
        with tempfile.TemporaryFile() as out:
            write(_table(stored), out)  # type: ignore[arg-type]  # a temporary file is a binary one
            size = out.tell()
        seconds.append(time.process_time() - start)
    above = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {
        "cpu seconds": round(statistics.median(seconds), 2),
        "MB above": round(above),
        "file MB": round(size / 1e6, 1),
    }


def _reads_back(stored: bytes) -> str:
    """Compare every cell of the sheet with the codes, read by pandas' own reader of the XML inside."""
    from lxml import etree

    table = _table(stored)
    out = io.BytesIO()
    write_wide_excel(table, out)
    wrong = cells = row = 0
    with zipfile.ZipFile(out) as pack, pack.open("xl/worksheets/sheet1.xml") as part:
        for _, element in etree.iterparse(part, tag="{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"):
            if row:
                values = [child.findtext("{*}v") for child in element][2:]
                wanted = table.states[row - 1]
                cells += len(values)
                wrong += sum((int(v) if v else 0) != int(w) for v, w in zip(values, wanted, strict=True))
            row += 1
            element.clear()
    return f"{cells:,} cells, {wrong} wrong"


if __name__ == "__main__":
    main()
