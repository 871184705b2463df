"""Forks (SPEC section 13): two checkpoints of one log that no one history has, with the proof of it."""

from dataclasses import dataclass

from verifier import proof
from verifier.checkpoint import Checkpoint, NoCheckpoint
from verifier.decimal import undecimal
from verifier.limits import CHECKPOINT_BYTES_MAX, FORK_BYTES_MAX
from verifier.note import VerifierKey, unbase64

FIRST_LINE = b"sijill-fork@v1"


class NoFork(Exception):
    """The bytes are no fork, or show none: what was expected, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Fork:
    """What a file claims. `root` is that of the second tree at the first checkpoint's size, where the sizes differ."""

    root: bytes | None
    hashes: list[bytes]
    first: Checkpoint
    second: Checkpoint

    @staticmethod
    def parse(data: bytes) -> "Fork":
        """Reads a file; raises `NoFork`."""
        if len(data) > FORK_BYTES_MAX:
            raise NoFork(f"at most {FORK_BYTES_MAX} bytes", f"{len(data)} bytes")
        head, gap, rest = data.partition(b"\n\n")
        lines = head.decode("utf-8", errors="replace").split("\n")
        if not gap or lines.pop(0).encode() != FIRST_LINE:
            raise NoFork("a fork, as the specification writes it", "another text")
        root = None
        if lines:
            root = unbase64(lines[0][len("root ") :]) if lines[0].startswith("root ") else None
            if root is None or len(root) != 32:
                raise NoFork("a line `root` with 32 bytes in base64", "another text")
        hashes = proof.parse(lines[1:])
        if hashes is None:
            raise NoFork("hashes in base64, one a line", "another text")
        found = Fork(root, hashes, *_checkpoints(rest))
        found._fit()
        return found

    def _fit(self) -> None:
        first, second = self.first, self.second
        if first.origin != second.origin:
            raise NoFork("two checkpoints of one log", f"those of `{first.origin}` and `{second.origin}`")
        if not 1 <= first.size <= second.size:
            raise NoFork("sizes that do not fall, from 1", f"{first.size} and {second.size}")
        if (first.size == second.size) != (self.root is None):
            raise NoFork("a `root` where the sizes differ, and there alone", "another text")

    def prove(self, keys: list[VerifierKey] | None) -> None:
        """That no one history has both, and that a log with these keys signed both, where they are given; raises
        `NoFork`."""
        first, second = self.first, self.second
        for checkpoint in (first, second) if keys is not None else ():
            try:
                checkpoint.signed_by(keys or [])
            except NoCheckpoint as error:
                raise NoFork(f"checkpoints of `{checkpoint.origin}` signed by its log", str(error)) from None
        if self.root is None:
            if first.root == second.root:
                raise NoFork("two roots of one size", "one root")
        elif self.root == first.root:
            raise NoFork("another root than the first checkpoint's", "the same")
        elif not proof.is_consistent(first.size, self.root, second.size, second.root, self.hashes):
            raise NoFork("a proof from `root` to the second checkpoint", "hashes that do not lead there")


def _checkpoints(rest: bytes) -> tuple[Checkpoint, Checkpoint]:
    number, _, both = rest.partition(b"\n")
    length = undecimal(number.decode("ascii", errors="replace"), CHECKPOINT_BYTES_MAX)
    if length is None or length > len(both):
        raise NoFork("the length of the first checkpoint in decimal", "another text, or fewer bytes")
    try:
        return Checkpoint.parse(both[:length]), Checkpoint.parse(both[length:])
    except NoCheckpoint as error:
        raise NoFork("two checkpoints", str(error)) from None
