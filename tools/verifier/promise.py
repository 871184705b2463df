"""Promises (SPEC section 7): the file that a respondent was given. Whether the ledger kept it is for `kept`."""

import base64
import hashlib
import re
from dataclasses import dataclass

from verifier.codec import Malformed
from verifier.decimal import undecimal
from verifier.event import Responded, read_answer
from verifier.limits import DUE_MAX, PROMISE_BYTES_MAX
from verifier.note import NoNote, Note, VerifierKey, text_of, unbase64
from verifier.origin import is_origin

_SIGNATURE_BYTES = 64
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


@dataclass(frozen=True, slots=True)
class Claim:
    """What a promise file says, whoever signed it. Whose key that must be is not known from it: `maker.key` is empty."""

    maker: Maker
    answer: Responded


def claimed(data: bytes) -> Claim:
    """Reads a file whose signer is not known; raises `NoPromise` if it could be a promise of no ledger."""
    try:
        found = parts(data.decode("utf-8"))
        if found is None:
            raise NoPromise("a promise file, as the specification writes it", "another text")
        note = Note.parse(found[1].encode())
        answer = read_answer(found[0])
    except UnicodeDecodeError:
        raise NoPromise("a text in UTF-8", "other bytes") from None
    except (Malformed, NoNote) as error:
        raise NoPromise("a signed answer and a note", str(error)) from None
    maker = _maker(note.text)
    if maker is None or maker.text(found[0]) != note.text:
        raise NoPromise("a note about this answer", "another text")
    name = f"{maker.origin}/promise"
    if len(note.lines) != 1 or note.lines[0].name != name or len(note.lines[0].signature) != _SIGNATURE_BYTES:
        raise NoPromise(f"one signature, by {name}", "another, or several")
    return Claim(maker, answer)


def _maker(text: str) -> Maker | None:
    """Who made a promise, by its note's text; None if that has another form."""
    lines = text.split("\n")
    if len(lines) != 6 or not is_origin(lines[1]):
        return None
    poll_id, due = unbase64(lines[2]), undecimal(lines[4], DUE_MAX)
    return Maker(lines[1], poll_id, b"", due) if poll_id is not None and len(poll_id) == 32 and due is not None else None


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
