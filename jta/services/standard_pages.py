"""The pages a new survey starts with, new and unsaved."""

from __future__ import annotations

from jta.models.survey import SurveyPage

ABOUT_YOU, YOUR_WORK = "About you", "Your work"


def standard_pages(study_id: int) -> list[SurveyPage]:
    """Return welcome, background questions, ratings and thanks, in this order."""
    words = (("welcome", "Welcome"), ("questions", ABOUT_YOU), ("ratings", YOUR_WORK), ("thanks", "Thank you"))
    return [
        SurveyPage(study_id=study_id, kind=kind, title=title, intro="", position=position, settings={})
        for position, (kind, title) in enumerate(words, start=1)
    ]
