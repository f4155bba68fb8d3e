"""The corpus: at least one file of each family of bad input that a reader can meet."""

from __future__ import annotations

from tests.imports.corpus_injection import INJECTION_CASES
from tests.imports.corpus_letters import LETTER_CASES
from tests.imports.corpus_shape import SHAPE_CASES
from tests.imports.corpus_values import VALUE_CASES
from tests.imports.corpus_xlsx import XLSX_CASES
from tests.imports.corpus_zip import ZIP_CASES

CASES = [*LETTER_CASES, *SHAPE_CASES, *VALUE_CASES, *INJECTION_CASES, *XLSX_CASES, *ZIP_CASES]
