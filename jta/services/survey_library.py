"""What a director picks from: pages with ready questions, and rating scales with anchors in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jta.models.survey import Anchor, Choice, Question, RatingScale

AGREEMENT = {
    "1": "Strongly disagree",
    "2": "Disagree",
    "3": "Neither agree nor disagree",
    "4": "Agree",
    "5": "Strongly agree",
}


@dataclass(frozen=True)
class ReadyQuestion:
    """A question as a page of the library brings it; choices by code, ``screens_out`` names codes."""

    code: str
    kind: str
    prompt: str
    help: str = ""
    role: str = ""
    required: bool = False
    longest: int | None = None
    choices: dict[str, str] = field(default_factory=dict)
    screens_out: tuple[str, ...] = ()


class ReadyPage(NamedTuple):
    """A page of the library; ``once`` says that a survey holds it one time only."""

    label: str
    about: str
    kind: str
    title: str
    intro: str = ""
    once: bool = False
    questions: tuple[ReadyQuestion, ...] = ()


PAGES: dict[str, ReadyPage] = {
    "screener": ReadyPage(
        "Eligibility screener", "Ends the survey politely for people it is not meant for.", "screener",
        "Before you begin", questions=(
            ReadyQuestion(
                "eligible", "single", "Do you do this job now, or have you done it in the last two years?",
                required=True, choices={"yes": "Yes", "no": "No"}, screens_out=("no",),
            ),
        ),
    ),
    "questions": ReadyPage("Questions", "An empty page for questions of your own.", "questions", "Questions"),
    "ratings": ReadyPage(
        "Ratings of task statements", "The task inventory, ten task statements a page.", "ratings", "Your work",
        once=True,
    ),
    "ksa": ReadyPage(
        "Ratings of knowledge and skills", "Each knowledge and skill statement (KSA) is rated on its own scales.",
        "ksa", "What the work takes", once=True,
    ),
    "points": ReadyPage(
        "100 points over the content domains", "Each respondent shares out 100 points. The page shows the sum.",
        "points", "How would you weigh the exam?",
        "More points mean more items on the exam.", once=True,
    ),
    "coverage": ReadyPage(
        "How well did this list cover your job?", "Evidence that the task inventory is complete.", "questions",
        "About the list", questions=(
            ReadyQuestion(
                "coverage", "single", "How well did this list cover what you do in your job?", role="coverage",
                choices={"1": "Poorly", "2": "Partly", "3": "Adequately", "4": "Well", "5": "Completely"},
            ),
        ),
    ),
    "write_in": ReadyPage(
        "Tasks that are missing", "Respondents write down what the list forgot.", "questions", "What is missing?",
        questions=(
            ReadyQuestion(
                "missing_tasks", "text", "Which important tasks of your job were not on the list?",
                "One task on each line.", "write_in", longest=2000,
            ),
        ),
    ),
    "comment": ReadyPage(
        "Comments", "Anything else a respondent wants to say.", "questions", "Your comments",
        questions=(
            ReadyQuestion(
                "comments", "text", "Is there anything else you would like to tell us?",
                role="comment", longest=4000,
            ),
        ),
    ),
}  # fmt: skip


def new_question(ready: ReadyQuestion, study_id: int, page_id: int, code: str, position: int) -> Question:
    """Return a question of the library, new and unsaved."""
    choices = [
        Choice(code=key, label=label, position=n, screens_out=key in ready.screens_out)
        for n, (key, label) in enumerate(ready.choices.items(), start=1)
    ]
    return Question(
        study_id=study_id, page_id=page_id, code=code, kind=ready.kind, role=ready.role, prompt=ready.prompt,
        help=ready.help, required=ready.required, longest=ready.longest, position=position, choices=choices,
    )  # fmt: skip


class ReadyScale(NamedTuple):
    """A scale of the library; labels by code in order, ``none`` is the code of the anchor without a number."""

    code: str
    kind: str
    use: str
    title: str
    prompt: str
    labels: dict[str, str]
    none: str | None = None


SCALES: dict[str, ReadyScale] = {
    "importance": ReadyScale(
        "importance", "importance", "task", "Importance",
        "How important is it to perform this task well in your present position?",
        {
            "1": "Not important", "2": "Slightly important", "3": "Moderately important", "4": "Very important",
            "5": "Extremely important",
        },
    ),
    "frequency": ReadyScale(
        "frequency", "frequency", "task", "Frequency", "How often do you perform this task in your present position?",
        {
            "0": "I do not perform this task", "1": "About once a year or less", "2": "A few times a year",
            "3": "About once a month", "4": "About once a week", "5": "Every day or almost every day",
        },
        "0",
    ),
    "consequence": ReadyScale(
        "consequence", "other", "task", "Consequence", "How much harm would follow if this task were done badly?",
        {"0": "No harm", "1": "Minimal harm", "2": "Moderate harm", "3": "Substantial harm", "4": "Extreme harm"},
    ),
    "performance": ReadyScale(
        "performance", "frequency", "task", "Performance", "Do you perform this task in your present position?",
        {"0": "No, I do not perform this task", "1": "Yes"}, "0",
    ),
    "entry": ReadyScale(
        "entry", "other", "task", "Needed at entry", "When must somebody new to this job be able to perform this task?",
        {"1": "Later than the first year", "2": "During the first year", "3": "On the first day"},
    ),
    "time": ReadyScale(
        "time", "other", "task", "Time spent", "Compared with your other tasks, how much time does this task take you?",
        {
            "1": "Very much less", "2": "Less", "3": "Slightly less", "4": "About the same", "5": "Slightly more",
            "6": "More", "7": "Very much more",
        },
    ),
    "difficulty": ReadyScale(
        "difficulty", "other", "task", "Difficulty", "How hard is it to learn to perform this task well?",
        {"1": "Very easy", "2": "Easy", "3": "Neither easy nor hard", "4": "Hard", "5": "Very hard"},
    ),
    "testing": ReadyScale(
        "testing", "importance", "ksa", "Testing importance",
        "How important is it that the exam tests this knowledge or skill?",
        {
            "1": "Not important", "2": "Slightly important", "3": "Moderately important", "4": "Very important",
            "5": "Extremely important",
        },
    ),
}  # fmt: skip


def new_scale(ready: ReadyScale, study_id: int, code: str, position: int) -> RatingScale:
    """Return a scale of the library, new and unsaved."""
    anchors = [
        Anchor(
            code=key, label=label, position=n, not_performed=key == ready.none,
            value=None if key == ready.none else float(key),
        )
        for n, (key, label) in enumerate(ready.labels.items(), start=1)
    ]  # fmt: skip
    return RatingScale(
        study_id=study_id, code=code, kind=ready.kind, use=ready.use, title=ready.title, prompt=ready.prompt,
        position=position, anchors=anchors,
    )  # fmt: skip
