"""The poll of the vectors, published: checkpoints, receipts, a folder, made here from the specification's words."""

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from verifier import tile
from verifier.note import COSIGNATURE, ED25519, VerifierKey
from verifier.tests.vectors import part, unhex
from verifier.tile import ENTRIES, LEVELS
from verifier.tree import leaf_hash, node_hash, root_of

POLL = part("poll")
ORIGIN = POLL["origin"]
ENTRY_BYTES = [unhex(row["bytes"]) for row in POLL["entries"]]
LEAVES = b"".join(unhex(leaf) for leaf in POLL["roster"]["leaves"])


class Signer:
    """A key that a test holds."""

    def __init__(self, seed: int, name: str = ORIGIN, kind: int = ED25519) -> None:
        self._secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        public = self._secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = VerifierKey(name, public, kind)

    def line(self, text: str, time: int = 1) -> str:
        """The line by which this key signs a text, or cosigns it at a time."""
        if self.key.type == COSIGNATURE:
            message = f"cosignature/v1\ntime {time}\n{text}"
            signed = time.to_bytes(8, "big") + self._secret.sign(message.encode())
        else:
            signed = self._secret.sign(text.encode())
        return f"— {self.key.name} {base64.b64encode(self.key.hash() + signed).decode()}\n"


LOG = Signer(1)
WITNESS = Signer(2, "witness.example/w", COSIGNATURE)
POLICY = f"log {LOG.key}\nwitness w {WITNESS.key}\nquorum w\n"


def body(size: int, root: bytes, origin: str = ORIGIN) -> str:
    """The text of a checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def checkpoint(size: int, *signers: Signer, entries: list[bytes] = ENTRY_BYTES, origin: str = ORIGIN) -> bytes:
    """A checkpoint over so many entries, by these keys; by log and witness where none is given."""
    text = body(size, root_of(entries[:size]), origin)
    return (text + "\n" + "".join(signer.line(text) for signer in signers or (LOG, WITNESS))).encode()


def receipt(index: int, size: int, entries: list[bytes] = ENTRY_BYTES, *signers: Signer) -> bytes:
    """The receipt of an entry."""
    lines = ["c2sp.org/tlog-proof@v1", f"extra {base64.b64encode(entries[index]).decode()}", f"index {index}"]
    lines += [base64.b64encode(node).decode() for node in path(index, [leaf_hash(entry) for entry in entries[:size]])]
    return "\n".join([*lines, "", ""]).encode() + checkpoint(size, *signers, entries=entries)


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, as it stands there."""
    if len(leaves) == 1:
        return []
    left = below(len(leaves))
    if index < left:
        return [*path(index, leaves[:left]), root(leaves[left:])]
    return [*path(index - left, leaves[left:]), root(leaves[:left])]


def subproof(old: int, leaves: list[bytes], is_whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, as it stands there."""
    if old == len(leaves):
        return [] if is_whole else [root(leaves)]
    left = below(len(leaves))
    if old <= left:
        return [*subproof(old, leaves[:left], is_whole), root(leaves[left:])]
    return [*subproof(old - left, leaves[left:], False), root(leaves[:left])]


def root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 over leaf hashes, as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    left = below(len(leaves))
    return node_hash(root(leaves[:left]), root(leaves[left:]))


def below(size: int) -> int:
    """The largest power of two below a number from 2."""
    return max(1 << bit for bit in range(64) if 1 << bit < size)


def export(entries: list[bytes], leaves: bytes, checkpoints: bytes | None, kind: int = 3, flags: int = 0) -> bytes:
    """An export, with a list of checkpoints where there is one."""
    framed = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
    sections = [(1, 1, framed), (2, 1, leaves)] + ([(kind, flags, checkpoints)] if checkpoints is not None else [])
    head = b"SIJILLEX" + (1).to_bytes(2, "little") + len(sections).to_bytes(2, "little")
    for section, bits, data in sections:
        head += section.to_bytes(2, "little") + bits.to_bytes(2, "little") + len(data).to_bytes(8, "little")
        head += hashlib.sha256(data).digest()
    return head + hashlib.sha256(head).digest() + b"".join(data for _, _, data in sections)


def publish(folder: Path, sizes: list[int], entries: list[bytes] = ENTRY_BYTES) -> None:
    """The folder of the poll, published at each of these sizes."""
    notes = [checkpoint(size, entries=entries) for size in sizes]
    (folder / "checkpoint").write_bytes(notes[-1])
    (folder / "checkpoints").write_bytes(b"".join(notes))
    (folder / "roster").write_bytes(LEAVES)
    for size in sizes:
        for level in (ENTRIES, *LEVELS):
            for found in tile.of_size(level, size):
                file = folder / found.path()
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(_bytes_of(found, entries))


def _bytes_of(found: tile.Tile, entries: list[bytes]) -> bytes:
    own = entries[found.index * 256 :][: found.width]
    if found.level == ENTRIES:
        return b"".join(len(entry).to_bytes(2, "big") + entry for entry in own)
    under = 256 ** int(found.level)
    starts = range(found.index * 256 * under, (found.index * 256 + found.width) * under, under)
    return b"".join(root_of(entries[start : start + under]) for start in starts)
