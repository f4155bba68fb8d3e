"""Forms of ratings collected elsewhere: the file, what each column is, what each value means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from jta.services.collect import ValueGroup

UNKNOWN = "?"  # a value without a meaning yet; nothing (an empty text) means "no answer"
LONG_ROLES = ("task", "scale", "value")
_MOST_COLUMNS = 2_000


class CollectFileForm(FlaskForm):
    """A file of another survey tool."""

    file = FileField(
        "File", [FileRequired("Choose a file.")],
        description="CSV or Excel (.xlsx) as Qualtrics, LimeSurvey or SurveyMonkey export it, or a table of your own. "
        "Up to 10 MB.",
    )  # fmt: skip


def sent_roles(form: Mapping[str, str]) -> tuple[dict[int, str], dict[int, str], str]:
    """Return roles by column, tasks of rating columns, and the layout that follows from the roles."""
    roles = {
        place: form[name].strip() for place in range(_MOST_COLUMNS) if form.get(name := f"use-{place}", "").strip()
    }
    tasks = {
        place: form.get(f"task-{place}", "").strip() for place, role in roles.items() if role.startswith("rating:")
    }
    return roles, tasks, "long" if set(LONG_ROLES) & set(roles.values()) else "wide"


def sent_values(form: Mapping[str, str], groups: Sequence[ValueGroup]) -> dict[str, dict[str, str]]:
    """Return what each value means by group; values without a meaning are left out."""
    found: dict[str, dict[str, str]] = {}
    for n, group in enumerate(groups):
        given = {text: form.get(f"value-{n}-{m}", UNKNOWN) for m, (text, _, _) in enumerate(group.values)}
        found[group.group] = {text: code for text, code in given.items() if code != UNKNOWN}
    return found
