"""Bombs end within a second and 64 MB; the largest honest files within ten seconds and 256 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports.corpus import CASES
from tests.imports.files import HEADERS, MAIN, json_bytes, kind_sheet, parts, sheet, sheet_data, with_relation, zip_dict

BOMBS = {
    str(case): case
    for case in CASES
    if case.family in (45, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77) and case.verdict == "refuse"
}
# Reads a small workbook first, so that imports are paid for, then measures one file.
PROBE = r"""
import json, re, sys, time
from pathlib import Path
from jta import imports
def peak():
    # Not ru_maxrss: a new process inherits the peak of the one that started it.
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
kind, warm, path, name = sys.argv[1:]
read = getattr(imports, f"read_{kind}")
read(Path(warm).read_bytes(), "warm.xlsx")
data = Path(path).read_bytes()
before = peak()
started = time.process_time()
result = read(data, name)
seconds = time.process_time() - started
grown = peak() - before
print(json.dumps({"seconds": seconds, "megabytes": grown, "refused": result.refused, "accepted": result.accepted}))
"""


def probe(tmp_path: Path, data: bytes, filename: str, kind: str) -> dict:
    """Read a file in a process of its own and return CPU seconds, growth of memory and the outcome."""
    warm, path = tmp_path / "warm", tmp_path / "file"
    warm.write_bytes(zip_dict(parts(kind_sheet([], kind))))
    path.write_bytes(data)
    command = [sys.executable, "-c", PROBE, kind, str(warm), str(path), filename]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_at_once(tmp_path: Path, name: str):
    case = BOMBS[name]
    found = probe(tmp_path, case.data(), case.filename, case.kind)
    assert found["refused"]
    assert found["seconds"] <= 1
    assert found["megabytes"] <= 64


def million_csv() -> bytes:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pairs = [a + b for a in letters for b in letters]
    lines = [f"{r},{t},{s},3\n" for r in pairs[:1250] for t in pairs[:400] for s in "if"]
    return ("respondent_id,task_id,scale,value\n" + "".join(lines)).encode()


def many_json() -> bytes:
    rows = [[f"R{i // 100}", f"T{i % 100}", "f", "3"] for i in range(120_000)]
    return json_bytes(rows, kind="ratings")


def large_workbook() -> bytes:
    """A sheet as large as the limits allow: 640,000 ratings, 94 MB unpacked, 10 MB packed."""
    line = (
        '<row r="{0}"><c r="A{0}" t="s"><v>{1}</v></c><c r="B{0}" t="s"><v>{2}</v></c>'
        '<c r="C{0}" t="s"><v>{3}</v></c><c r="D{0}"><v>{4}</v></c></row>'
    )
    rows = "".join(line.format(i, i // 400, 5_000 + i // 2 % 200, 6_000 + i % 2, i % 6) for i in range(2, 640_000))
    texts = "".join(f"<si><t>q{i}</t></si>" for i in range(7_000))
    table = sheet_data([HEADERS["ratings"]]).replace("</sheetData>", f"{rows}</sheetData>")
    found = {**parts(sheet(table)), "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>'.encode()}
    return zip_dict(with_relation(found, "sharedStrings", "sharedStrings.xml"))


def wide_csv() -> bytes:
    head = ["respondent_id", *(f"T{i} importance" for i in range(1_999))]
    rows = (f"R{i}" + ",3" * 1_999 for i in range(2_400))
    return ("\n".join([",".join(head), *rows])).encode()


def commas() -> bytes:
    return ",".join(HEADERS["ratings"]).encode() + b"\n" + b"," * 10_000_000


def far_cells() -> bytes:
    rows = "".join(f'<row r="{i}"><c r="XFD{i}"><v>{i * 7919}</v></c></row>' for i in range(2, 20_000))
    return zip_dict(parts(sheet(sheet_data([HEADERS["inventory"]]).replace("</sheetData>", rows + "</sheetData>"))))


def open_tag() -> bytes:
    import random

    noise = random.Random(1).randbytes(4_500_000).hex()
    return zip_dict(parts(kind_sheet([], after=f'<a b="{noise}"/>')))


LARGE = {
    "million_ratings_csv": (million_csv, "ratings", "file.csv", 1_000_000),
    "ratings_json": (many_json, "ratings", "file.json", 120_000),
    "ratings_xlsx": (large_workbook, "ratings", "file.xlsx", 639_998),
    "wide_ratings_csv": (wide_csv, "ratings", "file.csv", 2_400),
    "ten_million_commas": (commas, "ratings", "file.csv", 0),
    "far_cells": (far_cells, "inventory", "file.xlsx", 0),
    "nine_megabyte_tag": (open_tag, "inventory", "file.xlsx", 0),
    "brackets": (lambda: b'[{"a":[' + b"[]," * 2_000_000 + b"[]]}]", "ratings", "file.json", 0),
    "numbers": (lambda: b'[{"a":[' + b"1," * 4_500_000 + b"1]}]", "ratings", "file.json", 0),
    "distinct_numbers": (
        lambda: ('[{"a":[' + ",".join(map(str, range(1_200_000))) + "]}]").encode(),
        "ratings",
        "file.json",
        0,
    ),
    "quotes": (lambda: b'respondent_id,task_id,scale,value\n"' + b'""' * 4_000_000, "ratings", "file.csv", 0),
    "new_lines": (lambda: b"respondent_id,task_id,scale,value\n" + b"\n" * 10_000_000, "ratings", "file.csv", 0),
    "problems": (
        lambda: b"respondent_id,task_id,scale,value\n" + b"a,b,c,x\n" * 1_000_000,
        "ratings",
        "file.csv",
        0,
    ),
}


def test_the_probe_sees_memory(tmp_path: Path):
    found = probe(tmp_path, many_json(), "file.json", "ratings")
    assert found["megabytes"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_large_file_stays_within_bounds(tmp_path: Path, name: str):
    build, kind, filename, accepted = LARGE[name]
    found = probe(tmp_path, build(), filename, kind)
    assert found["accepted"] == accepted
    assert found["seconds"] <= 10
    assert found["megabytes"] <= 256
