"""The known faults of a file of ratings: what each is called, how it is told, and what cleaning does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from analysis.csv_text import Problem, Problems

REJECTED = "rejected, treated as missing"
# Fault: the column it stands in, what cleaning does with the rating, and what is wrong, in words.
FAULTS: dict[str, tuple[str, str, str]] = {
    "unknown_respondent": ("respondent_id", REJECTED, "the respondent {cell!r} is not in respondents.csv."),
    "unknown_task": ("task_id", REJECTED, "the task {cell!r} is not in tasks.csv."),
    "not_on_form": ("task_id", REJECTED, "the task {cell!r} is not on the form of this respondent (forms.csv)."),
    "blank": ("value", "treated as missing", "the value is blank; leave the row out, or give a value."),
    "not_a_number": ("value", REJECTED, "the value {cell!r} is not a number."),
    "not_an_integer": ("value", REJECTED, "the value {cell!r} is not a whole number."),
    "out_of_range": ("value", REJECTED, "the value {cell!r} is not a point of the scale {scale!r}."),
    "surrounding_blanks": ("value", "trimmed, kept", "the text {cell!r} has blanks around it."),
    "duplicate": ("value", "kept once", "the same rating stands in an earlier row too."),
    "conflicting": ("value", "all rejected", "the file has different values of this rating ({cell!r} is one)."),
    "not_performed": ("value", "ignored", "the respondent does not perform this task, so {scale!r} cannot be rated."),
}


@dataclass(frozen=True, order=True)
class Finding:
    """One known fault of one row, with the row's cells as they stand in the file."""

    row: int
    issue: str
    respondent_id: str
    task_id: str
    scale: str
    value: str

    @property
    def action(self) -> str:
        """What cleaning does with the rating."""
        return FAULTS[self.issue][1]

    @property
    def padded_column(self) -> str:
        """The first column whose text has blanks around it, empty if none has."""
        columns = ("respondent_id", "task_id", "scale", "value")
        return next((name for name in columns if getattr(self, name) != getattr(self, name).strip() != ""), "")


@dataclass
class Findings:
    """The known faults found: collected when the file is to be cleaned, else told as problems."""

    file: str
    clean: bool
    problems: Problems
    kept: list[Finding] = field(default_factory=list)

    def add(self, found: Iterable[Finding]) -> None:
        """Take the faults of a block of rows."""
        ordered = sorted(found)
        if self.clean:
            self.kept += ordered
            return
        for finding in ordered:
            column, _, words = FAULTS[finding.issue]
            column = finding.padded_column or column if finding.issue == "surrounding_blanks" else column
            cell = getattr(finding, column)
            text = words if cell.strip() or column == "value" else "the code is empty."
            self.problems.add(
                self.file, finding.row, column, text.format(cell=cell, scale=finding.scale), finding.issue
            )


def is_cleanable(problem: Problem) -> bool:
    """Return whether cleaning would deal with the problem."""
    return problem.issue in FAULTS
