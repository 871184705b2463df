"""Files of folders that somebody else wrote: ordinary ones alone are opened, and read up to a limit."""

import os
import stat
from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether there is an ordinary file: to open a pipe would be to wait for whoever writes to it."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def read(path: Path, limit: int) -> bytes | None:
    """The bytes of a file, at most one more than the limit; None where there is no ordinary file."""
    if not is_file(path):
        return None
    with path.open("rb") as file:
        return file.read(limit + 1)

