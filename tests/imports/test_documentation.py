"""The documentation names every column, synonym, limit and family that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jta.imports import Limits
from jta.imports.kinds import KINDS, SCALES
from jta.imports.limits import SETTINGS

TEXT = (Path(__file__).parents[2] / "docs" / "import-formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("column", [c for kind in KINDS.values() for c in kind.columns], ids=lambda c: c.name)
def test_every_column_is_documented_with_its_other_names(column):
    rows = [line for line in TEXT.splitlines() if line.startswith(f"| `{column.name}` |")]
    assert any(line.endswith(f"| {', '.join(column.synonyms)} |") for line in rows)


def test_every_limit_and_setting_is_documented():
    for name, field in SETTINGS.items():
        default = getattr(Limits(), field)
        written = f"{default // 2**20} MB" if default >= 2**23 else f"{default:,}"
        assert re.search(rf"^\| [^|]+ \| {written} \| `{name}`", TEXT, re.MULTILINE), name


def test_every_family_and_scale_is_documented():
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == [str(n) for n in range(1, 88)]
    flat = " ".join(TEXT.split())
    assert all(scale in flat for scale in SCALES)
