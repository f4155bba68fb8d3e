"""Two tabs with stale pages, in any order: no rating is lost, no stale page blanks a value."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from jta.db import db
from jta.models.response import IdempotencyKey, Rating, RatingChange
from jta.services import response as service
from jta.services.rating_page import build_rating_page
from jta.services.visits import get_visit, load_ratings
from tests.services import saves
from tests.services.study_factory import make_study
from tests.services.test_response_start import start

TABS = (0, 1)


@dataclass
class Tab:
    """What one tab shows: the values its page was shown with, and the radios as they are marked now."""

    seen: dict = field(default_factory=dict)
    marks: dict = field(default_factory=dict)


def build_machine(app: Flask):
    """Return the machine for a database; its respondent begins anew in each run."""
    with app.app_context():
        made = make_study(n_tasks=2, n_domains=1)
        ticket = start(made)
        mark = get_visit(ticket).page_mark
    gate = made.frequency_id
    keys = [(t, s) for t in made.tasks for s in (made.frequency_id, made.importance_id)]
    anchors = {made.frequency_id: made.frequency[:3], made.importance_id: made.importance[:2]}
    never = made.frequency[0]
    choice = st.sampled_from([(key, anchor) for key in keys for anchor in anchors[key[1]]])

    class TwoTabs(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            with app.app_context():
                for table in (Rating, RatingChange, IdempotencyKey):
                    db.session.execute(delete(table))
                db.session.commit()
            self.tabs = [Tab(), Tab()]
            self.number = 0
            self.last: tuple | None = None
            self.acknowledged: dict[tuple, set] = {key: set() for key in keys}

        def now(self) -> dict:
            with app.app_context():
                return {k: (r.anchor_id, r.version) for k, r in load_ratings(ticket.response_id).items()}

        def show(self, tab: Tab, conflicts=()) -> None:
            with app.app_context():
                visit = get_visit(ticket)
                page = build_rating_page(visit.survey, 1, load_ratings(ticket.response_id), conflicts)
            tab.seen, tab.marks = self.now(), dict(page.marks)

        @rule(tab=st.sampled_from(TABS))
        def load(self, tab: int) -> None:
            self.show(self.tabs[tab])

        @rule(tab=st.sampled_from(TABS), chosen=choice)
        def choose(self, tab: int, chosen: tuple) -> None:
            self.tabs[tab].marks[chosen[0]] = chosen[1]

        @rule(tab=st.sampled_from(TABS), stay=st.booleans())
        def send_page(self, tab: int, stay: bool) -> None:
            page, before = self.tabs[tab], self.now()
            with app.app_context():
                saved = saves.save_page(ticket, mark, 1, seen=page.seen, chosen=page.marks)
            changed = {k: a for k, a in page.marks.items() if a != page.seen.get(k, (None, 0))[0]}
            self.check(page.seen, page.marks, changed, before, {c.key for c in saved.conflicts})
            if saved.conflicts:
                self.show(page, saved.conflicts)
            elif not stay:  # else the tab goes back to the page as it was: stale
                self.show(page)

        @rule(tab=st.sampled_from(TABS), chosen=choice)
        def tap(self, tab: int, chosen: tuple) -> None:
            page, before = self.tabs[tab], self.now()
            key, anchor = chosen
            self.number += 1
            self.last = (f"key-{self.number:05}", {k: v for k, v in page.seen.items() if k[0] == key[0]}, {key: anchor})
            with app.app_context():
                self.reply = saves.save_rating(ticket, mark, self.last[0], seen=self.last[1], chosen=self.last[2])
            self.check(
                page.seen,
                {key: anchor},
                {key: anchor},
                before,
                {(c["task"], c["scale"]) for c in self.reply["conflicts"]},
            )
            after = self.now()
            for other in keys:
                if other[0] == key[0] and other in after:
                    page.seen[other] = after[other]
                    page.marks.pop(other, None)
                    if after[other][0] is not None:
                        page.marks[other] = after[other][0]

        @rule()
        def send_the_last_tap_again(self) -> None:
            if self.last is None:
                return
            before = self.now()
            with app.app_context():
                assert (
                    saves.save_rating(ticket, mark, self.last[0], seen=self.last[1], chosen=self.last[2]) == self.reply
                )
            assert self.now() == before

        @rule()
        def submit(self) -> None:
            before = self.now()
            with app.app_context():
                service.submit_response(ticket)
            assert self.now() == before

        def check(self, seen: dict, marks: dict, changed: dict, before: dict, conflicts: set) -> None:
            after = self.now()
            for key in keys:
                was, now = before.get(key, (None, 0)), after.get(key, (None, 0))
                skipped = after.get((key[0], gate), (None, 0))[0] == never and key[1] != gate
                knew = seen.get(key, (None, 0))[1] == was[1]
                if now[0] is None and was[0] is not None:
                    assert knew, "a stale page blanked a rating it had never shown"
                    assert marks.get((key[0], gate)) == never, "blanked without a skip"
                if key in changed:
                    skips_itself = skipped and marks.get((key[0], gate)) == never
                    assert now[0] == changed[key] or key in conflicts or skips_itself, "a choice vanished"
                    if knew and key not in conflicts and not skipped:
                        assert now[0] == changed[key]
                elif not skipped:
                    assert now == was, "a rating changed that nobody changed"
                if key in conflicts:
                    assert now == was, "a conflict was decided without the respondent"
                if now[0] is not None:
                    self.acknowledged[key].add((now[1], now[0]))

        @invariant()
        def every_acknowledged_value_is_stored_or_in_the_history(self) -> None:
            with app.app_context():
                found = select(
                    RatingChange.task_id, RatingChange.scale_id, RatingChange.version, RatingChange.anchor_id
                )
                chain = [tuple(row) for row in db.session.execute(found)]
            chain += [(*key, version, anchor) for key, (anchor, version) in self.now().items()]
            for key in keys:
                own = {(v, a) for t, s, v, a in chain if (t, s) == key}
                assert self.acknowledged[key] <= own
                assert sorted(v for v, _ in own) == list(range(1, len(own) + 1))

    return TwoTabs


@pytest.mark.slow
def test_two_tabs_never_lose_or_blank_a_rating(app):
    run_state_machine_as_test(
        build_machine(app),
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
