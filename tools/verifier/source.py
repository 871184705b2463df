"""Where a ledger can be audited from: an export, or a folder of a published poll."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from verifier.checkpoint import Checkpoint
from verifier.container import Export, Tell
from verifier.files import Part
from verifier.folder import Folder
from verifier.tiles import Tiles


class Source(Protocol):
    """What an audit reads, in this order, and nothing of it meanwhile but `again`."""

    # The newest checkpoint, and what there is of tiles, where the source has such.
    newest: Checkpoint | None
    tiles: Tiles | None

    def check(self, tell: Tell) -> int:
        """Looks at it as a whole, tells what is wrong, and returns how many parts it has; raises `NoSource`."""

    def leaves(self, tell: Tell) -> tuple[Part | None, bool]:
        """The roster's leaves that are there, and whether that is all of them."""

    def entries(self, tell: Tell) -> Iterator[bytes]:
        """The bytes of each entry in turn; of what is longer than an entry may be, its beginning."""

    def again(self) -> Iterator[bytes]:
        """The same from the start, to its end, while `entries` is read."""

    def checkpoints(self) -> Iterator[bytes]:
        """The notes of the list of checkpoints."""


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The source at this path; raises `OSError`."""
    if path.is_dir():
        with Folder(path) as folder:
            yield folder
        return
    with path.open("rb") as file:
        yield Export(file)
