"""The questions a market study of a new certification starts with: generic words, to be edited before launch."""

from __future__ import annotations

from typing import Any

from jta.db import db
from jta.models.study import Study
from jta.models.survey import Choice, Question, SurveyPage

CONSENT = """\
A certificate is planned for people who lead technology in school districts. Before it is made, we ask those who would \
use it. These are superintendents, chief technology officers and all who lead this work in a district.

Taking part is your choice. You may stop at any time, come back later with the same link, or withdraw. Your answers \
are kept apart from your name, and results are shown for groups only."""
AGREEMENT = {
    "1": "Strongly disagree", "2": "Disagree", "3": "Neither agree nor disagree", "4": "Agree", "5": "Strongly agree",
}  # fmt: skip
YES_NO = {"yes": "Yes", "no": "No", "unsure": "Not sure"}
PAGES: tuple[tuple[str, tuple[dict[str, Any], ...]], ...] = (
    (
        "About you and your district",
        (
            {
                "code": "role", "prompt": "Which describes your present position best?", "required": True,
                "choices": {
                    "superintendent": "Superintendent or deputy superintendent",
                    "cto": "Chief technology officer or chief information officer",
                    "director": "Director or coordinator of technology",
                    "other": "Another district-level technology position",
                },
            },
            {
                "code": "enrolment", "prompt": "How many students are enrolled in your district?",
                "choices": {
                    "under_2500": "Fewer than 2,500 students", "2500_9999": "2,500 to 9,999 students",
                    "10000_24999": "10,000 to 24,999 students", "25000_plus": "25,000 students or more",
                },
            },
            {
                "code": "locale", "prompt": "Which word best describes the area most of your schools serve?",
                "choices": {"city": "City", "suburb": "Suburb", "town": "Town", "rural": "Rural area"},
            },
            {
                "code": "region", "prompt": "In which region of the country do you work?",
                "choices": {"northeast": "Northeast", "midwest": "Midwest", "south": "South", "west": "West"},
            },
            {
                "code": "years", "prompt": "How many years have you worked in a position like this one?",
                "kind": "number", "minimum": 0, "maximum": 60,
            },
        ),
    ),
    (
        "A certification for technology leaders",
        (
            {
                "code": "require",
                "prompt": "Think of the person who leads technology for a school district. Should that person be "
                "certified?",
                "help": "Whatever the title of that position.", "choices": YES_NO,
                "required": True,
            },
            {
                "code": "prefer",
                "prompt": "Two people apply for such a job, and one of them holds a professional certificate. "
                "How would that change your interest in that person?",
                "choices": {
                    "more": "I would be more likely to consider that person", "same": "It would make no difference",
                    "less": "I would be less likely to consider that person", "unsure": "Not sure",
                },
                "required": True,
            },
            {
                "code": "success", "kind": "agreement", "choices": AGREEMENT,
                "prompt": "A district does better when its technology leaders are certified and keep on learning. "
                "This shows in teaching and in what students achieve.",
            },
            {
                "code": "support", "kind": "agreement", "choices": AGREEMENT,
                "prompt": "My district would give a leader time to prepare for the exam.",
            },
            {
                "code": "seek", "prompt": "Would you seek this certification, or advise one of your staff to?",
                "choices": YES_NO,
            },
        ),
    ),
    (
        "What it should bring",
        (
            {
                "code": "gains", "kind": "multiple", "prompt": "What should a certification bring?",
                "help": "Mark up to three.", "minimum": None, "maximum": 3,
                "choices": {
                    "skills": "A clear picture of the skills the position needs",
                    "hiring": "Better hiring decisions", "learning": "A plan for professional learning",
                    "standing": "Standing among the district's leaders", "pay": "Better pay",
                    "trust": "Trust of the community", "none": "None of these",
                },
            },
            {
                "code": "barriers", "kind": "multiple", "prompt": "What could keep people from it?",
                "help": "Mark all that apply.",
                "choices": {
                    "cost": "Cost", "time": "Time to prepare", "value": "No value seen by the district",
                    "small": "It does not fit a small district", "other_cert": "Another certificate is held already",
                    "none": "Nothing",
                },
            },
            {
                "code": "fee", "kind": "number", "minimum": 0, "maximum": 5000,
                "prompt": "What is the highest exam fee your district would pay for one person, in US dollars?",
            },
            {
                "code": "comment", "kind": "text", "role": "comment", "longest": 2000,
                "prompt": "What else should those who plan this certification know?",
            },
        ),
    ),
)  # fmt: skip


def add_market_content(study: Study) -> None:
    """Add pages and questions to a new market study, inside the transaction that is open."""
    words = [
        ("welcome", "Welcome", ()),
        *(("questions", title, asked) for title, asked in PAGES),
        ("thanks", "Thank you", ()),
    ]
    position = 0
    for place, (kind, title, asked) in enumerate(words, start=1):
        page = SurveyPage(study_id=study.id, kind=kind, title=title, intro="", position=place, settings={})
        db.session.add(page)
        db.session.flush()
        for one in asked:
            position += 1
            db.session.add(_question(study.id, page.id, position, one))


def _question(study_id: int, page_id: int, position: int, words: dict[str, Any]) -> Question:
    given = {name: value for name, value in words.items() if name != "choices"}
    choices = [
        Choice(code=code, label=label, position=place)
        for place, (code, label) in enumerate(words.get("choices", {}).items(), start=1)
    ]
    return Question(study_id=study_id, page_id=page_id, position=position, choices=choices, **given)
