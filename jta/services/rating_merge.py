"""What a save changes: the answers on a page meet the answers in the database. Pure rules, no database.

Four rules. (1) Only an answer that differs from what its page was shown with is a change; blank never is.
(2) A change counts if nobody changed the same rating since that page was shown; else the stored value stays
and both are reported. (3) "I do not perform this task" takes back the other ratings of the card; their values
stay in the history. (4) It does so only for ratings its page knew of: one that was made elsewhere since is a
conflict, not a victim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jta.services.survey_pages import NOT_RATED, Key, Ratings, Stored, Survey

Seen = Mapping[Key, Stored]  # what the page was shown with; a rating not in it was unanswered, version 0
Chosen = Mapping[Key, int]  # the anchors marked on the page


@dataclass(frozen=True)
class Write:
    """One rating to be written: the new anchor (None = taken back), over the stored one."""

    key: Key
    anchor_id: int | None
    before: Stored

    @property
    def version(self) -> int:
        """Version that the rating gets."""
        return self.before.version + 1


@dataclass(frozen=True)
class Conflict:
    """One rating changed here and elsewhere: what is stored (None = taken back) and what was chosen here."""

    key: Key
    stored: int | None
    chosen: int


@dataclass
class Merge:
    """What is to be written, and what cannot be decided without the respondent."""

    writes: list[Write] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def merge(survey: Survey, stored: Ratings, seen: Seen, chosen: Chosen, *, explicit: bool = False) -> Merge:
    """Return what the answers chosen on a page change.

    Parameters
    ----------
    survey : Survey
        The instrument, for its skip rule.
    stored : mapping of (task id, scale id) to Stored
        The ratings as they stand; none for an unanswered one.
    seen : mapping of (task id, scale id) to Stored
        The same as the page was shown with.
    chosen : mapping of (task id, scale id) to anchor id
        The anchors marked on the page; blank ones are left out.
    explicit : bool
        Whether each answer was just tapped, so that it is a change even where it equals what was shown.
    """
    result = Merge()
    for task_id in dict.fromkeys(task for task, _ in chosen):
        _Card(survey, stored, seen, chosen, explicit, task_id, result).merge()
    return result


@dataclass
class _Card:
    survey: Survey
    stored: Ratings
    seen: Seen
    chosen: Chosen
    explicit: bool
    task_id: int
    result: Merge

    def merge(self) -> None:
        if self._skips(self._merge_gate()):
            self._complete_as_not_performed()
        else:
            for key in self._other_keys():
                self._merge_one(key)

    def _other_keys(self) -> list[Key]:
        return [(self.task_id, scale.id) for scale in self.survey.scales if not scale.is_gate]

    def _skips(self, anchor_id: int | None) -> bool:
        return anchor_id in self.survey.not_performed

    def _merge_gate(self) -> int | None:
        """Deal with the scale that opens the card; return the anchor that stands afterwards."""
        gate = self.survey.gate
        if gate is None:
            return None
        key = (self.task_id, gate.id)
        if self._is_change(key) and self._skips(self.chosen[key]) and self._others_made_elsewhere():
            self._conflict(key)
        else:
            self._merge_one(key)
        written = [w.anchor_id for w in self.result.writes if w.key == key]
        return written[0] if written else self.stored.get(key, NOT_RATED).anchor_id

    def _is_change(self, key: Key) -> bool:
        chosen = self.chosen.get(key)
        if chosen is None:
            return False
        return self.explicit or chosen != self.seen.get(key, NOT_RATED).anchor_id

    def _others_made_elsewhere(self) -> bool:
        """Whether a rating that would be taken back is one this page did not know."""
        return any(
            now.anchor_id is not None and now.version != self.seen.get(key, NOT_RATED).version
            for key in self._other_keys()
            if (now := self.stored.get(key, NOT_RATED))
        )

    def _merge_one(self, key: Key) -> None:
        now = self.stored.get(key, NOT_RATED)
        if not self._is_change(key) or now.anchor_id == self.chosen[key]:
            return
        if now.version == self.seen.get(key, NOT_RATED).version:
            self.result.writes.append(Write(key, self.chosen[key], now))
        else:
            self._conflict(key)

    def _complete_as_not_performed(self) -> None:
        """Take the other ratings back; report those chosen on a page that did not know of the skip."""
        gate = self.survey.gate
        knows = gate is not None and self._skips(self.chosen.get((self.task_id, gate.id)))
        for key in self._other_keys():
            now = self.stored.get(key, NOT_RATED)
            if not knows and self._is_change(key):
                self._conflict(key)
            if now.anchor_id is not None:
                self.result.writes.append(Write(key, None, now))

    def _conflict(self, key: Key) -> None:
        self.result.conflicts.append(Conflict(key, self.stored.get(key, NOT_RATED).anchor_id, self.chosen[key]))
