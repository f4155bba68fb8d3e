"""Families 47 to 55: text that wants to be run."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

from tests.imports.case import STATEMENT, Case, cell_cases
from tests.imports.files import (
    HEADERS,
    ROWS,
    Xml,
    book,
    changed,
    csv_bytes,
    json_bytes,
)


def injections() -> Iterator[Case]:
    for name, text in (
        ("formula", '=HYPERLINK("http://x.example","Plan")'),
        ("dde", "=cmd|' /C calc'!A0"),
        ("at", "@SUM(A1:A9) plan"),
        ("plus", "+1+cmd|' /C calc'!A0"),
    ):
        yield from cell_cases(47, name, text, "accept", "")
    for name, text in (("sum", "=1+1"), ("number", "+1"), ("minus", "-2"), ("at_sign", "@@")):
        yield from cell_cases(47, f"no_word_{name}", text, "problem", "holds no words")
    for text in ("=Plan+1", "-Plan", "@Plan", "+Plan"):
        yield from cell_cases(47, f"word_{text[0]}", text, "accept", "")
    yield from cell_cases(47, "code", "=1+1", "problem", "signs not allowed", column="task_code")
    live = Xml('<c r="@" t="str"><f>"Plan"&amp;" it"</f><v>Plan it</v></c>')
    yield Case(
        47,
        "live_xlsx",
        lambda: book(changed("inventory", 1, STATEMENT, live)),
        "problem",
        "holds a formula",
        "file.xlsx",
        accepted=2,
        row=3,
        column=STATEMENT,
    )
    for name, text in (
        ("script", "<script>alert(1)</script> plan"),
        ("svg", "<svg onload=alert(1)> plan"),
        ("css", "plan{background:url(//x)}"),
    ):
        yield from cell_cases(48, name, text, "accept", "")
    for name, text in (("jinja", "{{ 7*7 }} plan {% x %}"), ("format", "%s%n {0.__class__} ${jndi:ldap://x}")):
        yield from cell_cases(49, name, text, "accept", "")
    yield from cell_cases(49, "no_word", "{{7*7}}", "problem", "holds no words")
    for name, text in (("quote", "Robert'); DROP TABLE task;--"), ("like", "100%_plan")):
        yield from cell_cases(50, name, text, "accept", "")
    roster = {"kind": "roster"}
    yield from cell_cases(51, "name", "Ana\r\nBcc: all@example.org", "problem", "line break", column="name", **roster)
    yield from cell_cases(
        51, "encoded_word", "=?utf-8?q?hi=0ABcc=3A_x?=", "problem", "mail code (=?)", column="name", **roster
    )
    yield from cell_cases(
        51, "district", "=?utf-8?b?eA==?=", "problem", "mail code (=?)", column="organization", **roster
    )
    yield from cell_cases(
        51, "email", "ana@example.org\nBcc: x@example.org", "problem", "line break", column="email", **roster
    )
    for address in (
        "ana@",
        "ana example@example.org",
        "ana@example..org",
        "a@b@example.org",
        "ana@localhost",
        "é@example.org",
    ):
        yield from cell_cases(51, f"address_{address}", address, "problem", "is not valid", column="email", **roster)
    for name, count, verdict in (("64", 64, "accept"), ("65", 65, "problem")):
        words = "more than 64 characters before the @" if verdict == "problem" else ""
        address = f"{'a' * count}@example.org"
        yield from cell_cases(51, f"local_part_{name}", address, verdict, words, column="email", **roster)
    yield from cell_cases(52, "statement", "Plan it\n2026-01-01 INFO root signed in", "clean", "replaced by a space")
    yield from cell_cases(52, "code", "T1\n2026-01-01 INFO", "problem", "line break", column="task_code")
    extra = ["is_admin", "role_id", "study_id", "password"]
    rows = [[*r, "1", "1", "9", "x"] for r in ROWS["inventory"]]
    for filename, build in (("file.csv", csv_bytes), ("file.json", json_bytes)):
        yield Case(
            54,
            filename[5:],
            lambda build=build: build(rows, [*HEADERS["inventory"], *extra]),
            "clean",
            'Not used: column "is_admin"',
            filename,
        )
    for protocol in (0, 2, 4):
        data = pickle.dumps({"domain": ["task"]}, protocol)
        yield Case(
            55,
            f"pickle_{protocol}",
            lambda data=data: data,
            "refuse",
            "pickle" if protocol else "column names",
            "file.csv",
        )
        words = "pickle" if protocol else "neither JSON records nor a table"
        yield Case(55, f"pickle_{protocol}_json", lambda data=data: data, "refuse", words, "file.json")
    yaml = b"- task_code: T1\n  domain: !!python/object/apply:os.system [id]\n  task_statement: Plan\n"
    yield Case(55, "yaml", lambda: yaml, "refuse", "no column names", "file.csv")
    for name, text in (("yaml", yaml), ("yaml_comma", b"- {a: 1, b: 2}"), ("number", b"42"), ("word", b"true\n")):
        words = "neither JSON records nor a table"
        yield Case(55, f"{name}_json", lambda text=text: text, "refuse", words, "file.json")
    yield Case(55, "table_json", lambda: csv_bytes(ROWS["inventory"]), "refuse", "holds CSV text", "file.json")
    yield Case(55, "yaml_ending", lambda: yaml, "refuse", "must end in .csv, .xlsx or .json", "file.yaml")


INJECTION_CASES = [case for group in (injections,) for case in group()]
