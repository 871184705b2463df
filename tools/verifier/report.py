"""The report of an audit: as JSON, of the same shape as the Rust auditor's, and for people."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verifier.chain import Chain
from verifier.checks import FAILED, NOT_APPLICABLE, NOT_CHECKED, PASSED, Check, Findings, shown
from verifier.event import Opened
from verifier.note import VerifierKey
from verifier.poll import Poll
from verifier.tree import Tree

if TYPE_CHECKING:
    from verifier.audit import Held

VERSION = "0.1.0"
_MARKS = {FAILED: "✗", NOT_CHECKED: "–", PASSED: "✓", NOT_APPLICABLE: "–"}
WELL, NOT_SO, WRONG_INPUT, UNFINISHED, INCOMPLETE = range(5)


@dataclass(frozen=True)
class Report:
    """What came of an audit."""

    findings: Findings
    chain: Chain
    tree: Tree
    opened: Opened | None
    signed_by: VerifierKey | None
    poll: Poll | None
    held: "Held"
    log_keys: list[VerifierKey]
    is_end_anchored: bool

    def verdicts(self) -> dict[str, str]:
        """Number and verdict of each check."""
        return {f"V{number}": check.verdict() for number, check in self.findings.checks.items()}

    def exit_code(self) -> int:
        """0 all verified, 1 a check failed, 4 nothing failed and not everything could be verified."""
        verdicts = self.verdicts().values()
        if FAILED in verdicts:
            return NOT_SO
        return INCOMPLETE if self.missing() or NOT_CHECKED in verdicts else WELL

    def missing(self) -> list[dict[str, str]]:
        """What the audit lacks to be complete."""
        missing = []
        if not self.held.operator_keys:
            give = "--operator-key, from somewhere else than this ledger"
            missing.append({"what": "the operator's key", "give": give})
        if not self.is_end_anchored:
            give = "--anchor INDEX:LINK of the last entry, as somebody noted it before, or a --policy that trusts its checkpoint"
            missing.append({"what": "an anchor for the end", "give": give})
        return missing

    def as_json(self) -> dict[str, Any]:
        """The whole report: `checks`, and `polls` with the one poll of the file."""
        checks = [check.as_json() for check in self.findings.checks.values()]
        found = {"warnings": self._warnings(), "tally": self._tally()}
        poll = self._identity() | {"checks": checks} | self._trust() | found
        return {"version": VERSION, "checks": checks, "polls": [poll], "unfinished": []}

    def _identity(self) -> dict[str, Any]:
        head = self.chain.head()
        return {
            "slug": self.poll.definition.slug if self.poll else None,
            "origin": self.opened.opening.origin if self.opened else None,
            "poll_id": base64.b64encode(self.poll.id).decode() if self.poll else None,
            "state": self.poll.state if self.poll else None,
            "entries": self.chain.size,
            "head": str(head) if head else None,
            "root": self.tree.root().hex() if head else None,
        }

    def _trust(self) -> dict[str, Any]:
        anchors = [{"anchor": str(anchor), "met": anchor in self.chain.met} for anchor in self.chain.anchors]
        pinned = [str(key) for key in self.held.operator_keys]
        return {
            "keys": {
                "pinned": pinned,
                "signed_by": str(self.signed_by) if self.signed_by else None,
                "log": [str(key) for key in self.log_keys],
            },
            "anchors": anchors,
            "end_anchored": self.is_end_anchored,
            "missing": self.missing(),
            "rests_on": list(self._rests_on()),
        }

    def _rests_on(self) -> Iterator[str]:
        """What no check of this version can show."""
        yield "that the people invited exist, and were drawn as declared (who made the roster)"
        yield "that people answered for themselves (who runs the platform, and who made or carried the messages)"
        yield "that people were shown and sent what is on record (what was not handed in, and what stands around a question)"
        if not self.held.promises and not self.held.receipts:
            yield "that every acknowledged answer is here (no respondent's promise or receipt was given)"
        if not self.chain.met and not self.held.checkpoints:
            yield "that the ledger was not written anew from the start (nothing noted before was given)"
        yield "that everybody is shown this same ledger (this version has no witnesses)"

    def _warnings(self) -> list[dict[str, Any]]:
        """What the definition's rule set warns of."""
        warned = self.poll.definition.warned if self.poll else []
        return [{"rule": f"L{warning.rule:02}", "explained": warning.is_explained} for warning in warned]

    def _tally(self) -> dict[str, Any] | None:
        if self.poll is None:
            return None
        tally, definition = self.poll.tally, self.poll.definition
        counts, first = dict(tally.by_option()), dict(tally.first_by_option())
        labels = {option.id: option.label[definition.languages[0]] for option in definition.options}
        options = [
            {"id": option, "label": labels[option], "count": count, "first": first[option]}
            for option, count in counts.items()
        ]
        committed = self.poll.committed
        invited = committed.by_stratum if committed else [0] * len(definition.strata)
        strata = list(zip(definition.strata, invited, tally.by_stratum(), strict=False))
        if definition.sealed:
            keys = self.poll.unsealed or [None] * len(strata)
            strata = [row for row, key in zip(strata, keys) if key is not None]
        leads = [_leads(counts), _leads(first)]
        return {
            "invited": committed.count if committed else 0,
            "planned": self.poll.planned,
            "answered": tally.answered,
            "assisted": tally.assisted,
            "options": options,
            "strata": [{"id": stratum, "invited": count, "counts": row} for stratum, count, row in strata],
            "leads": leads[0],
            "leads_by_first": leads[1],
            "lead_differs": leads[0] != leads[1],
        }

    def as_text(self) -> str:
        """The report for people."""
        origin = shown(self.opened.opening.origin) if self.opened else "a ledger without a readable opening"
        state = self.poll.state if self.poll else "unknown state"
        lines = [f"{origin}  {state}, {self.chain.size} entries"]
        for check in self.findings.checks.values():
            lines += _check_lines(check)
        lines += self._tally_lines()
        head = self.chain.head()
        lines.append(f"  the end     {'anchored' if self.is_end_anchored else 'not anchored'}  {head or ''}")
        for warning in self._warnings():
            lines.append(f"  warning     {warning['rule']}, {'explained' if warning['explained'] else 'not explained'}")
        lines.append("  on somebody's word, whatever was checked:")
        lines += [f"    - {what}" for what in self._rests_on()]
        lines += [f"  missing     {missing['what']}: give {missing['give']}" for missing in self.missing()]
        return "\n".join([*lines, self._verdict_line(), ""])

    def _tally_lines(self) -> list[str]:
        tally = self._tally()
        if not tally or not tally["options"]:
            return []
        counts = ", ".join(f"{row['id']} {row['count']}" for row in tally["options"])
        return [f"  recomputed: {counts}; {tally['answered']} of {tally['invited']} invited answered"]

    def _verdict_line(self) -> str:
        verdicts = list(self.verdicts().values())
        kinds = (FAILED, PASSED, NOT_CHECKED, NOT_APPLICABLE)
        counts = ", ".join(f"{verdicts.count(kind)} {kind.replace('_', ' ')}" for kind in kinds)
        return f"Of {len(verdicts)} checks: {counts}.  exit code {self.exit_code()}"


def _leads(counts: dict[str, int]) -> list[str]:
    """The options with the most answers, in order; none without answers."""
    most = max(counts.values(), default=0)
    return [option for option, count in counts.items() if count == most and most]


def _check_lines(check: Check) -> list[str]:
    seen = check.as_json()
    why = f" ({'; '.join(seen['why'])})" if seen["why"] else ""
    failed = f", {check.failed} failed" if check.failed else ""
    verdict = check.verdict().replace("_", " ")
    lines = [
        f"  {_MARKS[check.verdict()]} {seen['number']:<4} {seen['title']}: {verdict}, {check.items} items{failed}{why}"
    ]
    for failure in seen["failures"]:
        lines += [f"      {failure['subject']}"]
        lines += [f"        {name:<9} {failure[name]}" for name in ("expected", "found", "meaning")]
    return lines + [f"      {shown(note)}" for note in check.notes]
