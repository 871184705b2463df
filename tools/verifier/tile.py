"""Tiles and entry bundles (SPEC section 12, C2SP tlog-tiles): which a tree has, their paths, and their bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from verifier.decimal import undecimal
from verifier.limits import TILE_WIDTH_MAX, TREE_SIZE_MAX

LEVELS = range(8)
# In the place of a level: a bundle of entries.
ENTRIES = "entries"
HASH_BYTES = 32
_PATH = re.compile(r"tile/([0-9]|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)


class NoBundle(Exception):
    """The bytes are no bundle of this width; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its level, or that it is a bundle; its index there, and how many hashes or entries it has."""

    level: int | str
    index: int
    width: int = TILE_WIDTH_MAX

    @staticmethod
    def parse(path: str) -> "Tile | None":
        """The tile of this path; None if it is of none."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        level = ENTRIES if found[1] == ENTRIES else int(found[1])
        width = undecimal(found[3], TILE_WIDTH_MAX - 1) if found[3] else TILE_WIDTH_MAX
        tile = Tile(level, int(found[2].replace("x", "").replace("/", "")), width or 0)
        return tile if tile.exists() and tile.path() == path else None

    def path(self) -> str:
        """Where it is, below the log's address."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        elements = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        index = "/x".join(elements[:-1])
        partial = "" if self.width == TILE_WIDTH_MAX else f".p/{self.width}"
        return f"tile/{self.level}/{f'x{index}/' if index else ''}{elements[-1]}{partial}"

    def exists(self) -> bool:
        """Whether some tree has it."""
        if not 1 <= self.width <= TILE_WIDTH_MAX or (self.level != ENTRIES and self.level not in LEVELS):
            return False
        return (self.index * TILE_WIDTH_MAX + self.width) * _leaves(self.level) <= TREE_SIZE_MAX

    def is_of(self, size: int) -> bool:
        """Whether the tree of this size has it, in this width."""
        full, width = divmod(size // _leaves(self.level), TILE_WIDTH_MAX)
        return self.index < full if self.width == TILE_WIDTH_MAX else (self.index, self.width) == (full, width)

    def widened(self, size: int) -> "Tile | None":
        """This tile as the tree of this size has it, if that is in more width."""
        full, width = divmod(size // _leaves(self.level), TILE_WIDTH_MAX)
        now = TILE_WIDTH_MAX if self.index < full else width if self.index == full else 0
        return Tile(self.level, self.index, now) if now > self.width else None


def of_size(level: int | str, size: int) -> Iterator[Tile]:
    """The tiles of a level, or the bundles, that the tree of this size has."""
    full, width = divmod(size // _leaves(level), TILE_WIDTH_MAX)
    for index in range(full):
        yield Tile(level, index)
    if width:
        yield Tile(level, full, width)


def _leaves(level: int | str) -> int:
    """How many entries one hash of this level stands for, or one element of a bundle."""
    return 1 if isinstance(level, str) else TILE_WIDTH_MAX**level


def entries(bundle: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of this width; raises `NoBundle`."""
    found, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        at += 2
        if at + length > len(bundle):
            raise NoBundle(f"an entry that is cut, behind {len(found)} others")
        found.append(bundle[at : at + length])
        at += length
    if len(found) != width:
        raise NoBundle(f"{len(found)} entries")
    return found


def has_shape(tile: Tile, data: bytes) -> bool:
    """Whether these bytes may be those of this tile: so many hashes, or entries."""
    if tile.level != ENTRIES:
        return len(data) == tile.width * HASH_BYTES
    try:
        return entries(data, tile.width) is not None
    except NoBundle:
        return False
