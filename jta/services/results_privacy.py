"""What of a run's tables may be shown to whom: no single person, no small group, no way to work one out.

One place decides for pages, files and workbooks. Whoever works with the answers without names sees everything;
everybody else sees no table of persons, and no number of fewer people than the study's smallest group.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

SMALLEST = 10
MINIMA = (10, 15)  # what a director can choose from; never under 10
NARROWEST = 5  # a hidden count may not be known to lie within a range narrower than this
FULL_READER = "psychometrician"
EVERYBODY = "ALL"
EXCLUSION = "exclude by "  # how the table of sensitivity names what leaves out responses
_PERSON = {"respondent_id", "respondent_a", "respondent_b"}


@dataclass(frozen=True)
class Reader:
    """Who reads results: everything, or nothing of fewer people than ``minimum``."""

    full: bool = False
    minimum: int = SMALLEST


def reader_of(roles: Iterable[str], minimum: int) -> Reader:
    """Return how much somebody with these roles sees in a study whose smallest group is ``minimum``."""
    return Reader(FULL_READER in roles, max(minimum, SMALLEST))


@dataclass(frozen=True)
class Known:
    """What decides whether a number is small.

    ``sizes`` respondents by (variable, level); ``cells`` hidden levels by (variable, task) on the scale that groups
    are tested on; ``frames`` variables of the frame with a hidden level; ``thin`` tasks with few answers by scale,
    under "" those thin on any scale; ``crossed`` pairs of questions with a hidden cell; ``few_whole`` (scale, scope,
    rule) of alpha that rest on few respondents.
    """

    minimum: int = SMALLEST
    sizes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], set[Hashable]] = field(default_factory=dict)
    frames: frozenset[str] = frozenset()
    thin: Mapping[str, frozenset[str]] = field(default_factory=dict)
    crossed: frozenset[tuple[str, str]] = frozenset()
    few_whole: frozenset[tuple[str, ...]] = frozenset()

    @property
    def levels(self) -> set[tuple[str, str]]:
        """The (variable, level) that are hidden everywhere."""
        return hidden_levels(self.sizes, self.minimum)


def is_personal(columns: Iterable[str]) -> bool:
    """Say whether the rows of a table with these columns are persons."""
    return bool(_PERSON & set(columns))


def hide(
    counts: Mapping[Hashable, float | None],
    minimum: int = SMALLEST,
    most: Mapping[Hashable, float] | None = None,
    before: Iterable[Hashable] = (),
) -> set[Hashable]:
    """Return which parts of a whole must be hidden, given how many answers each holds.

    Parts under the minimum are hidden. A single hidden part could be found by subtraction, and a few could be
    bounded, so the next smallest join them until two or more are hidden, these hold ``minimum`` answers or more,
    and none can be known to lie within a range narrower than `NARROWEST`.
    Parts that exist but hold no answer are hidden too: that none answered is also told by nobody.

    Parameters
    ----------
    most : mapping, optional
        The most that each part can hold, where that is known from elsewhere.
    before : iterable, optional
        Parts that are hidden already, for another reason.
    """
    size = {key: _whole(n) for key, n in counts.items()}
    order = sorted(size, key=lambda key: (size[key], str(key)))
    already = set(before)
    hidden = [key for key in order if size[key] < minimum or key in already]
    rest = [key for key in order if size[key] >= minimum and key not in already]
    while hidden and rest and not _is_safe([(size[k], (most or {}).get(k, math.inf)) for k in hidden], minimum):
        hidden.append(rest.pop(0))
    return set(hidden)


def _whole(n: float | None) -> int:
    return 0 if n is None or math.isnan(n) else int(n)


def _is_safe(parts: list[tuple[int, float]], minimum: int) -> bool:
    whole, room = sum(n for n, _ in parts), sum(most for _, most in parts)
    if sum(n > 0 for n, _ in parts) < 2 or whole < minimum:
        return False
    ranges = (
        min(most, whole) - max(0, whole - (room - most) if math.isfinite(most) else whole - room) for _, most in parts
    )
    return all(width >= NARROWEST for width in ranges)


def hidden_levels(sizes: Mapping[tuple[str, str], int], minimum: int = SMALLEST) -> set[tuple[str, str]]:
    """Return the (variable, level) that are hidden everywhere."""
    by_variable: dict[str, dict[Hashable, float | None]] = {}
    for (variable, level), n in sizes.items():
        by_variable.setdefault(variable, {})[level] = n
    return {(variable, str(level)) for variable, counts in by_variable.items() for level in hide(counts, minimum)}


def group_sizes(means: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Return how many respondents each level has: the most who answered any one task (rows of group_means)."""
    sizes: dict[tuple[str, str], int] = {}
    for row in means:
        key = row["variable"], row["level"]
        sizes[key] = max(sizes.get(key, 0), int(row["n"] or 0))
    return sizes


def hidden_cells(
    rows: Iterable[tuple[tuple[Any, ...], str, Hashable, float | None]],
    sizes: Mapping[tuple[str, str], int],
    minimum: int,
) -> dict[tuple[Any, ...], set[Hashable]]:
    """Return the hidden levels of each table of counts.

    Parameters
    ----------
    rows : iterable of (key of the table, variable, level, count)
    """
    counts: dict[tuple[Any, ...], dict[Hashable, float | None]] = {}
    most: dict[tuple[Any, ...], dict[Hashable, float]] = {}
    for key, variable, level, n in rows:
        counts.setdefault(key, {})[level] = n
        most.setdefault(key, {})[level] = max(sizes.get((variable, str(level)), math.inf), _whole(n))
    return {key: hide(parts, minimum, most[key]) for key, parts in counts.items()}


def thin_tasks(
    counts: Iterable[tuple[str, str, float | None]], unit_of: Mapping[str, str], minimum: int
) -> dict[str, frozenset[str]]:
    """Return the tasks with few answers by scale, and under "" those that are thin on any.

    A domain's sum is told, so one hidden task of a domain could be found by subtraction: the task with the next
    fewest answers is hidden with it.

    Parameters
    ----------
    counts : iterable of (scale, task, answers)
    unit_of : mapping
        The smallest unit whose sum is told, by task.
    """
    by_unit: dict[tuple[str, str], dict[str, int]] = {}
    for scale, task, n in counts:
        by_unit.setdefault((scale, unit_of.get(task, "")), {})[task] = _whole(n)
    found: dict[str, set[str]] = {}
    for (scale, _), sizes in by_unit.items():
        order = sorted(sizes, key=lambda task: (sizes[task], task))
        few = sum(n < minimum for n in sizes.values())
        found.setdefault(scale, set()).update(order[: max(few, 2)] if few else ())
    return {scale: frozenset(tasks) for scale, tasks in found.items()} | {"": frozenset().union(*found.values())}


def is_known(name: str) -> bool:
    """Say whether it was decided who may see a table; one that nobody decided about is the psychometrician's."""
    return name in _DECIDED


_DECIDED = frozenset(
    """
    agreement_index allocation alpha alpha_if_deleted blueprint blueprint_two_way bootstrap_items bootstrap_weights
    crosstab crosstab_tests d_study domain_weights domain_weights_raked g_coefficients group_means group_tests icc
    krippendorff ksa_weights method_comparison participation performing precision_forecast profile_correlations
    rasch_categories rasch_tasks rasch_thresholds representativeness representativeness_cells response_rates
    retention retention_sensitivity rwg rwgj sensitivity sensitivity_options task_stats task_weight_basis
    two_group_effects unanswered variance_components weighted_means
    """.split()  # noqa: SIM905  one name after another, by the alphabet
)
