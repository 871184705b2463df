"""The poll that the entries make (SPEC section 6): what is known of it after each of them.

What an event means is in `AFTER`, by its class; whether it should be in the ledger is in `rules`. An event that should
not is taken as it is all the same: what comes after it was recorded after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verifier.definition import Definition
from verifier.entry import Entry
from verifier.event import (
    Annulled,
    Closed,
    Extended,
    PageChanged,
    Objected,
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
from verifier.objection import Objections
from verifier.roster import Roster
from verifier.strata import Keys, opened
from verifier.tally import Tally

RUNNING, PAUSED, CLOSED, ANNULLED = "running", "paused", "closed", "annulled"


@dataclass(slots=True)
class Turn:
    """What the next event of operator or sender must have as counter and previous link."""

    counter: int
    previous: bytes


@dataclass(slots=True)
class Wave:
    """A wave begun: how many invitations were planned, and whether its end was recorded."""

    planned: int
    ended: bool = False


class Poll:
    """The state of a poll whose definition is known. Times are in milliseconds since 1970."""

    def __init__(
        self, definition: Definition, first: Entry, link: bytes, poll_id: bytes, roster: Roster, objections: Objections
    ) -> None:
        """`link` is that of entry 0."""
        self.definition = definition
        self.id = poll_id
        self.roster = roster
        self.operator = Turn(1, link)
        self.sender = Turn(0, link)
        # Index behind the last entry, its link, and the latest time so far.
        self.size = first.index + 1
        self.link = link
        self.last_at = first.at
        self.state = RUNNING
        self.end = definition.end
        self.committed: RosterCommitted | None = None
        self.waves: list[Wave] = []
        self.planned = 0
        # Keys of sealed strata, once they are given; and of every loss its first entry and the number acknowledged.
        self.unsealed: Keys | None = None
        self.losses: list[tuple[int, int]] = []
        self.objections = objections
        # When it was first closed or annulled.
        self.over_at: int | None = None
        self._ballot = frozenset(option.id for option in definition.options)
        self.tally = Tally([option.id for option in definition.options], definition.strata)

    def is_over(self) -> bool:
        """Whether it takes no more answers, whatever the time."""
        return self.state in (CLOSED, ANNULLED)

    def turn(self, event: Signed) -> Turn:
        """Where in the order of its signer's events this one must stand."""
        return self.sender if event.key is None else self.operator

    def chosen(self, event: Responded) -> str | None:
        """The option chosen, if the answer is one clear choice on the ballot."""
        if len(event.chosen) != 1 or event.chosen[0][0] != self.definition.question:
            return None
        value = event.chosen[0][1]
        return value if isinstance(value, str) and value in self._ballot else None

    def take(self, entry: Entry, link: bytes) -> None:
        """What the entry after entry 0 means."""
        event = entry.event
        self.size, self.link = entry.index + 1, link
        self.last_at = max(self.last_at, entry.at)
        if isinstance(event, Signed):
            turn = self.turn(event)
            turn.counter, turn.previous = event.counter + 1, link
            AFTER[type(event.content)](self, event.content)
            if self.over_at is None and isinstance(event.content, Closed | Annulled):
                self.over_at = entry.at
        elif isinstance(event, Objected):
            self.objections.take()
        elif isinstance(event, Responded):
            option = self.chosen(event)
            if option is not None:
                self.tally.count(event.index, event.revision, option, event.how == "assisted")

    def _committed(self, content: RosterCommitted) -> None:
        self.committed = content
        self.tally.invite(self.roster)

    def _wave_started(self, content: WaveStarted) -> None:
        self.waves.append(Wave(content.planned))
        self.planned += content.planned

    def _wave_ended(self, content: WaveEnded) -> None:
        wave = self.wave(content.wave)
        if wave is not None:
            wave.ended = True

    def wave(self, number: int) -> Wave | None:
        """The wave of this number, from 1."""
        return self.waves[number - 1] if 1 <= number <= len(self.waves) else None

    def _paused(self, _: Paused) -> None:
        self.state = PAUSED

    def _resumed(self, _: Resumed) -> None:
        self.state = RUNNING

    def _extended(self, content: Extended) -> None:
        self.end = content.end

    def _page_changed(self, _: PageChanged) -> None:
        # Nothing that is judged depends on a text that may be mended.
        pass

    def _closed(self, _: Closed) -> None:
        self.state = CLOSED

    def _annulled(self, _: Annulled) -> None:
        self.state = ANNULLED

    def _unsealed(self, content: Unsealed) -> None:
        # The first one counts, and another is not opened again, however often it is repeated.
        if self.definition.sealed and self.unsealed is None:
            self.unsealed = content.keys
            self.tally.unseal(opened(self.definition, self.roster, self.tally, content.keys).tables)

    def _recovered(self, content: Recovered) -> None:
        self.losses.append((self.size - 1, content.head_size))


# What each content of a signed event means.
AFTER: dict[type, Callable[[Poll, Any], None]] = {
    RosterCommitted: Poll._committed,
    WaveStarted: Poll._wave_started,
    WaveEnded: Poll._wave_ended,
    Paused: Poll._paused,
    Resumed: Poll._resumed,
    Extended: Poll._extended,
    PageChanged: Poll._page_changed,
    Closed: Poll._closed,
    Annulled: Poll._annulled,
    Unsealed: Poll._unsealed,
    Recovered: Poll._recovered,
}
