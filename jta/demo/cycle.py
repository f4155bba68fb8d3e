"""The demo's former list: a shorter, simulated list of 2018, and the crosswalk that the director decided."""

from __future__ import annotations

from jta.audit import Actor
from jta.demo.content import FOLDER, read_csv
from jta.models.study import Study
from jta.services import cycle

TITLE = "Practice analysis 2018 (simulated, shorter list)"
SOURCE = "Simulated: 30 statements and their figures were made up for this demo."
WEIGHTS = (
    ("1", "Leadership & Vision", 0.40),
    ("2", "Understanding the Educational Environment", 0.30),
    ("3", "Managing Technology & Support Resources", 0.30),
)
REASONS = {
    "reworded": "The same work in plainer words (panel, first round)",
    "split": "Two controls that are done by different people today",
    "merged": "One round of work in every district of the panel",
    "retired": "No district of the panel does this any more",
}


def add_former_list(director: Actor, study: Study) -> None:
    """Keep the former list in a study and decide what became of each statement."""
    texts = [
        cycle.FormerText(
            row["code"], row["statement"], row["domain"],
            {
                "importance": {"mean": float(row["importance_mean"]), "n": int(row["importance_n"])},
                "performing": {"share": float(row["share_performing"]), "n": int(row["importance_n"])},
            },
        )
        for row in read_csv(FOLDER / "former.csv")
    ]  # fmt: skip
    weights = [{"code": code, "title": title, "weight": w, "items": round(100 * w)} for code, title, w in WEIGHTS]
    former = cycle.add_list(director, study.id, cycle.NewList(TITLE, SOURCE, texts, weights))
    for which in ("same", "new"):
        cycle.accept(director, study.id, former.id, which=which)
    for line in cycle.load_crosswalk(study.id, former.id).lines:
        if line.former is not None and not line.decided:
            tasks = [link.task_id for link in line.links if link.task_id is not None]
            cycle.decide(
                director, study.id, former.id, line.former.id, relation=line.relation, task_ids=tasks,
                reason=REASONS[line.relation], version=cycle.get_former(study.id, former.id).version,
            )  # fmt: skip
