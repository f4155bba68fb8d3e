"""The one clock. Everything that asks for the time asks here, so that tests can set it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_sources: list[Callable[[], datetime]] = [_system_time]


def now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return _sources[-1]()


@contextmanager
def running_on(source: Callable[[], datetime]) -> Iterator[None]:
    """Let ``source`` be the clock inside the block, in every thread of the process."""
    _sources.append(source)
    try:
        yield
    finally:
        _sources.remove(source)
