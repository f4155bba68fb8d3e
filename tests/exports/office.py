"""A real LibreOffice, each run with a profile of its own that recalculates every file it opens."""

from __future__ import annotations

import re
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""
# Said on machines without Java, which nothing here needs.
HARMLESS = "Warning: failed to launch javaldx - java may not function correctly"
FORMULA = re.compile(r"(<f>[^<]*</f><v>)([^<]*)(</v>)")


def convert(source: Path, target: str, folder: Path) -> Path:
    """Convert a file ("xlsx", "pdf") and insist on a silent, clean run."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
    out = folder / "out"
    kind = "xlsx:Calc MS Excel 2007 XML" if target == "xlsx" else target
    done = subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", kind,
         "--outdir", str(out), str(source)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stderr.replace(HARMLESS, "").strip() == ""
    made = out / f"{source.stem}.{target}"
    assert made.exists(), done.stdout
    return made


def spoil(workbook: bytes) -> bytes:
    """Return the workbook with every cached value of a formula replaced by a wrong one."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = FORMULA.sub(r"\g<1>-987\3", part.decode("utf-8")).encode("utf-8")
            target.writestr(name, part)
    return out.getvalue()


def pdf_pages(pdf: Path) -> list[str]:
    """Return the text of each page, in the order it is laid out."""
    done = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, text=True, check=True)
    return done.stdout.split("\f")[:-1]
