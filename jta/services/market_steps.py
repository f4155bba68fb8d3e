"""The way of a market study: its stages, and the one next step. It has no inventory, no ratings and no blueprint."""

from __future__ import annotations

from jta.models.study import Study
from jta.services.next_steps import DIRECTOR, EDITORS, NextStep, TrackStage, invite_step
from jta.services.study_counts import StudyCounts
from jta.services.study_stage import BEFORE_LAUNCH, is_before

TRACK = {
    "design": "Design", "survey": "Survey", "pilot": "Pilot", "fielding": "Fielding", "closed": "Closed",
    "data review": "Results",
}  # fmt: skip
SKIPPED = ("pilot",)  # shown only where the study is in it


def market_track(stage: str) -> list[TrackStage]:
    """Return the stages of a market study with where it stands."""
    return [
        TrackStage(label, "current" if name == stage else "done" if is_before(name, stage) else "todo")
        for name, label in TRACK.items()
        if name == stage or name not in SKIPPED
    ]


def market_step(study: Study, counts: StudyCounts) -> NextStep:
    """Return the one next thing to do in a market study."""
    if study.stage in BEFORE_LAUNCH:
        return _before_launch(study.stage, counts)
    if study.stage == "closed" and counts.dataset is None:
        return _closed(counts)
    if counts.dataset is not None:
        return NextStep(
            "Read the results", "The answers are frozen. Look at each question alone, then by district size, role or "
            "region.", EDITORS, "See the results", "market.index",
        )  # fmt: skip
    return _fielding(counts)


def _before_launch(stage: str, counts: StudyCounts) -> NextStep:
    missing = () if counts.people else ("People to invite (the roster); launch does not wait for them",)
    if stage != "survey":
        return NextStep(
            "Say that the questions are complete",
            "Read the survey once more as a respondent would. You can still change it until it is launched.",
            DIRECTOR, "The questions are complete", "study.change_stage", {"to": "survey"}, post=True, missing=missing,
        )  # fmt: skip
    if not counts.people:
        return NextStep(
            "Upload the roster", "List the people to ask: name, e-mail address, district, stratum.",
            DIRECTOR, "Upload a roster", "delivery.upload", missing=missing,
        )  # fmt: skip
    return NextStep(
        "Launch the survey",
        f"Look at the survey as a respondent, then launch it. {counts.people:,} people are on the roster. "
        "Launch freezes questions and consent text.",
        DIRECTOR, "Go to launch", "survey.launch",
    )  # fmt: skip


def _fielding(counts: StudyCounts) -> NextStep:
    if counts.links < counts.people or not counts.people:
        return invite_step(counts.people - counts.links, counts.people, by_mail=counts.by_mail)
    return NextStep(
        "Follow the responses",
        f"{counts.submitted:,} of {counts.people:,} people have submitted. Close the survey when enough have.",
        DIRECTOR, "See who answered", "delivery.monitor",
    )  # fmt: skip


def _closed(counts: StudyCounts) -> NextStep:
    if not counts.started:
        return NextStep(
            "Open the survey again", "It was closed before anybody answered, so there is nothing to read.",
            DIRECTOR, "Open the survey again", "survey.reopen",
        )  # fmt: skip
    return NextStep(
        "Freeze the data set", "The survey is closed. Freezing fixes the answers; every number comes from them.",
        EDITORS, "Go to freeze", "market.index",
    )  # fmt: skip
