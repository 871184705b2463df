"""Bytes made to crash, to hang or to fill memory: each gets a verdict, and soon."""

import hashlib
import random
import tempfile
import time
import tracemalloc
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from verifier import personal
from verifier.audit import Held, audit
from verifier.checks import FAILED
from verifier.container import Export
from verifier.desk import Desk
from verifier.files import Part
from verifier.limits import SECOND_LOOKS_MAX, SIGNATURES_AT_ONCE
from verifier.lint import lint
from verifier.roster import Roster
from verifier.tests.vectors import file_of, part, unhex

EXPORT = unhex(part("poll")["export"])
DEFINITION = part("poll")["entries"][0]["content"]["opening"]["definition"]
# Far more than any of these needs on a slow and busy machine, and far less than a quadratic one would take.
SECONDS_MAX = 30.0
LENGTH = 48_000


@contextmanager
def soon(test: unittest.TestCase) -> Iterator[None]:
    """Fails the test if what is inside takes long."""
    start = time.monotonic()
    yield
    test.assertLess(time.monotonic() - start, SECONDS_MAX)


class Files(unittest.TestCase):
    def test_no_cut_file_passes(self) -> None:
        for length in range(0, len(EXPORT), 13):
            report = audit(Export(file_of(EXPORT[:length])), Held(0))
            self.assertEqual(report.verdicts()["V1"], FAILED, length)

    def test_no_file_with_random_bytes_in_it_passes(self) -> None:
        dice = random.Random(1)
        for _ in range(150):
            bent = bytearray(EXPORT)
            for _ in range(dice.randint(1, 4)):
                at = dice.randrange(len(bent))
                bent[at : at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 5))
            if bytes(bent) != EXPORT:
                self.assertEqual(audit(Export(file_of(bytes(bent))), Held(0)).verdicts()["V1"], FAILED)

    def test_lengths_beyond_the_file_claim_no_memory(self) -> None:
        head = bytearray(EXPORT[:12])
        for length in (1 << 40, (1 << 64) - 1):
            table = b"".join(bytes([kind, 0, 1, 0]) + length.to_bytes(8, "little") + bytes(32) for kind in (1, 2))
            start = bytes(head) + table
            file = start + hashlib.sha256(start).digest() + b"\xff" * 64
            with soon(self):
                self.assertEqual(audit(Export(file_of(file)), Held(0)).verdicts()["V1"], FAILED)


class Texts(unittest.TestCase):
    def test_personal_data_is_looked_for_in_linear_time(self) -> None:
        for piece in (
            "a",
            "@",
            "a@",
            "@a.b",
            "0 ",
            "1 ",
            "0770 ",
            "1.1.1.",
            ":",
            "a:",
            "::a ",
            "1-1-",
            "5",
            "+(",
            "1(-",
        ):
            for end in ("", "!"):
                with self.subTest(piece), soon(self):
                    personal.find(piece * (LENGTH // len(piece)) + end)

    def test_definitions_that_are_deep_or_long_are_refused(self) -> None:
        texts = [
            "x = " + "[" * 20_000 + "]" * 20_000,
            "x = " + "{a=" * 10_000 + "1" + "}" * 10_000,
            ".".join(["a"] * 5_000) + " = 1",
            "x = " + "1" * 45_000,
            'x = """' + '""a' * 15_000 + '"""',
            "#\n" * 20_000,
            "[[option]]\n" * 4_000,
            "\n".join(f"a{place} = 1" for place in range(5_000)),
            "languages = [" + '"ar",' * 9_000 + "]",
            DEFINITION.replace('"ur.example"', '"' + "a-" * 18_000 + '"'),
            DEFINITION.replace('"ur.example"', '"' + "a." * 18_000 + '"'),
        ]
        for text in texts:
            with self.subTest(text[:40]), soon(self):
                findings, definition = lint(text)
                self.assertTrue(findings)
                self.assertIsNone(definition)


class Signatures(unittest.TestCase):
    def test_a_file_of_bad_signatures_costs_no_more_than_so_many_second_looks(self) -> None:
        good = next(row for row in part("ledger")["signatures"] if row["good"])
        key, signature = unhex(good["public_key"]), unhex(good["signature"])
        refused: list[int] = []
        count = SECOND_LOOKS_MAX + 2 * SIGNATURES_AT_ONCE
        with soon(self), Desk(processes=1) as desk:
            for place in range(count):
                desk.take(key, signature, b"another message", partial(refused.append, place))
            desk.finish()
        self.assertEqual(refused, list(range(count)))

    def test_several_processes_find_the_same_as_one(self) -> None:
        good = next(row for row in part("ledger")["signatures"] if row["good"])
        key, signature, message = (unhex(good[name]) for name in ("public_key", "signature", "message"))
        refused: list[int] = []
        with Desk(processes=2) as desk:
            for place in range(3 * SIGNATURES_AT_ONCE):
                bent = message + b"!" if place % 100 == 99 else message
                desk.take(key, signature, bent, partial(refused.append, place))
            desk.finish()
        self.assertEqual(sorted(refused), list(range(99, 3 * SIGNATURES_AT_ONCE, 100)))


class Leaves(unittest.TestCase):
    def test_a_part_of_a_file_reads_as_its_bytes_do_wherever_one_asks(self) -> None:
        data = bytes(index * 7 % 251 for index in range(10_000))
        part = Part(file_of(data), 100, 9_000)
        self.assertEqual(len(part), 9_000)
        for at, count in ((0, 98), (4_000, 200), (0, 1), (8_990, 98), (9_000, 1), (50, 8_900)):
            self.assertEqual(part.read(at, count), data[100:9_100][at : at + count], (at, count))

    def test_a_file_that_became_shorter_is_no_more_than_it_is(self) -> None:
        part = Part(file_of(b"leaf"), 0, 98)
        self.assertEqual(part.read(0, 32), b"leaf")

    def test_a_roster_of_a_huge_file_is_not_read_before_it_is_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as folder, (Path(folder) / "roster").open("w+b") as file:
            file.truncate(98 << 34)
            roster = Roster(Part(file, 0, 98 << 34))
            tracemalloc.start()
            self.assertEqual((len(roster), roster.key(7)), (1 << 34, bytes(32)))
            self.assertLess(tracemalloc.get_traced_memory()[1], 1 << 20)
            tracemalloc.stop()
