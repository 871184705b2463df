"""The poll that the entries make (SPEC section 6): what is known of it after each of them.

What an event means is in `AFTER`, by its class; whether it should be in the ledger is in `rules`. An event that should
not is taken as it is all the same: what comes after it was recorded after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verifier.definition import Definition
from verifier.entry import Entry
from verifier.event import Annulled, Closed, Extended, Paused, Responded, Resumed, RosterCommitted, Signed
from verifier.event import WaveEnded, WaveStarted
from verifier.roster import Roster
from verifier.tally import Tally


@dataclass
class Signer:
    """Operator or sender: what its next event must have as counter and previous link."""

    counter: int
    previous: bytes


@dataclass
class Wave:
    """A wave begun: how many invitations were planned, and whether its end was recorded."""

    planned: int
    ended: bool = False


class Poll:
    """The state of a poll whose definition is known."""

    def __init__(self, definition: Definition, first: bytes, poll_id: bytes, roster: Roster | None) -> None:
        """`first` is the link of entry 0, `roster` None where the file has none that is whole."""
        self.definition = definition
        self.id = poll_id
        self.roster = roster
        self.operator = Signer(1, first)
        self.sender = Signer(0, first)
        self.end = definition.end
        self._ballot = frozenset(option.id for option in definition.options)
        self.committed: RosterCommitted | None = None
        self.waves: dict[int, Wave] = {}
        self.planned = 0
        self.is_paused = False
        self.is_closed = False
        self.is_annulled = False
        self.tally = Tally([], Roster(b""), [])

    def is_over(self) -> bool:
        """Whether it takes no more answers, whatever the time."""
        return self.is_closed or self.is_annulled

    def state(self) -> str:
        """As a report names it."""
        if self.is_over():
            return "annulled" if self.is_annulled else "closed"
        return "paused" if self.is_paused else "running"

    def signer(self, event: Signed) -> Signer:
        """Whose order the event stands in."""
        return self.sender if event.key is None else self.operator

    def take(self, entry: Entry, link: bytes) -> None:
        """What the entry after entry 0 means."""
        event = entry.event
        if isinstance(event, Signed):
            signer = self.signer(event)
            signer.counter, signer.previous = event.counter + 1, link
            AFTER[type(event.content)](self, event.content)
        elif isinstance(event, Responded):
            self._responded(event)

    def _responded(self, event: Responded) -> None:
        option = self.chosen(event)
        if option is not None and self.committed and self.roster and event.index < len(self.roster):
            self.tally.count(event.index, option, event.how == "assisted")

    def chosen(self, event: Responded) -> str | None:
        """The option chosen, if the answer is one clear choice on the ballot."""
        if len(event.chosen) != 1 or event.chosen[0][0] != self.definition.question:
            return None
        value = event.chosen[0][1]
        return value if isinstance(value, str) and value in self._ballot else None

    def _committed(self, content: RosterCommitted) -> None:
        if self.committed is None:
            options = [option.id for option in self.definition.options]
            self.tally = Tally(options, self.roster or Roster(b""), self.definition.strata)
        self.committed = content

    def _wave_started(self, content: WaveStarted) -> None:
        self.waves[content.wave] = Wave(content.planned)
        self.planned += content.planned

    def _wave_ended(self, content: WaveEnded) -> None:
        if content.wave in self.waves:
            self.waves[content.wave].ended = True

    def _paused(self, _: Paused) -> None:
        self.is_paused = True

    def _resumed(self, _: Resumed) -> None:
        self.is_paused = False

    def _extended(self, content: Extended) -> None:
        self.end = content.end

    def _closed(self, _: Closed) -> None:
        self.is_closed = True

    def _annulled(self, _: Annulled) -> None:
        self.is_annulled = True


# What each content of a signed event means.
AFTER: dict[type, Callable[[Poll, Any], None]] = {
    RosterCommitted: Poll._committed,
    WaveStarted: Poll._wave_started,
    WaveEnded: Poll._wave_ended,
    Paused: Poll._paused,
    Resumed: Poll._resumed,
    Extended: Poll._extended,
    Closed: Poll._closed,
    Annulled: Poll._annulled,
}
