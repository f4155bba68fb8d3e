"""What the pages of survey and responses show first: the survey as it stands, and the one next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jta.models.study import MARKET, Study
from jta.models.survey import Instrument
from jta.services.content import estimate_minutes, questions_of, scales_of
from jta.services.delivery_roster import NOT_STARTED
from jta.services.dispositions import BOUNCED, MAY_ANSWER, SUBMITTED, StatusCounts
from jta.services.instrument import build_content, newest_instrument
from jta.services.monitor import Monitor
from jta.services.next_steps import has_mail_server, invite_step
from jta.services.study_counts import count_study
from jta.services.study_progress import DIRECTOR, NextStep, freeze_step, next_step, nothing_to_freeze
from jta.services.study_stage import BEFORE_LAUNCH, is_before
from jta.services.survey_launch import Checklist, load_checklist


@dataclass(frozen=True)
class SurveyOverview:
    """The survey as respondents see it; ``checklist`` is None once it was launched, ``instrument`` until then."""

    content: Mapping[str, Any]
    instrument: Instrument | None
    checklist: Checklist | None
    minutes: int
    step: NextStep | None

    @property
    def n_ratings(self) -> int:
        """Ratings asked of a respondent who performs every task."""
        return int(self.content["n_tasks"]) * len(scales_of(self.content))

    @property
    def questions(self) -> list[Mapping[str, Any]]:
        """Every question, in order."""
        return questions_of(self.content)


def load_overview(study: Study) -> SurveyOverview:
    """Return the survey of a study: frozen after launch, as it stands before. At most nine queries."""
    instrument = newest_instrument(study.id, "main")
    if instrument is not None:
        content = instrument.content
        return SurveyOverview(content, instrument, None, estimate_minutes(content), _step_after_launch(study))
    content = build_content(study)
    checklist = load_checklist(study, content)
    return SurveyOverview(content, None, checklist, estimate_minutes(content), launch_step(study, checklist))


def launch_step(study: Study, checklist: Checklist) -> NextStep:
    """Return what to do before launch: the first thing missing, the end of the inventory stage, then the launch."""
    if not checklist.ready:
        first = checklist.missing[0]
        return NextStep(
            "Complete the survey", "The survey can be launched as soon as this is done.", DIRECTOR,
            f"Go to: {first.label.lower()}", first.endpoint, missing=tuple(c.label for c in checklist.missing),
        )  # fmt: skip
    if study.stage == "pilot":
        return NextStep(
            "Follow the pilot, then end it", "The survey stays as it is until the pilot ends.", DIRECTOR,
            "Go to the pilot", "builder.pilot",
        )  # fmt: skip
    if is_before(study.stage, "survey"):
        return NextStep(
            "Say that the inventory is complete", "Nothing is missing here. The overview says what comes first.",
            DIRECTOR, "Go to the overview", "study.overview",
        )  # fmt: skip
    return NextStep(
        "Launch the survey",
        "Page through the preview as a respondent would. Launch then freezes task statements, scales, background "
        "questions and consent text, and opens the survey to everyone with a personal link.",
        DIRECTOR, "Go to launch", "survey.launch", missing=tuple(c.label for c in checklist.warnings),
    )  # fmt: skip


def _step_after_launch(study: Study) -> NextStep | None:
    """The same step as on the overview, while the survey still matters."""
    return next_step(study, count_study(study.id)) if study.stage in ("fielding", "closed") else None


def monitor_step(study: Study, monitor: Monitor) -> NextStep | None:
    """Return the next step on the page of responses."""
    if study.stage in BEFORE_LAUNCH:
        return NextStep(
            "Launch the survey", "Nobody can answer yet. What is shown here is the roster.",
            DIRECTOR, "Go to the survey", "survey.index",
        )  # fmt: skip
    if study.stage == "closed":
        if study.kind == MARKET:
            return next_step(study, count_study(study.id))
        return freeze_step() if monitor.total.began or monitor.collected else nothing_to_freeze()
    return _fielding_step(monitor) if study.stage == "fielding" else None


def _fielding_step(monitor: Monitor) -> NextStep:
    waiting = monitor.total["added"]
    if waiting or not monitor.total.people:
        return invite_step(waiting, monitor.total.people, by_mail=has_mail_server())
    if monitor.targets_met:
        return NextStep(
            "Close the survey", "Every stratum has as many submitted responses as you aimed for.",
            DIRECTOR, "Go to close", "survey.close",
        )  # fmt: skip
    if not any(monitor.total[status] for status in MAY_ANSWER):
        return _nobody_left(monitor.total)
    return NextStep(
        "Wait for more responses",
        f"{monitor.total[SUBMITTED]:,} of {monitor.total.people:,} people have submitted. Close the survey when each "
        "stratum has as many as you aimed for, or when its time is over.",
        DIRECTOR, "See who has not started", "delivery.roster", {"status": NOT_STARTED},
    )  # fmt: skip


def _nobody_left(counts: StatusCounts) -> NextStep:
    submitted = f"{counts[SUBMITTED]:,} of {counts.people:,} people have submitted, and nobody else can be waited for"
    if count := counts[BOUNCED]:
        return NextStep(
            "Replace addresses that do not work", f"{submitted}: mail to {count:,} came back.",
            DIRECTOR, "Show these people", "sending.people", {"reason": "bounced"},
        )  # fmt: skip
    return NextStep(
        "Put more people on the roster, or close the survey",
        f"{submitted}: the others opted out, withdrew or were screened out.",
        DIRECTOR, "Go to the roster", "delivery.roster",
    )  # fmt: skip
