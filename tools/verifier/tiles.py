"""The tiles and bundles of a published poll beside its entries (V24): each has the bytes that follow from them.

Hashes are kept of one unfinished tile a level. A tile that is complete is compared with its file, and the files of its
narrower forms, which growth may have left there, with that.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from verifier.files import is_inside, read
from verifier.limits import BUNDLE_BYTES_MAX, TILE_WIDTH_MAX
from verifier.tile import ENTRIES, LEVELS, Tile, has_shape
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
        # Files that are no tile of this tree, in whatever width.
        self.others = 0

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
        """Compares what the last entries are in, and what growth left behind. Whether all entries were there."""
        is_whole = self._count == self._size
        if is_whole:
            if self._entries:
                self._bundle(tell)
            for level, row in enumerate(self._rows):
                if row:
                    self._compare(Tile(level, self._done[level], len(row)), row, tell)
        for narrow in self._narrower():
            self._begins(narrow, tell)
        return is_whole

    def _compare(self, found: Tile, parts: list[bytes], tell: Tell) -> None:
        self.looked += 1
        data = self._read(found)
        if data != b"".join(parts):
            what = "no file" if data is None else "others"
            meaning = "whoever proves from it proves of another tree"
            tell(f"`{found.path()}`", "the bytes that follow from the entries", what, meaning)

    def _narrower(self) -> Iterator[Tile]:
        """The files of tiles that the tree has in more width; others are counted."""
        for path in _paths(self._folder, "tile"):
            found = Tile.parse(path)
            if found is None or found.is_of(self._size):
                self.others += found is None
            elif found.widened(self._size) is not None and is_inside(self._folder, self._folder / path):
                yield found
            else:
                self.others += 1

    def _begins(self, narrow: Tile, tell: Tell) -> None:
        """Whether the file of a tile is how that of the wider one begins, where both are there."""
        self.looked += 1
        wider = narrow.widened(self._size)
        own, whole = self._read(narrow), self._read(wider) if wider else None
        if own is not None and whole is not None and not (whole.startswith(own) and has_shape(narrow, own)):
            expected, meaning = f"how `{wider.path()}` begins", "whoever proves from it proves of another tree"
            tell(f"`{narrow.path()}`", expected, "others", meaning)

    def _read(self, found: Tile) -> bytes | None:
        path = self._folder / found.path()
        return read(path, BUNDLE_BYTES_MAX) if is_inside(self._folder, path) else None


def _paths(folder: Path, below: str) -> Iterator[str]:
    """Every file below this folder, as a path with slashes. Folders that are links are not entered."""
    for place, _, files in os.walk(folder / below):
        for name in files:
            yield (Path(place) / name).relative_to(folder).as_posix()
