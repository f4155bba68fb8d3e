"""Designing matrix sampling: plain functions, no database. Blocks, forms, and what to expect of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

CORE = "core"
MOST_BLOCKS = 12
FEWEST_RATINGS = 30  # a mean of fewer is too uncertain to rank tasks by


@dataclass(frozen=True)
class DesignTask:
    """A task as the design needs it: its content domain decides how the blocks are mixed."""

    id: int
    domain: str


def deal_blocks(tasks: Sequence[DesignTask], n_blocks: int, n_core: int = 0) -> dict[int, str]:
    """Deal tasks out to blocks so that each block has the same mix of domains; return the block of each task by id.

    Core tasks are taken evenly spread over the list. The others go round the blocks in the order of the inventory,
    the round going on from one domain to the next: within a domain, and over all, blocks differ by at most one task.

    >>> deal_blocks([DesignTask(n, "1") for n in range(5)], 2)
    {0: 'B1', 1: 'B2', 2: 'B1', 3: 'B2', 4: 'B1'}
    """
    core = _spread(len(tasks), n_core)
    found, turn = {}, 0
    for place, task in enumerate(tasks):
        if place in core:
            found[task.id] = CORE
        else:
            found[task.id] = f"B{turn % n_blocks + 1}"
            turn += 1
    return found


def _spread(count: int, chosen: int) -> set[int]:
    """Places of ``chosen`` of ``count`` tasks, evenly spread."""
    return {(2 * n + 1) * count // (2 * chosen) for n in range(chosen)} if chosen else set()


def plan_forms(n_blocks: int, per_form: int) -> list[tuple[str, ...]]:
    """Return the forms: each a set of blocks, every block on equally many of them, every pair together if it can be.

    Forms go round: the first is shifted by one block again and again. Of all first forms the one whose shifts bring
    most pairs together is taken; a second round is added while pairs are left.

    >>> plan_forms(3, 2)
    [('B1', 'B2'), ('B2', 'B3'), ('B1', 'B3')]
    >>> len(plan_forms(7, 3)), unlinked_pairs(plan_forms(7, 3), 7)
    (7, 0)
    """
    if per_form >= n_blocks:
        return [tuple(f"B{n + 1}" for n in range(n_blocks))]
    missing = {frozenset(pair) for pair in combinations(range(n_blocks), 2)}
    forms: list[frozenset[int]] = []
    while True:
        best = max(
            (_round(first, n_blocks) for first in combinations(range(n_blocks), per_form) if first[0] == 0),
            key=lambda turn: len(_pairs(turn) & missing),
        )
        gained = _pairs(best) & missing
        if forms and not gained:
            break
        forms += best
        missing -= gained
        if not missing or not gained:
            break
    return [tuple(f"B{n + 1}" for n in sorted(form)) for form in forms]


def _round(first: Sequence[int], n_blocks: int) -> list[frozenset[int]]:
    turns = [frozenset((n + shift) % n_blocks for n in first) for shift in range(n_blocks)]
    return list(dict.fromkeys(turns))


def _pairs(forms: Sequence[frozenset[int]]) -> set[frozenset[int]]:
    return {frozenset(pair) for form in forms for pair in combinations(sorted(form), 2)}


def unlinked_pairs(forms: Sequence[Sequence[str]], n_blocks: int) -> int:
    """Return how many pairs of blocks never stand on one form."""
    together = {frozenset(pair) for form in forms for pair in combinations(sorted(form), 2)}
    names = [f"B{n + 1}" for n in range(n_blocks)]
    return sum(frozenset(pair) not in together for pair in combinations(names, 2))


def are_linked(forms: Sequence[Sequence[str]]) -> bool:
    """Say whether all forms hang together through blocks they share, directly or over other forms."""
    if not forms:
        return True
    reached, waiting = {0}, [0]
    while waiting:
        here = set(forms[waiting.pop()])
        for n, other in enumerate(forms):
            if n not in reached and here & set(other):
                reached.add(n)
                waiting.append(n)
    return len(reached) == len(forms)


@dataclass(frozen=True)
class Assumptions:
    """What the expectations rest on.

    ``sample`` people are invited, ``completion`` (0 to 1) of them finish. ``sd`` and ``mean`` of a rating are on the
    scale's own numbers; use those of a pilot or of an earlier study where there are any.
    """

    sample: int = 300
    completion: float = 0.5
    sd: float = 1.0
    mean: float = 3.0
    scales: int = 2
    seconds_per_rating: int = 7
    seconds_rest: int = 60

    @property
    def responses(self) -> int:
        """Responses to expect."""
        return math.floor(self.sample * self.completion)


@dataclass(frozen=True)
class BlockExpectation:
    """One block: how many tasks, on how many forms, how many ratings each task gets, standard error of a task mean."""

    code: str
    tasks: int
    forms: int
    ratings: int
    standard_error: float | None


@dataclass(frozen=True)
class Expectation:
    """What a design brings. Minutes are for one person on the longest form; shares are 0 to 1."""

    blocks: tuple[BlockExpectation, ...]
    tasks_per_person: int
    minutes: int
    minutes_without: int
    weight_errors: Mapping[str, float]
    warnings: tuple[str, ...]


def expect(tasks: Sequence[DesignTask], block_of: Mapping[int, str], forms: Sequence[Sequence[str]],
           assumed: Assumptions) -> Expectation:  # fmt: skip
    """Return ratings per task, minutes per person and standard errors of a design.

    Standard error of a task mean: sd / sqrt(n). Standard error of a domain weight w_d, the domain's share of the sum of
    all task means, by the delta method with ratings independent between tasks:
    sqrt(sum over tasks of ((1 if the task is in d else 0) - w_d)^2 sd^2 / n_t) / (number of tasks * mean).
    Differences between persons that move all tasks alike cancel in a share, which is why they are left out.
    """
    sizes = {code: sum(block == code for block in block_of.values()) for code in sorted(set(block_of.values()))}
    counts = {code: _ratings(code, forms, assumed.responses) for code in sizes}
    rows = tuple(
        BlockExpectation(
            code, size, len(forms) if code == CORE else sum(code in form for form in forms), counts[code],
            assumed.sd / math.sqrt(counts[code]) if counts[code] else None,
        )
        for code, size in sizes.items()
    )  # fmt: skip
    longest = max((sum(sizes.get(code, 0) for code in {*form, CORE}) for form in forms), default=len(tasks))
    return Expectation(
        rows, longest, _minutes(longest, assumed), _minutes(len(tasks), assumed),
        _weight_errors(tasks, {task.id: counts[block_of[task.id]] for task in tasks}, assumed),
        tuple(_warnings(rows, forms, has_core=CORE in sizes)),
    )  # fmt: skip


def _ratings(code: str, forms: Sequence[Sequence[str]], responses: int) -> int:
    """Fewest ratings that a task of the block gets when forms are used equally often, give or take one."""
    if not forms or code == CORE:
        return responses
    return responses * sum(code in form for form in forms) // len(forms)


def _minutes(tasks: int, assumed: Assumptions) -> int:
    return math.ceil((tasks * assumed.scales * assumed.seconds_per_rating + assumed.seconds_rest) / 60)


def _weight_errors(tasks: Sequence[DesignTask], n: Mapping[int, int], assumed: Assumptions) -> dict[str, float]:
    if not tasks or not all(n.values()):
        return {}
    errors = {}
    for domain in dict.fromkeys(task.domain for task in tasks):
        weight = sum(task.domain == domain for task in tasks) / len(tasks)
        variance = sum(((task.domain == domain) - weight) ** 2 * assumed.sd**2 / n[task.id] for task in tasks)
        errors[domain] = math.sqrt(variance) / (len(tasks) * assumed.mean)
    return errors


def _warnings(rows: Sequence[BlockExpectation], forms: Sequence[Sequence[str]], *, has_core: bool) -> list[str]:
    found = []
    few = [row for row in rows if row.ratings < FEWEST_RATINGS]
    if few:
        names = ", ".join(row.code for row in few)
        found.append(
            f"Tasks of {names} would get fewer than {FEWEST_RATINGS} ratings. Invite more people or use fewer blocks."
        )
    if forms and not has_core and not are_linked(forms):
        found.append("Some forms share no block, and there is no core block: their ratings cannot be compared.")
    elif forms and not has_core and all(len(form) == 1 for form in forms):
        found.append("Each person sees one block only. A core block would tie the forms together.")
    return found
