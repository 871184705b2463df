"""The rules of every rule set (SPEC section 6): what may stand in a ledger after the entries before it.

`refusal` gives the first rule that an entry breaks, with the number of the check that fails. A rule function belongs to
one content of an event, in `RULES`; what all signed events must be comes before it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from verifier.entry import Entry
from verifier.event import (
    Annulled,
    Closed,
    Extended,
    PageChanged,
    Objected,
    Opened,
    Paused,
    Recovered,
    Responded,
    Resumed,
    RosterCommitted,
    Signed,
    Unsealed,
    WaveEnded,
    WaveStarted,
)
from verifier import personal, strata
from verifier.checks import shown
from verifier.definition import MENDABLE
from verifier.limits import OBJECTIONS_MAX, REASON_BYTES_MAX, WORDINGS_MAX
from verifier.lint import is_wording
from verifier.poll import ANNULLED, CLOSED, PAUSED, RUNNING, Poll
from verifier.rotation import rotation

_TIME_MAX = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an entry should not be in the ledger: the check that fails, what was expected, and what was found.
    `of_time`: another time of the entry might have been right."""

    check: int
    expected: str
    found: str
    of_time: bool = False


class Unjudged(Exception):
    """There is no time left at which the entry could have come."""


def refusal(poll: Poll, entry: Entry) -> Refusal | None:
    """The first rule that this entry, which is not entry 0, breaks; V5, which is on times alone, aside.

    Where V5 fails, the entry is judged as of the next time that it could have had, and what is wrong with that time
    does not count; but an answer must have come, by its own time, while the poll took answers.
    """
    at, resolution = entry.at, poll.definition.resolution
    if at >= poll.last_at and at % resolution == 0:
        return _refusal_at(poll, entry, at)
    earliest = -(-poll.last_at // resolution) * resolution
    if earliest > _TIME_MAX:
        raise Unjudged
    found = _refusal_at(poll, entry, max(earliest, at - at % resolution))
    if found is not None and not found.of_time:
        return found
    return _in_time(poll, at) if isinstance(entry.event, Responded) else None


def _refusal_at(poll: Poll, entry: Entry, at: int) -> Refusal | None:
    """The first rule that this entry breaks if it comes at `at`."""
    event = entry.event
    if isinstance(event, Responded):
        return _responded(poll, at, event)
    if isinstance(event, Objected):
        return _objected(poll, at)
    if isinstance(event, Opened):
        return Refusal(6, "an opening as entry 0 alone", "a second one")
    content = event.content
    return _signed(poll, at, event) or RULES[type(content)](poll, at, content) or _reason(content)


def may_sign(poll: Poll, event: Signed) -> bool:
    """Whether this signer signs events of this kind here: waves by the sender where the definition names one."""
    of_a_wave = isinstance(event.content, WaveStarted | WaveEnded)
    if event.key is None:
        return of_a_wave and poll.definition.sender is not None
    if of_a_wave and poll.definition.sender is not None:
        return False
    return poll.definition.key(event.key) is not None


def _signed(poll: Poll, at: int, event: Signed) -> Refusal | None:
    if not may_sign(poll, event):
        return Refusal(8, "a signer whom the definition names for this", _signer(event))
    expected = poll.turn(event)
    if event.counter != expected.counter:
        return Refusal(8, f"counter {expected.counter}", f"counter {event.counter}")
    if event.previous != expected.previous:
        return Refusal(8, f"previous signed event {expected.previous.hex()}", event.previous.hex())
    if at > event.until:
        return Refusal(8, f"a time until {event.until}", str(at), of_time=True)
    return None


def _signer(event: Signed) -> str:
    return "the sender" if event.key is None else f"operator key {event.key}"


def _reason(content: object) -> Refusal | None:
    reason = getattr(content, "reason", "")
    length = len(reason.encode())
    if length > REASON_BYTES_MAX:
        return Refusal(16, f"a reason of at most {REASON_BYTES_MAX} bytes", str(length))
    return _public([reason])


def _public(texts: Iterable[str]) -> Refusal | None:
    """What is public for ever holds nobody's data."""
    for hit in filter(None, map(personal.find, texts)):
        return Refusal(32, "nothing personal in a text", hit.what())
    return None


def _roster_committed(poll: Poll, _: int, content: RosterCommitted) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state)
    if poll.committed is not None:
        return Refusal(10, "one commitment to the roster", "another")
    keys = len(poll.definition.strata) if poll.definition.sealed else 0
    if len(content.stratum_keys) != keys:
        return Refusal(10, f"{keys} stratum keys", str(len(content.stratum_keys)))
    if content.count == 0:
        return Refusal(10, "at least one invitation", "none")
    if len(content.by_stratum) != len(poll.definition.strata) or sum(content.by_stratum) != content.count:
        return Refusal(10, f"counts of {len(poll.definition.strata)} strata that add up", "others")
    if not poll.definition.sealed and any(0 < count < poll.definition.strata_min for count in content.by_stratum):
        return Refusal(10, f"no stratum with less than {poll.definition.strata_min} invitations", "one")
    return _leaves(poll, content)


def _leaves(poll: Poll, content: RosterCommitted) -> Refusal | None:
    """Root and counts, by the leaves in the file."""
    if content.count != len(poll.roster):
        return Refusal(10, f"{content.count} leaves", str(len(poll.roster)))
    if not poll.definition.sealed and content.by_stratum != poll.roster.by_stratum(len(poll.definition.strata)):
        return Refusal(10, "leaves with these counts by stratum", "others")
    root = poll.roster.root()
    return None if root == content.root else Refusal(10, f"leaves with the root {content.root.hex()}", root.hex())


def _wave_started(poll: Poll, _: int, content: WaveStarted) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state)
    if poll.committed is None:
        return Refusal(10, "a roster committed to before", "none")
    if content.wave != len(poll.waves) + 1:
        return Refusal(14, f"wave {len(poll.waves) + 1}", f"wave {content.wave}")
    left = poll.committed.count - poll.planned
    if content.planned > left:
        return Refusal(14, f"at most {left} planned, whom no earlier wave planned", str(content.planned))
    return None


def _wave_ended(poll: Poll, _: int, content: WaveEnded) -> Refusal | None:
    wave = poll.wave(content.wave)
    if wave is None or wave.ended:
        return Refusal(14, "the end of a wave begun and not ended", f"that of wave {content.wave}")
    if content.sent + content.failed + content.stopped != wave.planned:
        return Refusal(14, f"sent, failed and stopped of {wave.planned}", "figures that do not add up")
    if content.delivered + content.unknown + content.refused != content.sent:
        return Refusal(14, f"delivered, unknown and refused of {content.sent}", "figures that do not add up")
    return None


def _paused(poll: Poll, _: int, __: Paused) -> Refusal | None:
    return None if poll.state == RUNNING else Refusal(15, "a running poll", poll.state)


def _resumed(poll: Poll, _: int, __: Resumed) -> Refusal | None:
    return None if poll.state == PAUSED else Refusal(15, "a paused poll", poll.state)


def _extended(poll: Poll, at: int, content: Extended) -> Refusal | None:
    latest, resolution = poll.definition.latest_end, poll.definition.resolution
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state)
    if at >= poll.end:
        return Refusal(15, f"an extension recorded before the end {poll.end}", str(at), of_time=True)
    if not poll.end < content.end <= latest or content.end % resolution:
        expected = f"a multiple of {resolution} ms after {poll.end} and not after {latest}"
        return Refusal(15, expected, str(content.end), of_time=True)
    return None


def _page_changed(poll: Poll, _: int, content: PageChanged) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state)
    if [language for language, _ in content.questions] != poll.definition.languages or content.script is not None:
        return Refusal(16, "question blocks of the poll's languages, and no script", "others")
    if len(content.wordings) > WORDINGS_MAX:
        return Refusal(16, f"at most {WORDINGS_MAX} wordings", str(len(content.wordings)))
    places = [(field, language) for field, language, _ in content.wordings]
    for field, language, text in content.wordings:
        known = field in poll.definition.mendable and language in poll.definition.languages
        if not known or places.count((field, language)) > 1:
            return Refusal(16, "a text that may be mended, once", f"`{shown(field)}` in {shown(language)}")
        if not is_wording(text, *MENDABLE[field]):
            return Refusal(16, f"a wording that `{field}` can have", "another")
    return _public(text for field, _, text in content.wordings if field != "contact.name")


def _closed(poll: Poll, at: int, content: Closed) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state)
    if at < poll.end and not poll.definition.close_any_time:
        return Refusal(15, f"a close not before the end {poll.end}", str(at), of_time=True)
    if (content.size, content.link) != (poll.size, poll.link):
        expected = f"a close over {poll.size} entries and the link {poll.link.hex()}"
        return Refusal(8, expected, f"over {content.size} entries and the link {content.link.hex()}")
    return declared(poll, content)


def declared(poll: Poll, content: Closed) -> Refusal | None:
    """Whether the tally declared is the fold. It is asked of every `Closed`, whatever else is wrong with it."""
    counts = poll.tally.by_option()
    if content.tally == [(poll.definition.question, counts)]:
        return None
    expected = ", ".join(f"{option} {count}" for option, count in counts)
    return Refusal(17, expected, str(content.tally))


def _annulled(poll: Poll, _: int, __: Annulled) -> Refusal | None:
    return Refusal(15, "one annulment", "another") if poll.state == ANNULLED else None


def _unsealed(poll: Poll, _: int, content: Unsealed) -> Refusal | None:
    if poll.state != CLOSED:
        return Refusal(15, "a closed poll", poll.state)
    if not poll.definition.sealed:
        return Refusal(18, "sealed strata", "open ones")
    if poll.unsealed is not None:
        return Refusal(18, "one unsealing", "another")
    return unsealing(poll, content)


def unsealing(poll: Poll, content: Unsealed) -> Refusal | None:
    """Whether an unsealing is right. It is asked of every one of sealed strata, whatever else is wrong with it."""
    for expected, found in strata.faults(poll.definition, poll.committed, poll.roster, poll.tally, content):
        return Refusal(18, expected, found)
    return None


def _recovered(poll: Poll, _: int, content: Recovered) -> Refusal | None:
    lost = content.head_size > poll.size
    return None if lost else Refusal(15, f"more than {poll.size} acknowledged entries", str(content.head_size))


def _objected(poll: Poll, at: int) -> Refusal | None:
    """The objection that was looked at last."""
    objections, current = poll.objections, poll.objections.current
    if objections.is_full():
        return Refusal(16, f"at most {OBJECTIONS_MAX} objections", "one more")
    if current.answer is None:
        return Refusal(25, current.expected, current.found)
    due = objections.maker.due * 1000
    if not poll.is_over() and at <= due:
        return Refusal(15, f"a poll that is over, or a time after {due}", f"{poll.state}, {at}", of_time=True)
    latest = at if poll.over_at is None else poll.over_at + poll.definition.objection_window
    if at > latest:
        return Refusal(15, f"an objection until {latest}", str(at), of_time=True)
    if current.is_repeated:
        return Refusal(16, "one objection for an answer", "another")
    if current.place is not None:
        return Refusal(25, "no entry before it that is its answer", f"entry {current.place}")
    return None


def _responded(poll: Poll, at: int, event: Responded) -> Refusal | None:
    definition = poll.definition
    if event.how != definition.answers:
        return Refusal(16, f"an answer by `{definition.answers}`", f"by `{event.how}`")
    if not definition.rotating and event.order != 0:
        return Refusal(16, "order 0 of the options, as defined", f"order {event.order}")
    if poll.chosen(event) is None:
        return Refusal(16, "one clear choice on the ballot", "another")
    if poll.committed is None:
        return Refusal(10, "a roster committed to before", "none")
    if event.index >= len(poll.roster):
        return Refusal(11, f"one of {len(poll.roster)} invitations", f"invitation {event.index}")
    return _order(poll, event) or _revision(poll, event) or _in_time(poll, at) or _invited(poll, event)


def _order(poll: Poll, event: Responded) -> Refusal | None:
    rotating = poll.definition.rotating
    if not rotating:
        return None
    order = rotation(poll.definition.question, poll.roster.key(event.index), rotating)
    expected = f"order {order} of the options, as this invitation is shown them"
    return None if event.order == order else Refusal(16, expected, f"order {event.order}")


def _revision(poll: Poll, event: Responded) -> Refusal | None:
    number = poll.tally.revision(event.index) + 1
    most = poll.definition.revisions + 1
    if event.revision != number:
        return Refusal(12, f"answer {number} of invitation {event.index}", f"answer {event.revision}")
    if number > most:
        return Refusal(12, f"at most {most} answers of invitation {event.index}", str(number))
    return None


def _in_time(poll: Poll, at: int) -> Refusal | None:
    if poll.is_over():
        return Refusal(15, "a poll neither closed nor annulled", poll.state)
    if not poll.definition.start <= at < poll.end:
        expected = f"a time from {poll.definition.start} and before {poll.end}"
        return Refusal(15, expected, str(at), of_time=True)
    return None if poll.state == RUNNING else Refusal(15, "a running poll", poll.state)


def _invited(poll: Poll, event: Responded) -> Refusal | None:
    if event.revision == 1 and poll.tally.answered >= poll.planned:
        return Refusal(14, f"at most {poll.planned} people who answered, as planned in waves begun", "one more")
    return None


# The rule of each content of a signed event.
RULES: dict[type, Callable[[Poll, int, Any], Refusal | None]] = {
    RosterCommitted: _roster_committed,
    WaveStarted: _wave_started,
    WaveEnded: _wave_ended,
    Paused: _paused,
    Resumed: _resumed,
    Extended: _extended,
    PageChanged: _page_changed,
    Closed: _closed,
    Annulled: _annulled,
    Unsealed: _unsealed,
    Recovered: _recovered,
}
