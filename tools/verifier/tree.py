"""Merkle trees (SPEC section 2, RFC 6962 section 2.1)."""

import hashlib
from collections.abc import Iterable


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


class Tree:
    """The root over leaves that are pushed one by one; it keeps one hash for each bit of their number."""

    def __init__(self) -> None:
        self._size = 0
        # Roots of whole subtrees, largest first.
        self._roots: list[bytes] = []

    def push(self, data: bytes) -> None:
        """Appends the leaf of these bytes."""
        node, size = leaf_hash(data), self._size
        while size & 1:
            node, size = _node(self._roots.pop(), node), size >> 1
        self._roots.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The root over everything pushed; of nothing, SHA-256 of nothing."""
        if not self._roots:
            return hashlib.sha256(b"").digest()
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = _node(left, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.push(leaf)
    return tree.root()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
