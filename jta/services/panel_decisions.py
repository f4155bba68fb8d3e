"""Decisions after a round: the list the director works through; what is accepted changes the inventory in one act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jta import clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.panel import Proposal, Round, RoundDecision, RoundItem
from jta.services.panel_apply import Wish, apply_wish
from jta.services.panel_kinds import CONSENSUS, KINDS
from jta.services.panel_results import Line, RoundResults, list_proposals, load_results
from jta.services.panel_rounds import locked_round, record_round
from jta.services.study_stage import lock_study

CVI_CUT = 0.78  # Polit & Beck 2006
LONGEST = 4000


@dataclass(frozen=True)
class Row:
    """One thing to decide: an item with what the panel said, or a proposal; with the decision that stands."""

    item: RoundItem
    line: Line | None = None
    proposal: Proposal | None = None
    standing: RoundDecision | None = None
    suggestion: tuple[str, dict[str, Any]] | None = None

    @property
    def subject(self) -> str:
        """What a form calls it."""
        return f"proposal-{self.proposal.id}" if self.proposal else f"item-{self.item.id}"

    @property
    def is_open(self) -> bool:
        """Whether it still has to be decided."""
        return self.standing is None and (self.line is None or self.line.live)


@dataclass
class DecisionList:
    """Everything to decide in a round."""

    results: RoundResults
    rows: list[Row] = field(default_factory=list)

    @property
    def open_rows(self) -> list[Row]:
        """What is still undecided."""
        return [row for row in self.rows if row.is_open]

    @property
    def clear_rows(self) -> list[Row]:
        """What is undecided although the panel was clear, so that it can be decided at once."""
        return [row for row in self.open_rows if row.suggestion]

    def find(self, subject: str) -> Row:
        """Return a row by what a form calls it.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        found = next((row for row in self.rows if row.subject == subject), None)
        if found is None:
            raise NotFoundError
        return found


def load_decisions(one: Round) -> DecisionList:
    """Return the decision list of a round, in the order of the inventory."""
    results = load_results(one)
    standing = standing_decisions(one.id)
    decisions = DecisionList(results)
    if one.kind == "writing":
        for line in results.lines:
            decisions.rows += [
                Row(line.item, None, proposal, standing.get(("proposal", proposal.id)))
                for proposal in list_proposals(line.item.id)
            ]
        return decisions
    for line in results.lines:
        decisions.rows.append(Row(line.item, line, None, standing.get(("item", line.item.id)), _suggest(results, line)))
    return decisions


def standing_decisions(round_id: int) -> dict[tuple[str, int], RoundDecision]:
    """Return the decisions of a round that stand, by subject."""
    found = select(RoundDecision).where(RoundDecision.round_id == round_id, RoundDecision.superseded_at.is_(None))
    return {
        ("proposal", d.proposal_id) if d.proposal_id else ("item", d.item_id or 0): d for d in db.session.scalars(found)
    }


def _suggest(results: RoundResults, line: Line) -> tuple[str, dict[str, Any]] | None:
    """Return what the panel's answers clearly say; None where the director has to weigh it."""
    kind = results.round.kind
    if not line.live or not line.n:
        return None
    if kind == "linkage":
        linkage = results.overall["linkage"]
        return "links", {"links": [ksa.code for ksa in linkage.links_of(line.item)]}
    if kind == "weights":
        return "set", {"share": line.figures["mean"]}
    if kind == "delphi":
        return ("keep", {}) if _rated_high(results.round, line) else None
    clear = line.top and (line.share(line.top) or 0) >= CONSENSUS
    if kind == "review":
        return ("keep", {}) if clear and line.top == "keep" else None
    return ("set", {"value": line.top}) if line.top and (line.share(line.top) or 0) > 1 / 2 else None


def _rated_high(one: Round, line: Line) -> bool:
    index = one.settings.get("index")
    if index == "cvr":
        needed = line.figures.get("needed")
        return needed is not None and (line.figures["essential"] or 0) >= needed
    if index == "cvi":
        return (line.figures["cvi"] or 0) >= CVI_CUT
    middle = sum(choice["value"] for choice in one.settings["choices"]) / len(one.settings["choices"])
    return line.agreed and (line.figures["median"] or 0) > middle


def decide(actor: Actor, study_id: int, round_id: int, subject: str, wish: Wish) -> RoundDecision:
    """Decide on one item or proposal; a later decision takes the place of an earlier one, which stays on record.

    A new wording, a retirement or a new task changes the inventory in the same act; a later decision takes it back.

    Raises
    ------
    InvalidInputError
        If the outcome is none of the round's kind, or reason, wording, code or place are missing.
    EditConflictError
        If somebody else decided, or changed the task statement, since the page was shown: with both texts.
    StateError
        If the round is not closed, the inventory is locked, or the task was retired without this round.
    """
    try:
        with transaction():
            study = lock_study(study_id)
            one = _open_to_decide(study_id, round_id)
            if wish.outcome not in KINDS[one.kind].outcomes:
                raise InvalidInputError("Choose what is decided.", field="outcome")
            if not wish.reason.strip() or len(wish.reason) > LONGEST:
                raise InvalidInputError("Give the reason. It stays on record with your name.", field="reason")
            row = load_decisions(one).find(subject)
            _refuse_stale(row, wish)
            _refuse_retired(row)
            result = apply_wish(actor, study, one, row.item, row.proposal, wish, row.standing)
            made = _store(actor, one, row, wish, result)
    except IntegrityError as error:  # two directors at the same moment: the database let one through
        raise EditConflictError(
            "Somebody else decided on this at the same moment. Nothing of yours was saved.", yours=wish.reason
        ) from error
    return made


def _open_to_decide(study_id: int, round_id: int) -> Round:
    one = locked_round(study_id, round_id)
    if one.state != "closed":
        raise StateError(
            "Everything in this round was decided."
            if one.state == "decided"
            else "Close the round first. Decisions begin when nobody can answer any more."
        )
    return one


def _refuse_stale(row: Row, wish: Wish) -> None:
    stands = row.standing.id if row.standing else 0
    if stands != wish.seen:
        now = row.standing
        theirs = f"{now.outcome}: {now.wording}\n{now.reason}\n{now.by_name}" if now else "undecided"
        raise EditConflictError(
            "Somebody else decided on this first. Compare both, then save what should stand.",
            theirs=theirs, yours=f"{wish.outcome}: {wish.wording}\n{wish.reason}",
        )  # fmt: skip


def _refuse_retired(row: Row) -> None:
    if row.line is not None and not row.line.live and row.standing is None:
        raise StateError(f"{row.item.code} was retired since this round opened. There is nothing to decide on it.")


def _store(actor: Actor, one: Round, row: Row, wish: Wish, result: dict[str, Any]) -> RoundDecision:
    now = clock.now()
    if row.standing is not None:
        row.standing.superseded_at = now
        db.session.flush()
    made = RoundDecision(
        round_id=one.id, item_id=None if row.proposal else row.item.id,
        proposal_id=row.proposal.id if row.proposal else None, outcome=wish.outcome, result=result,
        votes=votes_of(row), wording=wish.wording, reason=wish.reason.strip(), by_name=actor.name, at=now,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    record_round(
        actor, "decided in panel round", one, after=[row.subject, wish.outcome, result],
        note=f"{row.item.code}: {KINDS[one.kind].outcomes[wish.outcome].lower()}. {made.reason}",
    )  # fmt: skip
    return made


def votes_of(row: Row) -> dict[str, Any]:
    """Return what the panel said, to be kept with the decision: n, counts by choice, figures."""
    if row.line is None:
        return {}
    figures = {name: value for name, value in row.line.figures.items() if value is not None}
    return {"n": row.line.n, "counts": row.line.counts, "figures": figures}


def decide_clear(actor: Actor, study_id: int, round_id: int, *, reason: str, seen: int) -> int:
    """Decide everything on which the panel was clear, at once; return how many. No wording is touched.

    ``seen`` is how many the page offered.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    EditConflictError
        If there are more or fewer now.
    """
    if not reason.strip():
        raise InvalidInputError("Give the reason. It stays on record with your name.", field="reason")
    with transaction():
        lock_study(study_id)
        one = _open_to_decide(study_id, round_id)
        rows = load_decisions(one).clear_rows
        if len(rows) != seen:
            raise EditConflictError(
                "Somebody else has decided some of these. Nothing was saved; look at the list again.",
                theirs=f"{len(rows)} to decide", yours=f"{seen} to decide",
            )  # fmt: skip
        for row in rows:
            outcome, result = row.suggestion or ("", {})
            _store(actor, one, row, Wish(outcome, reason), result)
    return len(rows)


def finish_decisions(actor: Actor, study_id: int, round_id: int) -> Round:
    """Note that everything in a round is decided.

    Raises
    ------
    StateError
        If the round is not closed, or something is undecided.
    """
    with transaction():
        lock_study(study_id)
        one = _open_to_decide(study_id, round_id)
        left = len(load_decisions(one).open_rows)
        if left:
            raise StateError(f"{left} are still to be decided.")
        one.state, one.decided_at = "decided", clock.now()
        record_round(actor, "finished panel round", one)
    return one


def decided_values(study_id: int, kind: str) -> Mapping[int, str]:
    """Return what was decided for each task in rounds of a kind (``level``, ``entry``); the newest counts."""
    found = (
        select(RoundItem.task_id, RoundDecision.result)
        .join(RoundDecision, RoundDecision.item_id == RoundItem.id)
        .join(Round, Round.id == RoundItem.round_id)
        .where(Round.study_id == study_id, Round.kind == kind, RoundDecision.superseded_at.is_(None))
        .order_by(Round.number)
    )
    return {task_id: str(result["value"]) for task_id, result in db.session.execute(found) if task_id}


def decided_weights(study_id: int) -> tuple[Round, dict[str, float]] | None:
    """Return the newest round of holistic weights that was decided, with the share of each domain by code."""
    rounds = select(Round).where(Round.study_id == study_id, Round.kind == "weights").order_by(Round.number.desc())
    for one in db.session.scalars(rounds):
        shares = {
            d.item.code: float(d.result["share"]) for d in standing_decisions(one.id).values() if d.item is not None
        }
        if shares:
            return one, shares
    return None
