"""The screening rules: which statistic, which cut, which words. A flag asks people to look; it drops nobody.

The cuts are those of common practice: share answered 80 and 50 %, 2 seconds a rating, a third of the median time, a run
of half of the answers, a standard deviation of 0.2 or the lowest 5 %, chi-square at 99.9 %. Person-total r below
0.10 or 0 is a choice of ours: there is no customary cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.agreement_counts import Floats, Ints
    from analysis.screening import Distances

LOOK, STRONG = "look", "strong"
GRADES = {LOOK: "Worth a look", STRONG: "Strong"}
SHARE_LOOK, SHARE_STRONG = 0.8, 0.5
SECONDS_STRONG, SPEED_LOOK = 2.0, 1 / 3
RUN_LOOK, RUN_STRONG, FEWEST_RATINGS = 0.5, 0.9, 10
SD_STRONG, SD_PERCENTILE, FEWEST_FOR_PERCENTILE = 0.2, 5, 20
R_LOOK, R_STRONG = 0.10, 0.0
SUGGEST_FROM = 2
MOST_NAMED = 5


@dataclass(frozen=True)
class Rule:
    """One rule: its code, its name on pages, what it means, and its cut in words."""

    code: str
    title: str
    meaning: str
    cut: str


RULES = (
    Rule("too_little", "Too little answered", "Few of the tasks have an answer on any rating scale.",
         "Under 80 % of the tasks; strong under 50 %"),
    Rule("too_fast", "Too fast",
         "The time from start to submit leaves little for reading each task. Breaks count as time.",
         "Under a third of the median time per rating; strong under 2 seconds"),
    Rule("longest_run", "Long run of the same answer",
         "The same importance, task after task. Somebody may truly think so: look at the other flags.",
         "Half of at least 10 answers; strong at 90 %"),
    Rule("low_variance", "Little variation",
         "All importance ratings lie close together (standard deviation within the person, IRV). "
         "It often goes with a long run.",
         "The lowest 5 % of the study; strong under 0.2"),
    Rule("odd_pattern", "Unlike the others task by task",
         "The ratings do not rise and fall with those of all others (person-total correlation). "
         "A rare kind of job does this too.",
         "r under 0.10; strong under 0"),
    Rule("identical", "Same as another response", "Every answer, and every gap, is the same as in another response.",
         "All answers equal, at least 10 of them; always strong"),
    Rule("far_out", "Unusual mix of domains",
         "The mean ratings of the content domains lie far from everybody else's (Mahalanobis distance). "
         "A specialist's do too.",
         "D² above the 99.9 % point of chi-square"),
)  # fmt: skip
BY_CODE = {rule.code: rule for rule in RULES}


@dataclass(frozen=True)
class Flag:
    """One rule that caught one response: how strongly, and the evidence in words with value and cut."""

    rule: str
    grade: str
    evidence: str

    @property
    def title(self) -> str:
        """Name of the rule."""
        return BY_CODE[self.rule].title

    @property
    def meaning(self) -> str:
        """What the rule means."""
        return BY_CODE[self.rule].meaning


@dataclass(frozen=True)
class Measures:
    """Statistics of R responses, row by row; NaN where there is none.

    ``n_ratings`` counts importance ratings; ``seconds_each`` are seconds for each rating on any scale; ``twins``
    holds for each row the codes of responses with the same answers.
    """

    share_answered: Floats
    n_ratings: Ints
    seconds_each: Floats
    speed: Floats
    run: Ints
    sd: Floats
    r: Floats
    distances: Distances
    twins: tuple[tuple[str, ...], ...]
    not_judged: dict[str, str] = field(default_factory=dict)


def raise_flags(measures: Measures) -> list[tuple[Flag, ...]]:
    """Return the flags of each response, in the order of the rules.

    A statistic that a response does not have raises no flag.
    """
    sd_cut = _percentile_cut(measures.sd)
    return [tuple(_flags_of(measures, row, sd_cut)) for row in range(len(measures.share_answered))]


def _percentile_cut(sd: Floats) -> float:
    """The 5th percentile of the SDs, or no cut in a study too small to speak of one."""
    import numpy as np

    known = sd[~np.isnan(sd)]
    return float(np.percentile(known, SD_PERCENTILE)) if len(known) >= FEWEST_FOR_PERCENTILE else 0.0


def _flags_of(m: Measures, row: int, sd_cut: float) -> Iterator[Flag]:
    found = (
        _too_little(float(m.share_answered[row])),
        _too_fast(float(m.seconds_each[row]), float(m.speed[row])),
        _longest_run(int(m.run[row]), int(m.n_ratings[row])),
        _low_variance(float(m.sd[row]), sd_cut, int(m.n_ratings[row])),
        _odd_pattern(float(m.r[row])),
        _identical(m.twins[row]),
        _far_out(float(m.distances.squared[row]), m.distances),
    )
    return (flag for flag in found if flag is not None)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _too_little(share: float) -> Flag | None:
    if not share < SHARE_LOOK:
        return None
    text = (
        f"{_percent(share)} of the tasks are answered. "
        f"The cut is {_percent(SHARE_LOOK)}; under {_percent(SHARE_STRONG)} is strong."
    )
    return Flag("too_little", STRONG if share < SHARE_STRONG else LOOK, text)


def _too_fast(seconds: float, speed: float) -> Flag | None:
    if seconds < SECONDS_STRONG:
        text = f"{seconds:.1f} seconds for each rating. The cut is {SECONDS_STRONG:g} seconds."
        return Flag("too_fast", STRONG, text)
    if speed < SPEED_LOOK:
        text = f"{seconds:.1f} seconds for each rating, {_percent(speed)} of the median. The cut is a third."
        return Flag("too_fast", LOOK, text)
    return None


def _longest_run(run: int, n: int) -> Flag | None:
    if n < FEWEST_RATINGS or run < RUN_LOOK * n:
        return None
    text = (
        f"The same importance {run} times in a row, of {n} answers. "
        f"The cut is {_percent(RUN_LOOK)} of the answers; {_percent(RUN_STRONG)} is strong."
    )
    return Flag("longest_run", STRONG if run >= RUN_STRONG * n else LOOK, text)


def _low_variance(sd: float, cut: float, n: int) -> Flag | None:
    if n < FEWEST_RATINGS:
        return None
    if sd < SD_STRONG:
        return Flag("low_variance", STRONG, f"Standard deviation {sd:.2f} over {n} answers. The cut is {SD_STRONG:g}.")
    if sd < cut:
        low = f"The lowest {SD_PERCENTILE} % of the study lie under {cut:.2f}."
        text = f"Standard deviation {sd:.2f} over {n} answers. {low}"
        return Flag("low_variance", LOOK, text)
    return None


def _odd_pattern(r: float) -> Flag | None:
    if not r < R_LOOK:
        return None
    text = f"Correlation {r:.2f} with the means of all others. The cut is {R_LOOK:.2f}; under {R_STRONG:g} is strong."
    return Flag("odd_pattern", STRONG if r < R_STRONG else LOOK, text)


def _identical(twins: tuple[str, ...]) -> Flag | None:
    if not twins:
        return None
    named = ", ".join(twins[:MOST_NAMED]) + (f" and {len(twins) - MOST_NAMED} more" if len(twins) > MOST_NAMED else "")
    return Flag("identical", STRONG, f"All answers are the same as in {named}.")


def _far_out(squared: float, distances: Distances) -> Flag | None:
    if not squared > distances.cut:
        return None
    text = f"Distance D² = {squared:.1f}. The cut is {distances.cut:.1f} for {distances.k} domains."
    return Flag("far_out", LOOK, text)
