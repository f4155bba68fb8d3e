"""The simulated roster: invented people in invented districts, with addresses at example.org.

One person is invited for each district. The districts' names are meant to be seen through ("Imaginary
Falls Community Schools"), so that nobody takes a picture of the demo for a real study.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jta.demo.content import load_json

if TYPE_CHECKING:
    import numpy as np

DISTRICT_KINDS = {
    "city": "City Schools",
    "suburb": "Unified School District",
    "town": "Community Schools",
    "rural": "Consolidated Schools",
}


class RosterPerson(NamedTuple):
    """One invited person: the columns of a roster import."""

    person_code: str
    name: str
    email: str
    organization: str
    stratum: str
    locale: str
    region: str


class FrameCount(NamedTuple):
    """How many districts of the invented frame fall on one level of one variable."""

    variable: str
    level: str
    districts: int


def invite_people(rng: np.random.Generator, settings: Mapping[str, Any]) -> tuple[RosterPerson, ...]:
    """Return the roster: the invited number of people of each stratum, in mixed order."""
    strata = settings["strata"]
    invited = [code for code in strata for _ in range(strata[code]["invited"])]
    words = load_json("names.json")
    names = _pairs(rng, words["given_names"], words["family_names"], len(invited))
    districts = _pairs(rng, words["district_words"], words["district_places"], len(invited))
    people = []
    for number, position in enumerate(rng.permutation(len(invited))):
        stratum = invited[position]
        locale = draw_level(rng, strata[stratum]["locale"])
        people.append(
            RosterPerson(
                person_code=f"P{number + 1:04d}",
                name=names[number],
                email=f"{names[number].lower().replace(' ', '.')}@example.org",
                organization=f"{districts[number]} {DISTRICT_KINDS[locale]}",
                stratum=stratum,
                locale=locale,
                region=draw_level(rng, settings["region"]),
            )
        )
    return tuple(people)


def draw_level(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    """Return one level of a variable, drawn with the given shares (they sum to 1)."""
    levels = list(shares)
    return levels[rng.choice(len(levels), p=list(shares.values()))]


def _pairs(rng: np.random.Generator, first: list[str], second: list[str], n: int) -> list[str]:
    """Return ``n`` different pairs of words; there must be at least ``n`` of them."""
    every = [f"{one} {other}" for one in first for other in second]
    return [every[position] for position in rng.choice(len(every), size=n, replace=False)]


def count_frame(settings: Mapping[str, Any]) -> tuple[FrameCount, ...]:
    """Return the frame's counts by stratum, locale and region; each variable sums to the same total."""
    strata = settings["strata"]
    total = sum(entry["frame"] for entry in strata.values())
    locale = {
        level: sum(entry["frame"] * entry["locale"][level] for entry in strata.values()) for level in DISTRICT_KINDS
    }
    region = {level: share * total for level, share in settings["region"].items()}
    counts = [FrameCount("enrolment", code, entry["frame"]) for code, entry in strata.items()]
    for variable, levels in (("locale", locale), ("region", region)):
        counts += [FrameCount(variable, level, n) for level, n in _whole(levels, total).items()]
    return tuple(counts)


def _whole(counts: Mapping[str, float], total: int) -> dict[str, int]:
    """Round counts to whole districts; the largest one takes what rounding leaves over."""
    whole = {level: round(count) for level, count in counts.items()}
    whole[max(whole, key=whole.__getitem__)] += total - sum(whole.values())
    return whole
