"""Checkpoints, tiles, receipts and forks: each check passes over what is in order, and fails over each forgery."""

import base64
import contextlib
import io
import os
import sys
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from verifier import __main__ as command_line
from verifier import alone, fork, promise, receipt
from verifier.audit import Held, audit
from verifier.chain import Anchor
from verifier.checks import FAILED, NOT_APPLICABLE, NOT_CHECKED, PASSED
from verifier.container import Export
from verifier.folder import Folder
from verifier.note import VerifierKey
from verifier.policy import Policy
from verifier.report import INCOMPLETE, NOT_SO, WELL, WRONG_INPUT, Report
from verifier.source import opened
from verifier.tests import publication as made
from verifier.tests.publication import ENTRY_BYTES, LOG, ORIGIN, POLICY, POLL, WITNESS, Signer, checkpoint
from verifier.tests.vectors import file_of, unhex
from verifier.tree import leaf_hash

SIZE = len(ENTRY_BYTES)
# An answer that counts, and its entry's place.
ANSWERED = next(row["index"] for row in POLL["entries"] if row["kind"] == 4)


def held(**given: Any) -> Held:
    """An auditor who holds the operator's key, the policy and what is given."""
    key = VerifierKey.parse(POLL["keys"]["operator"])
    assert key is not None
    return Held(**{"now": POLL["entries"][-1]["at"], "operator_keys": [key], "policy": policy()} | given)


def policy() -> Policy:
    return Policy.parse(POLICY.encode())


def report(listed: bytes | None, **given: Any) -> Report:
    return audit(Export(file_of(made.export(ENTRY_BYTES, made.LEAVES, listed))), held(**given))


def verdicts(found: Report, *numbers: int) -> list[str]:
    return [found.verdicts()[f"V{number}"] for number in numbers]


class Exports(unittest.TestCase):
    def test_checkpoints_of_these_entries_pass_and_anchor_the_end(self) -> None:
        found = report(checkpoint(4) + checkpoint(9, LOG) + checkpoint(SIZE))
        self.assertEqual(verdicts(found, 1, 20, 21, 23, 24), [PASSED, PASSED, PASSED, NOT_APPLICABLE, NOT_APPLICABLE])
        self.assertEqual(found.exit_code(), WELL, found.as_text())
        # What the witness did not see anchors nothing.
        self.assertEqual(report(checkpoint(SIZE, LOG)).exit_code(), INCOMPLETE)
        self.assertEqual(report(checkpoint(4)).exit_code(), INCOMPLETE)
        self.assertEqual(report(checkpoint(SIZE), operator_keys=[]).exit_code(), INCOMPLETE)

    def test_without_checkpoints_there_is_nothing_to_look_at_unless_a_policy_asks(self) -> None:
        for none in (None, b""):
            self.assertEqual(verdicts(report(none, policy=None), 20, 21), [NOT_APPLICABLE] * 2)
            self.assertEqual(verdicts(report(none), 20, 21), [NOT_CHECKED] * 2)

    def test_without_a_policy_entry_0_says_whose_signature_is_the_logs(self) -> None:
        self.assertEqual(verdicts(report(checkpoint(4), policy=None), 20, 21), [PASSED, FAILED])
        # Unless nobody vouches for entry 0.
        self.assertEqual(verdicts(report(checkpoint(4), policy=None, operator_keys=[]), 20, 21), [PASSED, NOT_CHECKED])
        elsewhere = Policy.parse(f"log {Signer(1, 'ur.example/polls/other').key}\nquorum none\n".encode())
        self.assertEqual(verdicts(report(checkpoint(4), policy=elsewhere), 20, 21), [PASSED, NOT_CHECKED])

    def test_another_history_fails_v20(self) -> None:
        other = [*ENTRY_BYTES[:3], b"another", *ENTRY_BYTES[4:], b"one more"]
        for forged in (checkpoint(4, entries=other), checkpoint(SIZE + 1, entries=other)):
            self.assertEqual(verdicts(report(forged), 20, 21), [FAILED, PASSED])

    def test_each_fault_of_a_checkpoint_fails_v21(self) -> None:
        good, stranger = checkpoint(9), Signer(3)
        forged = [signer.line("another text\n").encode() for signer in (LOG, WITNESS)]
        cases = {
            "no checkpoint": (b"hello\n", NOT_CHECKED),
            "a leading zero": (good.replace(b"\n9\n", b"\n09\n"), NOT_CHECKED),
            "of another ledger": (checkpoint(9, origin="ur.example/polls/other"), NOT_CHECKED),
            "signed by nobody known": (checkpoint(9, stranger), PASSED),
            "signed by the witness alone": (checkpoint(9, WITNESS), PASSED),
            "a wrong line beside the good one": (good + forged[0], PASSED),
            "a wrong cosignature beside the good one": (good + forged[1], PASSED),
            "twice": (good + good, NOT_CHECKED),
            "a smaller one after it": (good + checkpoint(4), NOT_CHECKED),
        }
        for name, (notes, v20) in cases.items():
            with self.subTest(name):
                found = report(checkpoint(2) + notes + checkpoint(SIZE))
                self.assertEqual(verdicts(found, 20, 21), [v20, FAILED], found.as_text())

    def test_every_key_of_the_log_must_have_signed(self) -> None:
        second = Signer(5)
        both = Policy.parse(f"log {LOG.key}\nlog {second.key}\nquorum none\n".encode())
        self.assertEqual(verdicts(report(checkpoint(9, LOG, second), policy=both), 21), [PASSED])
        self.assertEqual(verdicts(report(checkpoint(9, LOG), policy=both), 21), [FAILED])

    def test_the_section_may_be_there_once_and_passed_over(self) -> None:
        for kind, flags, expected in ((3, 0, PASSED), (3, 1, FAILED), (3, 2, FAILED), (9, 0, PASSED), (9, 1, FAILED)):
            file = made.export(ENTRY_BYTES, made.LEAVES, checkpoint(4), kind, flags)
            self.assertEqual(verdicts(audit(Export(file_of(file)), held()), 1), [expected], (kind, flags))


class HeldBefore(unittest.TestCase):
    def test_what_this_ledger_said_before_passes_and_may_anchor_the_end(self) -> None:
        kept = [("a", checkpoint(4, LOG)), ("b", checkpoint(SIZE))]
        self.assertEqual(verdicts(report(None, checkpoints=kept, policy=None), 23), [FAILED])
        found = report(None, checkpoints=kept)
        self.assertEqual(verdicts(found, 20, 21, 23), [NOT_CHECKED, NOT_CHECKED, PASSED])
        self.assertTrue(found.is_end_anchored)
        self.assertEqual(verdicts(report(None, checkpoints=kept, policy=None, operator_keys=[]), 23), [NOT_CHECKED])

    def test_what_it_did_not_say_fails(self) -> None:
        other = [b"another", *ENTRY_BYTES[1:], b"one more"]
        cases = {
            "another history": checkpoint(4, entries=other),
            "a larger ledger": checkpoint(SIZE + 1, entries=other),
            "another ledger": checkpoint(4, origin="ur.example/polls/other"),
            "signed by somebody else": checkpoint(4, Signer(3)),
            "no checkpoint": b"",
        }
        for name, data in cases.items():
            with self.subTest(name):
                self.assertEqual(verdicts(report(None, checkpoints=[(name, data)]), 23), [FAILED])


class Folders(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)

    def published(self, sizes: list[int], **given: Any) -> Report:
        made.publish(self.path, sizes)
        return self.audit(**given)

    def audit(self, **given: Any) -> Report:
        with opened(self.path) as source:
            self.assertIsInstance(source, Folder)
            return audit(source, held(**given))

    def test_one_that_is_in_order_passes_every_check(self) -> None:
        found = self.published([3, 10, SIZE])
        self.assertEqual(found.exit_code(), WELL, found.as_text())
        self.assertEqual(verdicts(found, 1, 20, 21, 24), [PASSED] * 4)

    def test_what_a_later_publication_has_written_already_is_passed_over(self) -> None:
        self.published([3, 10])
        newest = (self.path / "checkpoint").read_bytes()
        made.publish(self.path, [3, 10, SIZE])
        (self.path / "checkpoint").write_bytes(newest)
        (self.path / "checkpoints").write_bytes(checkpoint(3) + newest)
        (self.path / "tile/0/000.tmp").write_bytes(b"half a tile")
        found = self.audit()
        self.assertEqual(verdicts(found, 1, 20, 21, 24), [PASSED] * 4, found.as_text())
        self.assertEqual(found.chain.size, 10)
        # The list may be ahead of the newest checkpoint, whatever it says there.
        (self.path / "checkpoints").write_bytes(checkpoint(3) + newest + checkpoint(12, entries=[b"other"] * 12))
        self.assertEqual(verdicts(self.audit(), 1, 20, 21, 24), [PASSED] * 4)

    def test_each_part_that_is_missing_or_bent_fails_its_check(self) -> None:
        bent = lambda data: data[:-1] + bytes([data[-1] ^ 1])  # noqa: E731
        cases: list[tuple[str, Callable[[bytes], bytes] | None, int]] = [
            ("checkpoint", None, 1),
            ("checkpoint", lambda _: b"hello", 1),
            ("checkpoints", None, 1),
            ("checkpoints", lambda _: checkpoint(3), 21),
            ("roster", None, 1),
            ("roster", lambda data: data[:-1], 1),
            (f"tile/entries/000.p/{SIZE}", None, 1),
            (f"tile/entries/000.p/{SIZE}", lambda data: data + b"\0\0", 1),
            (f"tile/entries/000.p/{SIZE}", bent, 8),
            (f"tile/entries/000.p/{SIZE}", bent, 20),
            ("tile/entries/000.p/10", bent, 24),
            (f"tile/0/000.p/{SIZE}", None, 24),
            (f"tile/0/000.p/{SIZE}", bent, 24),
            (f"tile/0/000.p/{SIZE}", lambda data: data + bytes(32), 24),
            ("tile/0/000.p/3", bent, 24),
        ]
        for name, change, check in cases:
            with self.subTest(name, check=check):
                self.published([3, 10, SIZE])
                file = self.path / name
                data = file.read_bytes() if file.exists() else b""
                file.unlink(missing_ok=True)
                if change is not None:
                    file.write_bytes(change(data))
                self.assertEqual(verdicts(self.audit(), check), [FAILED])
                file.unlink(missing_ok=True)

    def test_a_checkpoint_of_a_size_that_no_folder_has_fails_at_the_first_bundle_that_is_missing(self) -> None:
        self.published([3, 10, SIZE])
        origin, _, rest = (self.path / "checkpoint").read_bytes().split(b"\n", 2)
        (self.path / "checkpoint").write_bytes(b"\n".join([origin, str(2**63 - 1).encode(), rest]))
        self.assertEqual(verdicts(self.audit(), 1), [FAILED])

    def test_where_entries_are_missing_tiles_are_not_checked(self) -> None:
        self.published([3, 10, SIZE])
        (self.path / f"tile/entries/000.p/{SIZE}").unlink()
        self.assertEqual(verdicts(self.audit(), 1, 24), [FAILED, NOT_CHECKED])

    def test_the_newest_checkpoint_is_one_of_the_list(self) -> None:
        self.published([3, SIZE])
        (self.path / "checkpoints").write_bytes(checkpoint(3) + checkpoint(10))
        self.assertEqual(verdicts(self.audit(), 20, 21), [PASSED, FAILED])

    def test_full_tiles_are_compared_on_every_level(self) -> None:
        # These are no entries, and nothing is judged but what the tiles are.
        entries = [b"entry %d" % number for number in range(70_000)]
        made.publish(self.path, [70_000], entries)
        for name in ("tile/0/005", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"):
            with self.subTest(name):
                self.assertEqual(self.tiles(entries), [])
                good = (self.path / name).read_bytes()
                (self.path / name).write_bytes(b"\0" + good[1:])
                self.assertEqual(self.tiles(entries), [f"`{name}`"])
                (self.path / name).write_bytes(good)

    def tiles(self, entries: list[bytes]) -> list[str]:
        told: list[str] = []
        source = Folder(self.path)
        source.check(lambda *_: None)
        assert source.tiles is not None
        for entry in source.entries(lambda *_: None):
            source.tiles.push(entry, leaf_hash(entry), lambda subject, *_: told.append(subject))
        self.assertTrue(source.tiles.finish(lambda subject, *_: told.append(subject)))
        return told

    def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(self) -> None:
        self.published([SIZE])
        for name in ("checkpoints", f"tile/0/000.p/{SIZE}"):
            (self.path / name).unlink()
            os.mkfifo(self.path / name)
        self.assertEqual(verdicts(self.audit(), 1, 24), [FAILED, FAILED])


class Receipts(unittest.TestCase):
    def test_one_whose_answer_counts_passes(self) -> None:
        for given in ({}, {"policy": policy()}):
            found = report(None, receipts=[("r", made.receipt(ANSWERED, SIZE))], **given)
            self.assertEqual(verdicts(found, 25), [PASSED], found.as_text())

    def test_each_that_shows_something_else_fails(self) -> None:
        other = [*ENTRY_BYTES]
        other[ANSWERED] = ENTRY_BYTES[ANSWERED][:-1] + bytes([ENTRY_BYTES[ANSWERED][-1] ^ 1])
        longer = [*ENTRY_BYTES, b""]
        longer[SIZE] = bytes([SIZE]) + ENTRY_BYTES[ANSWERED][1:]
        good = made.receipt(ANSWERED, SIZE)
        cases = {
            "another history": made.receipt(ANSWERED, SIZE, other),
            "behind the end": made.receipt(SIZE, SIZE + 1, longer),
            "no answer": made.receipt(0, SIZE),
            "not seen by the witness": made.receipt(ANSWERED, SIZE, ENTRY_BYTES, LOG),
            "by another log": made.receipt(ANSWERED, SIZE, ENTRY_BYTES, Signer(3)),
            "another index": good.replace(b"\nindex %d\n" % ANSWERED, b"\nindex %d\n" % (ANSWERED + 1)),
            "no receipt": b"hello",
        }
        for name, data in cases.items():
            with self.subTest(name):
                self.assertEqual(verdicts(report(None, receipts=[(name, data)]), 25), [FAILED])
        # Without a policy, the log's keys are those of entry 0, which did not sign this.
        self.assertEqual(verdicts(report(None, receipts=[("r", good)], policy=None), 25), [FAILED])

    def test_one_that_proves_its_entry_is_told_with_its_witnesses(self) -> None:
        data = made.receipt(ANSWERED, SIZE)
        self.assertIsNotNone(alone.kind_of(data[:64]))
        found = self.alone(data, policy())
        self.assertEqual(found.exit_code, WELL, found.lines)
        self.assertIn("witness.example/w, 1970-01-01 00:00:01 UTC", "\n".join(found.lines))
        self.assertEqual(self.alone(data, None).exit_code, INCOMPLETE)
        self.assertEqual(self.alone(made.receipt(ANSWERED, SIZE, ENTRY_BYTES, LOG), policy()).exit_code, NOT_SO)
        self.assertEqual(self.alone(data[:-2], policy()).exit_code, NOT_SO)
        # Entry 0 says of which ledger it is.
        self.assertEqual(self.alone(made.receipt(0, 1), policy()).exit_code, WELL)
        elsewhere = [*ENTRY_BYTES]
        elsewhere[0] = ENTRY_BYTES[0].replace(ORIGIN.encode(), b"ur.example/polls/bright", 1)
        self.assertEqual(self.alone(made.receipt(0, 1, elsewhere), policy()).exit_code, NOT_SO)

    def alone(self, data: bytes, trust: Policy | None) -> alone.Verdict:
        judge = alone.kind_of(data)
        assert judge is not None
        return judge(data, trust)


class Alone(unittest.TestCase):
    def judged(self, data: bytes, trust: Policy | None = None) -> int:
        judge = alone.kind_of(data)
        assert judge is not None
        return judge(data, trust).exit_code

    def test_a_promise_needs_its_ledger(self) -> None:
        good = POLL["promise"]["file"].encode()
        self.assertEqual(self.judged(good), INCOMPLETE)
        for bad in (good[:-1], good.replace(b"answer ", b"answer A"), promise.FIRST_LINE + b"\n"):
            self.assertEqual(self.judged(bad), NOT_SO)

    def test_a_fork_is_proven_by_the_logs_own_signatures(self) -> None:
        other = [*ENTRY_BYTES[:5], b"another", *ENTRY_BYTES[6:]]
        first, second = checkpoint(9), checkpoint(SIZE, entries=other)
        data = _fork(9, first, second, other)
        self.assertEqual(self.judged(data, policy()), WELL)
        self.assertEqual(self.judged(data), INCOMPLETE)
        equal = fork.FIRST_LINE + b"\n\n%d\n" % len(first) + first + checkpoint(9, entries=other)
        self.assertEqual(self.judged(equal, policy()), WELL)
        honest = _fork(9, first, checkpoint(SIZE), ENTRY_BYTES)
        by_a_stranger = _fork(9, first, checkpoint(SIZE, Signer(3), entries=other), other)
        swapped = fork.FIRST_LINE + b"\n\n%d\n" % len(second) + second + first
        for bad in (honest, by_a_stranger, swapped, data[:-1], fork.FIRST_LINE + b"\n"):
            self.assertEqual(self.judged(bad, policy()), NOT_SO)

    def test_other_files_are_ledgers(self) -> None:
        for start in (b"", b"SIJILLEX", b"SIJ", b"SIJILLEY\1\0\2\0"):
            self.assertIsNone(alone.kind_of(start))
            self.assertFalse(alone.is_of_no_kind(start))

    def test_a_text_of_no_kind_that_is_known_is_wrong_input_and_no_ledger(self) -> None:
        good = made.receipt(ANSWERED, SIZE)
        for data in (b"hello\n", b"\n", b"h\xe9llo", good.replace(b"@v1", b"@v2", 1), good[1:]):
            with self.subTest(data[:24]):
                self.assertEqual(self.ran(data), WRONG_INPUT)
        self.assertEqual(self.ran(b"SIJILLEY\1\0\2\0"), NOT_SO)
        self.assertEqual(self.ran(b""), NOT_SO)
        self.assertEqual(self.ran(good), INCOMPLETE)
        # It is known by its first line, however that ends, and then is written otherwise.
        self.assertEqual(self.ran(good.replace(b"\n", b"\r\n", 1)), NOT_SO)

    def ran(self, data: bytes) -> int:
        """The exit code of the command line on a file with these bytes."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "file"
            file.write_bytes(data)
            silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
            with silent[0], silent[1], mock.patch.object(sys, "argv", ["tools/verify", str(file)]):
                return command_line.main()

    def test_what_a_policy_does_not_list_is_not_verified(self) -> None:
        elsewhere = Policy.parse(f"log {Signer(1, 'ur.example/polls/other').key}\nquorum none\n".encode())
        stranger = Policy.parse(f"log {Signer(3).key}\nquorum none\n".encode())
        other = [*ENTRY_BYTES[:5], b"another", *ENTRY_BYTES[6:]]
        for data in (made.receipt(ANSWERED, SIZE), _fork(9, checkpoint(9), checkpoint(SIZE, entries=other), other)):
            with self.subTest(data[:16]):
                self.assertEqual(self.judged(data, elsewhere), INCOMPLETE)
                # A key under the log's name that did not sign is another thing, and so is a text that is none.
                self.assertEqual(self.judged(data, stranger), NOT_SO)
                self.assertEqual(self.judged(data[:-1], elsewhere), NOT_SO)
        bare = made.receipt(ANSWERED, SIZE).split(b"\n")
        self.assertEqual(self.judged(b"\n".join([bare[0], *bare[2:]]), elsewhere), NOT_SO)


def _fork(size: int, first: bytes, second: bytes, entries: list[bytes]) -> bytes:
    """A fork file between two sizes, the second of them that of these entries."""
    leaves = [leaf_hash(entry) for entry in entries[:SIZE]]
    lines = [base64.b64encode(node).decode() for node in made.subproof(size, leaves)]
    lines.insert(0, f"root {base64.b64encode(made.root(leaves[:size])).decode()}")
    head = "\n".join([fork.FIRST_LINE.decode(), *lines, "", f"{len(first)}", ""])
    return head.encode() + first + second


class Anchored(unittest.TestCase):
    def test_an_anchor_does_as_well(self) -> None:
        end = POLL["entries"][-1]
        found = report(checkpoint(4), anchors=[Anchor(end["index"], unhex(end["link"]))])
        self.assertEqual(found.exit_code(), WELL, found.as_text())
