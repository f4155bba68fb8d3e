"""How a simulated respondent rates: who performs a task, how often, and how important it is.

Every task has a true importance, a true frequency among performers and a true share of performers
(``truth.csv``). A person departs from these by role and district size (shifts by subdomain), by
severity, by activity and by breadth of the job, and by chance. See ``docs/demo-study.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jta.demo.content import FOLDER, DemoTask, read_csv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLANK = -1
NOT_PERFORMED = 0
TASKS_PER_PAGE = 10
PAGES = 10


@dataclass(frozen=True)
class Truth:
    """The true values of the tasks, each an array with one number a task."""

    importance: NDArray[np.float64]
    frequency: NDArray[np.float64]
    performing: NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Ratings as two tables, respondents by tasks: the number of the anchor, ``BLANK`` where none."""

    frequency: NDArray[np.int64]
    importance: NDArray[np.int64]


def load_truth(tasks: Sequence[DemoTask]) -> Truth:
    """Return the true values in the order of ``tasks``."""
    import numpy as np

    rows = {row["task_code"]: row for row in read_csv(FOLDER / "truth.csv")}

    def column(name: str) -> NDArray[np.float64]:
        return np.array([float(rows[task.task_code][name]) for task in tasks])

    return Truth(column("importance"), column("frequency"), column("performing"))


def rate_honestly(
    rng: np.random.Generator,
    tasks: Sequence[DemoTask],
    background: Sequence[Mapping[str, str]],
    settings: Mapping[str, Any],
) -> Answers:
    """Return the ratings of people who read each task and answer it.

    Parameters
    ----------
    rng : Generator
    tasks : sequence of DemoTask, length T
    background : sequence of mappings with "role" and "enrolment", length R
    settings : the content of ``population.json``

    Returns
    -------
    Answers, R x T; importance is ``BLANK`` wherever frequency is ``NOT_PERFORMED``
    """
    import numpy as np

    truth, spread = load_truth(tasks), settings["spread"]
    people, size = len(background), (len(background), len(tasks))

    def shift(what: str) -> NDArray[np.float64]:
        return _shifts(tasks, background, settings, what)

    def person(scale: float) -> NDArray[np.float64]:
        return rng.normal(0.0, scale, size=(people, 1))

    breadth = np.log(truth.performing / (1 - truth.performing)) + shift("performing") + person(spread["breadth"])
    performs = rng.random(size) < 1 / (1 + np.exp(-breadth))
    habit = shift("frequency") + person(spread["activity"]) + rng.normal(0.0, spread["frequency_noise"], size)
    frequency = _to_anchor(truth.frequency + habit)
    opinion = shift("importance") + person(spread["severity"]) + rng.normal(0.0, spread["importance_noise"], size)
    importance = _to_anchor(truth.importance + opinion + spread["importance_per_frequency"] * habit)
    return _apply_skip_rule(Answers(np.where(performs, frequency, NOT_PERFORMED), importance))


def _shifts(
    tasks: Sequence[DemoTask], background: Sequence[Mapping[str, str]], settings: Mapping[str, Any], what: str
) -> NDArray[np.float64]:
    """Return how role and district size move each person on each task, R x T."""
    import numpy as np

    roles, sizes = settings["role_effects"], settings["size_effects"]
    rows = []
    for person in background:
        by_role, by_size = roles[person["role"]][what], sizes[person["enrolment"]][what]
        rows.append([by_role.get(t.subdomain_code, 0.0) + by_size.get(t.subdomain_code, 0.0) for t in tasks])
    return np.array(rows)


def _to_anchor(latent: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round to the nearest of the anchors 1 to 5."""
    import numpy as np

    return np.clip(np.rint(latent), 1, 5).astype(np.int64)


def _apply_skip_rule(answers: Answers) -> Answers:
    """Importance does not apply to a task that is not performed."""
    import numpy as np

    importance = np.where(answers.frequency == NOT_PERFORMED, BLANK, answers.importance)
    return Answers(answers.frequency, importance)


def make_careless(rng: np.random.Generator, answers: Answers, careless: Mapping[int, str]) -> Answers:
    """Replace the ratings of careless people; ``careless`` maps the row to the kind.

    "straight" gives one anchor to all tasks of a scale, "random" any anchor, "fast" an honest
    rating made hastily (one time in three the neighbouring anchor).
    """
    frequency, importance = answers.frequency.copy(), answers.importance.copy()
    for row, kind in careless.items():
        width = frequency.shape[1]
        if kind == "straight":
            frequency[row], importance[row] = rng.integers(2, 5), rng.integers(4, 6)
        elif kind == "random":
            frequency[row], importance[row] = rng.integers(0, 6, width), rng.integers(1, 6, width)
        else:
            importance[row] = _shake(rng, importance[row])
    return _apply_skip_rule(Answers(frequency, importance))


def _shake(rng: np.random.Generator, ratings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move one rating in three to a neighbouring anchor; blanks stay blank."""
    import numpy as np

    step = rng.choice([-1, 0, 0, 0, 0, 1], size=ratings.shape)
    return np.where(ratings == BLANK, BLANK, np.clip(ratings + step, 1, 5))


def leave_gaps(
    rng: np.random.Generator, answers: Answers, settings: Mapping[str, Any], stops: Mapping[int, int]
) -> Answers:
    """Blank what was passed over, and all that comes after the page where a person stopped.

    ``stops`` maps a row to the number of pages answered before the break-off.
    """
    import numpy as np

    passed = rng.random(answers.frequency.shape) < settings["blank_task_share"]
    for row, pages in stops.items():
        passed[row, pages * TASKS_PER_PAGE :] = True
    unsure = passed | (rng.random(passed.shape) < settings["blank_importance_share"])
    return Answers(
        np.where(passed, BLANK, answers.frequency),
        np.where(unsure, BLANK, answers.importance),
    )
