"""Keeps a worker process alive beside the web: starts it, starts it again when it dies, ends it with the web.

Needs nothing of the application, so that `./run serve` can use it without loading one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

QUICK = 10.0  # seconds; a worker that lived for less was not well
LONGEST_PAUSE = 30.0
GRACE = 25.0


def worker_command() -> list[str]:
    """Return the command of a worker that ends when this process does."""
    return [sys.executable, "-m", "flask", "--app", "app", "worker", "--parent", str(os.getpid())]


class Keeper:
    """A thread that keeps one child process running until `stop`."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs now."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Start the child, and watch it."""
        self._thread.start()

    def stop(self) -> None:
        """End the child: ask first, insist after a while."""
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            # In a session of its own: Ctrl+C reaches this process, which then ends the worker in order.
            self._child = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603  our own command
            if self._stopping.is_set():
                self._child.terminate()
            self._child.wait()
            pause = 1.0 if time.monotonic() - began > QUICK else min(pause * 2, LONGEST_PAUSE)
            self._stopping.wait(pause)


def serve(web: Sequence[str]) -> int:
    """Run the web server's command with a worker beside it; return the web's exit code.

    Signals go to the web server, which ends by its own rules; the worker ends after it.
    """
    server = subprocess.Popen(web)  # noqa: S603  the command comes from ./run
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: server.send_signal(got))
    keeper = Keeper(worker_command())
    keeper.start()
    try:
        return server.wait()
    finally:
        keeper.stop()


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:]))
