"""Sealed strata (SPEC section 5): what the keys of an `Unsealed` open, the tables that follow, and what stays closed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from blake3 import blake3

from verifier.definition import Definition
from verifier.event import RosterCommitted, Unsealed
from verifier.roster import Roster
from verifier.tally import Tally

_CONTEXT = b"sijill 2026 stratum v1\x00"
Keys = list[bytes | None]


@dataclass(frozen=True, slots=True)
class Opened:
    """What keys open: invitations of each stratum, and counts by option of their last answers."""

    invited: list[int]
    tables: list[list[int]]

    def answered(self) -> list[int]:
        """Invitations that answered, by stratum."""
        return [sum(row) for row in self.tables]


def stratum_of(definition: Definition, roster: Roster, index: int, keys: Keys) -> int | None:
    """The first stratum whose key opens this leaf."""
    public, sealed = roster.key(index), roster.sealed_stratum(index)
    for place, (key, stratum) in enumerate(zip(keys, definition.strata)):
        if key is not None and blake3(_CONTEXT + public + stratum.encode(), key=key).digest() == sealed:
            return place
    return None


def opened(definition: Definition, roster: Roster, tally: Tally, keys: Keys) -> Opened:
    """What these keys open of the roster."""
    invited = [0] * len(definition.strata)
    tables = [[0] * len(definition.options) for _ in definition.strata]
    for index in range(len(roster)):
        place = stratum_of(definition, roster, index, keys)
        if place is None:
            continue
        invited[place] += 1
        last = tally.last(index)
        if last is not None:
            tables[place][last] += 1
    return Opened(invited, tables)


def tables_hash(definition: Definition, keys: Keys, tables: list[list[int]]) -> bytes:
    """SHA-256 over the rows of the strata that have a key."""
    found = hashlib.sha256()
    for stratum, key, row in zip(definition.strata, keys, tables):
        if key is None:
            continue
        counts = b"".join(_text(option.id) + _varint(count) for option, count in zip(definition.options, row))
        found.update(_text(definition.question) + _text(stratum) + _varint(len(row)) + counts)
    return found.digest()


def _text(text: str) -> bytes:
    data = text.encode()
    return _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """An integer as SPEC section 1 writes it."""
    if value < 251:
        return bytes([value])
    mark, length = next((mark, length) for mark, length in ((251, 2), (252, 4), (253, 8)) if value < 1 << 8 * length)
    return bytes([mark]) + value.to_bytes(length, "little")


def stay_closed(answered: list[int], threshold: int) -> list[bool]:
    """Which strata the rule leaves closed, by the answers in each."""
    order = sorted(range(len(answered)), key=lambda place: (answered[place], place))
    closed = [place for place in order if answered[place] < threshold]
    if closed:
        while len(closed) < len(order) and (len(closed) == 1 or sum(answered[place] for place in closed) < threshold):
            closed.append(order[len(closed)])
    return [place in closed for place in range(len(answered))]


def faults(
    definition: Definition, committed: RosterCommitted | None, roster: Roster, tally: Tally, content: Unsealed
) -> Iterator[tuple[str, str]]:
    """What is wrong with an unsealing: what was expected, and what was found."""
    keys, strata = content.keys, definition.strata
    if len(keys) != len(strata):
        yield f"a place for each of {len(strata)} strata", str(len(keys))
        return
    hashes = committed.stratum_keys if committed else []
    for place, (key, stratum) in enumerate(zip(keys, strata)):
        if key is not None and hashlib.sha256(key).digest() != (hashes[place] if place < len(hashes) else None):
            yield f"the key of stratum `{stratum}` that was committed to", "another"
            return
    found = opened(definition, roster, tally, keys)
    counts = committed.by_stratum if committed else []
    for place, (key, stratum) in enumerate(zip(keys, strata)):
        expected = counts[place] if place < len(counts) else 0
        if key is not None and found.invited[place] != expected:
            yield f"{expected} leaves of stratum `{stratum}`", str(found.invited[place])
            break
    if tables_hash(definition, keys, found.tables) != content.tables:
        yield "the hash of the tables that keys and answers make", content.tables.hex()
    yield from _rule(definition.threshold, keys, found.answered(), tally.answered, max(counts, default=0))


def _rule(
    threshold: int, keys: Keys, answers: list[int], all_answers: int, largest: int
) -> Iterator[tuple[str, str]]:
    """The rule of what stays closed, as far as it can be seen without the keys of what does. `largest` is the number of
    invitations of the largest stratum."""
    given = [count for key, count in zip(keys, answers) if key is not None]
    if any(count < threshold for count in given):
        yield f"no stratum opened with less than {threshold} answers", str(min(given))
        return
    closed, hidden = len(keys) - len(given), max(all_answers - sum(given), 0)
    if not given:
        most = max(len(keys) * (threshold - 1), threshold - 1 + largest if len(keys) > 1 else 0)
        if hidden > most:
            yield f"at most {most} answers where nothing is opened", str(hidden)
        return
    if not closed:
        return
    if closed == 1 or hidden < threshold:
        yield f"at least 2 strata and {threshold} answers closed", f"{closed} strata with {hidden} answers"
        return
    most = (closed - 1) * (threshold - 1) + min(given)
    if hidden > most:
        yield f"at most {most} answers in {closed} closed strata", str(hidden)
