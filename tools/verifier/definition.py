"""The definition of a poll (SPEC section 10): what `poll.toml` says, once `lint` has admitted it."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.note import VerifierKey


# Texts that may be mended while a poll runs: the most characters, and whether they are one line.
_LONG = (6_000, False)
MENDABLE = {
    "who.why_they_differ": _LONG,
    "sample.population": _LONG,
    "sample.frame": _LONG,
    "sample.sampling": _LONG,
    "sample.mode": _LONG,
    "sample.weighting": _LONG,
    "sample.strategy": _LONG,
    "sample.coverage_gaps": _LONG,
    "sample.recruitment": _LONG,
    "sample.precision": _LONG,
    "sample.weighting_targets": _LONG,
    "disclosure.exclusions": _LONG,
    "disclosure.limitations": _LONG,
    "disclosure.privacy": _LONG,
    "disclosure.processing": _LONG,
    "disclosure.withdrawal": _LONG,
    "contact.name": (200, True),
}


@dataclass(frozen=True)
class Option:
    """One answer offered: its id, and its label by language."""

    id: str
    label: dict[str, str]


@dataclass(frozen=True)
class Warned:
    """The number of a rule that warns, and whether the definition explains why it stands nevertheless."""

    rule: int
    is_explained: bool


@dataclass(frozen=True)
class Definition:
    """What rules and tally need of a definition. Times are in milliseconds since 1970."""

    rule_set: int
    warned: list[Warned]
    mendable: frozenset[str]
    slug: str
    languages: list[str]
    operators: list[VerifierKey]
    sender: VerifierKey | None
    question: str
    wording: dict[str, str]
    options: list[Option]
    # How many of the options, from the first, are rotated from invitation to invitation.
    rotating: int
    strata: list[str]
    start: int
    end: int
    latest_end: int
    message: dict[str, str]
    link_prefix: str
    answers: str
    revisions: int
    sealed: bool
    strata_min: int
    threshold: int
    close_any_time: bool
    resolution: int
    promise_delay: int
    objection_window: int

    def key(self, place: int) -> VerifierKey | None:
        """The operator's key at this place."""
        return self.operators[place] if place < len(self.operators) else None

    def promise_due(self) -> int:
        """When every promise must be kept, in seconds since 1970."""
        return (self.latest_end + self.promise_delay) // 1000


def parse(text: str) -> dict[str, Any]:
    """The tables of a definition; raises `ValueError` if the text is not TOML 1.0."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("values are nested too deeply") from None


def as_sent(prefix: str, text: str) -> str:
    """A message with a link as long as every link is: a token has 20 characters."""
    return text.replace("{link}", prefix + "0" * 20)


def of(tables: dict[str, Any], warned: list[Warned]) -> Definition:
    """The definition in tables that `lint` admitted."""
    keys, rules, question, field = tables["keys"], tables["rules"], tables["question"], tables["field"]
    return Definition(
        rule_set=tables["rule_set"],
        warned=warned,
        mendable=frozenset(field for field in MENDABLE if _is_there(tables, field)),
        slug=tables["slug"],
        languages=tables["languages"],
        operators=[key for text in keys["operators"] if (key := VerifierKey.parse(text))],
        sender=VerifierKey.parse(keys["sender"]) if "sender" in keys else None,
        question=question["id"],
        wording=question["text"],
        options=[Option(option["id"], option["label"]) for option in tables["option"]],
        rotating=_rotating(tables) if question["order"] == "rotated" else 0,
        strata=[stratum["id"] for stratum in tables["stratum"]],
        start=milliseconds(field["start"]),
        end=milliseconds(field["end"]),
        latest_end=milliseconds(field["latest_end"]),
        message=tables["message"]["text"],
        link_prefix=tables["message"]["link_prefix"],
        answers=rules["answers"],
        revisions=rules["revisions"],
        sealed=rules["strata"] == "sealed",
        strata_min=rules["strata_min"],
        threshold=rules["threshold"],
        close_any_time=rules["close"] == "any_time",
        resolution=rules["resolution_seconds"] * 1000,
        promise_delay=rules["promise_delay_seconds"] * 1000,
        objection_window=rules["objection_window_seconds"] * 1000,
    )


def _rotating(tables: dict[str, Any]) -> int:
    return sum(not option.get("no_opinion", False) for option in tables["option"])


def _is_there(tables: dict[str, Any], field: str) -> bool:
    section, _, name = field.partition(".")
    return name in tables[section]


def milliseconds(moment: datetime) -> int:
    """A moment with an offset, as milliseconds since 1970."""
    since = moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
