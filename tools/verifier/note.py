"""Verifier keys and signed notes (SPEC sections 3, 7 and 12, C2SP signed-note)."""

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass

from verifier.limits import NAME_BYTES_MAX, SIGNATURES_MAX
from verifier.signature import is_key, verify

# The signature line's first character.
_DASH = "\u2014"
# Types of keys: Ed25519, Ed25519 for cosignatures, and ML-DSA-44, which is carried and not verified.
ED25519 = 0x01
COSIGNATURE = 0x04
ML_DSA_44 = 0x06
_ML_DSA_44_BYTES = 1_312

_KEY_ID_BYTES = 4
_LINE = re.compile(rf"{_DASH} ([^ \n]+) ([A-Za-z0-9+/=]+)")


def unbase64(text: str) -> bytes | None:
    """The bytes of this base64 (RFC 4648 section 4, with padding), if it is the one text for them."""
    try:
        decoded = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


@dataclass(frozen=True)
class VerifierKey:
    """A public key, the name that it goes by, and the type of its signatures."""

    name: str
    key: bytes
    type: int = ED25519

    @staticmethod
    def parse(text: str, types: tuple[int, ...] = (ED25519,)) -> "VerifierKey | None":
        """Reads `name+hash+key` of one of these types; None if it is none."""
        found = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
        if found is None or not is_name(found[1]):
            return None
        typed = unbase64(found[3])
        if not typed or typed[0] not in types or not _is_key(typed[0], typed[1:]):
            return None
        key = VerifierKey(found[1], typed[1:], typed[0])
        return key if key.hash().hex() == found[2] else None

    def hash(self) -> bytes:
        """The key's short hash (4 bytes), by which a signature line names it: the key id."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()[:_KEY_ID_BYTES]

    def _typed(self) -> bytes:
        return bytes([self.type]) + self.key

    def __str__(self) -> str:
        return f"{self.name}+{self.hash().hex()}+{base64.b64encode(self._typed()).decode()}"


def _is_key(kind: int, key: bytes) -> bool:
    return len(key) == _ML_DSA_44_BYTES if kind == ML_DSA_44 else is_key(key)


def is_name(name: str) -> bool:
    """Whether a key may go by this name: 1 to 255 bytes, no plus, white space or control character."""
    return 1 <= len(name.encode()) <= NAME_BYTES_MAX and not any(
        character == "+" or character.isspace() or _is_control(character) for character in name
    )


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


class NoNote(Exception):
    """The text is no note, or not signed as it must be; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Line:
    """A signature line: who it claims to be by, and the signature, not checked."""

    name: str
    key_id: bytes
    signature: bytes

    def claims(self, key: VerifierKey) -> bool:
        """Whether it claims to be by this key."""
        return self.name == key.name and self.key_id == key.hash()


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its last newline, and the lines that sign it."""

    text: str
    lines: list[Line]

    @staticmethod
    def parse(data: bytes) -> "Note":
        """Reads a whole note; raises `NoNote`."""
        try:
            text, gap, lines = data.decode("utf-8").rpartition("\n\n")
        except UnicodeDecodeError:
            raise NoNote("bytes that are not UTF-8") from None
        if not gap or not lines.endswith("\n"):
            raise NoNote("no signature lines behind an empty line")
        if any(_is_control(character) and character != "\n" for character in text):
            raise NoNote("a control character")
        signed = lines.split("\n")[:-1]
        if len(signed) > SIGNATURES_MAX:
            raise NoNote(f"{len(signed)} signature lines, more than {SIGNATURES_MAX}")
        return Note(f"{text}\n", [_line(line) for line in signed])

    def signatures(self, key: VerifierKey) -> list[bytes]:
        """What stands in the lines that claim to be by this key."""
        return [line.signature for line in self.lines if line.claims(key)]

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether a line of this Ed25519 key stands here; raises `NoNote` if one that claims to be is not good."""
        signatures = set(self.signatures(key))
        if not all(verify(key.key, signature, self.text.encode()) for signature in signatures):
            raise NoNote(f"a line that claims to be by {key}, and is not")
        return bool(signatures)


def _line(line: str) -> Line:
    found = _LINE.fullmatch(line)
    signed = unbase64(found[2]) if found and is_name(found[1]) else None
    if found is None or signed is None or len(signed) <= _KEY_ID_BYTES:
        raise NoNote("a line that is no signature line")
    return Line(found[1], signed[:_KEY_ID_BYTES], signed[_KEY_ID_BYTES:])


def text_of(note: str, signer: VerifierKey) -> str | None:
    """The text of a note that this key alone signed, with its last newline; None if the note is not that."""
    text, gap, line = note.rpartition("\n\n")
    found = re.fullmatch(rf"{_DASH} ([^ \n]+) ([A-Za-z0-9+/=]+)\n", line)
    if not gap or found is None or found[1] != signer.name:
        return None
    signed = unbase64(found[2])
    if signed is None or len(signed) != 68 or signed[:4] != signer.hash():
        return None
    text += "\n"
    return text if verify(signer.key, signed[4:], text.encode()) else None
