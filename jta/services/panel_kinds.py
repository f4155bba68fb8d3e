"""The kinds of rounds: what each asks, of what, with which choices, and what can be decided afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jta.language import N_


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen; ``value`` orders the choices."""

    code: str
    label: str
    value: float

    def plain(self) -> dict[str, Any]:
        """Return it as plain values for a round's settings."""
        return {"code": self.code, "label": self.label, "value": self.value}


@dataclass(frozen=True)
class ChoiceSet:
    """A list of choices by name, with the statistic that belongs to it."""

    code: str
    label: str
    choices: tuple[Choice, ...]
    index: str = ""


@dataclass(frozen=True)
class RoundKind:
    """One kind of round. ``of`` is what an item is; ``outcomes`` are what the director can decide, by code."""

    code: str
    label: str
    of: str
    purpose: str
    instructions: str
    prompt: str = ""
    sets: tuple[ChoiceSet, ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict)
    repeats: bool = False

    def choice_set(self, code: str) -> ChoiceSet | None:
        """Return one of its lists of choices, the first one for an unknown code; None where it has none."""
        return next((s for s in self.sets if s.code == code), self.sets[0] if self.sets else None)


def _choices(*labels: str, start: int = 1) -> tuple[Choice, ...]:
    return tuple(Choice(str(n), label, float(n)) for n, label in enumerate(labels, start=start))


REVIEW = ChoiceSet(
    "review", "Keep, revise or drop",
    (
        Choice("keep", N_("Keep as it is"), 1), Choice("revise", N_("Keep, but reword"), 2),
        Choice("drop", N_("Drop"), 3),
    ),
)  # fmt: skip
RELEVANCE = ChoiceSet(
    "relevance", "Relevance, 1 to 4 (gives I-CVI)",
    _choices(N_("Not relevant"), N_("Somewhat relevant"), N_("Quite relevant"), N_("Highly relevant")), index="cvi",
)  # fmt: skip
ESSENTIAL = ChoiceSet(
    "essential", "Essential, useful or not needed (gives CVR)",
    _choices(N_("Not necessary"), N_("Useful but not essential"), N_("Essential")), index="cvr",
)  # fmt: skip
IMPORTANCE = ChoiceSet(
    "importance", "Importance, 1 to 5",
    _choices(
        N_("Not important"), N_("Slightly important"), N_("Moderately important"), N_("Very important"),
        N_("Extremely important"),
    ),
)  # fmt: skip
LINKS = ChoiceSet("linkage", "Link, 0 to 2", _choices(N_("Not needed"), N_("Useful"), N_("Essential"), start=0))
THREE_LEVELS = ChoiceSet(
    "three", "Recall, application, analysis",
    (
        Choice("recall", N_("Recall: know a fact or a term"), 1),
        Choice("application", N_("Application: use it in a case"), 2),
        Choice("analysis", N_("Analysis: weigh, judge, solve"), 3),
    ),
)  # fmt: skip
BLOOM = ChoiceSet(
    "bloom", "Bloom's six levels",
    tuple(
        Choice(word.lower(), word, n)
        for n, word in enumerate(
            (N_("Remember"), N_("Understand"), N_("Apply"), N_("Analyze"), N_("Evaluate"), N_("Create")), start=1
        )
    ),
)  # fmt: skip
ENTRY = ChoiceSet(
    "entry", "When it is needed",
    (
        Choice("entry", N_("From the first day"), 1), Choice("first year", N_("Within the first year"), 2),
        Choice("later", N_("Later"), 3),
    ),
)  # fmt: skip

_TASK_OUTCOMES = {"keep": "Keep", "reword": "Keep with a new wording", "retire": "Retire"}

KINDS: dict[str, RoundKind] = {
    kind.code: kind
    for kind in (
        RoundKind(
            "writing", N_("Task writing"), "domain",
            "Panelists propose task statements for each content domain.",
            N_(
                "For each part of the job, write what a person in this role does. Start with a verb, keep to one "
                "idea, and name no product. Two or three statements for each part are plenty."
            ),
            outcomes={"accept": "Add to the inventory", "merge": "Same as a task that is there", "decline": "Decline"},
        ),
        RoundKind(
            "review", N_("Review"), "task",
            "Panelists say of each task statement: keep, reword or drop, and why.",
            N_(
                "Read each task statement. Keep it if people in this role do it and it is clear. Reword it if the "
                "idea is right but the words are not. Drop it if it does not belong to the job. Say why where you "
                "would change it."
            ),
            prompt=N_("What should happen to this statement?"), sets=(REVIEW,), outcomes=_TASK_OUTCOMES,
        ),
        RoundKind(
            "delphi", N_("Rating in rounds (Delphi)"), "task",
            "Panelists rate each task; the next round shows how all rated and asks again, until answers settle.",
            N_(
                "Rate each task statement by your own judgment. From the second round on you see how the panel "
                "rated before. Stay with your rating or change it; both are fine."
            ),
            prompt=N_("How do you rate this task for the exam?"), sets=(RELEVANCE, ESSENTIAL, IMPORTANCE),
            outcomes={"keep": "Keep", "again": "Rate again in the next round", "retire": "Retire"}, repeats=True,
        ),
        RoundKind(
            "linkage", N_("Task–KSA linkage"), "task",
            "Panelists say for each task which knowledge and skills it needs.",
            N_(
                "For each task, say of each knowledge or skill statement whether somebody needs it to do the task: "
                "0 not needed, 1 useful, 2 essential. Most pairs are 0."
            ),
            sets=(LINKS,), outcomes={"links": "Set its links"},
        ),
        RoundKind(
            "level", N_("Cognitive level"), "task",
            "Panelists say at which level of thinking the exam should test each task.",
            N_(
                "For each task, choose the level of thinking it asks for. Think of somebody who has just become "
                "certified."
            ),
            prompt=N_("Which level does this task ask for?"), sets=(THREE_LEVELS, BLOOM),
            outcomes={"set": "Set the level"},
        ),
        RoundKind(
            "entry", N_("Needed at entry"), "task",
            "Panelists say when somebody new in the role must be able to do each task.",
            N_(
                "Think of somebody who has just become certified. When must they be able to do this task?"
            ),
            prompt=N_("When is this task needed?"), sets=(ENTRY,), outcomes={"set": "Set when it is needed"},
        ),
        RoundKind(
            "weights", N_("Holistic weights"), "domain",
            "Panelists spread 100 points over the content domains by their share of the exam.",
            N_(
                "Spread 100 points over the content domains. Give a domain as many points as its share of the exam "
                "should be. The points must sum to 100."
            ),
            outcomes={"set": "Set the panel's weights"}, repeats=True,
        ),
    )
}  # fmt: skip
SHOWN_FROM = 5  # distributions and comments are shown to panelists only where this many answered
TOTAL_POINTS = 100
CONSENSUS = 0.75  # share of the panel in one category that counts as agreement
STABLE = 0.80  # share of unchanged answers that ends a Delphi
LINK_SHARE = 0.5  # share of the panel that makes a link count
