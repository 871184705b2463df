"""The numbered checks, and what they found. A number is given once, for ever.

To add a check: a row in `CHECKS`; whoever looks counts with `looked`, and tells with `fail`, `not_checked`,
`not_applicable` and `note`.
"""

from dataclasses import dataclass, field
from typing import Any

from verifier.limits import FAILURES_KEPT_MAX, SHOWN_CHARACTERS_MAX

CHECKS = {
    1: "source is whole",
    2: "encoding of entries",
    3: "numbering of entries",
    4: "hash chain and anchors",
    5: "times",
    6: "opening and definition",
    7: "operator's signature on the opening",
    8: "operator events",
    9: "pages and messages shown",
    10: "roster",
    11: "signatures of answers",
    12: "answers of one invitation",
    14: "invited, planned and answered",
    15: "life of the poll",
    16: "rules at every entry",
    17: "tally",
    18: "strata unsealed",
    20: "tree under each checkpoint",
    21: "checkpoints and their signatures",
    23: "consistency with what was held",
    24: "tiles and bundles",
    25: "promises and receipts",
    32: "nothing personal",
}

FAILED, NOT_CHECKED, PASSED, NOT_APPLICABLE = "failed", "not_checked", "passed", "not_applicable"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as it must be, at an entry or a leaf where it is about one."""

    subject: str
    expected: str
    found: str
    meaning: str
    entry: int | None = None
    leaf: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The failure in a report."""
        places = {"entry": self.entry, "leaf": self.leaf}
        texts = {name: shown(getattr(self, name)) for name in ("subject", "expected", "found", "meaning")}
        return {name: place for name, place in places.items() if place is not None} | texts


@dataclass
class Check:
    """What came of one check."""

    number: int
    items: int = 0
    failed: int = 0
    failed_at: int | None = None
    failures: list[Failure] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def verdict(self) -> str:
        """A failure outweighs a gap, and a gap outweighs that there was nothing to look at."""
        if self.failed:
            return FAILED
        if self.gaps:
            return NOT_CHECKED
        return NOT_APPLICABLE if self.idle else PASSED

    def as_json(self) -> dict[str, Any]:
        """The check in a report."""
        why = {NOT_CHECKED: self.gaps, NOT_APPLICABLE: self.idle}.get(self.verdict(), [])
        return {
            "number": f"V{self.number}",
            "title": CHECKS[self.number],
            "verdict": self.verdict(),
            "items": self.items,
            "failed": self.failed,
            "failures": [failure.as_json() for failure in self.failures],
            "why": why,
            "notes": self.notes,
        }


class Findings:
    """What the checks found so far."""

    def __init__(self) -> None:
        self.checks = {number: Check(number) for number in CHECKS}

    def looked(self, check: int, items: int = 1) -> None:
        """This many items more were looked at."""
        self.checks[check].items += items

    def fail(self, check: int, failure: Failure) -> None:
        """Something is not as it must be. What is told of an entry twice, by a rule and beside it, counts once."""
        found = self.checks[check]
        if failure.entry is not None and failure.entry == found.failed_at:
            return
        found.failed_at = failure.entry
        found.failed += 1
        if len(found.failures) < FAILURES_KEPT_MAX:
            found.failures.append(failure)

    def not_checked(self, numbers: list[int], why: str) -> None:
        """These could not be looked at."""
        for number in numbers:
            _once(self.checks[number].gaps, why)

    def disregard(self, numbers: list[int], why: str) -> None:
        """What these found means nothing: they looked at things that are not there."""
        for number in numbers:
            self.checks[number] = Check(number)
        self.not_checked(numbers, why)

    def not_applicable(self, check: int, why: str) -> None:
        """There is nothing to look at."""
        _once(self.checks[check].idle, why)

    def note(self, check: int, what: str) -> None:
        """Something that a reader should know besides."""
        if len(self.checks[check].notes) < FAILURES_KEPT_MAX:
            _once(self.checks[check].notes, what)


def _once(said: list[str], what: str) -> None:
    if what not in said:
        said.append(what)


def shown(text: str) -> str:
    """A text as a report may repeat it: short, and in one line of visible characters."""
    line = "".join(char if char.isprintable() else "\ufffd" for char in text[:SHOWN_CHARACTERS_MAX])
    return line + "…" if len(text) > SHOWN_CHARACTERS_MAX else line
