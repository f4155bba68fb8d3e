"""What of the database goes into a study's archive. A new table stays out until it is named here, kept or left out."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, select

from jta.db import Base

PERSONAL = "names and addresses of invited people stay in the installation that invited them"
LIVE = "answers travel as the frozen data sets only, without names, times and order"
SENT = "messages were sent, or will be, by the installation that invited people"
LOCAL = "belongs to the installation, not to the study"
PASSING = "work in progress of the installation"

KEPT = {
    *("study", "stage_change", "plan_version", "stratum", "domain", "task", "knowledge", "statement_version"),
    *("rating_scale", "anchor", "survey_page", "question", "choice", "translation", "instrument", "theme"),
    *("block", "form", "form_block"),
    *("reference", "statement_reference", "check_setting", "check_dismissal"),
    *("former_list", "former_statement", "crosswalk_link"),
    *("panelist", "panel_target", "panel_text", "signature", "round", "round_item", "round_answer"),
    *("round_answer_change", "participation", "proposal", "round_decision"),
    *("meeting", "meeting_participant", "meeting_note", "meeting_theme", "meeting_decision", "note_theme", "note_link"),
    *("dataset", "analysis_run", "blueprint", "blueprint_row", "blueprint_alternative", "adjustment", "approval"),
    *("document", "evidence_note", "item_bank"),
}

LEFT_OUT: dict[str, str] = {
    "user": LOCAL,
    "role": LOCAL,
    "user_role": LOCAL,
    "membership": "the accounts of the other installation decide who works on the study",
    "audit_event": "written into the archive as a file of its own; the new study begins a new chain",
    "audit_head": "written into the archive as a file of its own; the new study begins a new chain",
    "person": PERSONAL,
    "person_event": PERSONAL,
    "wave": SENT,
    "outbox_message": SENT,
    "attempt": SENT,
    "message_text": SENT,
    "delivery_settings": SENT,
    "bounce_report": SENT,
    "left_alone": PERSONAL,
    "registration": PERSONAL,
    "response": LIVE,
    "rating": LIVE,
    "rating_change": LIVE,
    "answer": LIVE,
    "answer_change": LIVE,
    "ksa_rating": LIVE,
    "ksa_rating_change": LIVE,
    "domain_points": LIVE,
    "domain_points_change": LIVE,
    "page_visit": LIVE,
    "idempotency_key": LIVE,
    "collected_response": LIVE,
    "comment_code": LIVE,
    "comment_decision": LIVE,
    "quote": LIVE,
    "rating_file": PASSING,
    "saved_mapping": PASSING,
    "review_decision": "it points to single answers; the data set says how many were left out and why",
    "inventory_change": "the list of acts that can be undone; wording and reasons travel with each statement",
    "study_origin": "it points to another study of the installation",
    "job": PASSING,
    "worker": PASSING,
}

# Columns of kept tables that do not travel; what stands in for them where the database wants a value is made on import.
DROPPED: dict[str, set[str]] = {
    "panelist": {"email", "token_hash", "link_generation", "stopped_at"},
    "former_list": {"former_study_id"},
}


def kept_tables() -> list[Table]:
    """Return the tables of an archive, those that others point to first."""
    return [table for table in Base.metadata.sorted_tables if table.name in KEPT]


def belongs_to(table: Table, study_id: int) -> ColumnElement[bool]:
    """Return the condition under which a row of a kept table is part of the study.

    Raises
    ------
    LookupError
        If nothing leads from the table to a study.
    """
    if table.name == "study":
        return table.c.id == study_id
    if "study_id" in table.c:
        return table.c.study_id == study_id
    for key in sorted(table.foreign_keys, key=lambda key: (bool(key.parent.nullable), str(key.parent.name))):
        parent = key.column.table
        if parent is not table and parent.name in KEPT:
            return key.parent.in_(select(key.column).where(belongs_to(parent, study_id)))
    raise LookupError(f"Nothing leads from the table {table.name} to a study.")


def kept_columns(table: Table) -> list[str]:
    """Return the columns of a kept table that travel, in their order."""
    return [column.name for column in table.columns if column.name not in DROPPED.get(table.name, set())]
