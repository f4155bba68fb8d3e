"""A whole practice analysis with `analysis/` alone: no web, no database.

python benchmarks/example_analysis.py tests/reference/small/data
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from analysis.folder import read_study_folder
from analysis.further import all_statistics
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan


def main(folder: str) -> None:
    """Read a study, analyse it under a plan, and print what a director asks first."""
    data = read_study_folder(Path(folder)).data
    plan = AnalysisPlan.from_json({"items": 100, "retention": [{"measure": "mean", "cut": 2.5}]})
    result = run_analysis(data, plan, further=all_statistics())
    print(f"{result.counts['respondents']} respondents, {result.counts['tasks_retained']} tasks retained")
    blueprint = result.tables["blueprint"]
    for row in blueprint[blueprint["level"] == "domain"].to_dict("records"):
        print(f"{row['unit']}: {row['weight']:.1%} ({row['ci_low']:.1%} to {row['ci_high']:.1%}), {row['items']} items")
    moved = result.tables["sensitivity"].groupby(["option", "value"], sort=False)["items_moved"].first()
    print("Choices that move more than one item:")
    for (option, value), items in moved[moved > 1].items():
        print(f"  {option} = {value}: {items}")


if __name__ == "__main__":
    main(sys.argv[1])
