"""What a receipt, a promise or a fork says by itself, without the ledger."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from verifier import fork, promise, receipt
from verifier.checks import shown
from verifier.container import MAGIC
from verifier.entry import Entry, origin_link
from verifier.event import KINDS, Opened, Responded
from verifier.fork import Fork, NoFork
from verifier.policy import Policy, Trusted, UnknownLog, Untrusted
from verifier.promise import NoPromise
from verifier.receipt import NoReceipt, Receipt
from verifier.report import INCOMPLETE, NOT_SO, WELL
from verifier.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: the exit code, and lines for people."""

    exit_code: int
    lines: list[str]


# Judges the bytes of a file, by a policy if there is one.
Judge = Callable[[bytes, Policy | None], Verdict]


def kind_of(start: bytes) -> Judge | None:
    """Who judges a file that begins so, if it is one of these."""
    return _KINDS.get(start.partition(b"\n")[0].removesuffix(b"\r"))


def is_of_no_kind(start: bytes) -> bool:
    """Whether a file that begins so is a text that nobody judges. What may be a bent or cut export is none: the head of
    an export has zero bytes."""
    is_text = b"\0" not in start and not MAGIC.startswith(start[: len(MAGIC)])
    return is_text and kind_of(start) is None


def first_lines() -> str:
    """The first lines of the files that are judged here, for people."""
    return ", ".join(f"`{line.decode()}`" for line in _KINDS)


def _receipt(data: bytes, policy: Policy | None) -> Verdict:
    try:
        found = Receipt.parse(data)
        checkpoint, extra = found.checkpoint, found.canonical()
        trusted = policy.trust(checkpoint) if policy else None
        found.prove()
        entry = found.entry()
        _of_its_log(entry, checkpoint.origin)
    except UnknownLog as error:
        return _not_verified(error)
    except (NoReceipt, Untrusted) as error:
        return _not_so("The receipt proves nothing", error.expected, error.found)
    lines = [
        f"Entry {found.index} of {checkpoint.origin} under its checkpoint of {checkpoint.size} entries:",
        *_entry_lines(entry, extra),
    ]
    if trusted is None:
        lines.append("Nobody said whose signature is the log's, so this may be anybody's: give --policy.")
        return Verdict(INCOMPLETE, lines)
    return Verdict(WELL, lines + list(_trust_lines(trusted)))


def _of_its_log(entry: Entry, origin: str) -> None:
    """What entry 0 says of its ledger."""
    if isinstance(entry.event, Opened) and entry.event.opening.origin != origin:
        raise NoReceipt(f"an opening of {origin}", f"one of {entry.event.opening.origin}")
    if entry.index == 0 and entry.previous != origin_link(origin):
        raise NoReceipt(f"an entry that follows the link of {origin}", "one that follows another")


def _entry_lines(entry: Entry, data: bytes) -> Iterator[str]:
    yield f"  {KINDS[entry.kind][0]}, {_time(entry.at // 1000)}, leaf hash {leaf_hash(data).hex()}"
    if isinstance(entry.event, Responded):
        yield from _answer_lines(entry.event)


def _answer_lines(answer: Responded) -> Iterator[str]:
    chosen = ", ".join(f"`{shown(question)}`: {_value(value)}" for question, value in answer.chosen)
    yield f"  invitation {answer.index}, answer {answer.revision}: {chosen}; code {_code(answer.whole)}"


def _value(value: str | bytes) -> str:
    return f"`{shown(value)}`" if isinstance(value, str) else "sealed"


def _code(answer: bytes) -> str:
    """The short name of a signed answer."""
    number = int.from_bytes(hashlib.sha256(answer).digest(), "big") >> 156
    code = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(95, -1, -5))
    return "-".join(code[at : at + 4] for at in range(0, 20, 4))


def _trust_lines(trusted: Trusted) -> Iterator[str]:
    for key in trusted.signed_by:
        yield f"  signed by the log, {key}"
    for key in trusted.not_signed_by:
        yield f"  not signed by {key}, another key of the log in the policy"
    for seen in trusted.cosignatures:
        yield f"  seen by the witness {seen.witness.name}, {_time(seen.time)}"
    yield "The policy trusts the checkpoint. Whether an answer still counts, the ledger tells: give --receipt with it."


def _promise(data: bytes, _: Policy | None) -> Verdict:
    try:
        claim = promise.claimed(data)
    except NoPromise as error:
        return _not_so("This is no promise", error.expected, error.found)
    return Verdict(
        INCOMPLETE,
        [
            f"Somebody promises that an answer will be in {claim.maker.origin}, at the latest {_time(claim.maker.due)}:",
            *_answer_lines(claim.answer),
            "Whose word that is, and whether it was kept, the ledger tells: give this file with it, as --promise.",
        ],
    )


def _fork(data: bytes, policy: Policy | None) -> Verdict:
    try:
        found = Fork.parse(data)
        if policy and not policy.keys_of(found.first.origin):
            return _not_verified(UnknownLog(found.first.origin))
        # Without a policy, what does not depend on whose keys count.
        found.prove(policy.logs if policy else None)
    except NoFork as error:
        return _not_so("The file shows no fork", error.expected, error.found)
    first, second = found.first, found.second
    lines = [
        f"Two checkpoints of {first.origin} that no one history has:",
        f"  size {first.size}, root {first.root.hex()}",
        f"  size {second.size}, root {second.root.hex()}",
    ]
    if policy is None:
        lines.append("Nobody said whose signature is the log's, so this may be anybody's: give --policy.")
        return Verdict(INCOMPLETE, lines)
    return Verdict(WELL, [*lines, "The log signed both: whoever holds its key showed two histories."])


def _not_so(what: str, expected: str, found: str) -> Verdict:
    return Verdict(NOT_SO, [f"{what}: expected {shown(expected)}, found {shown(found)}."])


def _not_verified(error: UnknownLog) -> Verdict:
    why = f"Not verified: expected {shown(error.expected)}, found {shown(error.found)}."
    return Verdict(INCOMPLETE, [why, "Give a policy that lists this log."])


def _time(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


_KINDS: dict[bytes, Judge] = {
    receipt.FIRST_LINE: _receipt,
    promise.FIRST_LINE: _promise,
    fork.FIRST_LINE: _fork,
}
