"""Checkpoints (SPEC section 12, C2SP tlog-checkpoint): a log's origin, size and root, signed as a note."""

from dataclasses import dataclass

from verifier.decimal import undecimal
from verifier.limits import CHECKPOINT_BYTES_MAX, TREE_SIZE_MAX
from verifier.note import ED25519, NoNote, Note, VerifierKey, unbase64
from verifier.origin import is_origin


class NoCheckpoint(Exception):
    """The bytes are no checkpoint, or not one of this log; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note claims of a log; nothing of it is checked until `signed_by` is asked."""

    origin: str
    size: int
    root: bytes
    note: Note

    @staticmethod
    def parse(data: bytes) -> "Checkpoint":
        """Reads a checkpoint; raises `NoCheckpoint`."""
        if len(data) > CHECKPOINT_BYTES_MAX:
            raise NoCheckpoint(f"{len(data)} bytes, more than {CHECKPOINT_BYTES_MAX}")
        try:
            note = Note.parse(data)
        except NoNote as error:
            raise NoCheckpoint(str(error)) from None
        lines = note.text.split("\n")
        if len(lines) != 4:
            raise NoCheckpoint(f"{len(lines) - 1} lines of text, not 3")
        size, root = undecimal(lines[1], TREE_SIZE_MAX), unbase64(lines[2])
        if not is_origin(lines[0]):
            raise NoCheckpoint("a first line that is no origin")
        if size is None:
            raise NoCheckpoint("a second line that is no size")
        if root is None or len(root) != 32:
            raise NoCheckpoint("a third line that is no root")
        return Checkpoint(lines[0], size, root, note)

    def signed_by(self, keys: list[VerifierKey]) -> list[VerifierKey]:
        """Which of these keys signed it, of those that are of its log; raises `NoCheckpoint` where a line claims to be
        by one and is not, or where none signed it."""
        try:
            own = (key for key in keys if key.type == ED25519 and key.name == self.origin)
            signed = [key for key in own if self.note.is_signed_by(key)]
        except NoNote as error:
            raise NoCheckpoint(str(error)) from None
        if not signed:
            raise NoCheckpoint("no signature by a known key of its log")
        return signed
