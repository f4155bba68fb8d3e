"""XML of a workbook, read by a parser that takes no document type, no inclusion, no depth and no giant tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from xml.parsers import expat

from jta.imports.archive import AGAIN
from jta.imports.result import RefusedError

DEEPEST = 64
LONGEST_TAG = 1_000_000  # bytes the parser may hold back while it waits for the end of one tag
MOST_ELEMENTS = 1_000_000
MOST_ATTRIBUTES = 200
_INCLUDE = "http://www.w3.org/2001/XInclude"
DAMAGED = f"A part of the workbook is damaged. {AGAIN}"
_TOO_MANY = f"The workbook's XML has far too many elements. {AGAIN}"
Start = Callable[[dict[str, str]], None]


class GuardedParser:
    """Calls ``starts`` and ``ends`` by the local name of each element; text goes to ``text`` while wanted.

    Elements count in any of the given name spaces (the usual one and the strict one); elements of extensions
    never reach a handler. ``most`` is how many elements a part may have.
    """

    def __init__(
        self,
        starts: Mapping[str, Start] | None = None,
        ends: Mapping[str, Callable[[], None]] | None = None,
        text: Callable[[str], None] | None = None,
        spaces: tuple[str, ...] = (),
        most: int = MOST_ELEMENTS,
    ) -> None:
        self._starts = {f"{space} {name}": call for name, call in (starts or {}).items() for space in spaces}
        self._ends = {f"{space} {name}": call for name, call in (ends or {}).items() for space in spaces}
        self._depth = self._elements = 0
        self._most = most
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._declare
        parser.XmlDeclHandler = self._see_encoding
        self.fed = 0
        self.utf8 = True
        self.prefixes: set[str | None] = set()
        if text is not None:
            parser.CharacterDataHandler = text

    def feed(self, pieces: Iterable[bytes]) -> Iterator[None]:
        """Parse piece by piece; yields after each."""
        for piece in pieces:
            self.take(piece)
            yield
        self.finish()
        yield

    def take(self, piece: bytes, last: bool = False) -> None:
        """Parse one piece."""
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, ValueError, LookupError, UnicodeError):
            # Not only syntax: an unknown encoding named in the file is a LookupError or ValueError.
            raise RefusedError(DAMAGED) from None
        self.fed += len(piece)
        if self.fed - self._parser.CurrentByteIndex > LONGEST_TAG:
            raise RefusedError(f"A tag of the workbook's XML is far too long. {AGAIN}")

    def finish(self) -> None:
        """End the part: what is still open makes it damaged."""
        self.take(b"", True)

    @property
    def position(self) -> int:
        """Where the tag begins whose handler is called, in bytes fed."""
        return self._parser.CurrentByteIndex

    @property
    def depth(self) -> int:
        """How many elements are open, without those that an interceptor takes."""
        return self._depth

    def count(self, elements: int) -> None:
        """Count elements that were read without the parser."""
        self._elements += elements
        if self._elements > self._most:
            raise RefusedError(_TOO_MANY)

    def intercept(self, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None]) -> None:
        """Show every element to a reader of millions first; what it does not take it hands to ``start`` and ``end``.

        Elements that it takes are not counted: it must refuse any that stand inside each other.
        """
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end

    def run(self, pieces: Iterable[bytes]) -> None:
        """Parse everything."""
        for _ in self.feed(pieces):
            pass

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Count and judge the start of an element, and call its handler."""
        self._depth += 1
        self._elements += 1
        call = self._starts.get(name)
        if call is not None:
            call(attributes)
        elif name.startswith(_INCLUDE):
            raise RefusedError("The workbook's XML asks to include another file (XInclude). It is not read.")
        if self._depth > DEEPEST:
            raise RefusedError(f"The workbook's XML is nested too deep. {AGAIN}")
        if self._elements > self._most or len(attributes) > MOST_ATTRIBUTES:
            raise RefusedError(_TOO_MANY)

    def end(self, name: str) -> None:
        """Call the handler of an element's end."""
        self._depth -= 1
        call = self._ends.get(name)
        if call is not None:
            call()

    def _declare(self, prefix: str | None, _: str) -> None:
        if not self._depth:  # declared by the root: known in the whole part
            self.prefixes.add(prefix)

    def _see_encoding(self, _: str, encoding: str | None, __: int) -> None:
        self.utf8 = encoding is None or encoding.lower() == "utf-8"

    def _doctype(self, *_: object) -> None:
        raise RefusedError("The workbook's XML declares a document type or entities (DTD). It is not read.")
