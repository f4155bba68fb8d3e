"""A small study with a panel: two domains, five tasks, three KSAs, six panelists who have signed."""

from __future__ import annotations

from dataclasses import dataclass

from jta.audit import Actor
from jta.db import db
from jta.models.inventory import Knowledge, Task
from jta.models.panel import Round
from jta.models.study import Study
from jta.services import panel, panel_answers, panel_meetings, panel_rounds, panel_statements, panel_themes
from jta.services.inventory_tasks import NewArea, TaskWords, add_task
from jta.services.panel_answers import Sheet, Typed, load_items
from jta.services.panel_kinds import KINDS
from jta.services.panel_rounds import RoundPlan
from jta.services.panel_visits import BY_LINK, PanelTicket, get_visit
from tests.services.study_builders import make_study

TASKS = (
    ("1.1", "1", "Plan the budget of the district."), ("1.2", "1", "Negotiate contracts with vendors."),
    ("1.3", "1", "Report to the board."), ("2.1", "2", "Review access rights."), ("2.2", "2", "Test the backups."),
)  # fmt: skip
KSAS = (("K1", "Knowledge of public budgets"), ("K2", "Skill in talking with boards"), ("K3", "Knowledge of backups"))


@dataclass
class PanelStudy:
    """What tests need of it."""

    study: Study
    dora: Actor
    tickets: list[PanelTicket]
    urls: list[str]
    id: int


def make_panel_study(n_people: int = 6, *, signed: bool = True, email: str = "dora@example.org") -> PanelStudy:
    """Store it inside an app context."""
    study, dora = make_study(email=email)
    for code, domain, statement in TASKS:
        first = code.endswith(".1")
        new = NewArea(domain, f"Domain {domain}") if first else None
        area = db.session.query(Task).filter_by(study_id=study.id, code=f"{domain}.1").first()
        words = TaskWords(statement, area_id=None if first else area.domain_id)
        add_task(dora, study.id, code=code, words=words, new_area=new)
    for position, (code, statement) in enumerate(KSAS, start=1):
        db.session.add(Knowledge(study_id=study.id, code=code, statement=statement, position=position))
    db.session.commit()
    for n in range(1, n_people + 1):
        details = panel.PanelistDetails(
            f"Expert {n}", f"e{n}.{study.id}@example.org", "A district", "CTO", "Certified",
            "West" if n % 2 else "East", "Small", 3 * n,
        )  # fmt: skip
        panel.add_panelist(dora, study.id, details)
    made = panel.make_panel_links(dora, study.id)
    people = panel.list_panelists(study.id)
    if signed:
        for person in people:
            sign_all(person.id)
    tickets = [PanelTicket(person.id, person.link_generation, BY_LINK) for person in people]
    return PanelStudy(study, dora, tickets, [link.url for link in made], study.id)


def sign_all(panelist_id: int, declared: str = "") -> None:
    """Sign both statements."""
    texts = panel_statements.unsigned(db.session.get_one(panel.Panelist, panelist_id))
    hashes = {text.kind: text.text_hash for text in texts}
    panel_statements.sign(panelist_id, panel_statements.Signing("Full Name", declared, hashes, frozenset(hashes)))


def open_round(made: PanelStudy, kind: str, **plan: object) -> Round:
    """Make a round and open it."""
    one = panel_rounds.create_round(made.dora, made.id, kind, RoundPlan(**{"title": KINDS[kind].label, **plan}))
    return panel_rounds.open_round(made.dora, made.id, one.id)


def answer(ticket: PanelTicket, one: Round, values: dict[str, str | Typed], seen: dict[str, int] | None = None):
    """Answer items by their codes (in a linkage round "task KSA")."""
    ids = {item.code: item.id for item in load_items(one.id)}
    typed = {
        "-".join(str(ids[code]) for code in key.split()): value if isinstance(value, Typed) else Typed(value)
        for key, value in values.items()
    }
    mark = get_visit(ticket, None).page_mark
    return panel_answers.save_answers(ticket, None, one.id, Sheet(mark, typed, seen or {}))


def finish(ticket: PanelTicket, one: Round) -> None:
    """Send a round in."""
    panel_answers.finish_round(ticket, None, one.id, get_visit(ticket, None).page_mark)


def close(made: PanelStudy, one: Round) -> Round:
    """Close a round."""
    return panel_rounds.close_round(made.dora, made.id, one.id)


def panel_objects(study_id: int, dora: Actor) -> dict[str, object]:
    """Store a panel in a study that is there, for the table of rights: a panelist with an account, two rounds."""
    details = panel.PanelistDetails("Panelist", "panelist@example.org")
    person = panel.add_panelist(dora, study_id, details)
    panel.make_panel_links(dora, study_id)
    sign_all(person.id)
    rounds = {}
    for kind in ("linkage", "review"):
        one = panel_rounds.create_round(dora, study_id, kind, RoundPlan(kind))
        panel_rounds.open_round(dora, study_id, one.id)
        rounds[kind] = panel_rounds.close_round(dora, study_id, one.id)
    item = load_items(rounds["review"].id)[0]
    meeting = panel_meetings.add_meeting(dora, study_id, panel_meetings.MeetingWords("focus group", "First session"))
    note = panel_meetings.add_note(dora, study_id, meeting.id, panel_meetings.NoteWords("Nobody tests the backups."))
    theme = panel_themes.add_theme(dora, study_id, code="SEC", title="Security")
    return {
        "panelist_id": person.id, "round_id": rounds["review"].id, "round_kind": "review",
        "subject": f"item-{item.id}", "proposal_id": 1, "meeting_id": meeting.id,
        "note_id": note.id, "theme_id": theme.id,
    }  # fmt: skip
