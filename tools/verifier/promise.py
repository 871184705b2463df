"""Promises (SPEC section 7): the file that a respondent was given, and whether the ledger kept it (V25)."""

import base64
import hashlib
import re
from dataclasses import dataclass

from verifier.checks import Failure, Findings
from verifier.codec import Malformed
from verifier.event import Responded, read_answer
from verifier.limits import PROMISE_BYTES_MAX
from verifier.note import VerifierKey, text_of, unbase64
from verifier.poll import Poll

V25 = 25

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


def open_file(file: str, maker: Maker) -> Responded:
    """The signed answer that this ledger promised to keep; raises `NoPromise` if the file is no promise of it."""
    found = _FILE.fullmatch(file) if len(file.encode()) <= PROMISE_BYTES_MAX else None
    answer = unbase64(found["answer"]) if found else None
    if found is None or answer is None:
        raise NoPromise("a promise file, as the specification writes it", "another text")
    text = text_of(found["note"], VerifierKey(f"{maker.origin}/promise", maker.key))
    if text is None:
        raise NoPromise(f"a note signed by the promise key of {maker.origin}", "another, or another signature")
    if text != maker.text(answer):
        raise NoPromise("a note about this answer, in this poll, with its time", "another text")
    try:
        return read_answer(answer)
    except Malformed as error:
        raise NoPromise("the canonical bytes of a signed answer", str(error)) from None


@dataclass(slots=True)
class _Held:
    name: str
    answer: Responded
    # The entry that is the promised answer.
    kept_at: int | None = None
    # The latest entry of this invitation that is another answer, and its revision.
    other: tuple[int, int] | None = None


class Promises:
    """The promises that an auditor holds (V25), and what the ledger has of them so far."""

    def __init__(self, files: list[tuple[str, str]], maker: Maker, findings: Findings) -> None:
        self._due = maker.due
        self._findings = findings
        self._held: dict[int, list[_Held]] = {}
        findings.looked(V25, len(files))
        if not files:
            findings.not_applicable(V25, "no promise was given; respondents have them, give --promise")
        for name, file in files:
            try:
                answer = open_file(file, maker)
                self._held.setdefault(answer.index, []).append(_Held(name, answer))
            except NoPromise as error:
                self._fail(name, error.expected, error.found, "it does not show that this ledger promised anything")

    def look(self, place: int, event: Responded) -> None:
        """Takes the answer of the entry at this place."""
        for held in self._held.get(event.index, ()):
            if held.answer.whole == event.whole:
                held.kept_at = place
            else:
                held.other = (place, event.revision)

    def finish(self, poll: Poll, now: int) -> None:
        """Judges the promises after the last entry; `now` is in milliseconds since 1970."""
        for held in (held for each in self._held.values() for held in each):
            if held.kept_at is None:
                self._absent(held, poll, now)
            else:
                self._kept(held, held.kept_at, poll)

    def _kept(self, held: _Held, place: int, poll: Poll) -> None:
        revision, other = held.answer.revision, held.other
        if poll.tally.revision(held.answer.index) == revision and (other is None or other[1] != revision):
            self._findings.note(V25, f"promise `{held.name}`: its answer is entry {place} and counts")
        elif other is not None and other[1] > revision:
            what = f"its answer is entry {place}; answer {other[1]}, entry {other[0]}, superseded it"
            self._findings.note(V25, f"promise `{held.name}`: {what}")
        else:
            self._fail(held.name, "its answer, counted", f"entry {place}, which does not count", "it was passed over")

    def _absent(self, held: _Held, poll: Poll, now: int) -> None:
        expected = "its answer in the ledger"
        if held.other is not None and held.other[1] == held.answer.revision:
            self._fail(held.name, expected, f"another answer, entry {held.other[0]}", "it was replaced")
        elif poll.is_over():
            self._fail(held.name, expected, "none in a ledger that takes no more", "an acknowledged answer was dropped")
        elif now > self._due * 1000:
            self._fail(held.name, expected, f"none, due at {self._due}", "an acknowledged answer is not public in time")
        else:
            self._findings.not_checked([V25], "a promise is not yet due, nor kept yet; audit again after the close")

    def _fail(self, name: str, expected: str, found: str, meaning: str) -> None:
        self._findings.fail(V25, Failure(f"promise `{name}`", expected, found, meaning))
