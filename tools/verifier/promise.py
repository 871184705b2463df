"""Promises (SPEC section 7): the file that a respondent was given. Whether the ledger kept it is for `kept`."""

import base64
import hashlib
import re
from dataclasses import dataclass

from verifier.codec import Malformed
from verifier.event import Responded, read_answer
from verifier.limits import PROMISE_BYTES_MAX
from verifier.note import VerifierKey, text_of, unbase64

FIRST_LINE = b"sijill-promise@v1"
_FILE = re.compile(r"sijill-promise@v1\nanswer (?P<answer>[A-Za-z0-9+/=]+)\n\n(?P<note>.*)", re.DOTALL)


class NoPromise(Exception):
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


def parts(file: str) -> tuple[bytes, str] | None:
    """The signed answer and the note of a promise file, neither of them checked; None if it is none."""
    found = _FILE.fullmatch(file) if len(file.encode()) <= PROMISE_BYTES_MAX else None
    answer = unbase64(found["answer"]) if found else None
    return (answer, found["note"]) if found and answer is not None else None


def open_file(file: str, maker: Maker) -> Responded:
    """The signed answer that this ledger promised to keep; raises `NoPromise` if the file is no promise of it."""
    found = parts(file)
    if found is None:
        raise NoPromise("a promise file, as the specification writes it", "another text")
    answer, note = found
    text = text_of(note, VerifierKey(f"{maker.origin}/promise", maker.key))
    if text is None:
        raise NoPromise(f"a note signed by the promise key of {maker.origin}", "another, or another signature")
    if text != maker.text(answer):
        raise NoPromise("a note about this answer, in this poll, with its time", "another text")
    try:
        return read_answer(answer)
    except Malformed as error:
        raise NoPromise("the canonical bytes of a signed answer", str(error)) from None
