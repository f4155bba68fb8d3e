"""The ZIP container of a workbook, read by its own directory: every claim is checked before a byte is unpacked."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from jta.imports.limits import MEGABYTE, Limits
from jta.imports.result import RefusedError

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED, _DESCRIPTOR = 0x1, 0x8
_STORED, _DEFLATED = 0, 8
_CHUNK = 1 << 16
_SMALL = 2 * MEGABYTE  # a part below this does no harm, whatever its ratio
_PACKED = (".zip", ".xlsx", ".xlsm", ".xls", ".docx", ".pptx", ".ods", ".jar", ".gz", ".7z", ".rar", ".tar")
AGAIN = "Open it in Excel and save it again."
DAMAGED = f"The workbook is damaged or cut off. {AGAIN}"


@dataclass(frozen=True)
class Entry:
    """One part of the container as its directory describes it; sizes in bytes."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    made_by: int
    attributes: int
    start: int = 0


class Archive:
    """A container whose directory has been checked.

    Raises
    ------
    RefusedError
        For anything a spreadsheet program does not write: bombs, lies, overlaps, links, passwords, slips.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data, self._limits = data, limits
        listed = list(_directory(data, limits.entries))
        self._check_names(listed)
        self._check_sizes(listed)
        self.entries = {entry.name.casefold(): self._locate(entry) for entry in listed}
        self._check_overlap()

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self.entries

    def names(self) -> list[str]:
        """Return the names of all parts, in the directory's order."""
        return [entry.name for entry in self.entries.values()]

    def stream(self, name: str) -> Iterator[bytes]:
        """Unpack one part piece by piece, never more than it claims; its check sum is judged at the end."""
        entry = self.entries.get(name.casefold())
        if entry is None:
            raise RefusedError(DAMAGED)
        crc = size = 0
        for piece in _unpack(self._data, entry):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > entry.size:
                raise RefusedError(f"A part of the workbook is larger than it claims. {AGAIN}")
            yield piece
        if size != entry.size or crc != entry.crc:
            raise RefusedError(DAMAGED)

    def _check_names(self, listed: list[Entry]) -> None:
        seen: set[str] = set()
        for entry in listed:
            key = entry.name.casefold().strip("/")
            if key in seen:
                raise RefusedError(f"The workbook holds two parts of the same name. {AGAIN}")
            seen.add(key)
            _check_entry(entry)

    def _check_sizes(self, listed: list[Entry]) -> None:
        if sum(entry.size for entry in listed) > self._limits.unpacked:
            size = f"{self._limits.unpacked // MEGABYTE:,} MB"
            raise RefusedError(f"The workbook is larger than {size} when unpacked. Delete what is not needed.")
        for entry in listed:
            if entry.size > max(_SMALL, self._limits.ratio * entry.packed):
                raise RefusedError("A part of the workbook unpacks to far more than its size: it looks like a bomb.")

    def _locate(self, entry: Entry) -> Entry:
        """Check the part's own header against the directory and find where its bytes begin."""
        head = self._data[entry.offset : entry.offset + _LOCAL.size]
        if len(head) < _LOCAL.size:
            raise RefusedError(DAMAGED)
        sign, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(head)
        name_start = entry.offset + _LOCAL.size
        name = self._data[name_start : name_start + name_length]
        later = bool(flags & _DESCRIPTOR)
        same = (method, flags & _ENCRYPTED, name) == (entry.method, entry.flags & _ENCRYPTED, entry.raw_name)
        figures = ((crc, entry.crc), (packed, entry.packed), (size, entry.size))
        # With sizes given behind the data the part's own header holds zeros.
        agree = all(mine == listed or (later and mine in (0, 0xFFFFFFFF)) for mine, listed in figures)
        if sign != b"PK\x03\x04" or not same or not agree:
            raise RefusedError(f"The workbook's directory and its parts disagree. {AGAIN}")
        start = name_start + name_length + extra
        return Entry(**{**entry.__dict__, "start": start})

    def _check_overlap(self) -> None:
        end = 0
        for entry in sorted(self.entries.values(), key=lambda e: e.offset):
            if entry.offset < end:
                raise RefusedError(f"Parts of the workbook overlap: it looks like a bomb. {AGAIN}")
            if end == 0 and entry.offset:
                raise RefusedError(f"The file has other data before the workbook. {AGAIN}")
            end = entry.start + entry.packed
        if end > len(self._data):
            raise RefusedError(DAMAGED)


def _directory(data: bytes, most: int) -> Iterator[Entry]:
    """Yield the entries of the central directory, which must be the last thing in the file."""
    place = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 0xFFFF))
    if place < 0 or len(data) < place + _END.size:
        raise RefusedError(DAMAGED)
    _, disk, first_disk, here, total, size, offset, comment = _END.unpack(data[place : place + _END.size])
    if place + _END.size + comment != len(data):
        raise RefusedError(f"The file has other data behind the workbook. {AGAIN}")
    if disk or first_disk or here != total or offset + size != place:
        raise RefusedError(f"The workbook's directory is not where it should be. {AGAIN}")
    if total > most:
        raise RefusedError(f"The workbook has more than {most:,} parts. {AGAIN}")
    for _ in range(total):
        entry, offset = _entry(data, offset, place)
        yield entry
    if offset != place:
        raise RefusedError(f"The workbook's directory counts its parts wrongly. {AGAIN}")


def _entry(data: bytes, offset: int, end: int) -> tuple[Entry, int]:
    head = data[offset : offset + _CENTRAL.size]
    if offset + _CENTRAL.size > end or not head.startswith(b"PK\x01\x02"):
        raise RefusedError(DAMAGED)
    (_, made_by, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, _, _, attributes, start) = (
        _CENTRAL.unpack(head)
    )
    raw_name = data[offset + _CENTRAL.size : offset + _CENTRAL.size + name_length]
    name = raw_name.decode("utf-8", "replace")
    entry = Entry(name, raw_name, flags, method, crc, packed, size, start, made_by, attributes)
    return entry, offset + _CENTRAL.size + name_length + extra + comment


def _check_entry(entry: Entry) -> None:
    parts = entry.name.split("/")
    if ".." in parts or parts[0] == "" or "\\" in entry.name or ":" in entry.name or "\x00" in entry.name:
        raise RefusedError(f"A part of the workbook points outside of it (path). {AGAIN}")
    if entry.flags & _ENCRYPTED:
        raise RefusedError("The workbook is protected by a password. Remove the password and save it again.")
    if entry.made_by >> 8 == 3 and stat.S_ISLNK(entry.attributes >> 16):
        raise RefusedError(f"A part of the workbook is a link to another file. {AGAIN}")
    if entry.method not in (_STORED, _DEFLATED):
        raise RefusedError(f"The workbook is packed in an unusual way. {AGAIN}")
    if entry.name.lower().endswith(_PACKED):
        raise RefusedError("The workbook holds another packed file. Delete embedded files and save it again.")


def _unpack(data: bytes, entry: Entry) -> Iterator[bytes]:
    view = memoryview(data)[entry.start : entry.start + entry.packed]
    if entry.method == _STORED:
        yield from (bytes(view[i : i + _CHUNK]) for i in range(0, len(view), _CHUNK))
        return
    inflater = zlib.decompressobj(-15)
    try:
        for i in range(0, len(view), _CHUNK):
            waiting: bytes | memoryview = view[i : i + _CHUNK]
            while waiting and not inflater.eof:
                yield inflater.decompress(waiting, _CHUNK * 4)
                waiting = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error:
        raise RefusedError(DAMAGED) from None
    if not inflater.eof or inflater.unused_data:
        raise RefusedError(DAMAGED)
