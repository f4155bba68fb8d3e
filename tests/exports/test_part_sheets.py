"""The sheets around the blueprint: each has its own figures, and a hidden one is never an empty one."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from openpyxl import load_workbook

from jta.exports.blueprint_workbook import write_blueprint_workbook
from jta.exports.book import BlueprintBook
from jta.exports.book_parts import Area, MethodLine
from tests.exports.books import realistic_book
from tests.exports.small_books import flat_book


def rows_of(book: BlueprintBook, name: str, first: str) -> list[dict[str, object]]:
    """The rows of a sheet's table by column title; the table begins with a column of that title."""
    sheet = load_workbook(BytesIO(write_blueprint_workbook(book)), data_only=True)[name]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    top = next(n for n, row in enumerate(rows) if row[0] == first)
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]]


def test_the_matrix_adds_up_and_tells_how_far_it_is_from_its_target() -> None:
    book = realistic_book()
    rows = rows_of(book, "Cognitive matrix", "Level")
    for line, row in zip(book.matrix.lines, rows, strict=False):
        assert [row[f"{level}: items"] for level in book.matrix.levels] == list(line.items)
        assert row["All levels"] == row["Items on Blueprint"] == sum(line.items)
        assert row["Check"] == "✓ holds"
    totals = {row["Domain"]: row for row in rows if row["Domain"]}
    recall = sum(line.items[0] for line in book.matrix.lines if line.level == "domain")
    assert totals["All domains"]["Recall: items"] == recall
    assert totals["Share of all items"]["Recall: items"] == recall / 100
    assert totals["Difference from the target"]["Recall: items"] == recall / 100 - 0.25
    assert totals["Target share"]["All levels"] == 1
    gaps = [list(row.values())[:6] for row in rows if row["Level"] in ("All levels", "Recall")]
    assert gaps == [
        ["All levels", "1", "Leadership & Vision", 120, 98, 22],
        ["Recall", "2", "Environment", 24, "–", "–"],
    ]


def test_a_matrix_that_does_not_fit_the_blueprint_says_so() -> None:
    book = realistic_book()
    short = replace(book.matrix, lines=tuple(replace(x, items=(0, 1, 0)) for x in book.matrix.lines))
    rows = rows_of(replace(book, matrix=short), "Cognitive matrix", "Level")
    assert rows[0]["Check"] == "✗ items changed, levels not"


def test_methods_stand_beside_choices_and_what_is_hidden_says_so() -> None:
    book = realistic_book()
    plan, hidden, longer = rows_of(book, "Method comparison", "What differs")
    first = f"{book.areas[0].code} {book.areas[0].name}"
    assert (plan[f"{first}: items"], plan["The plan's"], plan["Items moved"]) == (book.lines[0].items, "yes", 0)
    assert (hidden[f"{first}: weight"], hidden[f"{first}: items"], hidden["Items moved"]) == ("suppressed",) * 2 + (1,)
    assert (longer[f"{first}: items"], longer["The plan has"], longer["Items moved"]) == ("–", "100", "–")


def test_many_domains_of_one_name_still_have_columns_of_their_own() -> None:
    areas = tuple(Area("1", "Same") for _ in range(9))
    line = MethodLine("method", "m", tuple(n / 45 for n in range(9)), tuple(range(9)))
    (row,) = rows_of(replace(realistic_book(), areas=areas, methods=(line,)), "Method comparison", "What differs")
    assert [row[f"1 Same ({n}): items"] for n in range(1, 10)] == list(range(9))


def test_groups_respondents_and_excluded_tasks_show_numbers_dashes_and_suppressed_cells() -> None:
    seen, hidden, none = rows_of(realistic_book(), "Subgroups", "Background question")[:3]
    assert (seen["N"], seen["Mean"], seen["Effect size"], seen["p, Holm"]) == (61, 4.31, 0.012, 0.4)
    assert {hidden[title] for title in ("N", "Mean", "Effect size", "p, Holm", "Flag")} == {"suppressed"}
    assert (none["N"], none["Mean"], none["Flag"]) == ("–", "–", "not tested")
    people = rows_of(realistic_book(), "Respondents", "About")
    assert [row["People"] for row in people] == [61, "suppressed", "–"]
    dropped, retired = rows_of(realistic_book(), "Excluded tasks", "Task code")
    assert (dropped["Mean importance"], dropped["Decision"], dropped["Date"]) == (2.83, "Drop", "2026-09-08")
    assert (retired["Mean importance"], retired["Rule met"]) == ("–", "retired before the survey")


def test_crosswalk_and_references_keep_codes_as_text() -> None:
    same, new = rows_of(realistic_book(), "Crosswalk", "Former list")
    assert (same["Former code"], same["What became of it"], same["New code"]) == ("F01", "Same", "1.1")
    assert (new["Former code"], new["New code"], new["State"]) == ("–", "1.10", "not decided yet")
    (source,) = rows_of(realistic_book(), "References", "Reference")
    assert (source["Statements"], source["Statements supported"]) == (2, "1.1, 1.10")


def test_a_study_without_these_parts_has_every_sheet_with_its_reason() -> None:
    written = load_workbook(BytesIO(write_blueprint_workbook(flat_book())))
    names = (
        "Cognitive matrix",
        "Method comparison",
        "Subgroups",
        "Respondents",
        "Excluded tasks",
        "Crosswalk",
        "References",
    )
    for name in names:
        texts = [cell.value for row in written[name].iter_rows() for cell in row if cell.value]
        assert sum(text.startswith("Nothing to show: ") for text in texts) == 1, name
