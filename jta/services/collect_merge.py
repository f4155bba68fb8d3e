"""What a file of ratings says against the responses that came in files before: new, changed, unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select

from jta.db import db
from jta.imports.collected import Collected
from jta.models.collected import CollectedResponse
from jta.models.response import Answer, Rating, Response
from jta.models.study import Stratum
from jta.services.collect_words import content_questions, source_key, task_scales

BATCH = 200  # responses looked up at a time
Key = tuple[int, int]  # task id and scale id


class Stored(NamedTuple):
    """A rating or an answer as stored: the anchor's or choice's id, and the version of the row."""

    chosen: int | None
    version: int


class Change(NamedTuple):
    """A stored value that the file says otherwise."""

    response_id: int
    key: Any  # (task id, scale id) of a rating, the question's id of an answer
    before: Stored
    after: int


@dataclass
class Ids:
    """The ids of what a file names by code, from an instrument's content and the study's strata."""

    tasks: dict[str, int]
    scales: dict[str, int]
    anchors: dict[tuple[str, str], int]
    questions: dict[str, int]
    choices: dict[tuple[str, str], int]
    strata: dict[str, int]


@dataclass
class CollectMerge:
    """What importing a file would do. Numbers in ``new`` and ``known`` are places in the file's list of people.

    ``left_alone`` are people who withdrew: nothing of theirs comes back.
    """

    new: list[int] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    left_alone: list[int] = field(default_factory=list)
    changed_people: set[int] = field(default_factory=set)
    added: list[tuple[int, Key, int]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    answers_added: list[tuple[int, int, int]] = field(default_factory=list)
    answers_changed: list[Change] = field(default_factory=list)
    n_new_ratings: int = 0
    n_same: int = 0

    @property
    def anything(self) -> bool:
        """Whether importing would change something."""
        return bool(self.new or self.changed_people)

    def counts(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return {
            "new respondents": len(self.new),
            "changed respondents": len(self.changed_people),
            "unchanged respondents": len(self.known) - len(self.changed_people),
            "withdrew (left alone)": len(self.left_alone),
            "new ratings": self.n_new_ratings + len(self.added),
            "changed ratings": len(self.changed),
            "unchanged ratings": self.n_same,
        }


def load_ids(study_id: int, content: Mapping[str, Any]) -> Ids:
    """Return the ids behind the codes of a study."""
    scales, questions = task_scales(content), content_questions(content)
    strata = select(Stratum.code, Stratum.id).where(Stratum.study_id == study_id)
    return Ids(
        tasks={task["code"]: task["id"] for page in content["pages"] for task in page["tasks"]},
        scales={scale["code"]: scale["id"] for scale in scales},
        anchors={(scale["code"], a["code"]): a["id"] for scale in scales for a in scale["anchors"]},
        questions={q["code"]: q["id"] for q in questions},
        choices={(q["code"], c["code"]): c["id"] for q in questions for c in q["choices"]},
        strata={code: key for code, key in db.session.execute(strata)},
    )


class PersonRatings:
    """The ratings of a file by person, without a copy for each: (task id, scale id) and the anchor's id."""

    def __init__(self, file: Collected, ids: Ids) -> None:
        import numpy as np

        person = np.frombuffer(file.person, dtype=np.intc)
        self._order = np.argsort(person, kind="stable")
        self._ends = np.searchsorted(person[self._order], np.arange(len(file.people) + 1))
        task_ids = [ids.tasks[code] for code in file.tasks]
        scale_ids = [ids.scales[code] for code in file.scales]
        self._anchors = [[ids.anchors.get((scale, code), 0) for code in file.anchors] for scale in file.scales]
        self._keys = [[(task, scale) for scale in scale_ids] for task in task_ids]
        self._file = file

    def of(self, person: int) -> Iterator[tuple[Key, int]]:
        """Yield what one person rated."""
        file = self._file
        for place in self._order[self._ends[person] : self._ends[person + 1]].tolist():
            scale = file.scale[place]
            yield self._keys[file.task[place]][scale], self._anchors[scale][file.anchor[place]]

    def count(self, person: int) -> int:
        """Return how many ratings one person gave."""
        return int(self._ends[person + 1] - self._ends[person])


def compare(study_id: int, file: Collected, ids: Ids) -> CollectMerge:
    """Say what importing a file would do. Values that the file leaves blank stay."""
    merge = CollectMerge()
    ratings = PersonRatings(file, ids)
    by_key = _known_responses(study_id)
    for place, person in enumerate(file.people):
        found = by_key.get(source_key(study_id, person.name))
        if found is None:
            merge.new.append(place)
            merge.n_new_ratings += ratings.count(place)
        elif found[1]:
            merge.left_alone.append(place)
        else:
            merge.known[place] = found[0]
    places = list(merge.known)
    for start in range(0, len(places), BATCH):
        _compare_batch(merge, file, ids, ratings, places[start : start + BATCH])
    return merge


def _known_responses(study_id: int) -> dict[str, tuple[int, bool]]:
    """Return the responses that came in files, by their mark: id, and whether they were withdrawn."""
    found = (
        select(CollectedResponse.source_key, Response.id, Response.withdrawn_at)
        .join(Response, Response.id == CollectedResponse.response_id)
        .where(CollectedResponse.study_id == study_id)
    )
    return {key: (response, withdrawn is not None) for key, response, withdrawn in db.session.execute(found)}


def _compare_batch(
    merge: CollectMerge, file: Collected, ids: Ids, ratings: PersonRatings, places: Sequence[int]
) -> None:
    responses = [merge.known[place] for place in places]
    stored, answers = _stored_ratings(responses), _stored_answers(responses)
    for place, response in zip(places, responses, strict=True):
        before = len(merge.added) + len(merge.changed) + len(merge.answers_added) + len(merge.answers_changed)
        for key, anchor in ratings.of(place):
            _compare_rating(merge, response, key, stored.get((response, *key)), anchor)
        for question, choice in file.people[place].answers.items():
            key_of = ids.questions[question]
            _compare_answer(merge, response, key_of, answers.get((response, key_of)), ids.choices[question, choice])
        if before < len(merge.added) + len(merge.changed) + len(merge.answers_added) + len(merge.answers_changed):
            merge.changed_people.add(place)


def _compare_rating(merge: CollectMerge, response: int, key: Key, old: Stored | None, anchor: int) -> None:
    if old is None:
        merge.added.append((response, key, anchor))
    elif old.chosen == anchor:
        merge.n_same += 1
    else:
        merge.changed.append(Change(response, key, old, anchor))


def _compare_answer(merge: CollectMerge, response: int, question: int, old: Stored | None, choice: int) -> None:
    if old is None:
        merge.answers_added.append((response, question, choice))
    elif old.chosen != choice:
        merge.answers_changed.append(Change(response, question, old, choice))


def _stored_ratings(responses: Iterable[int]) -> dict[tuple[int, int, int], Stored]:
    found = select(Rating.response_id, Rating.task_id, Rating.scale_id, Rating.anchor_id, Rating.version)
    rows = db.session.execute(found.where(Rating.response_id.in_(list(responses))))
    return {(response, task, scale): Stored(anchor, version) for response, task, scale, anchor, version in rows}


def _stored_answers(responses: Iterable[int]) -> dict[tuple[int, int], Stored]:
    found = select(Answer.response_id, Answer.question_id, Answer.choice_id, Answer.version)
    rows = db.session.execute(found.where(Answer.response_id.in_(list(responses))))
    return {(response, question): Stored(choice, version) for response, question, choice, version in rows}
