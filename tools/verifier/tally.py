"""The tally as a fold (SPEC section 6): of each invitation the last answer counts, once.

A few bytes an invitation, whatever it answers, so that a country fits into memory.
"""

from array import array

from verifier.roster import Roster

_NONE = -1


class Tally:
    """What every invitation of the roster answered first and last, as places of options in the definition."""

    def __init__(self, options: list[str], roster: Roster, strata: list[str]) -> None:
        self._options = {option: place for place, option in enumerate(options)}
        self._strata = strata
        self._roster = roster
        self._answers = array("H", [0]) * len(roster)
        self._first = array("b", [_NONE]) * len(roster)
        self._last = array("b", [_NONE]) * len(roster)
        self.answered = 0
        self.assisted = 0

    def answers_of(self, index: int) -> int:
        """How many answers this invitation gave."""
        return self._answers[index]

    def count(self, index: int, option: str, assisted: bool) -> None:
        """Takes an answer of an invitation that the roster has for an option that the ballot has."""
        place = self._options[option]
        if self._answers[index] == 0:
            self.answered += 1
            self.assisted += assisted
            self._first[index] = place
        self._answers[index] = min(self._answers[index] + 1, 0xFFFF)
        self._last[index] = place

    def by_option(self) -> list[tuple[str, int]]:
        """Each option's id and count, in the definition's order."""
        return [(option, self._last.count(place)) for option, place in self._options.items()]

    def first_by_option(self) -> list[tuple[str, int]]:
        """The same by first answers."""
        return [(option, self._first.count(place)) for option, place in self._options.items()]

    def by_stratum(self) -> list[list[int]]:
        """Counts by option of each stratum, in the definition's order."""
        counts = [[0] * len(self._options) for _ in self._strata]
        for index, place in enumerate(self._last):
            if place != _NONE and self._roster.stratum(index) < len(counts):
                counts[self._roster.stratum(index)][place] += 1
        return counts
