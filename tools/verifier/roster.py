"""Roster leaves (SPEC section 5)."""

from collections.abc import Iterator

from verifier.files import Part
from verifier.signature import is_key
from verifier.tree import root_of

LEAF_BYTES = 98

# The stratum of a leaf whose stratum is sealed.
SEALED = 0xFFFF


class Roster:
    """The leaves of a roster that are whole, as they stand in the file."""

    def __init__(self, leaves: Part | None, is_whole: bool = True) -> None:
        self.is_whole = is_whole and leaves is not None and len(leaves) % LEAF_BYTES == 0
        self._leaves = leaves

    def __len__(self) -> int:
        return len(self._leaves) // LEAF_BYTES if self._leaves else 0

    def _part(self, index: int, at: int, count: int) -> bytes:
        return self._leaves.read(index * LEAF_BYTES + at, count) if self._leaves else b""

    def key(self, index: int) -> bytes:
        """The public key of this leaf."""
        return self._part(index, 0, 32)

    def stratum(self, index: int) -> int:
        """The place of this leaf's stratum in the definition."""
        return int.from_bytes(self._part(index, 32, 2), "little")

    def root(self) -> bytes:
        """The RFC 6962 root of the leaves."""
        return root_of(self._part(index, 0, LEAF_BYTES) for index in range(len(self)))

    def by_stratum(self, strata: int) -> list[int]:
        """How many leaves each of these strata has."""
        counts = [0] * strata
        for index in range(len(self)):
            stratum = self.stratum(index)
            if stratum < strata:
                counts[stratum] += 1
        return counts

    def faults(self, strata: int, sealed: bool, at_most: int) -> Iterator[tuple[int, str, str]]:
        """What is wrong with the first leaves, strata being sealed or open: the leaf's index, what was expected, and what
        was found."""
        before = b""
        for index in range(min(len(self), at_most)):
            key = self.key(index)
            if key <= before:
                yield index, "public keys that strictly ascend", "one that does not come after the one before"
            if not is_key(key):
                yield index, "a canonical public key not of small order", key.hex()
            stratum = self.stratum(index)
            if sealed and stratum != SEALED:
                yield index, f"{SEALED} for a sealed stratum", str(stratum)
            if not sealed and stratum >= strata:
                yield index, f"a stratum below {strata}", str(stratum)
            if not sealed and any(self.sealed_stratum(index)):
                yield index, "zeros for a sealed stratum", "other bytes"
            before = key

    def sealed_stratum(self, index: int) -> bytes:
        """The commitment to this leaf's stratum, where strata are sealed."""
        return self._part(index, 34, 32)
