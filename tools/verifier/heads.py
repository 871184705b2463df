"""Checkpoints beside the tree of the entries: those of the source (V20, V21), and those that the auditor held (V23).

They are gone through twice: before the entries for their sizes, at which the tree's roots are noted, and afterwards,
when the ledger's origin and the keys of its log are known. So no checkpoint is kept.
"""

from dataclasses import dataclass
from functools import partial
from itertools import chain

from verifier.checkpoint import Checkpoint, NoCheckpoint
from verifier.checks import Failure, Findings
from verifier.cosignature import signed
from verifier.desk import Desk
from verifier.note import COSIGNATURE, VerifierKey
from verifier.policy import Policy, Untrusted
from verifier.source import Source
from verifier.tree import Tree

V20, V21, V23 = 20, 21, 23


@dataclass(frozen=True, slots=True)
class Log:
    """What is known of a ledger's log: its origin, and the keys that are believed to be its; none are not known."""

    origin: str
    keys: list[VerifierKey]


class Heads:
    """The checkpoints of a source and those held (name and bytes)."""

    def __init__(self, source: Source, held: list[tuple[str, bytes]], policy: Policy | None) -> None:
        self.source = source
        self.held = held
        self.policy = policy
        # The tree's root at each size that a checkpoint claims; none where it does not come to that.
        self.roots: dict[int, bytes | None] = {}
        # Whether the policy trusts a checkpoint of all entries.
        self.is_end_anchored = False
        for data in chain(source.checkpoints(), (data for _, data in held)):
            try:
                self.roots[Checkpoint.parse(data).size] = None
            except NoCheckpoint:
                continue

    def note(self, tree: Tree) -> None:
        """Takes the tree after each of its sizes, 0 first."""
        if tree.size in self.roots:
            self.roots[tree.size] = tree.root()

    def judge(self, log: Log, tree: Tree, desk: Desk, findings: Findings) -> None:
        """Finds what these checks have to find, after the last entry."""
        _Judge(self, log, tree, desk, findings).judge()


class _Judge:
    def __init__(self, heads: Heads, log: Log, tree: Tree, desk: Desk, findings: Findings) -> None:
        self._heads = heads
        self._log = log
        self._tree = tree
        self._desk = desk
        self._findings = findings

    def judge(self) -> None:
        self._published()
        self._held()
        self._desk.finish()

    # V20 and V21.

    def _published(self) -> None:
        newest = self._heads.source.newest
        count, largest, has_newest = 0, -1, newest is None
        for count, data in enumerate(self._heads.source.checkpoints(), 1):
            self._findings.looked(V20)
            self._findings.looked(V21)
            found = self._parsed(V21, f"checkpoint {count}", data)
            if found is None or found.origin != self._log.origin or found.size <= largest:
                self._findings.not_checked([V20], "a checkpoint is none, of another ledger, or out of order")
            if found is None:
                continue
            self._one(f"checkpoint {count}", found, largest)
            largest = max(largest, found.size)
            has_newest = has_newest or _says(found) == _says(newest)
        if not has_newest:
            self._fail(V21, "`checkpoint`", "one of the list of checkpoints", "another", "it stands in no list")
        self._gaps(count)

    def _one(self, subject: str, found: Checkpoint, largest: int) -> None:
        """A checkpoint of the source; `largest` is the largest size before it."""
        if found.size <= largest:
            meaning = "a checkpoint says nothing new, or less than one before it"
            self._fail(V21, subject, f"a size above {largest}", str(found.size), meaning)
        if found.origin != self._log.origin:
            self._fail(V21, subject, f"origin {self._log.origin}", found.origin, "it is of another ledger")
            return
        newest = self._heads.source.newest
        if found.size > largest and (newest is None or found.size <= newest.size):
            self._root(V20, subject, found)
        for key in self._log.keys:
            if not found.note.signatures(key):
                self._fail(V21, subject, f"a signature by {key}", "none", "the log did not sign it")
        self._lines(V21, subject, found, self._witnesses())
        if found.size > largest:
            self._anchor(found)

    def _gaps(self, count: int) -> None:
        policy = self._heads.policy
        if not count and policy is None:
            for check in (V20, V21):
                self._findings.not_applicable(check, "the source has no checkpoint")
        elif not count:
            self._findings.not_checked([V20, V21], "the source has no checkpoint, which a policy could be asked about")
        elif not self._log.keys:
            self._findings.not_checked([V21], "nobody said whose signature is the log's; give --policy")

    # V23.

    def _held(self) -> None:
        held = self._heads.held
        self._findings.looked(V23, len(held))
        for name, data in held:
            subject = f"held checkpoint `{name}`"
            found = self._parsed(V23, subject, data)
            if found is None:
                continue
            if found.origin != self._log.origin:
                self._fail(V23, subject, f"origin {self._log.origin}", found.origin, "it is of another ledger")
                continue
            self._root(V23, subject, found)
            if self._log.keys and not any(found.note.signatures(key) for key in self._log.keys):
                self._fail(V23, subject, "a signature by the log", "none", "it is not the log's, or the log is another")
            self._lines(V23, subject, found, [])
            self._anchor(found)
        if not held:
            self._findings.not_applicable(V23, "no checkpoint was held; give --checkpoint")
        elif not self._log.keys:
            self._findings.not_checked([V23], "nobody said whose signature is the log's; give --policy")

    # Both.

    def _parsed(self, check: int, subject: str, data: bytes) -> Checkpoint | None:
        try:
            return Checkpoint.parse(data)
        except NoCheckpoint as error:
            self._fail(check, subject, "a checkpoint", str(error), "it has no one reading")
            return None

    def _root(self, check: int, subject: str, found: Checkpoint) -> None:
        if found.size > self._tree.size:
            meaning = "the ledger is shorter than what was signed"
            self._fail(check, subject, f"a size up to {self._tree.size}", str(found.size), meaning)
            return
        root = self._heads.roots[found.size]
        if root != found.root:
            expected = f"root {root.hex() if root else 'of these entries'} at size {found.size}"
            self._fail(check, subject, expected, found.root.hex(), "another history was signed than this one")

    def _witnesses(self) -> list[VerifierKey]:
        """The witnesses of the policy, where it knows the log."""
        policy = self._heads.policy
        return policy.verifiable() if policy and self._log.keys else []

    def _lines(self, check: int, subject: str, found: Checkpoint, witnesses: list[VerifierKey]) -> None:
        """Every line that claims to be by a key of the log, or by one of these witnesses."""
        for key in self._log.keys + witnesses:
            for signature in set(found.note.signatures(key)):
                self._signature(check, subject, found, key, signature)

    def _signature(self, check: int, subject: str, found: Checkpoint, key: VerifierKey, signature: bytes) -> None:
        meaning = "somebody else signed, or something was changed"
        refuse = partial(self._fail, check, subject, f"a signature by {key}", "another", meaning)
        if key.type == COSIGNATURE:
            seen = signed(found, signature)
            if seen is None:
                refuse()
            else:
                self._desk.take(key.key, seen.signature, seen.message, refuse)
        else:
            self._desk.take(key.key, signature, found.note.text.encode(), refuse)

    def _anchor(self, found: Checkpoint) -> None:
        """Whether the policy trusts it and it is of all entries."""
        heads = self._heads
        if heads.is_end_anchored or heads.policy is None:
            return
        if found.size == self._tree.size and found.root == self._tree.root():
            try:
                heads.policy.trust(found)
                heads.is_end_anchored = True
            except Untrusted:
                return

    def _fail(self, check: int, subject: str, expected: str, found: str, meaning: str) -> None:
        self._findings.fail(check, Failure(subject, expected, found, meaning))


def _says(found: Checkpoint | None) -> tuple[str, int, bytes] | None:
    return (found.origin, found.size, found.root) if found else None
