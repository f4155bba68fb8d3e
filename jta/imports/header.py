"""A header row matched to the columns of a kind, or refused with what to change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from jta.imports.kinds import PANEL, PUNCTUATION, RATINGS, ROSTER, SCALES, Kind, header_key
from jta.imports.result import RefusedError
from jta.imports.text import fold, has_hidden, shown, strip_hidden

_ATTRIBUTE = re.compile(r"attribute[ :]+(.+)")
# Letters of other scripts that look like ours; only to tell people why a column name is not recognised.
_LOOKALIKES = str.maketrans("абсԁеɡһіјкӏмопрԛѕтԝхуαβενορτυχικı", "abcdeghijklmonpqstwxyabevoptuxiki")


@dataclass
class Header:
    """A header row matched to a kind: which column stands where, and what was not understood."""

    titles: list[str]
    index: dict[str, int] = field(default_factory=dict)
    wide: list[tuple[int, str, str]] = field(default_factory=list)
    attributes: dict[int, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    unnamed: list[int] = field(default_factory=list)
    doubles: list[tuple[str, str]] = field(default_factory=list)
    lookalikes: list[tuple[str, str]] = field(default_factory=list)
    hidden_letters: list[str] = field(default_factory=list)

    def missing(self, kind: Kind) -> list[str]:
        """Return the first name of each required group that has no column."""
        groups = (("respondent_id",),) if self.wide else kind.required
        return [group[0] for group in groups if not any(name in self.index for name in group)]

    @property
    def found(self) -> int:
        """How many columns were recognised."""
        return len(self.index) + len(self.wide)


def match_header(cells: Sequence[str], kind: Kind, scales: Sequence[str] = SCALES) -> Header:
    """Match a row of texts to the columns of a kind; of two that mean the same the first wins."""
    header = Header([strip_hidden(cell).strip() for cell in cells])
    for place, (raw, title) in enumerate(zip(cells, header.titles, strict=True)):
        if not title:
            header.unnamed.append(place)
            continue
        if has_hidden(raw):
            header.hidden_letters.append(title)
        _place(header, place, title, kind)
    if kind is RATINGS:
        _find_wide(header, scales)
    return header


def _place(header: Header, place: int, title: str, kind: Kind) -> None:
    key = header_key(title)
    column = kind.by_key.get(key)
    if column is not None:
        first = header.index.setdefault(column.name, place)
        if first != place:
            header.doubles.append((header.titles[first], title))
        return
    if twin := kind.by_key.get(key.translate(_LOOKALIKES)):
        header.lookalikes.append((title, twin.name))
    elif kind in (ROSTER, PANEL) and (match := _ATTRIBUTE.fullmatch(key)):
        header.attributes[place] = match[1]
    else:
        header.unused.append(title)


def _find_wide(header: Header, scales: Sequence[str]) -> None:
    """Find columns such as "T001 importance" when the file has no task, scale and value columns."""
    if {"task_id", "scale", "value"} & header.index.keys():
        return
    pattern = _wide_pattern(tuple(scales))
    seen: dict[tuple[str, str], str] = {}
    for place, title in enumerate(header.titles):
        if match := pattern.fullmatch(title):
            task, scale = match["task"].strip(), PUNCTUATION.sub(" ", fold(match["scale"]))
            if (twin := seen.setdefault((fold(task), scale), title)) != title or (
                place and title in header.titles[:place]
            ):
                header.doubles.append((twin, title))
            header.wide.append((place, task, scale))
    used = {header.titles[place] for place, _, _ in header.wide}
    header.unused = [title for title in header.unused if title not in used]


def _wide_pattern(scales: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(s).replace(r"\ ", "[ _-]") for s in sorted(scales, key=len, reverse=True))
    return re.compile(rf"(?P<task>.*[^\s._:|/-])[\s._:|/-]+(?P<scale>{names})", re.IGNORECASE)


def require_header(header: Header, kind: Kind) -> None:
    """Refuse a header that is not clear, naming what to change.

    Raises
    ------
    RefusedError
        For letters of another script, two columns of the same meaning, or a missing column.
    """
    if header.lookalikes:
        title, name = header.lookalikes[0]
        raise RefusedError(
            f"Column {shown(title)} has letters of another alphabet that look like {name}. Type it again."
        )
    if header.doubles:
        first, second = header.doubles[0]
        raise RefusedError(f"Two columns mean the same: {shown(first)} and {shown(second)}. Keep one of them.")
    if missing := header.missing(kind):
        raise RefusedError(_missing_sentence(header, kind, missing))


def _missing_sentence(header: Header, kind: Kind, missing: list[str]) -> str:
    advice = f"Name the columns as in the {kind.name} template"
    if not header.found:
        return f"The first row has no column names we know. {advice}, such as {missing[0]}."
    if len(missing) == 1:
        return f"The column {missing[0]} is missing. {advice}."
    return f"The columns {' and '.join(missing[:3])} are missing. {advice}."
