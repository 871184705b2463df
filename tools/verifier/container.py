"""Exports (SPEC section 8): the head of the file, its sections, and the entries, one after another.

What is wrong is told and the rest is still read: the sections that the head names, as far as their bytes are there.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from verifier import checkpoint_list
from verifier.files import Part
from verifier.limits import ENTRY_BYTES_MAX, HASHED_AT_ONCE_BYTES, SECTIONS_MAX
from verifier.roster import LEAF_BYTES

MAGIC = b"SIJILLEX"
VERSION = 1
ENTRIES = 1
ROSTER = 2
CHECKPOINTS = 3
MUST_UNDERSTAND = 1
_START = struct.Struct("<8sHH")
_SECTION = struct.Struct("<HHQ32s")
_HASH_BYTES = 32
_LENGTH = struct.Struct("<I")

_NAMES = {ENTRIES: "entries", ROSTER: "the roster", CHECKPOINTS: "checkpoints"}
# Kinds that every export has once, and those that it has at most once; and the flags of each.
_NEEDED = (ENTRIES, ROSTER)
_FLAGS = {ENTRIES: MUST_UNDERSTAND, ROSTER: MUST_UNDERSTAND, CHECKPOINTS: 0}

# Told of what is wrong: subject, expected, found, meaning.
Tell = Callable[[str, str, str, str], None]


class NoSource(Exception):
    """Nothing can be read here, as there is no head; `told` are subject, expected, found and meaning."""

    def __init__(self, *told: str) -> None:
        super().__init__(*told)
        self.told = told


@dataclass(frozen=True, slots=True)
class Section:
    """A section as the head has it, and where it begins."""

    kind: int
    flags: int
    length: int
    hash: bytes
    start: int

    def name(self) -> str:
        """What a report calls it."""
        return f"section of {_NAMES.get(self.kind, f'kind {self.kind}')}"

    def must_be_understood(self) -> bool:
        """Whether a reader that does not know it must refuse the file."""
        return bool(self.flags & MUST_UNDERSTAND)


def read_head(file: BinaryIO) -> list[Section]:
    """The sections that the head names; raises `NoSource` if there is no head that can be believed."""
    start = file.read(_START.size)
    if not start.startswith(MAGIC) or len(start) < _START.size:
        raise NoSource("magic", "`SIJILLEX`, version and number of sections", "other bytes", "this is no export")
    _, version, count = _START.unpack(start)
    if version != VERSION:
        raise NoSource("version", str(VERSION), str(version), "the export is of a later version")
    if not 1 <= count <= SECTIONS_MAX:
        raise NoSource("number of sections", f"1 to {SECTIONS_MAX}", str(count), "this is no export")
    table = file.read(count * _SECTION.size)
    found = file.read(_HASH_BYTES)
    if hashlib.sha256(start + table).digest() != found:
        raise NoSource("hash of the head", "that of the bytes before it", "another", "the head was changed, or cut")
    return _placed(table, file.tell())


def _placed(table: bytes, start: int) -> list[Section]:
    sections = []
    for kind, flags, length, digest in _SECTION.iter_unpack(table):
        sections.append(Section(kind, flags, length, digest, start))
        start += length
    return sections


def check(file: BinaryIO, sections: list[Section], tell: Tell) -> None:
    """Looks at everything but the entries' framing, which `entries` does while it reads them."""
    end = sections[-1].start + sections[-1].length
    size = file.seek(0, 2)
    if size != end:
        meaning = "the file is cut short" if size < end else "bytes stand behind the last section"
        tell("length of the file", f"{end} bytes", f"{size} bytes", meaning)
    for kind, name in _NAMES.items():
        count = sum(section.kind == kind for section in sections)
        if count > 1 or (count < 1 and kind in _NEEDED):
            expected = "one" if kind in _NEEDED else "at most one"
            tell(f"sections of {name}", expected, str(count), "an export holds each once")
    for section in sections:
        _check_section(file, section, size, tell)


def _check_section(file: BinaryIO, section: Section, size: int, tell: Tell) -> None:
    flags = _FLAGS.get(section.kind)
    if flags is None and section.must_be_understood():
        tell(section.name(), "a kind that this verifier knows", "another", "a reader must understand it")
    if section.flags & ~MUST_UNDERSTAND or flags not in (None, section.flags):
        expected = f"flags 0 or {MUST_UNDERSTAND}" if flags is None else f"flags {flags}"
        tell(section.name(), expected, f"flags {section.flags}", "the section is not what its kind asks for")
    digest = hashlib.sha256()
    for chunk in _chunks(file, section, size):
        digest.update(chunk)
    if digest.digest() != section.hash:
        found = f"SHA-256 {digest.hexdigest()}"
        tell(section.name(), f"SHA-256 {section.hash.hex()}", found, "its bytes are not those that the head names")


def _chunks(file: BinaryIO, section: Section, size: int) -> Iterator[bytes]:
    left = min(section.length, max(0, size - section.start))
    if left:
        file.seek(section.start)
    while left:
        chunk = file.read(min(left, HASHED_AT_ONCE_BYTES))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def find(sections: list[Section], kind: int) -> Section | None:
    """The first section of this kind."""
    return next((section for section in sections if section.kind == kind), None)


def part(file: BinaryIO, section: Section) -> Part:
    """What of a section is there."""
    return Part(file, section.start, min(section.length, max(0, file.seek(0, 2) - section.start)))


def entries(file: BinaryIO, section: Section, tell: Tell) -> Iterator[bytes]:
    """The bytes of each entry in turn, never more than one at once; what cannot be cut into entries is told.

    An entry longer than any may be is skipped, and comes out as its first bytes beyond the limit.
    """
    left = min(section.length, max(0, file.seek(0, 2) - section.start))
    file.seek(section.start if left else 0)
    while left:
        prefix = file.read(min(_LENGTH.size, left))
        left -= len(prefix)
        length = _LENGTH.unpack(prefix)[0] if len(prefix) == _LENGTH.size else None
        if length is None or length > left:
            announced = "a length that is cut" if length is None else f"an entry of {length} bytes announced"
            tell(section.name(), "whole entries", f"{announced}, {left} left", "the last entry is cut, or smuggled")
            return
        data = file.read(min(length, ENTRY_BYTES_MAX + 1))
        if length > len(data):
            file.seek(length - len(data), 1)
        left -= length
        yield data


class Export:
    """An export as the source of an audit."""

    # An export has nothing of these.
    newest = None
    tiles = None

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sections: list[Section] = []

    def check(self, tell: Tell) -> int:
        """Looks at the file as a whole, tells what is wrong, and returns how many parts it has; raises `NoSource`."""
        self._sections = read_head(self._file)
        check(self._file, self._sections, tell)
        return len(self._sections) + 1

    def leaves(self, tell: Tell) -> tuple[Part | None, bool]:
        """The roster's leaves that are there, and whether that is all of them."""
        section = find(self._sections, ROSTER)
        if section is None:
            return None, False
        found = part(self._file, section)
        if len(found) < section.length or len(found) % LEAF_BYTES:
            what = f"{len(found)} of {section.length} bytes"
            tell(section.name(), f"whole leaves of {LEAF_BYTES} bytes", what, "leaves are missing")
        return found, len(found) == section.length

    def entries(self, tell: Tell) -> Iterator[bytes]:
        """The bytes of each entry in turn."""
        section = find(self._sections, ENTRIES)
        yield from entries(self._file, section, tell) if section else ()

    def again(self) -> Iterator[bytes]:
        """The same from the start, while `entries` is read, which goes on where it was."""
        at = self._file.tell()
        try:
            yield from self.entries(lambda *_: None)
        finally:
            self._file.seek(at)

    def checkpoints(self) -> Iterator[bytes]:
        """The notes of the list of checkpoints. Nothing else may be read meanwhile."""
        section = find(self._sections, CHECKPOINTS)
        if section is not None:
            left = min(section.length, max(0, self._file.seek(0, 2) - section.start))
            self._file.seek(section.start if left else 0)
            yield from checkpoint_list.notes(self._file, left)
