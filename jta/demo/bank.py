"""The simulated item bank of the demo: enough in most cells, too little in the higher levels."""

from __future__ import annotations

from jta.audit import Actor
from jta.exports.csv_text import write_csv
from jta.services.blueprint import get_blueprint
from jta.services.two_way import two_way_table
from jta.services.two_way_import import apply_counts, preview_counts

# Forms' worth that the bank holds, from the lowest level to the highest; subdomains vary a little around it.
HELD, VARIES = (3.6, 3.0, 2.2), (0.4, -0.3, 0.2, -0.5)


def count_bank(director: Actor, study_id: int, number: int) -> None:
    """Take a simulated count file for a blueprint, as a director would."""
    table = two_way_table(get_blueprint(study_id, number))
    rows = [row for row in table.rows if not table.inside(row.code)]
    lines = [
        (row.code, level.label, round(cell.items * (held + VARIES[n % len(VARIES)])))
        for n, row in enumerate(rows)
        for level, cell, held in zip(table.levels, row.cells, HELD, strict=False)
    ]
    content = write_csv(("code", "cognitive_level", "available"), lines)
    preview = preview_counts(director, study_id, number, content, "item-bank-simulated.csv")
    apply_counts(director, study_id, preview.token)
