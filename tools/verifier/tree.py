"""Merkle trees (SPEC section 2, RFC 6962 section 2.1)."""

import hashlib
from collections.abc import Iterable

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The root over leaves that are pushed one by one; it keeps one hash for each bit of their number."""

    def __init__(self) -> None:
        self.size = 0
        # Roots of whole subtrees, largest first: the tree's frontier.
        self._roots: list[bytes] = []

    def push(self, data: bytes) -> None:
        """Appends the leaf of these bytes."""
        self.push_hash(leaf_hash(data))

    def push_hash(self, node: bytes) -> None:
        """Appends a leaf, or a subtree where all are of one size, that has this hash."""
        size = self.size
        while size & 1:
            node, size = node_hash(self._roots.pop(), node), size >> 1
        self._roots.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over everything pushed; of nothing, SHA-256 of nothing."""
        if not self._roots:
            return EMPTY
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.push(leaf)
    return tree.root()
