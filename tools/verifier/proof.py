"""Inclusion and consistency proofs (SPEC section 12, RFC 6962 sections 2.1.1 and 2.1.2).

Both are lists of hashes whose number follows from the sizes. A root is made again as RFC 6962 makes the proof: the
functions here go the same way down, and take the proof's hashes on the way back.
"""

import base64
from collections.abc import Iterator

from verifier.limits import PROOF_HASHES_MAX
from verifier.note import unbase64
from verifier.tree import EMPTY, node_hash


def parse(lines: list[str]) -> list[bytes] | None:
    """The hashes of a proof, one in a line; None if they are none, or too many."""
    if len(lines) > PROOF_HASHES_MAX:
        return None
    hashes = [unbase64(line) for line in lines]
    found = [node for node in hashes if node is not None and len(node) == 32]
    return found if len(found) == len(lines) else None


def print_hashes(hashes: list[bytes]) -> list[str]:
    """A line for each hash, without its newline."""
    return [base64.b64encode(node).decode() for node in hashes]


def is_included(leaf: bytes, index: int, size: int, hashes: list[bytes], root: bytes) -> bool:
    """Whether the proof leads from this leaf hash, at this index, to the root of the tree of this size."""
    if not index < size or len(hashes) != _path_length(index, size):
        return False
    return _path_root(leaf, index, size, iter(hashes)) == root


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, hashes: list[bytes]) -> bool:
    """Whether the tree of `old_size` with `old_root` is how the tree of `size` with `root` begins."""
    if old_size > size or len(hashes) != _consistency_length(old_size, size):
        return False
    if old_size == 0:
        return old_root == EMPTY
    return _both_roots(old_size, size, True, old_root, iter(hashes)) == (old_root, root)


def _below(size: int) -> int:
    """The largest power of two below the size, which is 2 or more: how many leaves are on the left."""
    return 1 << (size - 1).bit_length() - 1


def _path_length(index: int, size: int) -> int:
    length = 0
    while size > 1:
        left = _below(size)
        index, size = (index, left) if index < left else (index - left, size - left)
        length += 1
    return length


def _path_root(leaf: bytes, index: int, size: int, hashes: Iterator[bytes]) -> bytes:
    """PATH(m, D[n]): the root over n leaves, of which leaf m and its path are known."""
    if size == 1:
        return leaf
    left = _below(size)
    if index < left:
        node = _path_root(leaf, index, left, hashes)
        return node_hash(node, next(hashes))
    node = _path_root(leaf, index - left, size - left, hashes)
    return node_hash(next(hashes), node)


def _consistency_length(old_size: int, size: int) -> int:
    """How many hashes PROOF(m, D[n]) has."""
    if old_size == 0:
        return 0
    length, is_whole = 0, True
    while old_size != size:
        left = _below(size)
        if old_size <= left:
            size = left
        else:
            old_size, size, is_whole = old_size - left, size - left, False
        length += 1
    return length if is_whole else length + 1


def _both_roots(
    old_size: int, size: int, is_whole: bool, old_root: bytes, hashes: Iterator[bytes]
) -> tuple[bytes, bytes]:
    """SUBPROOF(m, D[n], b): the roots over the first m and over all n leaves of a subtree. Where it `is_whole`, it
    begins where the tree does, and nothing tells the old root but whoever asks."""
    if old_size == size:
        node = old_root if is_whole else next(hashes)
        return node, node
    left = _below(size)
    if old_size <= left:
        old, new = _both_roots(old_size, left, is_whole, old_root, hashes)
        return old, node_hash(new, next(hashes))
    old, new = _both_roots(old_size - left, size - left, False, old_root, hashes)
    beside = next(hashes)
    return node_hash(beside, old), node_hash(beside, new)
