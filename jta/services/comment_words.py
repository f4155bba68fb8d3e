"""Words that are taken out of a comment: addresses, telephone numbers, and names that stand on the roster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

REMOVED = "[removed]"
SHORTEST = 4  # letters of a name; shorter ones stand inside other words
_PATTERNS = (
    re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+\.\w+"),
    re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE),
    re.compile(r"(?<!\w)\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?!\w)"),
)
_WORD = re.compile(r"\w+")


class Masker:
    """Takes words out of comments; built once for all of a study's."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_first: dict[str, list[str]] = {}
        for name in {" ".join(name.split()) for name in names}:
            first = _WORD.search(name)
            if first is not None and len(name) >= SHORTEST:
                self._by_first.setdefault(first.group().casefold(), []).append(name)

    def mask(self, text: str) -> str:
        """Return the text with what could name somebody replaced."""
        text = " ".join(text.split())
        for start, end in sorted(self._named(text), reverse=True):
            text = text[:start] + REMOVED + text[end:]
        for pattern in _PATTERNS:
            text = pattern.sub(REMOVED, text)
        return text

    def _named(self, text: str) -> Iterator[tuple[int, int]]:
        after = 0
        for word in _WORD.finditer(text):
            start = word.start()
            if start < after:
                continue
            for name in sorted(self._by_first.get(word.group().casefold(), ()), key=len, reverse=True):
                end = start + len(name)
                if text[start:end].casefold() == name.casefold() and not text[end : end + 1].isalnum():
                    yield start, end
                    after = end
                    break
