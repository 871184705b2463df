"""Files that somebody else wrote: ordinary ones alone are opened, and no more of them is in memory than is asked for."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 4096


def is_file(path: Path) -> bool:
    """Whether there is an ordinary file: to open a pipe would be to wait for whoever writes to it."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def is_inside(folder: Path, path: Path) -> bool:
    """Whether there is an ordinary file, and no link on the way leads out of the folder."""
    try:
        return is_file(path) and path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


class Part:
    """So many bytes of an open file from a place on, read where they are asked for."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length
        self._block, self._block_at = b"", 0

    def __len__(self) -> int:
        return self._length

    def read(self, at: int, count: int) -> bytes:
        """These bytes; fewer where the part, or by now the file, ends before."""
        count = max(0, min(count, self._length - at))
        if not self._block_at <= at <= at + count <= self._block_at + len(self._block):
            self._block = os.pread(self._file.fileno(), max(_BLOCK_BYTES, count), self._start + at)
            self._block_at = at
        begin = at - self._block_at
        return self._block[begin : begin + count]


def read(path: Path, limit: int) -> bytes | None:
    """The bytes of a file, at most one more than the limit; None where there is no ordinary file."""
    if not is_file(path):
        return None
    with path.open("rb") as file:
        return file.read(limit + 1)

