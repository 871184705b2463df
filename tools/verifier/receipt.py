"""Receipts (SPEC section 12, C2SP tlog-proof): that an entry is in a log."""

from dataclasses import dataclass

from verifier import proof
from verifier.checkpoint import Checkpoint, NoCheckpoint
from verifier.codec import Malformed
from verifier.decimal import undecimal
from verifier.entry import Entry
from verifier.limits import ENTRY_BYTES_MAX, PROOF_HASHES_MAX, RECEIPT_BYTES_MAX, TREE_SIZE_MAX
from verifier.note import unbase64
from verifier.tree import leaf_hash

FIRST_LINE = b"c2sp.org/tlog-proof@v1"


class NoReceipt(Exception):
    """The bytes are no receipt, or prove nothing: what was expected, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a file claims: that an entry (`extra`, where it has it) is at this index under this checkpoint."""

    extra: bytes | None
    index: int
    hashes: list[bytes]
    checkpoint: Checkpoint

    @staticmethod
    def parse(data: bytes) -> "Receipt":
        """Reads a file; raises `NoReceipt`."""
        if len(data) > RECEIPT_BYTES_MAX:
            raise NoReceipt(f"at most {RECEIPT_BYTES_MAX} bytes", f"{len(data)} bytes")
        head, gap, checkpoint = data.partition(b"\n\n")
        lines = head.decode("utf-8", errors="replace").split("\n")
        if not gap or lines.pop(0).encode() != FIRST_LINE:
            raise NoReceipt("a tlog-proof, as the specification writes it", "another text")
        extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
        index = undecimal(lines.pop(0)[len("index ") :], TREE_SIZE_MAX) if _is_index(lines) else None
        if index is None:
            raise NoReceipt("an index in decimal, in a line of its own", "another text")
        hashes = proof.parse(lines)
        if hashes is None:
            raise NoReceipt(f"at most {PROOF_HASHES_MAX} hashes in base64, one a line", "another text")
        try:
            return Receipt(extra, index, hashes, Checkpoint.parse(checkpoint))
        except NoCheckpoint as error:
            raise NoReceipt("a checkpoint behind the empty line", str(error)) from None

    def canonical(self) -> bytes:
        """The entry's bytes; raises `NoReceipt` where the file has none."""
        if self.extra is None:
            raise NoReceipt("the entry's bytes, in a line `extra`", "no such line")
        return self.extra

    def prove(self) -> None:
        """That the entry is in the tree that the checkpoint claims; raises `NoReceipt`."""
        if not proof.is_included(
            leaf_hash(self.canonical()), self.index, self.checkpoint.size, self.hashes, self.checkpoint.root
        ):
            expected = f"a proof that this is entry {self.index} of {self.checkpoint.size}"
            raise NoReceipt(expected, "hashes that do not lead to the checkpoint's root")

    def entry(self) -> Entry:
        """The entry itself; raises `NoReceipt` if the bytes are none of this index."""
        try:
            entry = Entry.parse(self.extra or b"")
        except Malformed as error:
            raise NoReceipt("canonical bytes of an entry", str(error)) from None
        if entry.index != self.index:
            raise NoReceipt(f"an entry of index {self.index}", f"one of index {entry.index}")
        return entry


def _extra(line: str) -> bytes:
    extra = unbase64(line[len("extra ") :])
    if not extra or len(extra) > ENTRY_BYTES_MAX:
        raise NoReceipt(f"1 to {ENTRY_BYTES_MAX} bytes in base64 as `extra`", "another text")
    return extra


def _is_index(lines: list[str]) -> bool:
    return bool(lines) and lines[0].startswith("index ")
