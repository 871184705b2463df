"""Part `poll` of the vectors: sections 2 to 8 of the specification."""

import base64
import hashlib
import unittest
from typing import Any

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from verifier import entry, event, personal, promise, rotation, strata
from verifier.audit import Held, audit
from verifier.chain import Anchor
from verifier.checks import CHECKS, FAILED, NOT_APPLICABLE, PASSED
from verifier.codec import Malformed
from verifier.container import Export
from verifier.entry import Entry
from verifier.event import Closed, Opened, Responded, Signed
from verifier.note import VerifierKey
from verifier.report import Report
from verifier.roster import Roster
from verifier.tests.publication import export
from verifier.tests.vectors import file_of, part, part_of, unhex
from verifier.tree import leaf_hash

POLL = part("poll")
ROTATION = part("rotation")
CONTEXTS = {Opened: b"sijill 2026 opened v1\x00", Responded: b"sijill 2026 answer v1\x00"}
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def audited() -> Report:
    """The audit of the whole poll, with its keys, its end, and the promise."""
    end = POLL["entries"][-1]
    key = VerifierKey.parse(POLL["keys"]["operator"])
    assert key is not None
    held = Held(end["at"], [key], [Anchor(end["index"], unhex(end["link"]))], [("the", POLL["promise"]["file"])])
    return audit(Export(file_of(unhex(POLL["export"]))), held)


class Sealed(unittest.TestCase):
    """The poll of sealed strata, unsealed, and then some entries lost."""

    sealed = POLL["sealed"]

    def report(self) -> Report:
        end = self.sealed["entries"][-1]
        key = VerifierKey.parse(POLL["keys"]["operator"])
        assert key is not None
        held = Held(end["at"], [key], [Anchor(end["index"], unhex(end["link"]))])
        return audit(Export(file_of(unhex(self.sealed["export"]))), held)

    def test_it_passes_every_check_and_shows_what_was_opened(self) -> None:
        report = self.report()
        self.assertEqual(report.exit_code(), 0, report.as_text())
        tally = report.as_json()["polls"][0]["tally"]
        rows = dict(zip(self.sealed["tally"]["strata"], self.sealed["tally"]["by_stratum"]))
        shown = {row["id"]: row["counts"] for row in tally["strata"]}
        self.assertEqual(shown, {stratum: row for stratum, row in rows.items() if row is not None})

    def test_every_leaf_is_of_the_stratum_whose_key_opens_it(self) -> None:
        definition = self.report().poll.definition
        roster = Roster(part_of(b"".join(unhex(leaf) for leaf in self.sealed["roster"]["leaves"])))
        keys: strata.Keys = [unhex(key) for key in self.sealed["stratum_keys"]]
        places = [strata.stratum_of(definition, roster, index, keys) for index in range(len(roster))]
        self.assertEqual(places, self.sealed["strata_of_leaves"])

    def test_what_stays_closed_follows_from_the_rule(self) -> None:
        for row in self.sealed["stay_closed"]:
            self.assertEqual(strata.stay_closed(row["answered"], row["threshold"]), row["closed"], row)


class Rotations(unittest.TestCase):
    def test_every_key_has_its_rotation(self) -> None:
        for row in ROTATION["keys"]:
            found = rotation.rotation(row["question"], unhex(row["public_key"]), row["rotating"])
            self.assertEqual(found, row["rotation"], row)

    def test_every_rotation_has_its_order(self) -> None:
        shown = ROTATION["shown"]
        for by, order in enumerate(shown["orders"]):
            self.assertEqual(rotation.shown(shown["options"], shown["rotating"], by), order)
        self.assertEqual(len(shown["orders"]), shown["rotating"])

    def test_a_block_is_read_in_every_rotation_and_in_no_other_order(self) -> None:
        block = "<fieldset>\n<legend>\nyes\nno\nother\ndont-know\n</fieldset>\n"
        read = list(rotation.blocks(block, 4, 3))
        self.assertEqual(len(set(read)), 3)
        self.assertEqual(read[1], block.replace("yes\nno\nother", "no\nother\nyes"))
        self.assertEqual(list(rotation.blocks(block, 4, 0)), [block])
        self.assertEqual(list(rotation.blocks(block, 5, 3)), [block])


class Entries(unittest.TestCase):
    def rows(self) -> list[tuple[dict[str, Any], bytes, Entry]]:
        return [(row, unhex(row["bytes"]), Entry.parse(unhex(row["bytes"]))) for row in POLL["entries"]]

    def test_each_has_its_fields_link_and_leaf_hash(self) -> None:
        for row, data, found in self.rows():
            self.assertEqual((found.index, found.at, found.kind), (row["index"], row["at"], row["kind"]))
            self.assertEqual(found.previous.hex(), row["previous"])
            self.assertEqual((entry.link(data).hex(), leaf_hash(data).hex()), (row["link"], row["leaf_hash"]))
        self.assertEqual(POLL["poll_id"], POLL["entries"][0]["leaf_hash"])

    def test_every_kind_is_there(self) -> None:
        polls = (POLL, POLL["sealed"], POLL["objected"], POLL["mended"])
        kinds = {row["kind"] for poll in polls for row in poll["entries"]}
        self.assertEqual(kinds, set(event.KINDS))

    def test_what_is_signed_is_cut_out_of_the_entry(self) -> None:
        for row, _, found in self.rows():
            event, poll_id = found.event, unhex(POLL["poll_id"])
            start = CONTEXTS.get(type(event), b"sijill 2026 operator event v1\x00")
            message = start + (b"" if isinstance(event, Opened) else poll_id) + event.signed
            self.assertEqual(message.hex(), row["signed_message"], row["name"])
        self.assertIsNone(POLL["objected"]["entries"][-1]["signed_message"])

    def test_one_byte_less_or_more_is_no_entry(self) -> None:
        for _, data, _ in self.rows():
            for bent in (data[:-1], data + b"\x00"):
                with self.assertRaises(Malformed):
                    Entry.parse(bent)

    def test_later_kinds_are_named_as_such(self) -> None:
        for kind, name in POLL["later_kinds"]:
            data = bytes([0, *([7] * 32), 0, kind, 1, 2, 3])
            with self.assertRaisesRegex(Malformed, f"{name}.*later version"):
                Entry.parse(data)


class Polls(unittest.TestCase):
    def test_the_export_passes_every_check(self) -> None:
        report = audited()
        # Its strata are open: there is nothing to unseal. Nor was anything published of it, or held from before.
        idle = {f"V{number}": NOT_APPLICABLE for number in (9, 18, 20, 21, 23, 24)}
        expected = {f"V{number}": PASSED for number in CHECKS} | idle
        self.assertEqual(report.verdicts(), expected)
        self.assertEqual(report.exit_code(), 0)

    def test_the_export_folds_to_the_tally(self) -> None:
        poll, expected = audited().poll, POLL["tally"]
        assert poll is not None
        tally = poll.tally
        self.assertEqual(tally.by_option(), list(zip(expected["options"], expected["by_option"])))
        self.assertEqual([count for _, count in tally.first_by_option()], expected["first_by_option"])
        self.assertEqual(tally.by_stratum(), expected["by_stratum"])
        self.assertEqual(tally.answered, expected["answered"])

    def test_the_declared_tally_is_in_the_close(self) -> None:
        events = [Entry.parse(unhex(row["bytes"])).event for row in POLL["entries"]]
        closed = next(
            event.content for event in events if isinstance(event, Signed) and isinstance(event.content, Closed)
        )
        assert closed.tally is not None
        self.assertEqual([count for _, count in closed.tally[0][1]], POLL["tally"]["by_option"])

    def test_the_roster_has_its_root(self) -> None:
        roster = Roster(part_of(b"".join(map(unhex, POLL["roster"]["leaves"]))))
        self.assertEqual(roster.root().hex(), POLL["roster"]["root"])
        self.assertEqual(list(roster.faults(2, sealed=False, at_most=len(roster))), [])


class Objected(unittest.TestCase):
    """The poll in which somebody objected."""

    objected = POLL["objected"]

    def report(self, more: list[bytes]) -> Report:
        entries = [unhex(row["bytes"]) for row in self.objected["entries"]] + more
        leaves = b"".join(map(unhex, self.objected["roster"]["leaves"]))
        key = VerifierKey.parse(POLL["keys"]["operator"])
        assert key is not None
        file = export(entries, leaves, None)
        return audit(Export(file_of(file)), Held(self.objected["entries"][-1]["at"] + (1 << 40), [key]))

    def test_each_objection_fails_v25_and_breaks_no_rule(self) -> None:
        report = self.report([])
        failed = [number for number, verdict in report.verdicts().items() if verdict == FAILED]
        self.assertEqual(failed, ["V25"], report.as_text())
        kinds = [row["kind"] for row in self.objected["entries"]]
        self.assertEqual(report.findings.checks[25].failed, kinds.count(13))
        self.assertEqual(export([unhex(row["bytes"]) for row in self.objected["entries"]],
            b"".join(map(unhex, self.objected["roster"]["leaves"])), None), unhex(self.objected["export"]))

    def test_one_that_should_not_be_there_breaks_the_rule_it_breaks(self) -> None:
        last = self.objected["entries"][-1]
        known = self.report([]).verdicts()
        for row in self.objected["refused"]:
            start = _uint(last["index"] + 1) + unhex(last["link"]) + _uint(row["at"]) + b"\x0d"
            text = row["promise"].encode()
            report = self.report([start + _uint(len(text)) + text])
            changed = {number for number, verdict in report.verdicts().items() if verdict != known[number]}
            expected = {f"V{row['check']}"} - {"V25"}
            self.assertEqual(changed, expected, (row, report.as_text()))
            self.assertEqual(report.findings.checks[25].failures[-1].entry, last["index"] + 1)


def _uint(value: int) -> bytes:
    """An integer, in the canonical bytes of its shortest form."""
    if value < 251:
        return bytes([value])
    prefix, length = next((251 + place, 1 << place + 1) for place in range(3) if value < 1 << (8 << place + 1))
    return bytes([prefix]) + value.to_bytes(length, "little")


class Promises(unittest.TestCase):
    def test_the_signed_answer_has_its_hash_and_code(self) -> None:
        answer = unhex(POLL["promise"]["signed_answer"])
        digest = hashlib.sha256(answer).digest()
        self.assertEqual(digest.hex(), POLL["promise"]["sha256"])
        number = int.from_bytes(digest, "big") >> 156
        code = "".join(CROCKFORD[number >> shift & 31] for shift in range(95, -1, -5))
        self.assertEqual(" ".join(code[at : at + 4] for at in range(0, 20, 4)), POLL["promise"]["code"])

    def test_the_file_opens_by_the_promise_key(self) -> None:
        key = VerifierKey.parse(POLL["keys"]["promise"])
        due = audited().poll
        assert key is not None and due is not None
        maker = promise.Maker(POLL["origin"], unhex(POLL["poll_id"]), key.key, due.definition.promise_due())
        found = promise.open_file(POLL["promise"]["file"], maker)
        self.assertEqual(found.whole.hex(), POLL["promise"]["signed_answer"])
        later = promise.Maker(maker.origin, maker.poll_id, maker.key, maker.due + 1)
        with self.assertRaises(promise.NoPromise):
            promise.open_file(POLL["promise"]["file"], later)


class WhatTheVerifierNeverHolds(unittest.TestCase):
    """Tokens and contacts: secrets that no verifier sees, made here from the specification's words alone."""

    def test_a_token_makes_the_invitation_key(self) -> None:
        for row in POLL["invitations"]:
            parts = ("sijill 2026 invitation key v1", POLL["origin"], row["token"])
            seed = hashlib.sha256("\0".join(parts).encode()).digest()
            public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
            self.assertEqual(public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex(), row["public_key"])

    def test_a_token_may_be_typed_as_people_type(self) -> None:
        for row in POLL["tokens_as_typed"]:
            small = row["typed"].replace(" ", "").replace("-", "").lower()
            self.assertEqual(small.translate(str.maketrans("oil", "011")), row["token"])

    def test_a_contact_is_sealed(self) -> None:
        row = POLL["sealed_contact"]
        public = unhex(row["public_key"])
        key = blake3(unhex(row["master"]) + public, derive_key_context="sijill 2026 contact key v1").digest()
        sealed = blake3(b"sijill 2026 contact v1\0" + public + row["contact"].encode(), key=key)
        self.assertEqual(sealed.hexdigest(), row["sealed"])

    def test_a_promise_key_makes_the_note(self) -> None:
        key = Ed25519PrivateKey.from_private_bytes(unhex(POLL["keys"]["promise_seed"]))
        text, _, line = POLL["promise"]["file"].split("\n\n", 1)[1].rpartition("\n\n")
        signed = base64.b64decode(line.split()[2])
        self.assertEqual(signed[4:], key.sign(f"{text}\n".encode()))


class PersonalData(unittest.TestCase):
    def test_each_text_has_its_first_hit(self) -> None:
        for row in POLL["personal_data"]:
            text = row["text"]
            hit = personal.find(text)
            found = None if hit is None else [len(text[:at].encode()) for at in (hit.start, hit.end)]
            self.assertEqual((found, hit and hit.what()), (row["bytes"], row["found"]), text)
