"""The chain of entries: what index and previous link the next one must have (SPEC section 2), and anchors.

After a break the chain goes on from what is there: from the index that stands in the entry, and from the link of the
bytes that stand in the file, whether or not they can be read as an entry. So a break is told once. Bytes that are too
many for an entry have no link, and nothing is asked of what the next entry has as `previous`.
"""

import re
from dataclasses import dataclass

from verifier.entry import Entry, origin_link
from verifier.event import Opened


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry's place in the ledger, and the link that somebody noted for it."""

    index: int
    link: bytes

    @staticmethod
    def parse(text: str) -> "Anchor | None":
        """Reads `INDEX:LINK`; None if it is none."""
        found = re.fullmatch(r"([0-9]{1,20}):([0-9a-f]{64})", text)
        return Anchor(int(found[1]), bytes.fromhex(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.index}:{self.link.hex()}"


class Chain:
    """The entries so far: how many, and the link of the last of them."""

    def __init__(self, anchors: list[Anchor]) -> None:
        self.size = 0
        self.link: bytes | None = None
        self.next_index = 0
        self.anchors = anchors
        self.met: set[Anchor] = set()

    def expected_previous(self, entry: Entry) -> bytes | None:
        """What the next entry must have as `previous`; None where nobody can know."""
        if self.size:
            return self.link
        return origin_link(entry.event.opening.origin) if isinstance(entry.event, Opened) else None

    def push(self, entry: Entry | None, link: bytes | None) -> None:
        """Goes on behind the next entry; None is one that cannot be read."""
        self.met.update(anchor for anchor in self.anchors if (anchor.index, anchor.link) == (self.size, link))
        self.next_index = (entry.index if entry else self.next_index) + 1
        self.size += 1
        self.link = link

    def head(self) -> Anchor | None:
        """Place and link of the last entry."""
        return Anchor(self.size - 1, self.link) if self.link is not None else None

    def is_end_anchored(self) -> bool:
        """Whether an anchor for the last entry was given and met."""
        return self.head() in self.met
