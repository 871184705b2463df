"""Lists of checkpoints (SPEC section 13): notes, one directly after another."""

from collections.abc import Iterator
from typing import BinaryIO

from verifier.limits import CHECKPOINT_BYTES_MAX

_DASH = "\u2014 ".encode()


def notes(file: BinaryIO, length: int) -> Iterator[bytes]:
    """The bytes of each note of the next `length` bytes of the file, whatever they are.

    A note that is longer than a checkpoint may be comes out in pieces, which are none; so memory has a bound.
    """
    note, is_signed = bytearray(), False
    while length > 0:
        line = file.readline(min(length, CHECKPOINT_BYTES_MAX + 1))
        if not line:
            break
        length -= len(line)
        if note and is_signed and not line.startswith(_DASH) or len(note) > CHECKPOINT_BYTES_MAX:
            yield bytes(note)
            note.clear()
        note += line
        is_signed = line.startswith(_DASH)
    if note:
        yield bytes(note)
