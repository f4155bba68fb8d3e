"""Pages that are drawn once and then only filled in.

A frozen instrument gives everybody the same page but for a few words: the answers marked, the place reached, the
tokens of the reply. `draw` renders the template with slots in these places; `Frame.fill` puts the words in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from flask import current_app

_EDGE = secrets.token_hex(8)  # nobody's text can hold it
_SLOT = re.compile(rf"\[{_EDGE} ([^\]]+)\]")
_CACHE = "jta_frames"
_MOST = 600  # frames kept in a process; shuffled surveys have many


def slot(name: str) -> str:
    """Return what a template writes where a word is filled in later."""
    return f"[{_EDGE} {name}]"


class Frame:
    """A drawn page in pieces, with the places of its slots."""

    def __init__(self, text: str) -> None:
        self.pieces = _SLOT.split(text)
        self.places: dict[str, list[int]] = {}
        for place in range(1, len(self.pieces), 2):
            self.places.setdefault(self.pieces[place], []).append(place)
            self.pieces[place] = ""

    def fill(self, words: Mapping[str, str]) -> str:
        """Return the page with these words in its slots; other slots stay empty. Words are HTML already."""
        pieces = self.pieces.copy()
        for name, word in words.items():
            for place in self.places.get(name, ()):
                pieces[place] = word
        return "".join(pieces)


def kept_frame(key: Hashable, draw: Callable[[], str]) -> Frame:
    """Return the frame of a key, drawn at its first use in each process."""
    # The store hangs on the application: two applications in one process may use two databases.
    cache: dict[Any, Frame] = current_app.extensions.setdefault(_CACHE, {})
    frame = cache.get(key)
    if frame is None:
        if len(cache) >= _MOST:
            cache.clear()
        frame = cache[key] = Frame(draw())
    return frame
