"""Families 13 to 29: the shape and size of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.imports.case import GOOD, STATEMENT, Case, cell_cases
from tests.imports.files import (
    HEADERS,
    ROWS,
    book,
    changed,
    csv_bytes,
    csv_text,
    json_bytes,
    kind_sheet,
    parts,
    zip_dict,
)


def shapes() -> Iterator[Case]:
    def text(family: int, name: str, body: str | bytes, verdict: str, words: str = "", **more: object) -> Case:
        data = body if isinstance(body, bytes) else body.encode()
        return Case(family, name, lambda: data, verdict, words, **more)

    header = ",".join(HEADERS["inventory"])
    yield text(13, "csv", b"", "refuse", "empty")
    yield text(13, "csv_blank", b"\xef\xbb\xbf \r\n\r\n", "refuse", "empty")
    yield text(13, "csv_commas", ",,,\r\n,,,\r\n", "refuse", "empty")
    yield text(13, "json", b"[]", "refuse", "empty", filename="file.json")
    yield text(13, "json_objects", b"[{},{}]", "refuse", "empty", filename="file.json")
    yield text(13, "xlsx_no_bytes", b"", "refuse", "empty", filename="file.xlsx")
    yield text(14, "csv", header, "refuse", "no rows")
    yield text(14, "csv_blank_rows", header + "\r\n,,,,,\r\n\r\n", "refuse", "no rows")
    yield text(14, "xlsx", book([]), "refuse", "no rows", filename="file.xlsx")
    yield text(15, "csv", GOOD.split("\r\n", 1)[1], "refuse", "no column names we know")
    yield text(
        15,
        "xlsx",
        zip_dict(parts(kind_sheet([]).replace("_", "x").replace("domain", "q"))),
        "refuse",
        "no column names",
        filename="file.xlsx",
    )
    for kind, name in (("inventory", "task_code"), ("roster", "email"), ("ratings", "scale")):
        rows = [[v for h, v in zip(HEADERS[kind], r, strict=True) if h != name] for r in ROWS[kind]]
        left = [h for h in HEADERS[kind] if h != name]
        yield text(16, f"csv_{kind}", csv_bytes(rows, left), "refuse", f"{name} is missing", kind=kind)
        yield text(
            16, f"json_{kind}", json_bytes(rows, left), "refuse", f"{name} is missing", kind=kind, filename="file.json"
        )
    double = [[*r, "x"] for r in ROWS["inventory"]]
    yield text(
        17, "csv", csv_bytes(double, [*HEADERS["inventory"], "Task Code"]), "refuse", "Two columns mean the same"
    )
    yield text(
        17, "csv_synonym", csv_bytes(double, [*HEADERS["inventory"], "task_id"]), "refuse", '"task_code" and "task_id"'
    )
    yield text(
        17,
        "csv_not_used",
        csv_bytes([[*r, "x"] for r in double], [*HEADERS["inventory"], "remark", "remark"]),
        "clean",
        "Not used",
    )
    yield text(
        18,
        "csv_case",
        csv_bytes(
            ROWS["inventory"], [" Domain Code", "DOMAIN", "Subdomain-ID", "Sub-Domain ", "Task ID*", "Task\nstatement:"]
        ),
        "accept",
    )
    yield text(
        18,
        "csv_zero_width",
        GOOD.replace("task_code", "task\u200b_code", 1),
        "clean",
        'from the column name "task_code"',
    )
    yield text(18, "csv_look_alike", GOOD.replace("task_code", "tаsk_cоde", 1), "refuse", "another alphabet")
    for name, sign in (("semicolon", ";"), ("tab", "\t"), ("bar", "|")):
        yield text(19, f"csv_{name}", csv_text(ROWS["inventory"], delimiter=sign), "accept")
    yield text(19, "csv_sep_line", "sep=;\r\n" + csv_text(ROWS["inventory"], delimiter=";"), "accept")
    yield text(
        19,
        "csv_sep_line_row_numbers",
        "sep=;\r\n" + csv_text(changed("inventory", 1, STATEMENT, ""), delimiter=";"),
        "problem",
        "empty",
        accepted=2,
        row=3,
        column=STATEMENT,
    )
    yield text(19, "csv_sep_odd", "sep=^\r\n" + GOOD.replace(",", "^"), "refuse", "sep=")
    for name, end in (("cr", "\r"), ("lf", "\n")):
        yield text(20, f"csv_{name}", csv_text(ROWS["inventory"], end=end), "accept")
    lines = GOOD.split("\r\n")
    yield text(20, "csv_mixed", f"{lines[0]}\r{lines[1]}\n{lines[2]}\r\n{lines[3]}", "accept")
    yield text(21, "csv_open", GOOD.replace("Monitor", '"Monitor'), "refuse", "row 4 is never closed")
    yield text(
        21, "csv_middle", GOOD.replace("Develop a", '"Develop" a'), "refuse", "Row 2 has a quote in the wrong place"
    )
    yield text(
        22,
        "csv_short",
        GOOD.replace(",Enforce the policy on student privacy.", ""),
        "problem",
        "5 cells, the header 6",
        accepted=2,
        row=3,
    )
    yield text(
        22,
        "csv_long",
        GOOD.replace("Enforce the", "Enforce, the"),
        "problem",
        "7 cells, the header 6",
        accepted=2,
        row=3,
    )
    long_row = [*ROWS["inventory"], [*ROWS["inventory"][0][:4], "T9", "Plan it.", "more"]]
    yield text(
        22, "xlsx_long", book(long_row), "problem", "right of the last named column", filename="file.xlsx", row=5
    )
    blank_end = csv_bytes([[*r, ""] for r in ROWS["inventory"]], [*HEADERS["inventory"], ""])
    yield text(22, "csv_blank_cells_at_the_end", blank_end, "accept")
    yield text(24, "csv_title", "Task list 2026,,,,,\r\n,,,,,\r\n" + GOOD, "refuse", "column names are in row 3")
    yield text(
        24,
        "xlsx_title",
        zip_dict(parts(kind_sheet([]).replace('r="1"', 'r="3"').replace('1" t=', '3" t='))),
        "refuse",
        "column names are in row 3",
        filename="file.xlsx",
    )
    yield text(24, "csv_total", GOOD + "Total,,,,3,\r\n", "problem", "total or note row", row=5)
    yield text(24, "csv_note", GOOD + "Prepared by the panel,,,,,\r\n", "problem", "total or note row", row=5)
    yield text(
        24,
        "ratings_total",
        csv_bytes([*ROWS["ratings"], ["Mean", "", "", "4.0"]], kind="ratings"),
        "problem",
        "total or note row",
        kind="ratings",
        row=5,
    )
    yield text(
        24,
        "csv_header_again",
        GOOD + GOOD.replace("T", "U").replace("UASK", "TASK"),
        "problem",
        "repeats the column names",
        accepted=6,
        row=5,
    )


def sizes() -> Iterator[Case]:
    wide = ",".join(["task_code", "task_statement", "domain", *(f"x{i}" for i in range(16_000))])
    yield Case(23, "csv", lambda: f"{wide}\r\nT1,Plan,D{',1' * 16_000}\r\n".encode(), "refuse", "more than 64 columns")
    yield Case(23, "csv_ratings", lambda: f"respondent_id,{wide}\r\n".encode(), "refuse", "columns", kind="ratings")
    yield Case(
        23,
        "json",
        lambda: json.dumps([{name: "x" for name in wide.split(",")}]).encode(),
        "refuse",
        "more than 64 columns",
        "file.json",
    )
    yield Case(
        25,
        "csv",
        lambda: (GOOD + "D1,Leadership,D1.1,Planning,X,Plan\r\n" * 100_000).encode(),
        "refuse",
        "more than 20,000 rows",
    )
    yield Case(
        25,
        "json",
        lambda: b"[" + b'{"task_code":"T"},' * 20_001 + b"{}]",
        "refuse",
        "more than 20,000 rec",
        "file.json",
    )
    yield Case(25, "xlsx", lambda: book(ROWS["inventory"] * 33_334), "refuse", "more than 20,000 rows", "file.xlsx")
    hundred_thousand = [[f"R{i // 100}", f"T{i % 100}", "importance", str(i % 5 + 1)] for i in range(100_000)]
    yield Case(
        25,
        "csv_ratings",
        lambda: csv_bytes(hundred_thousand, kind="ratings"),
        "accept",
        kind="ratings",
        accepted=100_000,
    )
    for letters, name in ((1_000_000, "cell"), (33_000, "over_excel"), (4_001, "just_over")):
        family = 26 if letters == 1_000_000 else 27
        for case in cell_cases(family, name, "Plan " + "x" * (letters - 5), "problem", "longer than 4,000 characters"):
            if family == 27 or case.filename != "file.csv":
                yield case
    yield from cell_cases(27, "longest", "Plan " + "x" * 3_995, "accept", "")
    yield Case(26, "csv", lambda: csv_bytes(changed("inventory", 1, STATEMENT, "x" * 1_000_000)), "refuse", "row 3")
    yield Case(26, "csv_first", lambda: b"x" * 1_000_000, "refuse", "row 1")
    yield Case(
        28, "csv_in_quote", lambda: (GOOD + 'D2,Systems,D2.1,Networks,T4,"Monitor').encode(), "refuse", "never closed"
    )
    yield Case(28, "csv_in_row", lambda: GOOD.encode()[:-60], "problem", "cells, the header 6", accepted=2, row=4)
    yield Case(28, "csv_in_letter", lambda: GOOD.encode() + "é".encode()[:1], "refuse", "cut off")
    yield Case(28, "json", lambda: json_bytes(ROWS["inventory"])[:-30], "refuse", "cut off", "file.json")
    yield Case(28, "json_after_record", lambda: json_bytes(ROWS["inventory"])[:-1], "refuse", "cut off", "file.json")
    yield Case(28, "xlsx", lambda: book(ROWS["inventory"])[:-100], "refuse", "damaged or cut off", "file.xlsx")
    yield Case(28, "xlsx_half", lambda: book(ROWS["inventory"])[:900], "refuse", "damaged or cut off", "file.xlsx")
    wide_header = ["respondent_id", "T1 importance", "T1.frequency", "1.10_importance", "region"]
    wide_rows = [["R1", "4", "3", "", "West"], ["R2", "5", "", "2", "East"], ["R3", "", "0", "1", ""]]
    for filename, build in (("file.csv", csv_bytes), ("file.json", json_bytes)):
        yield Case(
            29,
            f"wide_{filename[5:]}",
            lambda build=build: build(wide_rows, wide_header),
            "clean",
            'Not used: column "region"',
            filename,
            "ratings",
        )
    most = ["respondent_id", *(f"T{i} importance" for i in range(1_999))]
    yield Case(
        29, "wide_2000_columns", lambda: csv_bytes([["R1", *["3"] * 1_999]], most), "accept", kind="ratings", accepted=1
    )
    yield Case(
        29,
        "wide_2001_columns",
        lambda: csv_bytes([["R1", *["3"] * 2_000]], [*most, "X importance"]),
        "refuse",
        "more than 2,000 columns",
        kind="ratings",
    )
    yield Case(29, "wide_inventory", lambda: csv_bytes(wide_rows, wide_header), "refuse", "no column names we know")


SHAPE_CASES = [
    case
    for group in (
        shapes,
        sizes,
    )
    for case in group()
]
