"""Entries and their links (SPEC section 2)."""

from dataclasses import dataclass

from blake3 import blake3

from verifier.codec import Malformed, Reader
from verifier.event import Event, read

_ENTRY = "sijill 2026 ledger entry v1"
_ORIGIN = "sijill 2026 ledger origin v1"


@dataclass(slots=True)
class Entry:
    """One entry. `at` is in milliseconds since 1970; `previous` is the link of the entry before."""

    index: int
    previous: bytes
    at: int
    kind: int
    event: Event

    @staticmethod
    def parse(data: bytes) -> "Entry":
        """Reads canonical bytes; raises `Malformed` if they are none, or of a later version."""
        reader = Reader(data)
        index, previous, at = reader.u64(), reader.hash(), reader.u64()
        kind, event = read(reader)
        reader.end()
        return Entry(index, previous, at, kind, event)


def content(data: bytes) -> tuple[int | None, bytes]:
    """Kind and the bytes behind it of what may be an entry, at little cost; None where it cannot be one."""
    try:
        reader = Reader(data)
        reader.u64(), reader.hash(), reader.u64()
        kind = reader.u32()
    except Malformed:
        return None, b""
    return kind, data[reader.at :]


def link(data: bytes) -> bytes:
    """The link of an entry with these canonical bytes."""
    return blake3(data, derive_key_context=_ENTRY).digest()


def origin_link(origin: str) -> bytes:
    """What entry 0 of the ledger of this name has as `previous`."""
    return blake3(origin.encode(), derive_key_context=_ORIGIN).digest()
