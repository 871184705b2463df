"""Part `proofs` of the vectors: section 12 of the specification."""

import hashlib
import io
import unittest

from verifier import checkpoint_list, fork, proof, receipt, tile
from verifier.checkpoint import Checkpoint, NoCheckpoint
from verifier.cosignature import NoCosignature, cosignatures
from verifier.fork import Fork, NoFork
from verifier.limits import PROOF_HASHES_MAX, TREE_SIZE_MAX
from verifier.note import COSIGNATURE, ED25519, ML_DSA_44, VerifierKey
from verifier.policy import NoPolicy, Policy, Trusted, Untrusted
from verifier.receipt import NoReceipt, Receipt
from verifier.tests import publication as made
from verifier.tests.vectors import part, unhex
from verifier.tile import ENTRIES, LEVELS, NoBundle, Tile
from verifier.tree import leaf_hash, root_of

PROOFS = part("proofs")
LINES = {row["verifier_key"].split("+")[0].rpartition("/")[2]: row["line"] + "\n" for row in PROOFS["cosignatures"]}
LOG = [f"entry {number}".encode() for number in range(PROOFS["log"]["size"])]


def log_key() -> VerifierKey:
    key = VerifierKey.parse(PROOFS["checkpoint"]["verifier_key"])
    assert key is not None
    return key


def checkpoint() -> Checkpoint:
    return Checkpoint.parse(PROOFS["checkpoint"]["checkpoint"].encode())


def hashes(row: dict[str, list[str]]) -> list[bytes]:
    return list(map(unhex, row["hashes"]))


class Proofs(unittest.TestCase):
    def test_inclusion_is_proven_and_nothing_else_is(self) -> None:
        for row in PROOFS["inclusion"]:
            leaf, index, size, root = leaf_hash(bytes([row["index"]])), row["index"], row["size"], unhex(row["root"])
            good = hashes(row)
            self.assertTrue(proof.is_included(leaf, index, size, good, root), row)
            for bad in ([*good, root], good[:-1], good[::-1], [*good[:-1], root]):
                if bad != good:
                    self.assertFalse(proof.is_included(leaf, index, size, bad, root), row)
            self.assertFalse(proof.is_included(leaf_hash(b"other"), index, size, good, root))
            self.assertFalse(proof.is_included(leaf, size, size, good, root))

    def test_consistency_is_proven_and_nothing_else_is(self) -> None:
        for row in PROOFS["consistency"]:
            old, old_root, size, root = row["old_size"], unhex(row["old_root"]), row["size"], unhex(row["root"])
            good = hashes(row)
            self.assertTrue(proof.is_consistent(old, old_root, size, root, good), row)
            for bad in ([*good, root], good[:-1], good[::-1]):
                if bad != good:
                    self.assertFalse(proof.is_consistent(old, old_root, size, root, bad), row)
            self.assertFalse(proof.is_consistent(old, leaf_hash(b"other"), size, root, good))
            self.assertFalse(proof.is_consistent(size + 1, old_root, size, root, good))

    def test_every_leaf_of_every_small_tree_has_its_path(self) -> None:
        leaves = [leaf_hash(bytes([number])) for number in range(20)]
        for size in range(1, 20):
            root = made.root(leaves[:size])
            for index in range(size):
                self.assertTrue(proof.is_included(leaves[index], index, size, made.path(index, leaves[:size]), root))

    def test_every_small_tree_begins_every_larger_one(self) -> None:
        leaves = [leaf_hash(bytes([number])) for number in range(20)]
        for size in range(1, 20):
            for old in range(1, size + 1):
                good = made.subproof(old, leaves[:size])
                old_root, root = made.root(leaves[:old]), made.root(leaves[:size])
                self.assertTrue(proof.is_consistent(old, old_root, size, root, good), (old, size))

    def test_a_proof_in_text_has_hashes_and_no_more_than_may_be(self) -> None:
        line = proof.print_hashes([bytes(32)])[0]
        self.assertEqual(proof.parse([line] * PROOF_HASHES_MAX), [bytes(32)] * PROOF_HASHES_MAX)
        for bad in ([line] * (PROOF_HASHES_MAX + 1), [line[:-1]], [""], [line + " "], ["AAAA"]):
            self.assertIsNone(proof.parse(bad), bad)

    def test_the_largest_tree_is_gone_through_in_63_steps(self) -> None:
        self.assertFalse(proof.is_included(bytes(32), TREE_SIZE_MAX - 1, TREE_SIZE_MAX, [bytes(32)] * 63, bytes(32)))
        self.assertFalse(proof.is_consistent(1, bytes(32), TREE_SIZE_MAX, bytes(32), [bytes(32)] * 63))


class Checkpoints(unittest.TestCase):
    def test_one_is_read_and_signed_by_its_log(self) -> None:
        row, found = PROOFS["checkpoint"], checkpoint()
        self.assertEqual((found.origin, found.size, found.root.hex()), (row["origin"], row["size"], row["root"]))
        self.assertEqual(found.signed_by([log_key()]), [log_key()])
        with self.assertRaises(NoCheckpoint):
            found.signed_by([])

    def test_those_refused_are_refused(self) -> None:
        for row in PROOFS["checkpoints_refused"]:
            with self.subTest(row["name"]), self.assertRaises(NoCheckpoint):
                Checkpoint.parse(row["checkpoint"].encode()).signed_by([log_key()])

    def test_one_that_is_no_text_or_has_too_many_lines_is_none(self) -> None:
        good = PROOFS["checkpoint"]["checkpoint"].encode()
        line = good.rpartition(b"\n\n")[2]
        self.assertEqual(len(Checkpoint.parse(good + line * 63).note.lines), 64)
        for bad in (good + line * 64, b"\xff" + good, good + b"\n", b"", b"\n\n", b"\n" + good):
            with self.assertRaises(NoCheckpoint):
                Checkpoint.parse(bad)

    def test_lines_by_others_are_passed_over_whatever_their_length(self) -> None:
        other = "— somebody AAAAAAA=\n— somebody.else " + "AAAA" * 2000 + "\n"
        found = Checkpoint.parse((PROOFS["checkpoint"]["checkpoint"] + other).encode())
        self.assertEqual(found.signed_by([log_key()]), [log_key()])

    def test_a_witness_says_when_it_saw_one(self) -> None:
        text = PROOFS["checkpoint"]["checkpoint"]
        for row in PROOFS["cosignatures"]:
            witness = VerifierKey.parse(row["verifier_key"], (COSIGNATURE,))
            assert witness is not None
            self.assertEqual(str(witness), row["verifier_key"])
            seen = Checkpoint.parse((text + row["line"] + "\n").encode())
            self.assertEqual([one.time for one in cosignatures(seen, witness)], [row["time"]])
            self.assertEqual(cosignatures(checkpoint(), witness), [])
            moved = seen.note.text.replace("600", "601")
            with self.assertRaises(NoCosignature):
                cosignatures(Checkpoint.parse((moved + "\n" + text.split("\n\n")[1] + row["line"] + "\n").encode()), witness)

    def test_a_list_is_cut_into_its_notes(self) -> None:
        good = PROOFS["checkpoint"]["checkpoint"].encode()
        two = good + "".join(LINES.values()).encode()
        for notes in ([good], [good, two, good], [two, b"rest"], [b"no note\n", ]):
            data = b"".join(notes)
            self.assertEqual(list(checkpoint_list.notes(io.BytesIO(data + b"behind"), len(data))), notes)
        self.assertEqual(list(checkpoint_list.notes(io.BytesIO(b""), 10)), [])


class Tiles(unittest.TestCase):
    def test_paths_are_read_and_written(self) -> None:
        for row in PROOFS["tile_paths"]:
            found = Tile.parse(row["path"])
            assert found is not None, row
            self.assertEqual((found.path(), str(found.index), found.width), (row["path"], row["index"], row["width"]))
            self.assertEqual(0 if found.level == ENTRIES else found.level, row["level"])

    def test_what_is_no_path_is_refused(self) -> None:
        for path in [*PROOFS["tile_paths_refused"], "tile/0/000/", "tile/0/000\n", "tile/0/٠٠٠", "tile/0/000.p/"]:
            self.assertIsNone(Tile.parse(path), path)

    def test_growth_adds_what_the_new_size_has_and_the_old_one_had_not(self) -> None:
        for row in PROOFS["growth"]:
            had = set(_paths(row["old_size"]))
            self.assertEqual([path for path in _paths(row["size"]) if path not in had], row["added"])

    def test_a_bundle_has_so_many_entries(self) -> None:
        row = PROOFS["bundle"]
        data = unhex(row["bytes"])
        self.assertEqual(tile.entries(data, len(row["entries"])), list(map(unhex, row["entries"])))
        for bad, width in ((data, 2), (data, 4), (data[:-1], 3), (data + b"\0", 3), (data + b"\0\0", 3)):
            with self.assertRaises(NoBundle):
                tile.entries(bad, width)

    def test_the_log_has_its_root_and_its_bundles(self) -> None:
        self.assertEqual(root_of(LOG).hex(), PROOFS["log"]["root"])
        for bundle in tile.of_size(ENTRIES, len(LOG)):
            own = LOG[bundle.index * 256 :][: bundle.width]
            data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in own)
            expected = PROOFS["log"]["sha256_of_tiles"][bundle.path()]
            self.assertEqual(hashlib.sha256(data).hexdigest(), expected)


def _paths(size: int) -> list[str]:
    return [found.path() for level in (ENTRIES, *LEVELS) for found in tile.of_size(level, size)]


class Policies(unittest.TestCase):
    def test_one_is_read_however_its_words_are_spaced(self) -> None:
        row = PROOFS["policy"]
        self.assertEqual(Policy.parse(row["policy"].encode()), Policy.parse(row["the_same"].encode()))

    def test_those_refused_are_refused_with_their_line(self) -> None:
        for row in PROOFS["policies_refused"]:
            with self.assertRaises(NoPolicy) as refused:
                Policy.parse(row["policy"].encode())
            self.assertEqual(refused.exception.line, row["line"], row["policy"])

    def test_it_trusts_what_a_quorum_saw(self) -> None:
        policy = Policy.parse(PROOFS["policy"]["policy"].encode())
        for row in PROOFS["policy"]["judgements"]:
            text = PROOFS["checkpoint"]["checkpoint"] + "".join(LINES[name] for name in row["cosigned_by"])
            self.assertEqual(_trusted(policy, text) is not None, row["trusted"], row)

    def test_a_wrong_line_of_a_witness_is_not_outweighed(self) -> None:
        policy = Policy.parse(PROOFS["policy"]["policy"].encode())
        good = PROOFS["checkpoint"]["checkpoint"] + "".join(LINES.values())
        trusted = _trusted(policy, good)
        assert trusted is not None
        self.assertEqual([one.time for one in trusted.cosignatures], [row["time"] for row in PROOFS["cosignatures"]])
        name, _, signature = LINES["w11"].rpartition(" ")
        bent = f"{name} {signature[:12]}{'B' if signature[12] == 'A' else 'A'}{signature[13:]}"
        self.assertIsNone(_trusted(policy, good + bent))
        # Twice is once, and not wrong.
        self.assertIsNotNone(_trusted(policy, good + LINES["w11"]))

    def test_keys_that_cannot_be_verified_are_carried_and_meet_no_quorum(self) -> None:
        key = VerifierKey("witness.example/pq", bytes(1312), ML_DSA_44)
        log = PROOFS["policy"]["policy"].split("\n")[0]
        policy = Policy.parse(f"{log}\nwitness pq {key}\nquorum none\n".encode())
        self.assertIsNotNone(_trusted(policy, PROOFS["checkpoint"]["checkpoint"]))
        with self.assertRaises(NoPolicy) as refused:
            Policy.parse(f"{log}\nwitness pq {key}\nquorum pq\n".encode())
        self.assertEqual(refused.exception.line, 3)

    def test_a_key_is_of_the_kind_that_its_line_asks_for(self) -> None:
        log = log_key()
        witness = VerifierKey(log.name, log.key, COSIGNATURE)
        for line in (f"log {witness}", f"witness w {log}", f"log {VerifierKey(log.name, log.key, 2)}"):
            with self.assertRaises(NoPolicy):
                Policy.parse(f"{line}\nquorum none\n".encode())
        self.assertEqual(Policy.parse(f"log {log}\nquorum none\n".encode()).logs[0].type, ED25519)


def _trusted(policy: Policy, text: str) -> Trusted | None:
    try:
        return policy.trust(Checkpoint.parse(text.encode()))
    except Untrusted:
        return None


class Receipts(unittest.TestCase):
    def test_one_proves_its_entry_under_a_trusted_checkpoint(self) -> None:
        row = PROOFS["tlog_proof"]
        found = Receipt.parse(row["proof"].encode())
        self.assertEqual((found.extra, found.index), (unhex(row["entry"]), row["index"]))
        found.prove()
        self.assertIsNotNone(Policy.parse(row["policy"].encode()).trust(found.checkpoint))

    def test_those_refused_prove_nothing(self) -> None:
        policy = Policy.parse(PROOFS["tlog_proof"]["policy"].encode())
        for row in PROOFS["tlog_proofs_refused"]:
            with self.subTest(row["name"]), self.assertRaises((NoReceipt, Untrusted)):
                found = Receipt.parse(row["proof"].encode())
                found.prove()
                policy.trust(found.checkpoint)

    def test_one_without_its_entry_is_read_and_proves_nothing(self) -> None:
        text = PROOFS["tlog_proof"]["proof"]
        bare = receipt.FIRST_LINE.decode() + text[text.index("\nindex") :]
        with self.assertRaises(NoReceipt):
            Receipt.parse(bare.encode()).prove()


class Forks(unittest.TestCase):
    def test_every_fork_is_proven(self) -> None:
        for row in PROOFS["forks"]:
            found = Fork.parse(row["fork"].encode())
            found.prove(Policy.parse(row["policy"].encode()).logs)
            sizes = (found.first.size, found.second.size)
            self.assertEqual(sizes, (row["first_size"], row["second_size"]))
            self.assertEqual((found.root or found.second.root).hex(), row["other_root"])

    def test_those_refused_show_none(self) -> None:
        for row in PROOFS["forks_refused"]:
            with self.subTest(row["name"]), self.assertRaises(NoFork):
                Fork.parse(row["fork"].encode()).prove([log_key()])

    def test_a_file_says_what_it_is_in_its_first_line(self) -> None:
        self.assertTrue(PROOFS["forks"][0]["fork"].encode().startswith(fork.FIRST_LINE + b"\n"))
