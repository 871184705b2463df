"""The tally as a fold (SPEC section 6): of each invitation the last answer counts, once.

A few bytes an invitation, whatever it answers, so that a country fits into memory.
"""

from array import array

from verifier.roster import Roster


class Tally:
    """Counts by option and stratum, and which answer every invitation of the roster gave last."""

    def __init__(self, options: list[str], strata: list[str]) -> None:
        self._place = {option: place for place, option in enumerate(options)}
        self._roster = Roster(None)
        # Of each invitation: number and option of its last answer; number 0 is none.
        self._revision = array("B")
        self._last = array("B")
        self._by_option = [0] * len(options)
        self._first_by_option = [0] * len(options)
        self._by_stratum = [[0] * len(options) for _ in strata]
        self.answered = 0
        self.assisted = 0

    def invite(self, roster: Roster) -> None:
        """Invitations that have not answered yet, in place of those before, whose answers stay counted."""
        self._roster = roster
        self._revision = array("B", [0]) * len(roster)
        self._last = array("B", [0]) * len(roster)

    def revision(self, index: int) -> int:
        """The number of this invitation's last answer, as it stands in it; 0 if there is none."""
        return self._revision[index] if index < len(self._revision) else 0

    def last(self, index: int) -> int | None:
        """The place of the option of this invitation's last answer."""
        answered = index < len(self._revision) and self._revision[index] > 0
        return self._last[index] if answered else None

    def unseal(self, tables: list[list[int]]) -> None:
        """Takes the counts of sealed strata that were opened."""
        self._by_stratum = tables

    def count(self, index: int, revision: int, option: str, assisted: bool) -> None:
        """Takes an answer for an option that the ballot has. Who was not invited is not counted."""
        if index >= len(self._revision):
            return
        place = self._place[option]
        stratum = self._roster.stratum(index)
        if self._revision[index] == 0:
            self.answered += 1
            self.assisted += assisted
            self._first_by_option[place] += 1
        else:
            self._add(self._last[index], stratum, -1)
        self._add(place, stratum, 1)
        self._revision[index] = max(revision, 1)
        self._last[index] = place

    def _add(self, place: int, stratum: int, by: int) -> None:
        self._by_option[place] += by
        if stratum < len(self._by_stratum):
            self._by_stratum[stratum][place] += by

    def by_option(self) -> list[tuple[str, int]]:
        """Each option's id and count, in the definition's order."""
        return list(zip(self._place, self._by_option))

    def first_by_option(self) -> list[tuple[str, int]]:
        """The same by first answers."""
        return list(zip(self._place, self._first_by_option))

    def by_stratum(self) -> list[list[int]]:
        """Counts by option of each stratum, in the definition's order."""
        return self._by_stratum
