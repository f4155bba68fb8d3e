"""Proposing a crosswalk: what became of each former statement, by likeness of wording. Plain texts only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from jta.imports.text import fold
from jta.services.statement_similarity import Alike, match_lists

CLEAR = 0.5  # score from which two statements are taken for the same work
CANDIDATES = 5


@dataclass(frozen=True)
class Proposal:
    """What became of a former statement; places in the two lists, None for "new" and "retired"."""

    former: int | None
    present: int | None
    relation: str
    score: float | None = None


def plain_wording(statement: str) -> str:
    """Return the form in which two wordings count as the same: case, spaces, hidden letters and end stop aside."""
    return fold(statement).rstrip(" .;")


def propose(former: Sequence[str], present: Sequence[str]) -> list[Proposal]:
    """Return a proposal for every statement of both lists, in the order of the former list, new ones last.

    Each statement goes to its most alike one, the clearest pairs first. A former one that another present one is alike
    to as well is split; one whose present one is taken already is merged into it.
    """
    pairs = _same_first(former, present)
    partner: dict[int, list[Alike]] = defaultdict(list)
    taken: dict[int, list[int]] = defaultdict(list)
    for pair in pairs:
        if pair.score >= CLEAR and not partner[pair.one] and not taken[pair.other]:
            partner[pair.one].append(pair)
            taken[pair.other].append(pair.one)
    for pair in pairs:
        free_former, free_present = not partner[pair.one], not taken[pair.other]
        if pair.score >= CLEAR and free_former != free_present:
            partner[pair.one].append(pair)
            taken[pair.other].append(pair.one)
    found = []
    for place in range(len(former)):
        found += _of_former(place, partner[place], taken, former, present)
    found += [Proposal(None, place, "new") for place in range(len(present)) if not taken[place]]
    return found


def _same_first(former: Sequence[str], present: Sequence[str]) -> list[Alike]:
    """Return the pairs across both lists, those of the same wording first whatever their score."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, statement in enumerate(present):
        places[plain_wording(statement)].append(place)
    same = [Alike(one, other, 1.0) for one, s in enumerate(former) for other in places.get(plain_wording(s), [])]
    known = {(pair.one, pair.other) for pair in same}
    return same + [pair for pair in match_lists(former, present) if (pair.one, pair.other) not in known]


def _of_former(
    place: int, pairs: Sequence[Alike], taken: dict[int, list[int]], former: Sequence[str], present: Sequence[str]
) -> list[Proposal]:
    if not pairs:
        return [Proposal(place, None, "retired")]
    if len(pairs) > 1:
        return [Proposal(place, pair.other, "split", pair.score) for pair in sorted(pairs, key=lambda p: p.other)]
    pair = pairs[0]
    if len(taken[pair.other]) > 1:
        return [Proposal(place, pair.other, "merged", pair.score)]
    same = plain_wording(former[place]) == plain_wording(present[pair.other])
    return [Proposal(place, pair.other, "same" if same else "reworded", pair.score)]


def candidates(statement: str, present: Sequence[str]) -> list[Alike]:
    """Return the present statements most alike to a former one, the best first."""
    return match_lists([statement], present, least=0.1)[:CANDIDATES]
