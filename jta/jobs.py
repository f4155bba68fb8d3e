"""Work that takes longer than a page may: done beside the requests, one piece at a time in each process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any

from flask import Flask

PATIENCE = 2.5  # seconds a page waits, so that quick work needs no page of progress


@cache
def _pool() -> ThreadPoolExecutor:
    # Made at first use: threads do not survive the fork by which a server makes its workers.
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="jta-job")


def run_soon(app: Flask, work: Callable[..., Any], *given: Any) -> None:
    """Start work in an application context of its own and wait a moment for it.

    In tests, or where ``JOBS_AT_ONCE`` is set, it is done before this returns. The caller must have ended its
    transaction. Work records its own failures; none reach the caller.
    """
    if app.config.get("JOBS_AT_ONCE", app.testing):
        work(*given)
        return
    wait([_pool().submit(_in_context, app, work, given)], timeout=PATIENCE)


def _in_context(app: Flask, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    with app.app_context():
        work(*given)
