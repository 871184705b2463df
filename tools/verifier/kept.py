"""What respondents hold, beside the ledger (V25): promises and receipts, and whether their answers are there and count."""

from collections.abc import Iterator
from dataclasses import dataclass

from verifier.checks import Failure, Findings
from verifier.event import Responded
from verifier.policy import Policy, Untrusted
from verifier.poll import Poll
from verifier.promise import Maker, NoPromise, open_file
from verifier.receipt import NoReceipt, Receipt

V25 = 25


@dataclass(slots=True)
class _Held:
    # What a report calls it.
    name: str
    answer: Responded
    # Of a receipt, the entry: where it must be, and its bytes.
    entry: tuple[int, bytes] | None = None
    # The entry that is the answer.
    kept_at: int | None = None
    # The latest entry of this invitation that is another answer, and its revision.
    other: tuple[int, int] | None = None

    def is_at(self, place: int, data: bytes, event: Responded) -> bool:
        """Whether this is the entry that was promised, or shown."""
        return event.whole == self.answer.whole and self.entry in (None, (place, data))


class Kept:
    """The promises and receipts that an auditor holds, name and bytes of each, and what the ledger has of them so far."""

    def __init__(self, promises: list[tuple[str, str]], receipts: list[tuple[str, bytes]], findings: Findings) -> None:
        self._promises = promises
        self._receipts = receipts
        self._findings = findings
        self._held: dict[int, list[_Held]] = {}
        # Of each place that a receipt is of: the first one's entry and name.
        self._shown: dict[int, tuple[bytes, str]] = {}
        self._due = 0
        findings.looked(V25, len(promises) + len(receipts))

    def open(self, maker: Maker, policy: Policy) -> None:
        """Reads them all, once it is known whose promises count and whose checkpoints."""
        self._due = maker.due
        for name, file in self._promises:
            subject = f"promise `{name}`"
            try:
                self._hold(_Held(subject, open_file(file, maker)))
            except NoPromise as error:
                meaning = "it does not show that this ledger promised anything"
                self._fail(subject, error.expected, error.found, meaning)
        for name, data in self._receipts:
            subject = f"receipt `{name}`"
            try:
                self._receipt(subject, data, maker.origin, policy)
            except (NoReceipt, Untrusted) as error:
                meaning = "it does not show that anything is in this ledger"
                self._fail(subject, error.expected, error.found, meaning)

    def _receipt(self, subject: str, data: bytes, origin: str, policy: Policy) -> None:
        receipt = Receipt.parse(data)
        if receipt.checkpoint.origin != origin:
            raise NoReceipt(f"a checkpoint of {origin}", f"one of {receipt.checkpoint.origin}")
        policy.trust(receipt.checkpoint)
        receipt.prove()
        entry = receipt.entry()
        if not isinstance(entry.event, Responded):
            raise NoReceipt("an answer", f"an entry of kind {entry.kind}")
        self._hold(_Held(subject, entry.event, (receipt.index, receipt.extra or b"")))
        first, name = self._shown.setdefault(receipt.index, (receipt.extra or b"", subject))
        if first != receipt.extra:
            meaning = "two people were shown different histories"
            self._fail(subject, f"the entry of {name}", f"another one at {receipt.index}", meaning)

    def _hold(self, held: _Held) -> None:
        self._held.setdefault(held.answer.index, []).append(held)

    def look(self, place: int, data: bytes, event: Responded) -> None:
        """Takes the answer of the entry at this place, with its bytes."""
        for held in self._held.get(event.index, ()):
            if held.is_at(place, data, event):
                held.kept_at = place
            elif held.answer.whole != event.whole:
                held.other = (place, event.revision)

    def finish(self, poll: Poll, size: int, now: int) -> None:
        """Judges them after the last of so many entries; `now` is in milliseconds since 1970."""
        for held in self._all():
            if held.kept_at is not None:
                self._kept(held, held.kept_at, poll)
            elif held.entry is not None:
                place = held.entry[0]
                found = "another" if place < size else f"none, of {size} entries"
                self._fail(held.name, f"its entry at {place}", found, "this is another history than it was shown in")
            else:
                self._absent(held, poll, now)
        if not self._promises and not self._receipts and not poll.objections.count:
            give = "respondents have them, give --promise or --receipt"
            self._findings.not_applicable(V25, f"no promise or receipt was given, and nobody objected; {give}")

    def _all(self) -> Iterator[_Held]:
        return (held for each in self._held.values() for held in each)

    def _kept(self, held: _Held, place: int, poll: Poll) -> None:
        revision, other = held.answer.revision, held.other
        if poll.tally.revision(held.answer.index) == revision and (other is None or other[1] != revision):
            self._findings.note(V25, f"{held.name}: its answer is entry {place} and counts")
        elif other is not None and other[1] > revision:
            what = f"its answer is entry {place}; answer {other[1]}, entry {other[0]}, superseded it"
            self._findings.note(V25, f"{held.name}: {what}")
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
        self._findings.fail(V25, Failure(name, expected, found, meaning))
