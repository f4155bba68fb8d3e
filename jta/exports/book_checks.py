"""What must be true of a book before it is written; each fault has its own sentence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jta.exports.book import DOMAIN, SUBDOMAIN, BlueprintBook, BookError
from jta.exports.sheet import DASH, PAPERS
from jta.exports.text import clean_text


def check_book(book: BlueprintBook) -> None:
    """Raise `BookError` at the first thing that would make a wrong or broken workbook."""
    _check_lines(book)
    _check_tasks(book)
    _check_settings(book)
    for place, value in _numbers(book, "book"):
        if not math.isfinite(value):
            raise BookError(f"{place} is not a finite number; what cannot be computed must be left empty.")


def _check_lines(book: BlueprintBook) -> None:
    if not any(line.level == DOMAIN for line in book.lines):
        raise BookError("The blueprint has no domain. Add at least one content domain.")
    domains = {line.code for line in book.lines if line.level == DOMAIN}
    for line in book.lines:
        if line.level not in (DOMAIN, SUBDOMAIN):
            raise BookError(f"Line {line.code} is neither a domain nor a subdomain but “{line.level}”.")
        if line.level == SUBDOMAIN and line.parent_code not in domains:
            raise BookError(f"Subdomain {line.code} belongs to domain {line.parent_code}, which does not exist.")
        if line.level == DOMAIN and line.parent_code is not None:
            raise BookError(f"Domain {line.code} cannot belong to {line.parent_code}: domains are at the top.")
    _check_codes("content domain", ((line.level, line.parent_code, line.code) for line in book.lines))


def _check_tasks(book: BlueprintBook) -> None:
    _check_codes("retained task", ((task.task_code,) for task in book.details))
    _check_codes("task", ((line.task_code,) for line in book.task_statistics))
    for line in book.task_statistics:
        if len(line.statistics) != len(book.measures):
            raise BookError(
                f"Task {line.task_code} has {len(line.statistics)} sets of statistics, "
                f"but the study has {len(book.measures)} measures."
            )


def _check_codes(what: str, keys: Iterable[tuple[str | None, ...]]) -> None:
    """Refuse blank codes, a code that is the sign for "none", and codes alike once written."""
    seen: Counter[tuple[str, ...]] = Counter()
    for key in keys:
        code = clean_text(key[-1] or "")
        if code.strip() in ("", DASH):
            raise BookError(f"A {what} has no code. Give every {what} a code of its own.")
        seen[tuple(clean_text(part or "") for part in key)] += 1
        if seen[tuple(clean_text(part or "") for part in key)] > 1:
            raise BookError(f"The {what} code {code} occurs twice. Codes must be unique.")


def _check_settings(book: BlueprintBook) -> None:
    if book.items < 1:
        raise BookError("The form length must be at least one item.")
    if not 0 < book.confidence < 1:
        raise BookError("The confidence level must lie between 0 and 1.")
    if book.paper not in PAPERS:
        raise BookError(f"Paper “{book.paper}” is not known. Choose one of: {', '.join(PAPERS)}.")
    try:
        ZoneInfo(book.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BookError(f"Time zone “{book.time_zone}” is not known.") from error
    moments = [moment for _, moment in book.dates] + [entry.when for entry in book.ledger] + [book.created]
    if any(isinstance(moment, datetime) and moment.tzinfo is None for moment in moments):
        raise BookError("A date and time without a time zone cannot be shown. Give it its zone.")


def _numbers(value: object, place: str) -> Iterator[tuple[str, float]]:
    """Yield every fractional number in the book with the place it stands at."""
    if isinstance(value, float):
        yield place, value
    elif isinstance(value, tuple):
        for part in value:
            yield from _numbers(part, place)
    elif is_dataclass(value):
        name = next((str(getattr(value, key)) for key in ("task_code", "code") if hasattr(value, key)), place)
        for field in fields(value):
            yield from _numbers(getattr(value, field.name), f"{name}: {field.name}")
