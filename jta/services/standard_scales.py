"""What a new study starts with: two rating scales, background questions and a consent text.

The words are generic: a director edits scales and consent to fit the credential. Codes of anchors are the
numbers as text, and are stable for ever.
"""

from __future__ import annotations

from typing import NamedTuple

from jta.models.survey import Anchor, Choice, Question, RatingScale


class ScaleWords(NamedTuple):
    """One rating scale in words; ``labels`` by anchor code, in order."""

    code: str
    kind: str
    title: str
    prompt: str
    labels: dict[str, str]
    not_performed: str | None = None


class QuestionWords(NamedTuple):
    """One background question with its choices by code, in order."""

    code: str
    prompt: str
    help: str
    is_stratum: bool
    choices: dict[str, str]


SCALES = (
    ScaleWords(
        "frequency", "frequency", "Frequency", "How often do you perform this task in your present position?",
        {
            "0": "I do not perform this task",
            "1": "About once a year or less",
            "2": "A few times a year",
            "3": "About once a month",
            "4": "About once a week",
            "5": "Every day or almost every day",
        },
        not_performed="0",
    ),
    ScaleWords(
        "importance", "importance", "Importance",
        "How important is it to perform this task well in your present position?",
        {
            "1": "Not important",
            "2": "Slightly important",
            "3": "Moderately important",
            "4": "Very important",
            "5": "Extremely important",
        },
    ),
)  # fmt: skip
QUESTIONS = (
    QuestionWords(
        "role", "Which title best describes your present position?", "", False,
        {
            "cto": "Chief technology officer or chief information officer",
            "director": "Director of technology",
            "instructional": "Instructional technology director or coordinator",
            "infrastructure": "Network or infrastructure manager",
            "other": "Other position",
        },
    ),
    QuestionWords(
        "enrolment", "How many students are enrolled in your district?",
        "Count all schools of the district in the current school year.", True,
        {
            "under_1000": "Fewer than 1,000 students",
            "1000_2499": "1,000 to 2,499 students",
            "2500_9999": "2,500 to 9,999 students",
            "10000_24999": "10,000 to 24,999 students",
            "25000_plus": "25,000 students or more",
        },
    ),
    QuestionWords(
        "locale", "Which word best describes the area most of your schools serve?", "", False,
        {"city": "City", "suburb": "Suburb", "town": "Town", "rural": "Rural area"},
    ),
    QuestionWords(
        "region", "In which region of the country do you work?", "", False,
        {"northeast": "Northeast", "midwest": "Midwest", "south": "South", "west": "West"},
    ),
    QuestionWords(
        "years", "How many years have you worked in this role, here or elsewhere?", "", False,
        {
            "0_2": "2 years or fewer",
            "3_5": "3 to 5 years",
            "6_10": "6 to 10 years",
            "11_20": "11 to 20 years",
            "21_plus": "21 years or more",
        },
    ),
    QuestionWords(
        "certified", "Do you hold a professional certification in this field?",
        "Count a certificate that is valid today.", False, {"yes": "Yes", "no": "No"},
    ),
)  # fmt: skip
CONSENT = """\
You are invited because you do the work this exam is about. Your ratings help decide how many items of the \
exam each part of the work gets.

Taking part is your choice. You may stop at any time, come back later with the same link, or withdraw. \
Withdrawing before the data are locked deletes your answers.

Your answers are kept apart from your name. Results are shown for groups only. \
The survey has no right or wrong answers."""


def standard_scales() -> list[RatingScale]:
    """Return the frequency and the importance scale, new and unsaved: frequency first."""
    return [
        RatingScale(
            code=words.code, kind=words.kind, title=words.title, prompt=words.prompt,
            position=position, anchors=_anchors(words),
        )
        for position, words in enumerate(SCALES, start=1)
    ]  # fmt: skip


def _anchors(words: ScaleWords) -> list[Anchor]:
    return [
        Anchor(
            code=code, label=label, position=position, not_performed=code == words.not_performed,
            value=None if code == words.not_performed else float(code),
        )
        for position, (code, label) in enumerate(words.labels.items(), start=1)
    ]  # fmt: skip


def standard_questions() -> list[Question]:
    """Return the background questions, new and unsaved."""
    return [
        Question(
            code=words.code, prompt=words.prompt, help=words.help,
            is_stratum=words.is_stratum, position=position,
            choices=[
                Choice(code=code, label=label, position=place)
                for place, (code, label) in enumerate(words.choices.items(), start=1)
            ],
        )
        for position, words in enumerate(QUESTIONS, start=1)
    ]  # fmt: skip
