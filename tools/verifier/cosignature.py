"""Cosignatures (SPEC section 12, C2SP tlog-cosignature): that a witness saw a checkpoint at a time."""

from dataclasses import dataclass

from verifier.checkpoint import Checkpoint
from verifier.limits import COSIGNATURE_TIME_MAX
from verifier.note import VerifierKey
from verifier.signature import verify

_TIME_BYTES = 8


class NoCosignature(Exception):
    """A line claims to be by a witness and is not; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness, and when it saw the checkpoint, in seconds since 1970."""

    witness: VerifierKey
    time: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What a line says: the time, the signature itself, and what it must be over."""

    time: int
    signature: bytes
    message: bytes


def signed(checkpoint: Checkpoint, signature: bytes) -> Signed | None:
    """Takes a line's signature apart; None if it cannot be good."""
    time = int.from_bytes(signature[:_TIME_BYTES], "big")
    message = f"cosignature/v1\ntime {time}\n{checkpoint.note.text}".encode()
    may_be = len(signature) > _TIME_BYTES and time <= COSIGNATURE_TIME_MAX
    return Signed(time, signature[_TIME_BYTES:], message) if may_be else None


def cosignatures(checkpoint: Checkpoint, witness: VerifierKey) -> list[Cosignature]:
    """Those of this witness (of type 0x04) on a checkpoint; raises `NoCosignature` if one is not good."""
    found = []
    for signature in checkpoint.note.signatures(witness):
        seen = signed(checkpoint, signature)
        if seen is None or not verify(witness.key, seen.signature, seen.message):
            raise NoCosignature(f"a line that claims to be by the witness {witness}, and is not")
        found.append(Cosignature(witness, seen.time))
    return found
