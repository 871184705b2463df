"""Promises (SPEC section 7): the file that a respondent was given."""

import base64
import hashlib
import re
from dataclasses import dataclass

from verifier.note import VerifierKey, text_of, unbase64

_FILE = re.compile(r"sijill-promise@v1\nanswer (?P<answer>[A-Za-z0-9+/=]+)\n\n(?P<note>.*)", re.DOTALL)


class Unkept(Exception):
    """The file is no promise of this ledger: what was expected, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Maker:
    """Whose promises a ledger's are: its origin, poll id, promise key, and when they are due, in seconds since 1970."""

    origin: str
    poll_id: bytes
    key: bytes
    due: int

    def text(self, answer: bytes) -> str:
        """The note's text for this signed answer."""
        digest = hashlib.sha256(answer).digest()
        encoded = (base64.b64encode(value).decode() for value in (self.poll_id, digest))
        return "\n".join(["sijill promise v1", self.origin, *encoded, str(self.due), ""])


def answer_of(file: str) -> bytes | None:
    """The signed answer in a promise file, if that part of it can be read."""
    found = _FILE.fullmatch(file)
    return unbase64(found["answer"]) if found else None


def verify(file: str, maker: Maker) -> bytes:
    """The signed answer that this ledger promised to keep; raises `Unkept` if the file is no promise of it."""
    answer = answer_of(file)
    found = _FILE.fullmatch(file)
    if answer is None or found is None:
        raise Unkept("a promise file, as the specification writes it", "another text")
    text = text_of(found["note"], VerifierKey(f"{maker.origin}/promise", maker.key))
    if text is None:
        raise Unkept(f"a note signed by the promise key of {maker.origin}", "another, or another signature")
    if text != maker.text(answer):
        raise Unkept("a note about this answer, in this poll, with its time", "another text")
    return answer
