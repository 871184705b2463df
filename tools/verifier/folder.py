"""Folders of a published poll (SPEC section 13): the newest checkpoint, the list of them, tiles and roster, as files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from verifier import checkpoint_list, tile
from verifier.checkpoint import Checkpoint, NoCheckpoint
from verifier.container import NoSource, Tell
from verifier.files import Part, is_inside, read
from verifier.limits import BUNDLE_BYTES_MAX, CHECKPOINT_BYTES_MAX, CHECKPOINTS_BYTES_MAX, TILE_WIDTH_MAX
from verifier.roster import LEAF_BYTES
from verifier.tile import ENTRIES, NoBundle
from verifier.tiles import Tiles


class Folder:
    """A folder as the source of an audit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._roster: BinaryIO | None = None
        self.newest: Checkpoint | None = None
        self.tiles: Tiles | None = None

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        if self._roster is not None:
            self._roster.close()

    def check(self, tell: Tell) -> int:
        """Reads `checkpoint`, by which everything else is found, and asks for the other parts; raises `NoSource`."""
        data = self._read("checkpoint", CHECKPOINT_BYTES_MAX)
        try:
            self.newest = Checkpoint.parse(data or b"")
        except NoCheckpoint as error:
            found = "no file" if data is None else str(error)
            raise NoSource("`checkpoint`", "a checkpoint", found, "this is no folder of a published poll") from None
        self.tiles = Tiles(self._path, self.newest.size)
        for name in ("checkpoints", "roster"):
            if not self._has(name):
                tell(f"`{name}`", "a file", "none", "a part of the published poll is missing")
        # Counted, not gone through: nobody has vouched for the size yet.
        return 3 + -(-self.newest.size // TILE_WIDTH_MAX)

    def leaves(self, tell: Tell) -> tuple[Part | None, bool]:
        """The roster's leaves that are there, and whether that is all of them."""
        path = self._path / "roster"
        if not self._has("roster"):
            return None, False
        self._roster = path.open("rb")
        found = Part(self._roster, 0, os.fstat(self._roster.fileno()).st_size)
        if len(found) % LEAF_BYTES:
            tell("`roster`", f"whole leaves of {LEAF_BYTES} bytes", f"{len(found)} bytes", "leaves are missing")
        return found, True

    def entries(self, tell: Tell) -> Iterator[bytes]:
        """The bytes of each entry in turn, up to the first bundle that is missing or none."""
        for bundle in tile.of_size(ENTRIES, self.newest.size if self.newest else 0):
            data = self._read(bundle.path(), BUNDLE_BYTES_MAX)
            try:
                if data is None:
                    raise NoBundle("no file")
                yield from tile.entries(data, bundle.width)
            except NoBundle as error:
                found = str(error)
                tell(f"`{bundle.path()}`", f"a bundle of {bundle.width} entries", found, "entries are missing")
                return

    def again(self) -> Iterator[bytes]:
        """The same from the start, while `entries` is read."""
        return self.entries(lambda *_: None)

    def checkpoints(self) -> Iterator[bytes]:
        """The notes of the list of checkpoints."""
        path = self._path / "checkpoints"
        if self._has("checkpoints"):
            length = path.stat().st_size
            if length > CHECKPOINTS_BYTES_MAX:
                raise OSError(f"`{path}` has {length} bytes; no list of checkpoints has more than {CHECKPOINTS_BYTES_MAX}")
            with path.open("rb") as file:
                yield from checkpoint_list.notes(file, path.stat().st_size)

    def _has(self, name: str) -> bool:
        return is_inside(self._path, self._path / name)

    def _read(self, name: str, limit: int) -> bytes | None:
        return read(self._path / name, limit) if self._has(name) else None
