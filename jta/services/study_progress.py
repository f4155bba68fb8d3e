"""Where a study stands: its stages, what is missing, and the one next step with who must do it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from jta.models.study import MARKET, PRACTICE, STAGES, Study
from jta.services.market_steps import market_step, market_track
from jta.services.next_steps import APPROVER, DIRECTOR, EDITORS, NextStep, TrackStage, invite_step
from jta.services.study_counts import StudyCounts
from jta.services.study_stage import BEFORE_LAUNCH, USED, is_before

__all__ = ["APPROVER", "DIRECTOR", "EDITORS", "NextStep", "TrackStage", "next_step", "stage_track"]


def stage_track(stage: str, visited: Collection[str] = (), kind: str = PRACTICE) -> list[TrackStage]:
    """Return the stages with where the study stands; ``visited`` ones are shown even where a study may skip them.

    A market study has no inventory and no blueprint: its last stage is that of its results.
    """
    if kind == MARKET:
        return market_track(stage)
    return [
        TrackStage(name.capitalize(), "current" if name == stage else "done" if is_before(name, stage) else "todo")
        for name in STAGES
        if name in USED or name == stage or name in visited
    ]


def missing_before_launch(counts: StudyCounts) -> tuple[str, ...]:
    """Return what a study still needs before its survey can be launched, or should have."""
    checks = (
        (not counts.tasks, "Task statements"),
        (counts.empty_areas, "Task statements in each content domain: some have none"),
        (
            not counts.strata,
            "Strata with the number of people in each: who answers is compared with it (launch does not wait for them)",
        ),
        (not counts.people, "People to invite (the roster); launch does not wait for them"),
        (
            not counts.approvers,
            "An approver: somebody other than the director who edits the blueprint (launch does not wait for one)",
        ),
    )
    return tuple(text for needed, text in checks if needed)


def next_step(study: Study, counts: StudyCounts) -> NextStep:
    """Return the one next thing to do in a study."""
    if study.kind == MARKET:
        return market_step(study, counts)
    if study.stage in BEFORE_LAUNCH:
        return _before_launch(study.stage, counts)
    return _AFTER.get(study.stage, _documents)(counts)


def _before_launch(stage: str, counts: StudyCounts) -> NextStep:
    missing = missing_before_launch(counts)
    if not counts.tasks:
        return NextStep(
            "Add the task inventory",
            "Upload the list of task statements as an Excel or CSV file, or write them here one by one.",
            DIRECTOR, "Upload an inventory", "inventory.upload", missing=missing,
        )  # fmt: skip
    if stage == "panel review":
        return NextStep(
            "Work through the panel's rounds",
            "Close each round when the panel has answered, then decide on what it says. "
            "When that is done, say on the panel's page that the inventory is complete.",
            DIRECTOR, "Go to the panel", "panel.index", missing=missing,
        )  # fmt: skip
    if stage in ("design", "inventory"):
        return NextStep(
            "Say that the inventory is complete",
            f"Read the {counts.tasks:,} task statements once more as a respondent would. "
            "You can still change them until the survey is launched.",
            DIRECTOR, "The inventory is complete", "study.change_stage",
            {"to": "survey"}, post=True, missing=missing,
        )  # fmt: skip
    if not counts.people:
        return NextStep(
            "Upload the roster",
            "List the people to invite: name, e-mail address, district, stratum.",
            DIRECTOR, "Upload a roster", "delivery.upload", missing=missing,
        )  # fmt: skip
    return NextStep(
        "Launch the survey",
        f"Look at the survey as a respondent, then launch it. {counts.people:,} people are on the roster. "
        "Launch freezes task statements, scales and consent text.",
        DIRECTOR, "Go to launch", "survey.launch", missing=missing,
    )  # fmt: skip


def _pilot(counts: StudyCounts) -> NextStep:
    return NextStep(
        "Follow the pilot, then end it",
        f"The survey is open to {counts.links:,} people with a personal link. When they have tried it, end the pilot, "
        "put right what it showed, and launch the survey.",
        DIRECTOR, "Go to the pilot", "builder.pilot",
    )  # fmt: skip


def _fielding(counts: StudyCounts) -> NextStep:
    if counts.links < counts.people or not counts.people:
        return invite_step(counts.people - counts.links, counts.people, by_mail=counts.by_mail)
    return NextStep(
        "Follow the responses",
        f"{counts.submitted:,} of {counts.people:,} people have submitted. "
        "Close the survey when each stratum has the responses you aimed for.",
        DIRECTOR, "See who answered", "delivery.monitor",
    )  # fmt: skip


def nothing_to_freeze() -> NextStep:
    """Return the next step of a survey that was closed before anybody answered."""
    return NextStep(
        "Open the survey again",
        "It was closed before anybody answered, so there is nothing to analyse.",
        DIRECTOR, "Open the survey again", "survey.reopen",
    )  # fmt: skip


def freeze_step() -> NextStep:
    """Return the next step of a closed survey; every page says the same."""
    return NextStep(
        "Freeze the data set",
        "Review the flagged responses first, then choose which count. The data set is then fixed, and every number "
        "comes from it.",
        EDITORS, "Go to freeze", "review.freeze",
    )  # fmt: skip


def _closed(counts: StudyCounts) -> NextStep:
    if counts.dataset is None and not counts.started:
        return nothing_to_freeze()
    if counts.dataset is None:
        return freeze_step()
    return _analysis(counts)


def _analysis(counts: StudyCounts) -> NextStep:
    if counts.run is None:
        return NextStep(
            "Run the analysis",
            f"Data set {counts.dataset} is frozen. The saved analysis plan says how it is analysed.",
            EDITORS, "Run the analysis", "results.analyze", {"number": counts.dataset}, post=True,
        )  # fmt: skip
    return NextStep(
        "Propose the blueprint",
        "Read the results. If they make sense, take their weights as the first draft of the blueprint.",
        DIRECTOR, "Look at the results", "results.show", {"run_id": counts.run},
    )  # fmt: skip


def _blueprint(counts: StudyCounts) -> NextStep:
    if counts.blueprint is None:
        return _analysis(counts)
    place: dict[str, Any] = {"number": counts.blueprint}
    if not counts.approvers:
        return NextStep(
            "Name an approver",
            "A blueprint is approved by somebody other than those who edited it. Nobody has that role yet.",
            DIRECTOR, "Go to people and roles", "study.members",
        )  # fmt: skip
    if counts.blueprint_state == "submitted":
        return NextStep(
            f"Decide on blueprint {counts.blueprint}",
            "It waits for an approver, who approves it or returns it with a reason.",
            APPROVER, "Read and decide", "blueprint.decide", place,
        )  # fmt: skip
    returned = counts.blueprint_state == "returned"
    return NextStep(
        f"Revise blueprint {counts.blueprint}" if returned else f"Finish blueprint {counts.blueprint}",
        "The approver returned it with a reason. Change it and submit it again."
        if returned
        else "Adjust weights where the panel has reasons, then submit it for approval.",
        DIRECTOR, "Open the blueprint", "blueprint.show", place,
    )  # fmt: skip


def _approved(counts: StudyCounts) -> NextStep:
    return NextStep(
        "Publish the blueprint", f"Blueprint {counts.blueprint} is approved. Publishing locks it for good.",
        DIRECTOR, "Open the blueprint", "blueprint.show", {"number": counts.blueprint},
    )  # fmt: skip


def _documents(_counts: StudyCounts) -> NextStep:
    return NextStep(
        "Use the blueprint", "The blueprint is published. Its workbook and documents are ready to download.",
        DIRECTOR, "Documents", "report.documents",
    )  # fmt: skip


_AFTER: dict[str, Callable[[StudyCounts], NextStep]] = {
    "pilot": _pilot,
    "fielding": _fielding,
    "closed": _closed,
    "data review": _closed,
    "analysis": _analysis,
    "blueprint": _blueprint,
    "approved": _approved,
}
