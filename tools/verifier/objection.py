"""Objections (SPEC sections 4, 6 and 7): promises that stand in the ledger, and whether their answers do.

Of the answers that came before, nothing is kept. At the first objection the ledger is gone through twice more: for the
answers that anybody objects for, and for the places where these are.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from verifier.codec import Malformed
from verifier.entry import content
from verifier.event import Objected, Responded, read_objected
from verifier.limits import OBJECTIONS_MAX
from verifier.promise import Maker, NoPromise, open_file, parts

_RESPONDED, _OBJECTED = 4, 13


@dataclass(frozen=True, slots=True)
class Objection:
    """What one says: the answer that was promised, or why it is no promise (what was expected, and what was found)."""

    answer: Responded | None
    expected: str = ""
    found: str = ""
    # The first entry before it that is this answer.
    place: int | None = None
    # Whether another objection before it is for the same answer.
    is_repeated: bool = False


class Objections:
    """The objections so far."""

    def __init__(self, maker: Maker, again: Callable[[], Iterator[bytes]]) -> None:
        """`again` gives the bytes of all entries of the ledger once more."""
        self.maker = maker
        self.count = 0
        # The one that is looked at.
        self.current = Objection(None)
        self._again = again
        # By the hash of a signed answer: of those objected for, and the first place of those that are in the ledger.
        self._answers: set[bytes] = set()
        self._places: dict[bytes, int] | None = None

    def look(self, place: int, event: Objected) -> None:
        """Looks at the one that is the entry at this place; `current` is what came of it."""
        self.current = self._look(place, event)

    def _look(self, place: int, event: Objected) -> Objection:
        if self.is_full():
            return Objection(None, f"at most {OBJECTIONS_MAX} objections", "more")
        try:
            answer = open_file(event.promise, self.maker)
        except NoPromise as error:
            return Objection(None, error.expected, error.found)
        digest = hashlib.sha256(answer.whole).digest()
        if self._places is None:
            self._places = self._find()
        first = self._places.get(digest, place)
        return Objection(answer, place=first if first < place else None, is_repeated=digest in self._answers)

    def take(self) -> None:
        """It is in the ledger, whether or not it should be."""
        if self.current.answer is not None:
            self._answers.add(hashlib.sha256(self.current.answer.whole).digest())
        self.count += 1

    def is_full(self) -> bool:
        """Whether there are as many as may be."""
        return self.count >= OBJECTIONS_MAX

    def _find(self) -> dict[bytes, int]:
        wanted = {hashlib.sha256(answer).digest() for answer in self._promised()}
        places: dict[bytes, int] = {}
        for place, data in enumerate(self._again()):
            kind, inner = content(data)
            if kind == _RESPONDED:
                digest = hashlib.sha256(inner).digest()
                if digest in wanted:
                    places.setdefault(digest, place)
        return places

    def _promised(self) -> Iterator[bytes]:
        """The signed answers that anybody objects for, as far as they count; nobody's signature is looked at."""
        count = 0
        for data in self._again():
            kind, inner = content(data)
            if kind != _OBJECTED:
                continue
            count += 1
            if count > OBJECTIONS_MAX:
                return
            try:
                found = parts(read_objected(inner))
            except Malformed:
                continue
            if found is not None:
                yield found[0]
