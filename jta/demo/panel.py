"""The panel of the demo study: twelve invented experts, their rounds, a focus group; everything is simulated.

It goes the way people go: roster, links, statements, rounds answered and decided through the same services. What the
panelists say is drawn from fixed chances, so that every demo tells the same story.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from jta.audit import Actor
from jta.models.panel import Panelist, Round, RoundItem
from jta.models.study import Study
from jta.services import panel, panel_answers, panel_composition, panel_decisions, panel_meetings, panel_rounds
from jta.services import panel_statements as statements
from jta.services import panel_themes as themes
from jta.services.inventory_knowledge import KnowledgeWords, add_knowledge
from jta.services.panel_answers import Sheet, Typed, load_items
from jta.services.panel_apply import Wish
from jta.services.panel_kinds import KINDS
from jta.services.panel_results import Line
from jta.services.panel_rounds import RoundPlan
from jta.services.panel_visits import BY_LINK, PanelTicket, get_visit

SEED = 2026
Clock = Callable[[datetime], AbstractContextManager[None]]
Answers = Callable[[int, list[RoundItem]], dict[str, Typed]]


def load_content() -> dict[str, Any]:
    """Return the invented panel as plain values."""
    content: dict[str, Any] = json.loads((Path(__file__).parent / "panel.json").read_text(encoding="utf-8"))
    return content


def seed_panel(director: Actor, study: Study, begun: datetime, at: Clock) -> None:
    """Give a study a finished panel history that begins at a moment; ``at`` sets the clock.

    It takes twelve simulated days: roster and focus group, then review, two rounds of points, linkage, levels.
    """
    story = _Story(director, study.id, load_content(), begun, at)
    story.gather()
    story.meet()
    story.review()
    story.weigh()
    story.link()
    story.levels()
    story.conclude()


class _Story:
    """The steps of the history, each at its own day."""

    def __init__(self, director: Actor, study_id: int, content: dict[str, Any], begun: datetime, at: Clock) -> None:
        self._director, self._study_id, self._content = director, study_id, content
        self._begun, self._at = begun, at
        self._random = Random(SEED)  # noqa: S311  simulated  a fixed story, no secret
        self._people: list[Panelist] = []

    def _day(self, days: float) -> AbstractContextManager[None]:
        return self._at(self._begun + timedelta(days=days))

    def gather(self) -> None:
        """Put the panel together: people, target, links, signatures."""
        with self._day(0):
            for name, role, region, size, years, expert in self._content["people"]:
                email = f"{name.split()[0].lower()}@panel.example.org"
                details = panel.PanelistDetails(name, email, "Simulated district", role, expert, region, size, years)
                panel.add_panelist(self._director, self._study_id, details)
            rows = [panel_composition.TargetRow(*row) for row in self._content["targets"]]
            seen = panel_composition.targets_state(self._study_id)
            panel_composition.save_targets(self._director, self._study_id, rows, seen=seen)
            panel.make_panel_links(self._director, self._study_id)
        self._people = panel.list_panelists(self._study_id)
        with self._day(0.5):
            for person in self._people:
                hashes = {text.kind: text.text_hash for text in statements.unsigned(person)}
                declared = self._content["declared"].get(person.name, "")
                statements.sign(person.id, statements.Signing(person.name, declared, hashes, frozenset(hashes)))

    def meet(self) -> None:
        """Hold the focus group: themes, KSAs that came from it, coded notes."""
        with self._day(1):
            known = {}
            for code, title, description in self._content["themes"]:
                theme = themes.add_theme(
                    self._director, self._study_id, code=code, title=title, description=description
                )
                known[code] = theme.id
            for code, kind, statement, _ in self._content["ksas"]:
                words = KnowledgeWords(statement, kind, "Focus group (simulated)")
                add_knowledge(self._director, self._study_id, code=code, words=words)
            small = [person.id for person in self._people if person.district_size.startswith("Under")]
            words = panel_meetings.MeetingWords(
                "focus group", held_on=self._begun.date() + timedelta(days=1), participants=frozenset(small),
                **self._content["session"],
            )  # fmt: skip
            session = panel_meetings.add_meeting(self._director, self._study_id, words)
            for text, is_quote, codes, ksas in self._content["notes"]:
                note = panel_meetings.NoteWords(text, is_quote, frozenset(known[code] for code in codes), tuple(ksas))
                panel_meetings.add_note(self._director, self._study_id, session.id, note)

    def review(self) -> None:
        """Review every task statement: some get the panel's wording, the others stay, if need be with a reason."""
        one = self._round("review", 2, self._review_answers)
        with self._day(4):
            for row in panel_decisions.load_decisions(one).open_rows:
                line = row.line
                if line is None or row.suggestion:
                    continue
                wish = self._review_wish(row.item, line)
                panel_decisions.decide(self._director, self._study_id, one.id, row.subject, wish)
        self._decide(one, 4)

    @staticmethod
    def _review_wish(item: RoundItem, line: Line) -> Wish:
        votes, n = line.counts, line.n
        if line.wordings and item.task is not None and votes.get("revise", 0) > n / 2:
            said = f"{votes['revise']} of {n} would reword it, and agree on the words (simulated)."
            return Wish("reword", said, wording=line.wordings[0], task_version=item.task.version)
        said = f"{votes.get('keep', 0)} of {n} would keep the wording; the survey shows the field's view (simulated)."
        return Wish("keep", said)

    def _review_answers(self, person: int, items: list[RoundItem]) -> dict[str, Typed]:
        found = {}
        for item in items:
            value = self._random.choices(["keep", "revise", "drop"], [90, 8, 2])[0]
            comment = self._random.choice(self._content["comments"]) if value != "keep" else ""
            found[str(item.id)] = Typed(value, "", comment)
            if item.code in self._content["rewordings"] and person % 3:
                found[str(item.id)] = Typed("revise", *self._content["rewordings"][item.code])
        return found

    def weigh(self) -> None:
        """Spread 100 points over the domains, then again with the first round in sight."""
        first = self._round("weights", 4, self._points(8))
        with self._day(5.5):
            panel_decisions.decide_clear(
                self._director, self._study_id, first.id, reason="First round; asked again.", seen=len(first.items)
            )
        self._close_out(first, 5.5)
        second = self._round("weights", 6, self._points(3), title="Holistic weights, round 2", former_id=first.id)
        self._decide(second, 7)

    def _points(self, spread: int) -> Answers:
        wanted = self._content["weights"]

        def answers(_person: int, items: list[RoundItem]) -> dict[str, Typed]:
            points = [max(5, round(self._random.gauss(wanted.get(item.code, 10), spread))) for item in items]
            points[-1] = 100 - sum(points[:-1])
            return {str(item.id): Typed(str(p)) for item, p in zip(items, points, strict=True)}

        return answers

    def link(self) -> None:
        """Link tasks and KSAs."""
        one = self._round("linkage", 7, self._links)
        self._decide(one, 9)

    def _links(self, _person: int, items: list[RoundItem]) -> dict[str, Typed]:
        places = {code: subdomains for code, _, _, subdomains in self._content["ksas"]}
        ksas = [item for item in items if item.kind == "knowledge"]
        found = {}
        for task in items:
            for ksa in ksas if task.kind == "task" else ():
                near = task.code.rsplit(".", 1)[0] in places.get(ksa.code, ())
                # What is no KSA of one place runs through the whole list.
                chances = [1, 4, 7] if near else [6, 3, 1] if ksa.code not in places else [17, 2, 1]
                value = self._random.choices(["0", "1", "2"], chances)[0]
                found[f"{task.id}-{ksa.id}"] = Typed(value)
        return found

    def levels(self) -> None:
        """Say at which level of thinking each task should be tested."""
        one = self._round("level", 9, self._level_answers)
        with self._day(11):
            for row in panel_decisions.load_decisions(one).open_rows:
                if row.suggestion is None:
                    wish = Wish("set", "No majority; the middle level (simulated).", value="application")
                    panel_decisions.decide(self._director, self._study_id, one.id, row.subject, wish)
        self._decide(one, 11)

    def _level_answers(self, _person: int, items: list[RoundItem]) -> dict[str, Typed]:
        codes = ("recall", "application", "analysis")
        found = {}
        for item in items:
            # The same for everybody: what the task is about. The rest is the panelist's own.
            common = Random(f"{SEED} {item.code}").choices(codes, self._content["levels"][item.code[0]])[0]  # noqa: S311  simulated
            found[str(item.id)] = Typed(common if self._random.random() < 0.7 else self._random.choice(codes))
        return found

    def conclude(self) -> None:
        """Write what the last meeting decided."""
        words = self._content["decision"]
        with self._day(12):
            themes.log_decision(
                self._director, self._study_id, decided=words["decided"], vote=themes.Vote(*words["votes"]),
                reason=words["reason"],
            )  # fmt: skip

    def _round(self, kind: str, day: float, answers: Answers, **plan: Any) -> Round:
        """Make a round, let everybody answer it, close it and show the panel what came out."""
        words = {"title": KINDS[kind].label, "instructions": KINDS[kind].instructions, **plan}
        with self._day(day):
            one = panel_rounds.create_round(self._director, self._study_id, kind, RoundPlan(**words))
            panel_rounds.open_round(self._director, self._study_id, one.id)
        items = load_items(one.id)
        for number, person in enumerate(self._people):
            with self._day(day + 0.2 + number / 20):
                self._answer(person, one, answers(number, items))
        with self._day(day + 1.2):
            panel_rounds.close_round(self._director, self._study_id, one.id)
            panel_rounds.release_results(self._director, self._study_id, one.id)
        return one

    @staticmethod
    def _answer(person: Panelist, one: Round, typed: dict[str, Typed]) -> None:
        ticket = PanelTicket(person.id, person.link_generation, BY_LINK)
        mark = get_visit(ticket, None).page_mark
        panel_answers.save_answers(ticket, None, one.id, Sheet(mark, typed, {}))
        panel_answers.finish_round(ticket, None, one.id, mark)

    def _decide(self, one: Round, day: float) -> None:
        """Decide what the panel was clear on, and say that the round is done."""
        with self._day(day):
            clear = panel_decisions.load_decisions(one).clear_rows
            panel_decisions.decide_clear(
                self._director, self._study_id, one.id, reason="As the panel said (simulated).", seen=len(clear)
            )
        self._close_out(one, day)

    def _close_out(self, one: Round, day: float) -> None:
        with self._day(day + 0.1):
            panel_decisions.finish_decisions(self._director, self._study_id, one.id)
