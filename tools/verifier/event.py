"""Events: what the kinds of entries hold (SPEC section 4), and how their bytes are read.

A new kind is a class, a function that reads it, and a row in `KINDS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from verifier.codec import Malformed, Reader
from verifier.origin import is_origin
from verifier.signature import is_key

# Kinds that have a number and a name, and no content yet.
LATER_KINDS = {
    10: "CredentialIssued",
    15: "Certified",
}

HOW = ("link", "signed", "assisted", "anonymous")


@dataclass(frozen=True, slots=True)
class Opening:
    """All that the operator signs to open a poll."""

    origin: str
    rule_set: int
    definition: str
    log_keys: list[bytes]
    promise_key: bytes
    messages: list[tuple[str, bytes]]
    questions: list[tuple[str, bytes]]
    script: bytes | None
    sealing_key: bytes | None
    issuing_keys: list[bytes]
    key: int
    until: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Kind 0. `signed` are the opening's canonical bytes."""

    opening: Opening
    signature: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class RosterCommitted:
    """Content of kind 1."""

    root: bytes
    count: int
    by_stratum: list[int]
    stratum_keys: list[bytes]


@dataclass(frozen=True, slots=True)
class WaveStarted:
    """Content of kind 2."""

    wave: int
    planned: int
    register: tuple[str, int, bytes] | None


@dataclass(frozen=True, slots=True)
class WaveEnded:
    """Content of kind 3."""

    wave: int
    sent: int
    failed: int
    stopped: int
    delivered: int
    unknown: int
    refused: int
    journal: bytes | None


@dataclass(slots=True)
class Responded:
    """Kind 4. `signed` are the answer's canonical bytes, `whole` those and the signature: the signed answer.

    `chosen` holds question ids with option ids; a sealed value is bytes.
    """

    index: int
    revision: int
    how: str
    order: int
    chosen: list[tuple[str, str | bytes]]
    signature: bytes
    signed: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class Paused:
    """Content of kind 5."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """Content of kind 6."""

    reason: str


@dataclass(frozen=True, slots=True)
class Extended:
    """Content of kind 7. `end` in milliseconds since 1970."""

    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Content of kind 8. The tally has questions, each with its rows of option id and count."""

    size: int
    link: bytes
    tally: list[tuple[str, list[tuple[str, int]]]] | None
    reason: str


@dataclass(frozen=True, slots=True)
class Annulled:
    """Content of kind 9."""

    reason: str


@dataclass(frozen=True, slots=True)
class PageChanged:
    """Content of kind 11. Wordings are field, language and text, question blocks language and hash."""

    wordings: list[tuple[str, str, str]]
    questions: list[tuple[str, bytes]]
    script: bytes | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unsealed:
    """Content of kind 12. One key, or none, for each stratum of the definition."""

    keys: list[bytes | None]
    tables: bytes


@dataclass(frozen=True, slots=True)
class Recovered:
    """Content of kind 14. How many entries had been acknowledged, and the link of the last of them."""

    head_size: int
    head_link: bytes
    reason: str


Content = (
    RosterCommitted
    | WaveStarted
    | WaveEnded
    | Paused
    | Resumed
    | Extended
    | Closed
    | Annulled
    | PageChanged
    | Unsealed
    | Recovered
)


@dataclass(frozen=True, slots=True)
class Signed:
    """An event that operator or sender signed. `key` is the operator's place in the definition, None the sender;
    `until` is in milliseconds since 1970; `signed` are the canonical bytes from the kind to the content."""

    kind: int
    key: int | None
    counter: int
    previous: bytes
    until: int
    content: Content
    signature: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class Objected:
    """Kind 13. `promise` is the text of a promise file."""

    promise: str


Event = Opened | Responded | Objected | Signed


def read(reader: Reader) -> tuple[int, Event]:
    """Kind and event, from the kind to the last byte."""
    start = reader.at
    kind = reader.u32()
    if kind in LATER_KINDS or kind not in KINDS:
        name = LATER_KINDS.get(kind, "unknown")
        raise Malformed(f"kind {kind} ({name}): the ledger is of a later version")
    return kind, KINDS[kind][1](reader, start)


def read_answer(data: bytes) -> Responded:
    """A signed answer that stands alone, as a promise has it; raises `Malformed` if the bytes are none."""
    reader = Reader(data)
    answer = _responded(reader, 0)
    reader.end()
    return answer


def read_objected(data: bytes) -> str:
    """The text of an objection, from behind its kind; raises `Malformed` if the bytes are none."""
    reader = Reader(data)
    objected = _objected(reader, 0)
    reader.end()
    return objected.promise


def _opened(reader: Reader, _start: int) -> Opened:
    start = reader.at
    opening = Opening(
        origin=_origin(reader),
        rule_set=reader.u16(),
        definition=reader.text(),
        log_keys=reader.listed(lambda: _key(reader)),
        promise_key=_key(reader),
        messages=reader.listed(lambda: (reader.text(), reader.hash())),
        questions=reader.listed(lambda: (reader.text(), reader.hash())),
        script=reader.optional(reader.hash),
        sealing_key=reader.optional(reader.hash),
        issuing_keys=reader.listed(reader.blob),
        key=reader.u8(),
        until=reader.u64(),
    )
    signed = reader.data[start : reader.at]
    return Opened(opening, reader.array(64), signed)


def _origin(reader: Reader) -> str:
    name = reader.text()
    if not is_origin(name):
        raise Malformed(f"the text before byte {reader.at} is no origin")
    return name


def _key(reader: Reader) -> bytes:
    key = reader.hash()
    if not is_key(key):
        raise Malformed(f"the 32 bytes before byte {reader.at} are no canonical public key, or one of small order")
    return key


def _responded(reader: Reader, _start: int) -> Responded:
    start = reader.at
    reader.choice(1, "who")
    index, revision = reader.u32(), reader.u8()
    how, order = HOW[reader.choice(4, "how")], reader.u16()
    chosen = reader.listed(lambda: (reader.text(), _value(reader)))
    end = reader.at
    signature = reader.array(64)
    return Responded(
        index, revision, how, order, chosen, signature, reader.data[start:end], reader.data[start : reader.at]
    )


def _objected(reader: Reader, _start: int) -> Objected:
    return Objected(reader.text())


def _value(reader: Reader) -> str | bytes:
    return reader.text() if reader.choice(2, "value") == 0 else reader.blob()


def _signed(content: Callable[[Reader], Content]) -> Callable[[Reader, int], Signed]:
    """The reader of a signed event with this content."""

    def read_signed(reader: Reader, start: int) -> Signed:
        kind = reader.data[start]
        key = reader.u8() if reader.choice(2, "signer") == 0 else None
        counter, previous, until = reader.u32(), reader.hash(), reader.u64()
        inner = content(reader)
        signed = reader.data[start : reader.at]
        return Signed(kind, key, counter, previous, until, inner, reader.array(64), signed)

    return read_signed


def _roster_committed(reader: Reader) -> RosterCommitted:
    return RosterCommitted(reader.hash(), reader.u32(), reader.listed(reader.u32), reader.listed(reader.hash))


def _wave_started(reader: Reader) -> WaveStarted:
    register = lambda: (_origin(reader), reader.u64(), reader.hash())  # noqa: E731
    return WaveStarted(reader.u16(), reader.u32(), reader.optional(register))


def _wave_ended(reader: Reader) -> WaveEnded:
    wave = reader.u16()
    sent, failed, stopped, delivered, unknown, refused = (reader.u32() for _ in range(6))
    return WaveEnded(wave, sent, failed, stopped, delivered, unknown, refused, reader.optional(reader.hash))


def _extended(reader: Reader) -> Extended:
    return Extended(reader.u64(), reader.text())


def _closed(reader: Reader) -> Closed:
    def row() -> tuple[str, int]:
        return reader.text(), reader.u64()

    def question() -> tuple[str, list[tuple[str, int]]]:
        return reader.text(), reader.listed(row)

    return Closed(reader.u64(), reader.hash(), reader.optional(lambda: reader.listed(question)), reader.text())


def _page_changed(reader: Reader) -> PageChanged:
    wording = lambda: (reader.text(), reader.text(), reader.text())  # noqa: E731
    question = lambda: (reader.text(), reader.hash())  # noqa: E731
    return PageChanged(reader.listed(wording), reader.listed(question), reader.optional(reader.hash), reader.text())


def _unsealed(reader: Reader) -> Unsealed:
    return Unsealed(reader.listed(lambda: reader.optional(reader.hash)), reader.hash())


def _recovered(reader: Reader) -> Recovered:
    return Recovered(reader.u64(), reader.hash(), reader.text())


# Name of each kind, and how it is read from behind its number; the second argument is where the number begins.
KINDS: dict[int, tuple[str, Callable[[Reader, int], Event]]] = {
    0: ("Opened", _opened),
    1: ("RosterCommitted", _signed(_roster_committed)),
    2: ("WaveStarted", _signed(_wave_started)),
    3: ("WaveEnded", _signed(_wave_ended)),
    4: ("Responded", _responded),
    5: ("Paused", _signed(lambda reader: Paused(reader.text()))),
    6: ("Resumed", _signed(lambda reader: Resumed(reader.text()))),
    7: ("Extended", _signed(_extended)),
    8: ("Closed", _signed(_closed)),
    9: ("Annulled", _signed(lambda reader: Annulled(reader.text()))),
    11: ("PageChanged", _signed(_page_changed)),
    12: ("Unsealed", _signed(_unsealed)),
    13: ("Objected", _objected),
    14: ("Recovered", _signed(_recovered)),
}
