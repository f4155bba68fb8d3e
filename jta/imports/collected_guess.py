"""What the columns and values of a file of another survey tool most likely mean; a person confirms every guess."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jta.imports.collected_look import LIMESURVEY, FileColumn, FileLook, short_name
from jta.imports.collected_values import NOT_ANSWERED, AnchorWords, guess_anchors, guess_value, plain_text
from jta.imports.kinds import header_key
from jta.imports.text import fold

RESPONDENT, STARTED, SUBMITTED, FINISHED, STRATUM = "respondent", "started", "submitted", "finished", "stratum"
TASK, SCALE, VALUE = "task", "scale", "value"
FINISHED_WORDS = {"true", "1", "yes", "y", "complete", "completed", "finished", "submitted"}
_NAMES = {
    RESPONDENT: ("responseid", "respondent id", "respondent", "respondent code", "response id", "person code",
                 "participant", "participant id", "token", "id", "code"),
    STARTED: ("startdate", "start date", "date started", "started"),
    SUBMITTED: ("enddate", "end date", "submitdate", "date submitted", "submitted", "recordeddate"),
    FINISHED: ("finished", "completed", "complete"),
    STRATUM: ("stratum", "strata"),
    TASK: ("task id", "task code", "task", "task no", "task number", "statement code"),
    SCALE: ("scale", "rating scale", "scale code", "scale id", "scale name"),
    VALUE: ("value", "rating", "answer", "anchor", "anchor code"),
}  # fmt: skip
_UNMARKED = {"0", "no", "n", "false", "not selected", "unchecked"}  # of a check box
_STEM = re.compile(r"[\[\s_.-]*[A-Za-z]*\d+[\])]?$")
_WORD = re.compile(r"[A-Za-z]{3,}")
_FITS = 0.6  # share of a column's different values that must be known for it to count as this question


@dataclass(frozen=True)
class StudyWords:
    """What the study knows: tasks and strata as (code, text), scales and questions as (code, texts, anchors)."""

    tasks: Sequence[tuple[str, str]]
    scales: Sequence[tuple[str, tuple[str, ...], tuple[AnchorWords, ...]]]
    questions: Sequence[tuple[str, str, tuple[AnchorWords, ...]]] = ()
    strata: Sequence[tuple[str, str]] = ()

    def anchors(self, group: str) -> tuple[AnchorWords, ...]:
        """Return what the values of a group of columns can mean: ``scale:X``, ``question:X``, stratum, task, scale."""
        word, _, code = group.partition(":")
        lists: dict[str, Iterable[AnchorWords]] = {
            SCALE: (AnchorWords(s[0], s[1][0]) for s in self.scales) if not code else self._scale(code),
            "question": self._question(code),
            STRATUM: (AnchorWords(*stratum) for stratum in self.strata),
            FINISHED: (AnchorWords("yes", "Submitted"), AnchorWords("no", "Not submitted")),
        }
        return tuple(lists.get(word, ()))

    def _scale(self, code: str) -> tuple[AnchorWords, ...]:
        return next((anchors for name, _, anchors in self.scales if name == code), ())

    def _question(self, code: str) -> tuple[AnchorWords, ...]:
        return next((choices for name, _, choices in self.questions if name == code), ())


@dataclass
class FileMapping:
    """What the columns of a file are, by place, and what their values mean, by group of columns.

    ``roles`` are respondent, started, submitted, finished, stratum, ``question:CODE``, ``rating:SCALE`` (wide) or
    task, scale and value (long). ``tasks`` names the task of each ``rating`` column. ``values`` maps a value's text
    to a code, or to nothing where it means "not answered". ``by_order`` says that tasks were guessed by their order.
    """

    layout: str = "wide"
    roles: dict[int, str] = field(default_factory=dict)
    tasks: dict[int, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    by_order: bool = False

    def place(self, role: str) -> int | None:
        """Return the column with this role."""
        return next((place for place, name in self.roles.items() if name == role), None)

    def plain(self) -> dict[str, Any]:
        """Return the mapping as plain values."""
        return {
            "layout": self.layout, "by_order": self.by_order, "values": self.values,
            "roles": {str(place): role for place, role in sorted(self.roles.items())},
            "tasks": {str(place): task for place, task in sorted(self.tasks.items())},
        }  # fmt: skip


def mapping_from(stored: dict[str, Any]) -> FileMapping:
    """Return a mapping from what `FileMapping.plain` gave."""
    return FileMapping(
        stored["layout"],
        {int(place): role for place, role in stored["roles"].items()},
        {int(place): task for place, task in stored["tasks"].items()},
        {group: dict(values) for group, values in stored["values"].items()},
        stored.get("by_order", False),
    )


def has_boxes(look: FileLook, words: StudyWords) -> bool:
    """Say whether a file has one column for each anchor of a task, marked where that anchor was chosen."""
    finder, labels = _TaskFinder(words.tasks), {plain_text(a.label) for _, _, anchors in words.scales for a in anchors}
    columns, named = Counter[str](), Counter[str]()
    for column in look.columns:
        marks = {fold(text) for text in column.values} - _UNMARKED
        if len(marks) <= 1 and not column.many and (task := finder.find(column)):
            columns[task] += 1
            named[task] += plain_text(column.titles[-1]) in labels
    return max(named.values(), default=0) > 1 or max(columns.values(), default=0) > max(len(words.scales), 2)


def guess_mapping(look: FileLook, words: StudyWords) -> FileMapping:
    """Return the most likely mapping of a file; what is not recognised has no role."""
    mapping = FileMapping()
    _guess_service_columns(look, words, mapping)
    if {TASK, SCALE, VALUE} <= set(mapping.roles.values()):
        mapping.layout = "long"
    else:
        mapping.roles = {p: r for p, r in mapping.roles.items() if r not in (TASK, SCALE, VALUE)}
        _guess_ratings(look, words, mapping)
    _guess_questions(look, words, mapping)
    mapping.values = guess_values(look.columns, mapping, words)
    return mapping


def _guess_service_columns(look: FileLook, words: StudyWords, mapping: FileMapping) -> None:
    keys = {header_key(short_name(column.titles[0], look.tool)): column.place for column in reversed(look.columns)}
    for role, names in _NAMES.items():
        found = next((keys[name] for name in names if name in keys and keys[name] not in mapping.roles), None)
        if found is not None and (role != STRATUM or words.strata):
            mapping.roles[found] = role
    if look.tool == LIMESURVEY:  # its token may name a person; its id names the response
        mapping.roles.update({place: RESPONDENT for key, place in keys.items() if key in ("id", "response id")})
        mapping.roles = _only_first(mapping.roles, RESPONDENT)


def _only_first(roles: dict[int, str], role: str) -> dict[int, str]:
    places = sorted(place for place, name in roles.items() if name == role)
    return {place: name for place, name in roles.items() if name != role or place == places[0]}


def _guess_ratings(look: FileLook, words: StudyWords, mapping: FileMapping) -> None:
    free = [column for column in look.columns if column.place not in mapping.roles]
    finder = _TaskFinder(words.tasks)
    tasks = {column.place: task for column in free if (task := finder.find(column))}
    if not tasks:
        tasks = _by_order(free, words)
        mapping.by_order = bool(tasks)
    stems = list(dict.fromkeys(stem_of(column) for column in free if column.place in tasks))
    for column in free:
        if column.place not in tasks:
            continue
        scale = _scale_of(column, words) or _scale_by_order(stem_of(column), stems, words)
        taken = (scale, tasks[column.place])
        if scale and taken not in {(mapping.roles[p][7:], t) for p, t in mapping.tasks.items()}:
            mapping.roles[column.place], mapping.tasks[column.place] = f"rating:{scale}", tasks[column.place]


class _TaskFinder:
    """Finds the task a column speaks of: by its statement in a title, else by its code."""

    def __init__(self, tasks: Sequence[tuple[str, str]]) -> None:
        self._statements = {plain_text(text): code for code, text in tasks}
        longest = sorted((code for code, _ in tasks), key=len, reverse=True)
        names = "|".join(re.escape(code) for code in longest)
        self._code = re.compile(rf"(?<![A-Za-z0-9.])({names})(?![A-Za-z0-9]|\.\d)", re.IGNORECASE) if names else None
        self._spelling = {fold(code): code for code, _ in tasks}

    def find(self, column: FileColumn) -> str | None:
        """Return the code of the task, or None."""
        for title in column.titles:
            if code := self._by_statement(title):
                return code
        if self._code is None or column.many:
            return None
        for n, title in enumerate(column.titles):
            found = self._code.search(title)
            if found and (n == 0 or not found[1].isdigit()):  # a bare number in a sentence is no code
                return self._spelling[fold(found[1])]
        return None

    def _by_statement(self, title: str) -> str | None:
        whole = plain_text(title)
        if whole in self._statements:
            return self._statements[whole]
        pieces = re.split(r"[?:]?\s[-–—]\s|[\[\]]|: |\? ", title)
        return next((self._statements[p] for p in map(plain_text, reversed(pieces)) if p in self._statements), None)


def stem_of(column: FileColumn) -> str:
    """Return the name of the grid a column belongs to: its first title without its last number."""
    return _STEM.sub("", column.titles[0])


def _by_order(free: Sequence[FileColumn], words: StudyWords) -> dict[int, str]:
    """Take grids with exactly as many columns as there are tasks in the order of the inventory."""
    grids: dict[str, list[int]] = {}
    for column in free:
        if not column.many:
            grids.setdefault(stem_of(column), []).append(column.place)
    codes = [code for code, _ in words.tasks]
    fitting = [places for places in grids.values() if len(places) == len(codes) > 1]
    return {place: code for places in fitting for place, code in zip(places, codes, strict=True)}


def _scale_of(column: FileColumn, words: StudyWords) -> str | None:
    if len(words.scales) == 1:
        return words.scales[0][0]
    text = header_key(" ".join(column.titles))
    named = [
        (len(key), code)
        for code, texts, _ in words.scales
        for key in {header_key(t) for t in (code, *texts)}
        if key and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text)
    ]
    if named:
        return max(named)[1]
    fits = {code: _share_known(column, anchors) for code, _, anchors in words.scales}
    best = max(fits.values(), default=0.0)
    winners = [code for code, share in fits.items() if share == best]
    return winners[0] if best >= _FITS and len(winners) == 1 else _scale_by_name(column, words)


def _scale_by_name(column: FileColumn, words: StudyWords) -> str | None:
    """Return the one scale whose title or code begins as the column's name does: ``Imp[SQ001]`` is Importance."""
    match = _WORD.match(column.titles[0])
    start = fold(match[0]) if match else ""
    found = [code for code, texts, _ in words.scales if any(fold(t).startswith(start) for t in (code, texts[0]))]
    return found[0] if start and len(found) == 1 else None


def _scale_by_order(stem: str, stems: list[str], words: StudyWords) -> str | None:
    if len(stems) != len(words.scales):
        return None
    return words.scales[stems.index(stem)][0]


def _share_known(column: FileColumn, anchors: Iterable[AnchorWords]) -> float:
    """Return the share of a column's different values that these anchors know; "missing" counts for nobody."""
    choices = tuple(anchors)
    meant = [guess_value(text, choices) for text in column.values]
    meant = [code for code in meant if code != NOT_ANSWERED]
    return sum(code is not None for code in meant) / len(meant) if meant else 0.0


def _guess_questions(look: FileLook, words: StudyWords, mapping: FileMapping) -> None:
    free = [column for column in look.columns if column.place not in mapping.roles and not column.many]
    for code, prompt, _ in words.questions:
        wanted = {header_key(code), header_key(prompt)}
        for column in free:
            named = bool(wanted & {header_key(title) for title in column.titles})
            if named and column.place not in mapping.roles:
                mapping.roles[column.place] = f"question:{code}"
                break


def groups_of(mapping: FileMapping, words: StudyWords) -> dict[str, list[int]]:
    """Return the groups of values to be told the meaning of, each with its columns."""
    groups: dict[str, list[int]] = {}
    for place, role in sorted(mapping.roles.items()):
        if role.startswith("rating:"):
            groups.setdefault(f"scale:{role[7:]}", []).append(place)
        elif role.startswith("question:") or role in (STRATUM, FINISHED, SCALE):
            groups.setdefault(role, []).append(place)
        elif role == VALUE:
            groups.update({f"scale:{code}": [place] for code, _, _ in words.scales})
    return groups


def guess_values(columns: Sequence[FileColumn], mapping: FileMapping, words: StudyWords) -> dict[str, dict[str, str]]:
    """Return for each group what its values most likely mean; what is not known is left out."""
    by_place = {column.place: column for column in columns}
    found: dict[str, dict[str, str]] = {}
    for group, places in groups_of(mapping, words).items():
        anchors = words.anchors(group)
        texts = dict.fromkeys(text for place in places if place in by_place for text in by_place[place].values)
        if group == FINISHED:
            found[group] = {text: "yes" if fold(text) in FINISHED_WORDS else "no" for text in texts}
        else:
            found[group] = guess_anchors(texts, anchors)
    return found
