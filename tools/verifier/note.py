"""Verifier keys and signed notes (SPEC sections 3 and 7, C2SP signed-note)."""

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass

from verifier.limits import NAME_BYTES_MAX
from verifier.signature import is_key, verify

# The signature line's first character.
_DASH = "\u2014"
_KEY_TYPE_ED25519 = b"\x01"


def unbase64(text: str) -> bytes | None:
    """The bytes of this base64 (RFC 4648 section 4, with padding), if it is the one text for them."""
    try:
        decoded = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


@dataclass(frozen=True)
class VerifierKey:
    """A public key and the name that it goes by."""

    name: str
    key: bytes

    @staticmethod
    def parse(text: str) -> "VerifierKey | None":
        """Reads `name+hash+key`; None if it is none."""
        found = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
        if found is None or not is_name(found[1]):
            return None
        typed = unbase64(found[3])
        if typed is None or len(typed) != 33 or typed[:1] != _KEY_TYPE_ED25519:
            return None
        key = VerifierKey(found[1], typed[1:])
        return key if key.hash().hex() == found[2] and is_key(key.key) else None

    def hash(self) -> bytes:
        """The key's short hash (4 bytes), by which a signature line names it."""
        named = self.name.encode() + b"\n" + _KEY_TYPE_ED25519 + self.key
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(_KEY_TYPE_ED25519 + self.key).decode()
        return f"{self.name}+{self.hash().hex()}+{encoded}"


def is_name(name: str) -> bool:
    """Whether a key may go by this name: 1 to 255 bytes, no plus, white space or control character."""
    return 1 <= len(name.encode()) <= NAME_BYTES_MAX and not any(
        character == "+" or character.isspace() or unicodedata.category(character) == "Cc" for character in name
    )


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
