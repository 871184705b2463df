"""The rules of rule set 1 (SPEC section 6): what may stand in a ledger after the entries before it.

`refusal` gives the first rule that an entry breaks, with the number of the check that fails. A rule function belongs to
one content of an event, in `RULES`; what all signed events must be comes before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verifier.entry import Entry
from verifier.event import Annulled, Closed, Extended, Opened, Paused, Responded, Resumed, RosterCommitted, Signed
from verifier.event import WaveEnded, WaveStarted
from verifier.limits import REASON_BYTES_MAX
from verifier.poll import Poll


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an entry should not be in the ledger: the check that fails, what was expected, and what was found."""

    check: int
    expected: str
    found: str


def refusal(poll: Poll, entry: Entry, before: bytes) -> Refusal | None:
    """The first rule that this entry, which is not entry 0, breaks. `before` is the link of the entry before it."""
    event = entry.event
    if isinstance(event, Responded):
        return _responded(poll, entry, event)
    if isinstance(event, Opened):
        return Refusal(6, "an opening as entry 0 alone", "a second one")
    return (
        _signed(poll, entry, event)
        or _closing(entry, event.content, before)
        or RULES[type(event.content)](poll, entry, event.content)
        or _reason(event.content)
    )


def may_sign(poll: Poll, event: Signed) -> bool:
    """Whether this signer signs events of this kind here: waves by the sender where the definition names one."""
    of_a_wave = isinstance(event.content, WaveStarted | WaveEnded)
    if event.key is None:
        return of_a_wave and poll.definition.sender is not None
    if of_a_wave and poll.definition.sender is not None:
        return False
    return poll.definition.key(event.key) is not None


def _signed(poll: Poll, entry: Entry, event: Signed) -> Refusal | None:
    if not may_sign(poll, event):
        return Refusal(8, "a signer whom the definition names for this", _signer(event))
    expected = poll.signer(event)
    if event.counter != expected.counter:
        return Refusal(8, f"counter {expected.counter}", f"counter {event.counter}")
    if event.previous != expected.previous:
        return Refusal(8, f"previous signed event {expected.previous.hex()}", event.previous.hex())
    if entry.at > event.until:
        return Refusal(8, f"a time until {event.until}", str(entry.at))
    return None


def _signer(event: Signed) -> str:
    return "the sender" if event.key is None else f"operator key {event.key}"


def _closing(entry: Entry, content: object, before: bytes) -> Refusal | None:
    """What `Closed` was signed over."""
    if not isinstance(content, Closed):
        return None
    if content.size != entry.index:
        return Refusal(8, f"a close over {entry.index} entries", f"over {content.size}")
    if content.link != before:
        return Refusal(8, f"a close over the link {before.hex()}", content.link.hex())
    return None


def _reason(content: object) -> Refusal | None:
    length = len(getattr(content, "reason", "").encode())
    return Refusal(16, f"a reason of at most {REASON_BYTES_MAX} bytes", str(length)) if length > REASON_BYTES_MAX else None


def _roster_committed(poll: Poll, _: Entry, content: RosterCommitted) -> Refusal | None:
    if poll.committed is not None:
        return Refusal(10, "one commitment to the roster", "another")
    if poll.is_over():
        return Refusal(10, "a poll neither closed nor annulled", poll.state())
    if content.stratum_keys:
        return Refusal(10, "no stratum keys", str(len(content.stratum_keys)))
    if content.count == 0:
        return Refusal(10, "at least one invitation", "none")
    if len(content.by_stratum) != len(poll.definition.strata) or sum(content.by_stratum) != content.count:
        return Refusal(10, f"counts of {len(poll.definition.strata)} strata that add up", "others")
    if any(0 < count < poll.definition.strata_min for count in content.by_stratum):
        return Refusal(10, f"no stratum with less than {poll.definition.strata_min} invitations", "one")
    return _leaves(poll, content)


def _leaves(poll: Poll, content: RosterCommitted) -> Refusal | None:
    """Root and counts, by the leaves in the file, if it has them."""
    if poll.roster is None:
        return None
    if content.count != len(poll.roster):
        return Refusal(10, f"{content.count} leaves", str(len(poll.roster)))
    if content.by_stratum != poll.roster.by_stratum(len(poll.definition.strata)):
        return Refusal(10, "leaves with these counts by stratum", "others")
    root = poll.roster.root()
    return None if root == content.root else Refusal(10, f"leaves with the root {content.root.hex()}", root.hex())


def _wave_started(poll: Poll, _: Entry, content: WaveStarted) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state())
    if poll.committed is None:
        return Refusal(10, "a roster committed to before", "none")
    if content.wave != len(poll.waves) + 1:
        return Refusal(14, f"wave {len(poll.waves) + 1}", f"wave {content.wave}")
    left = poll.committed.count - poll.planned
    if content.planned > left:
        return Refusal(14, f"at most {left} planned, whom no earlier wave planned", str(content.planned))
    return None


def _wave_ended(poll: Poll, _: Entry, content: WaveEnded) -> Refusal | None:
    wave = poll.waves.get(content.wave)
    if wave is None or wave.ended:
        return Refusal(14, "the end of a wave begun and not ended", f"that of wave {content.wave}")
    if content.sent + content.failed + content.stopped != wave.planned:
        return Refusal(14, f"sent, failed and stopped of {wave.planned}", "figures that do not add up")
    if content.delivered + content.unknown + content.refused != content.sent:
        return Refusal(14, f"delivered, unknown and refused of {content.sent}", "figures that do not add up")
    return None


def _paused(poll: Poll, _: Entry, __: Paused) -> Refusal | None:
    return None if poll.state() == "running" else Refusal(15, "a running poll", poll.state())


def _resumed(poll: Poll, _: Entry, __: Resumed) -> Refusal | None:
    return None if poll.state() == "paused" else Refusal(15, "a paused poll", poll.state())


def _extended(poll: Poll, entry: Entry, content: Extended) -> Refusal | None:
    definition = poll.definition
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state())
    if entry.at >= poll.end:
        return Refusal(15, f"an extension recorded before the end {poll.end}", str(entry.at))
    if not poll.end < content.end <= definition.latest_end or content.end % definition.resolution:
        expected = f"a multiple of {definition.resolution} ms after {poll.end} and not after {definition.latest_end}"
        return Refusal(15, expected, str(content.end))
    return None


def _closed(poll: Poll, entry: Entry, _: Closed) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state())
    if entry.at < poll.end and not poll.definition.close_any_time:
        return Refusal(15, f"a close not before the end {poll.end}", str(entry.at))
    return None


def _annulled(poll: Poll, _: Entry, __: Annulled) -> Refusal | None:
    return Refusal(15, "one annulment", "another") if poll.is_annulled else None


def _responded(poll: Poll, entry: Entry, event: Responded) -> Refusal | None:
    if event.how != poll.definition.answers or event.order != 0:
        return Refusal(16, f"an answer by `{poll.definition.answers}`, order 0", f"by `{event.how}`, order {event.order}")
    if poll.chosen(event) is None:
        return Refusal(16, "one clear choice on the ballot", "another")
    if poll.committed is None:
        return Refusal(10, "a roster committed to before", "none")
    if event.index >= poll.committed.count:
        return Refusal(11, f"an invitation below {poll.committed.count}", str(event.index))
    return _revision(poll, event) or _in_time(poll, entry) or _invited(poll, event)


def _revision(poll: Poll, event: Responded) -> Refusal | None:
    if poll.roster is None or event.index >= len(poll.roster):
        return None
    number = poll.tally.answers_of(event.index) + 1
    most = poll.definition.revisions + 1
    if event.revision != number:
        return Refusal(12, f"answer {number} of invitation {event.index}", f"answer {event.revision}")
    if number > most:
        return Refusal(12, f"at most {most} answers of invitation {event.index}", str(number))
    return None


def _in_time(poll: Poll, entry: Entry) -> Refusal | None:
    if poll.state() != "running":
        return Refusal(15, "a running poll", poll.state())
    if not poll.definition.start <= entry.at < poll.end:
        return Refusal(15, f"a time from {poll.definition.start} and before {poll.end}", str(entry.at))
    return None


def _invited(poll: Poll, event: Responded) -> Refusal | None:
    if event.revision == 1 and poll.tally.answered >= poll.planned:
        return Refusal(14, f"at most {poll.planned} people who answered, as planned in waves begun", "one more")
    return None


# The rule of each content of a signed event.
RULES: dict[type, Callable[[Poll, Entry, Any], Refusal | None]] = {
    RosterCommitted: _roster_committed,
    WaveStarted: _wave_started,
    WaveEnded: _wave_ended,
    Paused: _paused,
    Resumed: _resumed,
    Extended: _extended,
    Closed: _closed,
    Annulled: _annulled,
}
