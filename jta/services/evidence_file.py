"""The evidence map as a workbook for the accreditor."""

from __future__ import annotations

from jta.db import db
from jta.models.study import Study
from jta.services.evidence import evidence_map


def write_evidence_file(study_id: int) -> bytes:
    """Return the map as an Excel workbook: one line each, with state, what is missing and the justification."""
    from jta.exports.evidence_sheet import EvidenceRow, write_evidence_sheet

    found = evidence_map(study_id)
    rows = [
        EvidenceRow(
            standard.title,
            state.line.code,
            state.line.text,
            state.state,
            ", ".join(state.absent),
            state.note.text if state.note else "",
            f"{state.note.by_name}, {state.note.at:%Y-%m-%d} (UTC)" if state.note else "",
        )
        for standard, states in found.standards
        for state in states
    ]
    study = db.session.get_one(Study, study_id)
    return write_evidence_sheet(study.title, study.notice or "", rows)
