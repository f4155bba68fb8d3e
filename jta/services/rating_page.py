"""What one page of cards shows: the answers marked, what the page was shown with, conflicts in words, progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jta.services.rating_merge import Conflict
from jta.services.saving import pack
from jta.services.survey_pages import Key, Progress, Ratings, Survey, SurveyPage, SurveyTask


@dataclass(frozen=True)
class Disagreement:
    """A rating changed here and elsewhere, in the words of its scale; ``kept`` is None when it was taken back."""

    scale: str
    kept: str | None
    here: str


@dataclass(frozen=True)
class RatingPage:
    """Everything the template of a page of cards needs."""

    survey: Survey
    page: SurveyPage
    marks: Mapping[Key, int]
    seen: str
    disagreements: Mapping[int, Sequence[Disagreement]]
    progress: Progress
    done_elsewhere: int

    @property
    def previous(self) -> int | None:
        """Number of the page before, if there is one."""
        return self.page.number - 1 or None

    @property
    def is_last(self) -> bool:
        """Whether this is the last page of cards."""
        return self.page.number == len(self.survey.pages)

    @property
    def tasks_in_conflict(self) -> list[SurveyTask]:
        """The cards with a disagreement, in order."""
        return [task for task in self.page.tasks if task.id in self.disagreements]


def build_rating_page(survey: Survey, number: int, ratings: Ratings, conflicts: Sequence[Conflict] = ()) -> RatingPage:
    """Return what a page of cards shows.

    Parameters
    ----------
    survey : Survey
        The instrument.
    number : int
        Number of the page.
    ratings : mapping of (task id, scale id) to Stored
        All ratings of the response as they stand.
    conflicts : sequence of Conflict
        What the last save of this page left open.

    Raises
    ------
    NotFoundError
        If there is no such page.
    """
    page = survey.page(number)
    tasks = {task.id for task in page.tasks}
    own = {key: stored for key, stored in ratings.items() if key[0] in tasks}
    progress = survey.progress(ratings)
    done_here = len(survey.answered(own))
    return RatingPage(
        survey=survey, page=page, marks=_marks(own, conflicts), seen=pack(own),
        disagreements=_disagreements(survey, conflicts), progress=progress,
        done_elsewhere=progress.done - done_here,
    )  # fmt: skip


def _marks(own: Ratings, conflicts: Sequence[Conflict]) -> dict[Key, int]:
    marks = {key: stored.anchor_id for key, stored in own.items() if stored.anchor_id is not None}
    # Where nothing is stored, what was chosen here stays marked, so that nothing chosen has to be done again.
    return marks | {c.key: c.chosen for c in conflicts if c.key not in marks}


def _disagreements(survey: Survey, conflicts: Sequence[Conflict]) -> dict[int, list[Disagreement]]:
    found: dict[int, list[Disagreement]] = {}
    for conflict in conflicts:
        task_id, scale_id = conflict.key
        scale = survey.by_scale[scale_id]
        kept = None if conflict.stored is None else scale.labels[conflict.stored]
        found.setdefault(task_id, []).append(Disagreement(scale.title, kept, scale.labels[conflict.chosen]))
    return found
