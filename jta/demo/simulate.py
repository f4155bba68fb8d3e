"""Simulate the demo study: 520 invited people, 300 respondents, about 55,000 ratings.

``simulate()`` needs no database. The same seed gives the same study. All people, districts and
ratings are invented; the model and what it was tuned to are told in ``docs/demo-study.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jta.demo import NOTICE
from jta.demo.behaviour import (
    BLANK,
    PAGES,
    Answers,
    leave_gaps,
    make_careless,
    rate_honestly,
)
from jta.demo.content import DemoTask, RatingRow, load_framework, load_json
from jta.demo.people import FrameCount, RosterPerson, count_frame, draw_level, invite_people

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAY = 86_400
WAVE_DAYS = (0, 7, 14)  # invitation, first reminder, second reminder
WAVE_SHARES = (0.52, 0.30, 0.18)
WORKING_SECONDS = 10 * 3_600


@dataclass(frozen=True)
class SimulatedResponse:
    """One respondent's set: background answers and times, in whole seconds after the launch.

    ``submitted`` is None for a person who broke off. A background question passed over is no key.
    """

    person_code: str
    background: Mapping[str, str]
    started: int
    last_saved: int
    submitted: int | None


@dataclass(frozen=True)
class SimulatedStudy:
    """A whole simulated study, ready to be stored.

    ``careless`` maps a person code to "straight", "random" or "fast". It is there for tests of the
    screening; it must never be shown as data of the study.
    """

    notice: str
    seed: int
    tasks: tuple[DemoTask, ...]
    frame: tuple[FrameCount, ...]
    roster: tuple[RosterPerson, ...]
    responses: tuple[SimulatedResponse, ...]
    ratings: tuple[RatingRow, ...]
    careless: Mapping[str, str]


def simulate(seed: int = 2026) -> SimulatedStudy:
    """Return the simulated study of a seed: the same one every time.

    Parameters
    ----------
    seed : int
        Any integer from 0 up.

    Returns
    -------
    SimulatedStudy
        Roster of 520, of whom 300 answered at least one page and most of these submitted. Ratings
        are ordered by respondent, then task, frequency before importance; there is no importance
        where frequency is "0", and no row for what was left unanswered.
    """
    import numpy as np

    settings, tasks = load_json("population.json"), load_framework()
    rng_people, rng_ratings, rng_times = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)
    )
    roster = invite_people(rng_people, settings)
    people = _choose_respondents(rng_people, roster, settings)
    background = [_background(rng_people, person, settings) for person in people]
    careless, stops = _choose_careless(rng_ratings, len(people), settings)
    honest = rate_honestly(rng_ratings, tasks, background, settings)
    answers = leave_gaps(rng_ratings, make_careless(rng_ratings, honest, careless), settings, stops)
    return SimulatedStudy(
        notice=NOTICE,
        seed=seed,
        tasks=tasks,
        frame=count_frame(settings),
        roster=roster,
        responses=_responses(rng_times, people, background, careless, stops, settings),
        ratings=tuple(_rating_rows(people, tasks, answers)),
        careless={people[row].person_code: kind for row, kind in sorted(careless.items())},
    )


def _choose_respondents(
    rng: np.random.Generator, roster: Sequence[RosterPerson], settings: Mapping[str, Any]
) -> list[RosterPerson]:
    """Return exactly the wanted number of respondents; large districts answer more often.

    The highest values of logit(response rate) + logistic noise answer: a person's chance follows
    the stratum's rate, and the total is fixed.
    """
    import numpy as np

    rates = np.array([settings["strata"][person.stratum]["response_rate"] for person in roster])
    readiness = np.log(rates / (1 - rates)) + rng.logistic(size=len(roster))
    chosen = np.sort(np.argsort(-readiness, kind="stable")[: settings["respondents"]])
    return [roster[position] for position in chosen]


def _background(rng: np.random.Generator, person: RosterPerson, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return a person's true background. What is passed over is taken out later."""
    role = draw_level(rng, settings["strata"][person.stratum]["role"])
    certified = rng.random() < settings["certified_share"][role]
    return {
        "role": role,
        "enrolment": person.stratum,
        "locale": person.locale,
        "region": person.region,
        "years": draw_level(rng, settings["years"]),
        "certified": "yes" if certified else "no",
    }


def _choose_careless(
    rng: np.random.Generator, people: int, settings: Mapping[str, Any]
) -> tuple[dict[int, str], dict[int, int]]:
    """Return who is careless (row to kind) and who breaks off (row to pages answered)."""
    kinds = [kind for kind, n in settings["careless"].items() for _ in range(n)]
    chosen = rng.permutation(people)[: len(kinds) + settings["break_offs"]].tolist()
    careless = dict(zip(chosen[: len(kinds)], kinds, strict=True))
    # Most break-offs come early: after page 1 three times as often as after the last but one.
    pages = rng.choice(PAGES - 1, size=settings["break_offs"], p=_falling_shares(PAGES - 1)) + 1
    return careless, dict(zip(chosen[len(kinds) :], pages.tolist(), strict=True))


def _falling_shares(n: int) -> list[float]:
    """Return n shares that fall evenly from three parts to one part, and sum to 1."""
    parts = [3 - 2 * position / (n - 1) for position in range(n)]
    return [part / sum(parts) for part in parts]


def _responses(
    rng: np.random.Generator,
    people: Sequence[RosterPerson],
    background: Sequence[Mapping[str, str]],
    careless: Mapping[int, str],
    stops: Mapping[int, int],
    settings: Mapping[str, Any],
) -> tuple[SimulatedResponse, ...]:
    """Give every respondent a start, a duration and, unless broken off, a submission."""
    responses = []
    for row, person in enumerate(people):
        started = _start(rng)
        part = stops[row] / PAGES if row in stops else 1.0
        last_saved = started + _duration(rng, settings, careless.get(row), part)
        responses.append(
            SimulatedResponse(
                person_code=person.person_code,
                background=_pass_over(rng, background[row], settings["background_blank_share"]),
                started=started,
                last_saved=last_saved,
                submitted=None if row in stops else last_saved + int(rng.integers(4, 40)),
            )
        )
    return tuple(responses)


def _start(rng: np.random.Generator) -> int:
    """Return a start some days after an invitation or a reminder, within working hours."""
    wave = WAVE_DAYS[rng.choice(len(WAVE_DAYS), p=WAVE_SHARES)]
    days = min(int(rng.exponential(1.6)), 6)
    return (wave + days) * DAY + int(rng.integers(60, WORKING_SECONDS))


def _duration(rng: np.random.Generator, settings: Mapping[str, Any], kind: str | None, part: float) -> int:
    """Return the seconds from start to the last save; ``part`` is the share of pages answered."""
    if kind in {"straight", "fast"}:
        return int(rng.integers(110, 260))
    seconds = 60 * settings["minutes_median"] * float(rng.lognormal(0.0, settings["minutes_spread"]))
    paused = rng.random() < settings["pause_share"]
    pause = int(rng.integers(3_600, 2 * DAY)) if paused else 0
    return int(seconds * part) + pause


def _pass_over(rng: np.random.Generator, answers: Mapping[str, str], share: float) -> dict[str, str]:
    """Leave out each background answer with a small chance."""
    return {code: answer for code, answer in answers.items() if rng.random() >= share}


def _rating_rows(people: Sequence[RosterPerson], tasks: Sequence[DemoTask], answers: Answers) -> Iterator[RatingRow]:
    """Turn the two tables into one row a rating."""
    for person, frequency, importance in zip(people, answers.frequency, answers.importance, strict=True):
        yield from _person_rows(person.person_code, tasks, frequency, importance)


def _person_rows(
    code: str, tasks: Sequence[DemoTask], frequency: NDArray[np.int64], importance: NDArray[np.int64]
) -> Iterator[RatingRow]:
    for task, how_often, how_important in zip(tasks, frequency.tolist(), importance.tolist(), strict=True):
        if how_often != BLANK:
            yield RatingRow(code, task.task_code, "frequency", str(how_often))
        if how_important != BLANK:
            yield RatingRow(code, task.task_code, "importance", str(how_important))
