"""Random orders of everything that can happen between a person's opt-out and a message: a model without a mail server.

Each person goes through the steps of a sender (claim, prepare, hand over, answer) while at a random moment they opt
out, withdraw, are imported again or get another address. What counts as sent is what `begin_hand_over` let through.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from jta import clock, mail
from jta.db import db, transaction
from jta.models.delivery import OutboxMessage, Person, PersonEvent
from jta.services import links, opt_out, sending, waves
from jta.services.delivery_import import merge_roster
from jta.services.delivery_merge import RosterLine, load_stored
from jta.services.outbox import Letter, Words
from jta.services.waves import WavePlan, plan_waves
from tests.services.sending_study import TUESDAY, make_field, people

END = (mail.ACCEPTED, mail.LATER, mail.REFUSED, mail.UNKNOWN)
HOURS = (0, 80, 160, 240)  # of the waves: an invitation and three reminders


class Orders:
    """One play: people, a random source, who has opted out when, and every message that went out after that."""

    def __init__(self, seed: int, count: int) -> None:
        self.random = random.Random(seed)
        self.study, self.dora = make_field([f"p{n}@example.org" for n in range(count)])
        self.people = [person.id for person in people(self.study.id)]
        self.stopped: set[int] = set()
        self.sent = 0
        self.late: list[int] = []

    def play(self) -> Orders:
        """Send an invitation and three reminders in random order with everything else."""
        for number, hours in enumerate(HOURS):
            moment = TUESDAY + timedelta(hours=hours)
            with clock.running_on(lambda now=moment: now):
                self._wave("reminder" if number else "invitation", moment)
        return self

    def _wave(self, kind: str, moment: datetime) -> None:
        plan_waves(self.dora, self.study.id, [WavePlan(kind, moment)])
        self._stop_some(0.05)
        waves.turn_waves()
        while batch := sending.claim("w"):
            self._stop_some(0.02)
            letters = [sending.prepare(one, Words()) for one in batch]
            self._stop_some(0.02)
            self._import_some()
            self.random.shuffle(letters)
            for letter in letters:
                self._hand_over(letter)

    def _hand_over(self, letter: Letter | None) -> None:
        self._stop_some(0.002)
        if letter is None or not sending.begin_hand_over(letter, "w"):
            return
        self.sent += 1
        person_id = db.session.get_one(OutboxMessage, letter.id).person_id
        if person_id in self.stopped:
            self.late.append(person_id)
        if self.random.random() < 0.3:
            self._stop(person_id)  # while it is on its way
        sending.record(letter.id, "w", mail.Reply(self.random.choice(END), "450 4.0.0 so it goes"))

    def _stop_some(self, share: float) -> None:
        for person_id in self.people:
            if self.random.random() < share / 4:
                self._stop(person_id)

    def _stop(self, person_id: int) -> None:
        if person_id in self.stopped:
            return
        if self.random.random() < 0.5:
            opt_out.opt_out(links.row_token("stop", person_id))
        else:
            with transaction():
                db.session.add(PersonEvent(person_id=person_id, kind="withdrew", at=clock.now()))
        self.stopped.add(person_id)

    def _import_some(self) -> None:
        chosen = self.random.sample(self.people, k=min(3, len(self.people)))
        lines = []
        for number, person_id in enumerate(chosen, start=1):
            person = db.session.get_one(Person, person_id)
            lines.append(RosterLine(number, person.code, person.name, f"new{self.random.random()}@example.org"))
        with transaction():
            merge_roster(self.study, load_stored(self.study.id), lines)
