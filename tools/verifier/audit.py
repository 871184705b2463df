"""One audit: a walk over a ledger, entry by entry, that finds what every check has to find.

Nothing is kept of an entry but what the poll's state needs, so memory follows the roster and not the ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from verifier import opening, personal, rules
from verifier.chain import Anchor, Chain
from verifier.checks import CHECKS, PASSED, Failure, Findings
from verifier.codec import Malformed
from verifier.container import NoSource
from verifier.definition import Definition
from verifier.desk import Desk
from verifier.entry import Entry, link
from verifier.event import Closed, Content, Objected, Opened, Opening, PageChanged, Responded, Signed, Unsealed, WaveStarted
from verifier.heads import Heads, Log
from verifier.kept import Kept
from verifier.limits import CLOCK_TOLERANCE_MS, ENTRY_BYTES_MAX
from verifier.lint import RULE_SETS, lint
from verifier.note import VerifierKey
from verifier.objection import Objection, Objections
from verifier.policy import NOBODY, Policy
from verifier.pages import Pages
from verifier.poll import Poll
from verifier.promise import Maker
from verifier.report import Report
from verifier.roster import Roster
from verifier.signature import verify
from verifier.source import Source
from verifier.tree import Tree, leaf_hash

# Checks of what follows from the definition; of them those that need the roster, and those that may miss things
# without it.
_OF_THE_POLL = [5, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25, 32]
_OF_THE_ROSTER = [10, 11, 12, 14, 17, 18, 25]
_BESIDE_THE_ROSTER = [15, 16]
_OF_THE_RULES = [8, 12, 14, 15, 16, 17]


@dataclass(frozen=True)
class Held:
    """What the auditor holds: pinned operator keys, anchors, name and text of promise files, a policy, name and bytes
    of receipts and of checkpoints from before, pages and messages that respondents kept, and a clock (milliseconds since 1970)."""

    now: int
    operator_keys: list[VerifierKey] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    promises: list[tuple[str, str]] = field(default_factory=list)
    policy: Policy | None = None
    receipts: list[tuple[str, bytes]] = field(default_factory=list)
    checkpoints: list[tuple[str, bytes]] = field(default_factory=list)
    pages: list[tuple[str, str]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)


def audit(source: Source, held: Held, processes: int = 1) -> Report:
    """Makes every check on this ledger. Whatever its bytes are, there is a report."""
    with Desk(processes) as desk:
        walk = _Walk(source, held, desk)
        walk.run()
        return walk.report()


class _Walk:
    def __init__(self, source: Source, held: Held, desk: Desk) -> None:
        self._source = source
        self._held = held
        self._desk = desk
        self._findings = Findings()
        self._chain = Chain(held.anchors)
        self._tree = Tree()
        self._opened: Opened | None = None
        self._signed_by: VerifierKey | None = None
        self._poll: Poll | None = None
        # The time of the entry before.
        self._at = 0
        self._kept = Kept(held.promises, held.receipts, self._findings)
        self._pages = Pages(held.pages, held.messages, self._findings)
        self._heads: Heads | None = None

    def run(self) -> None:
        """Reads the source from its head to its last entry."""
        try:
            self._findings.looked(1, self._source.check(self._tell))
        except NoSource as error:
            self._tell(*error.told)
            self._findings.not_checked([number for number in CHECKS if number != 1], "the source cannot be read")
            return
        roster = Roster(*self._source.leaves(self._tell))
        self._heads = Heads(self._source, self._held.checkpoints, self._held.policy)
        self._heads.note(self._tree)
        for data in self._source.entries(self._tell):
            self._entry(data, roster)
        self._desk.finish()
        self._end()

    def report(self) -> Report:
        """What came of it."""
        anchored = self._chain.is_end_anchored() or (self._heads is not None and self._heads.is_end_anchored)
        parts = (self._findings, self._chain, self._tree, self._opened, self._signed_by, self._poll, self._held)
        return Report(*parts, log_keys=self._log_keys(), is_end_anchored=anchored)

    def _log_keys(self) -> list[VerifierKey]:
        """The log's keys as far as they are known: by the policy, or by entry 0 where a pinned key vouches for it."""
        if self._poll is None or self._opened is None:
            return []
        inner = self._opened.opening
        if self._held.policy is not None:
            return self._held.policy.keys_of(inner.origin)
        pinned = {key.key for key in self._held.operator_keys}
        return self._own_keys(inner) if self._signed_by and self._signed_by.key in pinned else []

    def _tell(self, subject: str, expected: str, found: str, meaning: str) -> None:
        self._findings.fail(1, Failure(subject, expected, found, meaning))

    def _tell_tile(self, subject: str, expected: str, found: str, meaning: str) -> None:
        self._findings.fail(24, Failure(subject, expected, found, meaning))

    def _fail(self, check: int, expected: str, found: str, meaning: str, subject: str = "") -> None:
        """A failure at the entry that is being looked at."""
        place = self._chain.size
        self._findings.fail(check, Failure(subject or f"entry {place}", expected, found, meaning, entry=place))

    # Entries.

    def _entry(self, data: bytes, roster: Roster) -> None:
        # Bytes that are too many were not read to their end, and have no link.
        entry_link = None
        if len(data) <= ENTRY_BYTES_MAX:
            entry_link = link(data)
            self._leaf(data)
        self._findings.looked(2)
        entry = None
        try:
            entry = Entry.parse(data)
        except Malformed as error:
            self._fail(2, "canonical bytes of an entry", str(error), "it has no one reading")
        if self._chain.size == 0 and not (entry and isinstance(entry.event, Opened)):
            self._findings.not_checked([4], "entry 0 does not say what ledger it is of")
        if entry is not None and entry_link is not None:
            self._place(entry)
            if self._chain.size == 0:
                self._open(entry, data, entry_link, roster)
            elif self._poll is not None:
                self._judge(self._poll, entry, data, entry_link)
        self._chain.push(entry, entry_link)

    def _leaf(self, data: bytes) -> None:
        """The entry as a leaf of the tree."""
        leaf = leaf_hash(data)
        self._tree.push_hash(leaf)
        if self._heads is not None:
            self._heads.note(self._tree)
        if self._source.tiles is not None:
            self._source.tiles.push(data, leaf, self._tell_tile)

    def _place(self, entry: Entry) -> None:
        """Index and previous link."""
        self._findings.looked(3)
        if entry.index != self._chain.next_index:
            self._fail(3, f"index {self._chain.next_index}", f"index {entry.index}", "entries are missing, or too many")
        expected = self._chain.expected_previous(entry)
        self._findings.looked(4)
        if expected is not None and entry.previous != expected:
            self._fail(4, f"link {expected.hex()}", entry.previous.hex(), "the entry before it is another")

    def _open(self, entry: Entry, data: bytes, entry_link: bytes, roster: Roster) -> None:
        """Entry 0."""
        self._findings.looked(6)
        if not isinstance(entry.event, Opened):
            self._fail(6, "an opening", f"an event of kind {entry.kind}", "no poll was opened here")
            return
        self._opened = entry.event
        definition = self._definition(entry.event)
        if definition is None:
            return
        inner = entry.event.opening
        maker = Maker(inner.origin, leaf_hash(data), inner.promise_key, definition.promise_due())
        objections = Objections(maker, self._source.again)
        self._poll = Poll(definition, entry, entry_link, maker.poll_id, roster, objections)
        for subject, expected, found in opening.faults(inner, definition):
            self._fail(6, expected, found, "the opening is not that of its definition", subject)
        self._pages.commit(inner.questions)
        self._kept.open(maker, self._held.policy or Policy(self._own_keys(inner), quorum=NOBODY))
        self._vouched(entry.event, definition)
        self._time(entry, definition)
        if entry.at > inner.until:
            self._fail(8, f"a time until {inner.until}", str(entry.at), "it was recorded after its time")

    def _definition(self, opened: Opened) -> Definition | None:
        if opened.opening.rule_set not in RULE_SETS:
            self._fail(6, f"rule set {RULE_SETS[0]} to {RULE_SETS[-1]}", str(opened.opening.rule_set), "the ledger is of a later version")
            return None
        findings, definition = lint(opened.opening.definition)
        for finding in findings:
            self._fail(6, f"rule L{finding.rule:02}", finding.where, "the definition breaks it", "the definition")
        self._findings.looked(32, len(opened.opening.definition.splitlines()))
        return definition

    def _vouched(self, opened: Opened, definition: Definition) -> None:
        """Who signed entry 0, and whether the auditor expects them."""
        self._findings.looked(7)
        key = definition.key(opened.opening.key)
        if key is None:
            self._fail(7, "an operator key of the definition", f"key {opened.opening.key}", "it has no such key")
        elif not verify(key.key, opened.signature, b"sijill 2026 opened v1\x00" + opened.signed):
            self._fail(7, f"a signature by {key}", "another", "somebody else signed, or something was changed")
        elif not self._held.operator_keys:
            self._signed_by = key
            self._findings.not_checked([7], "nobody said by whom entry 0 should be signed; give --operator-key")
        elif key.key not in {pinned.key for pinned in self._held.operator_keys}:
            self._signed_by = key
            self._fail(7, "a key that was given", str(key), "another body opened this poll")
        else:
            self._signed_by = key
            return
        self._findings.not_checked([8], "no key that was given vouches for entry 0, where those of operators stand")

    def _time(self, entry: Entry, definition: Definition) -> None:
        self._findings.looked(5)
        if entry.at < self._at:
            self._fail(5, f"a time from {self._at} on", str(entry.at), "it was dated before the entry before it")
        if entry.at % definition.resolution:
            self._fail(5, f"a multiple of {definition.resolution} ms", str(entry.at), "finer times can betray people")
        if entry.at > self._held.now + CLOCK_TOLERANCE_MS:
            self._fail(5, f"a time until {self._held.now}", str(entry.at), "it lies after the auditor's clock")
        self._at = entry.at

    @staticmethod
    def _own_keys(inner: Opening) -> list[VerifierKey]:
        """The log's keys by its own word."""
        return [VerifierKey(inner.origin, key) for key in inner.log_keys]

    def _judge(self, poll: Poll, entry: Entry, data: bytes, entry_link: bytes) -> None:
        """An entry after entry 0."""
        event = entry.event
        self._time(entry, poll.definition)
        if isinstance(event, Objected):
            poll.objections.look(self._chain.size, event)
        for check in (14, 15, 16):
            self._findings.looked(check)
        try:
            self._refuse(rules.refusal(poll, entry))
        except rules.Unjudged:
            self._findings.not_checked(_OF_THE_RULES, "an entry has a time at which nothing can be judged")
        if isinstance(event, Responded):
            self._answer(poll, event)
            if poll.chosen(event) is None:
                # One on the ballot has no text but ids of the definition.
                self._personal(text for row in event.chosen for text in row if isinstance(text, str))
            self._kept.look(self._chain.size, data, event)
        elif isinstance(event, Objected):
            self._objected(poll.objections.current)
        elif isinstance(event, Signed):
            self._signed(poll, event)
        poll.take(entry, entry_link)
        self._turnout(poll, entry)

    def _refuse(self, refusal: rules.Refusal | None) -> None:
        if refusal is not None:
            self._fail(refusal.check, refusal.expected, refusal.found, "it should not have been admitted")

    def _turnout(self, poll: Poll, entry: Entry) -> None:
        """What holds at every prefix: roster ≥ planned in waves begun ≥ people who answered."""
        started = isinstance(entry.event, Signed) and isinstance(entry.event.content, WaveStarted)
        if started and poll.committed is not None and poll.planned > poll.committed.count:
            expected = f"at most {poll.committed.count} invitations planned"
            self._fail(14, expected, str(poll.planned), "a wave was declared larger than it can have been")
        if poll.tally.answered > poll.planned:
            expected = f"at most {poll.planned} people who answered"
            self._fail(14, expected, str(poll.tally.answered), "answers were made up")

    def _answer(self, poll: Poll, event: Responded) -> None:
        for check in (11, 12):
            self._findings.looked(check)
        if event.index >= len(poll.roster):
            found = f"invitation {event.index}"
            self._fail(11, f"one of {len(poll.roster)} invitations", found, "nobody was invited under this number")
        else:
            message = b"sijill 2026 answer v1\x00" + poll.id + event.signed
            meaning = "somebody without the invitation's key answered, or changed the answer"
            self._check(11, poll.roster.key(event.index), event.signature, message, meaning)

    def _objected(self, objection: Objection) -> None:
        """A promise that was given to everybody: whatever it is, something is not as it must be."""
        self._findings.looked(25)
        if objection.answer is None:
            self._fail(25, objection.expected, objection.found, "it does not show that this ledger promised anything")
        elif objection.place is not None:
            self._fail(25, "an answer that is not there", f"entry {objection.place}", "the objection is false")
        else:
            meaning = "the platform admits that an acknowledged answer was dropped"
            self._fail(25, "its answer in the ledger", "none before it", meaning)

    def _signed(self, poll: Poll, event: Signed) -> None:
        self._findings.looked(8)
        definition = poll.definition
        key = definition.sender if event.key is None else definition.key(event.key)
        if key is not None and rules.may_sign(poll, event):
            message = b"sijill 2026 operator event v1\x00" + poll.id + event.signed
            self._check(8, key.key, event.signature, message, "somebody else signed, or something was changed")
        self._personal(_texts(event.content))
        if isinstance(event.content, PageChanged):
            self._pages.commit(event.content.questions)
        if isinstance(event.content, Closed):
            self._findings.looked(17, len(poll.definition.options))
            self._refuse(rules.declared(poll, event.content))
        if isinstance(event.content, Unsealed):
            self._findings.looked(18, len(event.content.keys))
            if definition.sealed and poll.unsealed is None:
                self._refuse(rules.unsealing(poll, event.content))

    def _personal(self, texts: Iterator[str]) -> None:
        for text in texts:
            self._findings.looked(32)
            hit = personal.find(text)
            if hit is not None:
                self._fail(32, "nothing personal in a text", hit.what(), "it can never be taken back")

    def _check(self, check: int, key: bytes, signature: bytes, message: bytes, meaning: str) -> None:
        """Has a signature checked; the failure, if it is one, is at this entry though it may come later."""
        place = self._chain.size
        failure = Failure(f"entry {place}", f"a signature by {key.hex()}", "another", meaning, entry=place)
        self._desk.take(key, signature, message, lambda: self._findings.fail(check, failure))

    # The end.

    def _end(self) -> None:
        self._anchors()
        if self._opened is None and not self._findings.checks[6].failed:
            self._findings.not_checked([6], "entry 0 is missing or cannot be read")
        if self._poll is None:
            # Nobody knows what tiles are to be of.
            self._findings.disregard([24], "entry 0 opens no poll that this verifier can follow")
            self._findings.not_checked(_OF_THE_POLL, "entry 0 opens no poll that this verifier can follow")
            return
        self._published()
        if self._opened is not None:
            self._pages.finish(self._opened.opening, self._poll.definition)
        if self._poll.committed is not None and not self._poll.roster.is_whole:
            self._findings.disregard(_OF_THE_ROSTER, "the file has no whole roster")
            self._findings.not_checked(_BESIDE_THE_ROSTER, "the file has no whole roster")
            return
        self._leaves(self._poll)
        self._idle(self._poll)
        self._kept.finish(self._poll, self._chain.size, self._held.now)

    def _published(self) -> None:
        """The tree, beside checkpoints and tiles."""
        if self._opened is not None and self._heads is not None:
            self._heads.judge(self._log(self._opened.opening), self._tree, self._desk, self._findings)
        tiles = self._source.tiles
        if tiles is None:
            self._findings.not_applicable(24, "the source has no tiles")
            return
        if not tiles.finish(self._tell_tile):
            self._findings.not_checked([24], "entries are missing, from which tiles should follow")
        if tiles.others:
            self._findings.note(24, f"files under `tile/` that are of no tile of the newest checkpoint: {tiles.others}")
        self._findings.looked(24, tiles.looked)

    def _log(self, inner: Opening) -> Log:
        """Whose signatures count as the log's."""
        if self._held.policy is not None:
            return Log(inner.origin, self._held.policy.keys_of(inner.origin))
        vouched = self._findings.checks[7].verdict() == PASSED
        return Log(inner.origin, self._own_keys(inner) if vouched else [])

    def _anchors(self) -> None:
        for anchor in self._held.anchors:
            if anchor not in self._chain.met:
                meaning = "the ledger was rewritten, or cut, since that was noted"
                failure = Failure(f"anchor {anchor}", anchor.link.hex(), "another link, or no entry", meaning)
                self._findings.fail(4, failure)

    def _leaves(self, poll: Poll) -> None:
        if poll.committed is None:
            return
        self._findings.looked(10, len(poll.roster))
        # Where there are more than were committed to, V10 failed, and the rest may be as long as a disk.
        at_most = poll.committed.count + 1
        for leaf, expected, found in poll.roster.faults(len(poll.definition.strata), poll.definition.sealed, at_most):
            meaning = "the roster is not as it must be"
            self._findings.fail(10, Failure(f"leaf {leaf}", expected, found, meaning, leaf=leaf))

    def _idle(self, poll: Poll) -> None:
        checks = self._findings.checks
        if poll.committed is None:
            self._findings.not_applicable(10, "no roster is committed to")
        if not checks[11].items:
            self._findings.not_applicable(11, "nobody answered")
            self._findings.not_applicable(12, "nobody answered")
        if not poll.waves:
            self._findings.not_applicable(14, "no wave was begun")
        if not checks[17].items:
            self._findings.not_applicable(17, "no tally is declared before the close")
        self._strata(poll)
        for first, acknowledged in poll.losses:
            self._findings.note(15, f"entries {first} to {acknowledged - 1} were acknowledged and are lost")
        if poll.definition.close_any_time:
            self._findings.note(15, "the definition lets the operator close at any time (`any_time`)")
        for number, wave in enumerate(poll.waves, 1):
            if not wave.ended:
                self._findings.note(14, f"wave {number} has no end")

    def _strata(self, poll: Poll) -> None:
        if not poll.definition.sealed:
            self._findings.not_applicable(18, "strata are open")
        elif poll.unsealed is None:
            self._findings.not_applicable(18, "strata are sealed and were not opened yet")
        else:
            rows = zip(poll.definition.strata, poll.unsealed)
            closed = [stratum for stratum, key in rows if key is None]
            if closed:
                self._findings.note(18, f"strata that stay closed: {', '.join(closed)}")


def _texts(content: Content) -> Iterator[str]:
    """What people write freely into a signed event; whom to ask may be named with a number."""
    reason = getattr(content, "reason", None)
    if reason is not None:
        yield reason
    if isinstance(content, Closed):
        for question, rows in content.tally or ():
            yield question
            yield from (option for option, _ in rows)
    if isinstance(content, PageChanged):
        for field, language, text in content.wordings:
            if field != "contact.name":
                yield from (field, language, text)
