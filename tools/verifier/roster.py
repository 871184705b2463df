"""Roster leaves (SPEC section 5)."""

from collections.abc import Iterator

from verifier.signature import is_key
from verifier.tree import root_of

LEAF_BYTES = 98


class Roster:
    """The leaves of a roster that are whole, as they stand in the file."""

    def __init__(self, leaves: bytes, is_whole: bool = True) -> None:
        self.is_whole = is_whole and len(leaves) % LEAF_BYTES == 0
        self._leaves = leaves

    def __len__(self) -> int:
        return len(self._leaves) // LEAF_BYTES

    def key(self, index: int) -> bytes:
        """The public key of this leaf."""
        start = index * LEAF_BYTES
        return self._leaves[start : start + 32]

    def stratum(self, index: int) -> int:
        """The place of this leaf's stratum in the definition."""
        start = index * LEAF_BYTES + 32
        return int.from_bytes(self._leaves[start : start + 2], "little")

    def root(self) -> bytes:
        """The RFC 6962 root of the leaves."""
        leaves = self._leaves
        return root_of(leaves[at : at + LEAF_BYTES] for at in range(0, len(self) * LEAF_BYTES, LEAF_BYTES))

    def by_stratum(self, strata: int) -> list[int]:
        """How many leaves each of these strata has."""
        counts = [0] * strata
        for index in range(len(self)):
            stratum = self.stratum(index)
            if stratum < strata:
                counts[stratum] += 1
        return counts

    def faults(self, strata: int) -> Iterator[tuple[int, str, str]]:
        """What is wrong with a leaf where strata are open: its index, what was expected, and what was found."""
        before = b""
        for index in range(len(self)):
            key = self.key(index)
            if key <= before:
                yield index, "public keys that strictly ascend", "one that does not come after the one before"
            if not is_key(key):
                yield index, "a canonical public key not of small order", key.hex()
            if self.stratum(index) >= strata:
                yield index, f"a stratum below {strata}", str(self.stratum(index))
            if any(self._sealed_stratum(index)):
                yield index, "zeros for a sealed stratum", "other bytes"
            before = key

    def _sealed_stratum(self, index: int) -> bytes:
        start = index * LEAF_BYTES + 34
        return self._leaves[start : start + 32]
