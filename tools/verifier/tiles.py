"""The tiles and bundles of a published poll beside its entries (V24): each has the bytes that follow from them.

Hashes are kept of one unfinished tile a level. A tile that is complete is compared with its file, and with the files of
its narrower forms, which growth may have left there.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from verifier import tile
from verifier.files import names, read
from verifier.limits import BUNDLE_BYTES_MAX, TILE_WIDTH_MAX
from verifier.tile import ENTRIES, LEVELS, Tile
from verifier.tree import Tree

# Told of what is wrong: subject, expected, found, meaning.
Tell = Callable[[str, str, str, str], None]


class Tiles:
    """What a folder must have under `tile/` for the tree of this size, which is made here of its entries."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        # Of each level, the hashes of the tile that is not complete; of bundles, what their bytes are.
        self._rows: list[list[bytes]] = [[] for _ in LEVELS]
        self._entries: list[bytes] = []
        self._done = [0 for _ in LEVELS]
        self._count = 0
        self.looked = 0

    def push(self, entry: bytes, leaf: bytes, tell: Tell) -> None:
        """Takes the next entry and its leaf hash."""
        self._count += 1
        self._entries.append(len(entry).to_bytes(2, "big") + entry)
        if len(self._entries) == TILE_WIDTH_MAX:
            self._bundle(tell)
        self._hash(0, leaf, tell)

    def _bundle(self, tell: Tell) -> None:
        index = (self._count - 1) // TILE_WIDTH_MAX
        self._compare(Tile(ENTRIES, index, len(self._entries)), self._entries, tell)
        self._entries = []

    def _hash(self, level: int, node: bytes, tell: Tell) -> None:
        row = self._rows[level]
        row.append(node)
        if len(row) == TILE_WIDTH_MAX:
            self._compare(Tile(level, self._done[level]), row, tell)
            self._done[level] += 1
            self._rows[level] = []
            above = Tree()
            for each in row:
                above.push_hash(each)
            self._hash(level + 1, above.root(), tell)

    def finish(self, tell: Tell) -> bool:
        """Compares what is not complete. Whether all entries were there."""
        if self._entries:
            self._bundle(tell)
        for level, row in enumerate(self._rows):
            if row:
                self._compare(Tile(level, self._done[level], len(row)), row, tell)
        return self._count == self._size

    def _compare(self, whole: Tile, parts: list[bytes], tell: Tell) -> None:
        """The file of this tile, if the tree must have it, and whatever there is of it in fewer parts."""
        widths = set(self._partial(whole))
        if whole.is_of(self._size):
            widths.add(whole.width)
        for width in sorted(widths):
            self._compare_one(Tile(whole.level, whole.index, width), parts, tell)

    def _compare_one(self, found: Tile, parts: list[bytes], tell: Tell) -> None:
        self.looked += 1
        data = read(self._folder / found.path(), BUNDLE_BYTES_MAX)
        if data != b"".join(parts[: found.width]):
            what = "no file" if data is None else "others"
            meaning = "whoever proves from it proves of another tree"
            tell(f"`{found.path()}`", "the bytes that follow from the entries", what, meaning)

    def _partial(self, whole: Tile) -> Iterator[int]:
        """The widths, up to that of this tile, in which there is a partial file of it."""
        folder = Tile(whole.level, whole.index).path() + ".p"
        for name in names(self._folder / folder):
            found = Tile.parse(f"{folder}/{name}")
            if found is not None and found.width <= whole.width:
                yield found.width

