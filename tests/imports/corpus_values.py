"""Families 30 to 45: identities and values."""

from __future__ import annotations

from collections.abc import Iterator

from jta.imports import Known
from tests.imports.case import STATEMENT, Case, cell_cases
from tests.imports.files import (
    ROWS,
    Xml,
    book,
    changed,
    csv_bytes,
    json_bytes,
)


def identities() -> Iterator[Case]:
    yield from cell_cases(30, "task", "T1", "problem", "repeats the code of row", column="task_code")
    yield from cell_cases(30, "email", "ana@example.org", "problem", "is already in row", column="email", kind="roster")
    yield from cell_cases(30, "person", "P1", "problem", "is already in row", column="person_code", kind="roster")
    again = [*ROWS["ratings"], ["R1", "T1", "importance", "2"], ["R1", "T1", "frequency", "3"]]
    yield Case(
        30,
        "rating_conflict",
        lambda: csv_bytes(again[:4], kind="ratings"),
        "problem",
        "Row 2 already gives another rating",
        kind="ratings",
        row=5,
        column="value",
    )
    yield Case(
        30,
        "rating_again",
        lambda: csv_bytes(again[4:] + again[:3], kind="ratings"),
        "problem",
        "Row 2 already gives the same rating",
        kind="ratings",
        row=4,
        column="value",
    )
    for name, code in (("case", "t1"), ("full_width", "Ｔ１"), ("zero_width", "T\u200b1")):
        yield from cell_cases(31, name, code, "problem", "the code of row", column="task_code")
    yield from cell_cases(31, "email", "ANA@Example.ORG", "problem", "is already in row", column="email", kind="roster")
    mixed_case = [
        ["R1", "T1", "importance", "4"],
        ["R2", "T1", "importance", "4"],
        ["R2", "T2", "importance", "4"],
        ["r1", "T2", "importance", "4"],
    ]
    yield Case(
        31,
        "respondent",
        lambda: csv_bytes(mixed_case, kind="ratings"),
        "problem",
        'differs only in case or hidden form from "R1"',
        kind="ratings",
        row=5,
        column="respondent_id",
    )
    for name, code in (("007", "007"), ("1e5", "1E5"), ("mar1", "MAR1"), ("1_10", "1.10"), ("na", "NA")):
        yield from cell_cases(32, name, code, "accept", "", column="task_code")
    yield from cell_cases(32, "made_date", "10-Jan", "problem", "date made by a spreadsheet", column="task_code")
    yield from cell_cases(32, "made_number", "1.00E+05", "problem", "changed by a spreadsheet", column="task_code")
    for name, code in (("up", "../../etc/passwd"), ("windows", "C:\\temp\\x"), ("slash", "a/b")):
        yield from cell_cases(33, name, code, "problem", "looks like a file path", column="task_code")
    moved = [*ROWS["inventory"], ["D2", "Systems", "D1.1", "Planning", "T9", "Plan the budget of networks."]]
    yield Case(
        34,
        "subdomain_of_another_domain",
        lambda: csv_bytes(moved),
        "problem",
        "belongs to another domain in row 2",
        row=5,
        column="subdomain_code",
    )
    renamed = [*ROWS["inventory"], ["D1", "Vision", "", "", "T9", "Plan the budget of networks."]]
    yield Case(
        34,
        "domain_of_two_names",
        lambda: csv_bytes(renamed),
        "problem",
        'goes with "Leadership" in row 2',
        row=5,
        column="domain",
    )
    study = Known(respondents={"R1"}, tasks={"T1"}, scales={"importance": ["4", "5"], "frequency": ["3", "np"]})
    for family, row, place, code, name in (
        (34, 1, 1, "T99", "task_id"),
        (35, 2, 0, "R2", "respondent_id"),
        (34, 1, 2, "urgency", "scale"),
    ):
        rows = [list(r) for r in ROWS["ratings"]]
        rows[2][0] = "R1"
        rows[2][3], rows[2][1] = "5", "T1"
        rows[2] = ["R1", "T1", "frequency", "np"] if row == 1 else ["R2", "T1", "importance", "5"]
        rows[1] = ["R1", "T1", "frequency", "3"]
        if row == 1:
            rows[1][place] = code
        yield Case(
            family,
            f"known_{name}",
            lambda rows=rows: csv_bytes(rows, kind="ratings"),
            "problem",
            "is not in this study",
            kind="ratings",
            accepted=2,
            row=row + 2,
            column=name,
            known=study,
        )
    yield Case(
        34,
        "known_anchor",
        lambda: csv_bytes(changed("ratings", 0, "value", "3"), kind="ratings"),
        "problem",
        "not an anchor of this scale",
        kind="ratings",
        accepted=2,
        row=2,
        column="value",
        known=Known(scales=study.scales),
    )
    yield Case(
        36,
        "withdrawn",
        lambda: csv_bytes(ROWS["ratings"], kind="ratings"),
        "problem",
        "has withdrawn",
        kind="ratings",
        accepted=2,
        row=4,
        column="respondent_id",
        known=Known(withdrawn={"R2"}),
    )


def values() -> Iterator[Case]:
    def rating(family: int, name: str, text: object, verdict: str, words: str) -> Iterator[Case]:
        yield from cell_cases(family, name, text, verdict, words, column="value", kind="ratings")

    yield from rating(38, "rating", "-1", "problem", "not a whole number from 0 to 20")
    yield from rating(38, "code_for_missing", "-99", "problem", "not a whole number from 0 to 20")
    for name, text in (
        ("nan", "NaN"),
        ("infinity", "Infinity"),
        ("1e309", "1e309"),
        ("digits", "9" * 400),
        ("half", "3.5"),
    ):
        yield from rating(39, name, text, "problem", "not a whole number")
    for name, text in (
        ("nan", "NaN"),
        ("infinity", "-Infinity"),
        ("1e309", "1e309"),
        ("digits", "9" * 400),
        ("more_digits", "9" * 5_000),
    ):
        body = f'[{{"respondent_id":"R1","task_id":"T1","scale":"importance","value":{text}}}]'.encode()
        words = "longer than" if name == "more_digits" else "not a whole number"
        yield Case(
            39, f"{name}_bare_json", lambda body=body: body, "problem", words, "file.json", "ratings", 0, 1, "value"
        )
    yield from rating(39, "whole_with_decimals", "3.0", "clean", "written with decimals were read as whole")
    for name, text in (("arabic", "٣"), ("full_width", "３"), ("superscript", "²")):
        yield from rating(
            40, name, text, "problem", "not a whole number" if name == "superscript" else "with the digits 0 to 9"
        )
    yield from rating(41, "serial", "45000", "problem", "not a whole number")
    yield from rating(41, "date", "2026-01-03", "problem", "not a whole number")
    for text in ("", "NA", "N/A", "n/a", "null", "None", "nil", "missing", "-", ".", "?", "(blank)"):
        yield from rating(42, f"rating_{text or 'blank'}", text, "clean", "read as not answered")
        yield from cell_cases(
            42,
            f"statement_{text or 'blank'}",
            text,
            "problem",
            "Fill it in" if not text else "The cell says",
            column=STATEMENT,
        )
    for name, value in (("true", True), ("list", ["a"]), ("object", {"a": 1})):
        words = "true or false" if name == "true" else "list or an object"
        for kind, column in (
            ("inventory", STATEMENT),
            ("inventory", "task_code"),
            ("roster", "name"),
            ("ratings", "value"),
        ):
            yield Case(
                43,
                f"{kind}_{column}_{name}_json",
                lambda kind=kind, column=column, value=value: json_bytes(changed(kind, 1, column, value), kind=kind),
                "problem",
                words,
                "file.json",
                kind,
                2,
                2,
                column,
            )
    flag = Xml('<c r="@" t="b"><v>1</v></c>')
    yield Case(
        43,
        "xlsx",
        lambda: book(changed("inventory", 1, STATEMENT, flag)),
        "problem",
        "true or false",
        "file.xlsx",
        accepted=2,
        row=3,
        column=STATEMENT,
    )
    double = b'[{"task_code":"T1","task_code":"T2","domain":"D","task_statement":"Plan"}]'
    yield Case(44, "json", lambda: double, "refuse", 'Record 1 names the key "task_code" twice', "file.json")
    yield Case(45, "json", lambda: b"[" * 100_000, "refuse", "lists inside records", "file.json")
    yield Case(
        45,
        "json_inside",
        lambda: b'[{"domain":' + b"[" * 20_000 + b"]" * 20_000 + b"}]",
        "refuse",
        "nested too deep",
        "file.json",
    )
    yield Case(45, "json_objects", lambda: b'{"a":' * 100_000, "refuse", "", "file.json")


VALUE_CASES = [
    case
    for group in (
        identities,
        values,
    )
    for case in group()
]
