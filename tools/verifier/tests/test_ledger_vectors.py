"""Part `ledger` of the vectors: sections 1 to 3 and 8 of the specification."""

import unittest
from collections.abc import Callable
from typing import Any

from verifier import container, entry, note, signature
from verifier.codec import Malformed, Reader
from verifier.origin import is_origin
from verifier.tests.vectors import file_of, part, unhex
from verifier.tree import leaf_hash, root_of

LEDGER = part("ledger")

# How a value of each type of the vectors is read, and written as text.
TYPES: dict[str, Callable[[Reader], Any]] = {
    "u8": lambda reader: str(reader.u8()),
    "bool": lambda reader: str(reader.boolean()).lower(),
    "text": lambda reader: reader.text(),
    "optional u32": lambda reader: str(reader.optional(reader.u32)).lower(),
    "list of u32": lambda reader: ", ".join(map(str, reader.listed(reader.u32))),
    "tuple of text, u8": lambda reader: f"{reader.text()}, {reader.u8()}",
    "array of 4 bytes": lambda reader: reader.array(4).hex(),
}


def read(data: bytes, value: Callable[[Reader], Any]) -> Any:
    """One value, and nothing behind it."""
    reader = Reader(data)
    found = value(reader)
    reader.end()
    return found


class CanonicalBytes(unittest.TestCase):
    def test_integers_are_read_from_their_one_form(self) -> None:
        for row in LEDGER["integers"]:
            self.assertEqual(read(unhex(row["bytes"]), Reader.u64), int(row["value"]))

    def test_integers_in_any_other_form_are_refused(self) -> None:
        for row in LEDGER["integers_refused"]:
            with self.subTest(row["name"]), self.assertRaises(Malformed):
                read(unhex(row["bytes"]), Reader.u64)

    def test_values_of_every_type_are_read(self) -> None:
        for row in LEDGER["values"]:
            with self.subTest(row["type"]):
                self.assertEqual(read(unhex(row["bytes"]), TYPES[row["type"]]), row["value"])

    def test_values_of_no_type_are_refused(self) -> None:
        wrong = [
            ("bool", "02"),
            ("optional u32", "0200"),
            ("text", "01ff"),
            ("text", "03eda080"),
            ("list of u32", "fcffffffff"),
        ]
        for name, data in wrong:
            with self.subTest(f"{name} {data}"), self.assertRaises(Malformed):
                read(unhex(data), TYPES[name])


class Chain(unittest.TestCase):
    def test_origins_have_their_links(self) -> None:
        for row in LEDGER["origins"]:
            self.assertTrue(is_origin(row["origin"]))
            self.assertEqual(entry.origin_link(row["origin"]).hex(), row["link"])

    def test_what_is_no_origin_is_refused(self) -> None:
        for name in [*LEDGER["origins_refused"], "ur.example/" + "a" * 230, "ur.example/a\n", "ur-.example/a"]:
            self.assertFalse(is_origin(name), name)

    def test_bytes_have_their_links_and_leaf_hashes(self) -> None:
        for row in LEDGER["links"]:
            data = unhex(row["bytes"])
            self.assertEqual((entry.link(data).hex(), leaf_hash(data).hex()), (row["link"], row["leaf_hash"]))

    def test_trees_have_their_roots(self) -> None:
        for row in LEDGER["trees"]:
            self.assertEqual(root_of(map(unhex, row["leaves"])).hex(), row["root"])


class Signatures(unittest.TestCase):
    def test_each_has_its_verdict(self) -> None:
        for row in LEDGER["signatures"]:
            signed = [unhex(row[name]) for name in ("public_key", "signature", "message")]
            with self.subTest(row["name"]):
                self.assertEqual(signature.verify(*signed), row["good"])

    def test_the_equation_alone_gives_the_same_verdicts(self) -> None:
        for row in LEDGER["signatures"]:
            signed = [unhex(row[name]) for name in ("public_key", "signature", "message")]
            with self.subTest(row["name"]):
                self.assertEqual(signature.verify_slowly(*signed), row["good"])

    def test_verifier_keys_are_read_and_written(self) -> None:
        for row in LEDGER["verifier_keys"]:
            key = note.VerifierKey.parse(row["verifier_key"])
            self.assertEqual(key, note.VerifierKey(row["name"], unhex(row["public_key"])))
            self.assertEqual(str(key), row["verifier_key"])

    def test_verifier_keys_with_anything_changed_are_none(self) -> None:
        good = LEDGER["verifier_keys"][0]["verifier_key"]
        for bad in (
            good[1:],
            good + "=",
            good.replace("+6f", "+6F"),
            good.replace("+6f56abfd", ""),
            "+".join([good] * 2),
        ):
            self.assertIsNone(note.VerifierKey.parse(bad), bad)

    def test_a_note_opens_by_its_key_and_by_no_other_name(self) -> None:
        row = LEDGER["note"]
        key = note.VerifierKey.parse(LEDGER["verifier_keys"][0]["verifier_key"])
        assert key is not None
        self.assertEqual(note.text_of(row["note"], key), row["text"])
        self.assertIsNone(note.text_of(row["note"], note.VerifierKey("another", key.key)))
        self.assertIsNone(note.text_of(row["note"] + row["note"], key))


class Container(unittest.TestCase):
    def test_the_head_names_its_sections(self) -> None:
        row = LEDGER["export_head"]
        data = list(map(unhex, row["sections"]))
        file = file_of(unhex(row["head"]) + b"".join(data))
        told: list[tuple[str, ...]] = []
        sections = container.read_head(file)
        container.check(file, sections, lambda *what: told.append(what))
        self.assertEqual([container.part(file, section).read(0, section.length) for section in sections], data)
        self.assertEqual(told, [])
