"""The long tests before a release: what the suite does a few times, done often enough to be believed.

``python benchmarks/soak.py [PART …]`` runs every part, or those named. A part is a list of tests with the settings
that make them long, or a program of its own; it ends at the first failure, and the program with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TESTS = ["-m", "pytest", "-q", "-s", "-x", "--timeout=7200"]
# Part: what Python runs, and what makes tests long (variables that begin with JTA_TEST_ are read by tests only).
PARTS: dict[str, tuple[list[str], dict[str, str]]] = {
    "kills": (
        [*TESTS, "tests/trust/test_saving_kill.py"],
        {"JTA_TEST_KILLS": "200", "JTA_TEST_CLIENTS": "8", "JTA_TEST_ACKNOWLEDGED": "20000"},
    ),
    "sending": (["benchmarks/soak_sending.py", "--people", "5000", "--kills", "50", "--orders", "10000"], {}),
    "scanners": (
        [*TESTS, "tests/views/test_response_pages.py::test_opening_a_link_twenty_times_changes_nothing"],
        {"JTA_TEST_LINKS": "200"},
    ),
    "hidden cells": (
        [*TESTS, "tests/services/test_results_privacy.py::test_no_hidden_cell_of_crossed_questions_can_be_worked_out"],
        {"JTA_TEST_TABLES": "10000"},
    ),
    "two devices": ([*TESTS, "tests/services/test_response_machine.py"], {}),
}


def run(name: str) -> int:
    """Run one part; return its exit code."""
    words, more = PARTS[name]
    print(f"== {name}", flush=True)
    began = time.monotonic()
    code = subprocess.run([sys.executable, *words], cwd=ROOT, env=os.environ | more, check=False).returncode
    print(f"== {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return code


def main() -> None:
    """Run the parts asked for; stop at the first that fails."""
    parser = argparse.ArgumentParser(description="Run the long tests.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="parts to run; all without any")
    for name in parser.parse_args().parts or PARTS:
        if code := run(name):
            sys.exit(code)


if __name__ == "__main__":
    main()
