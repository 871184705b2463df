"""Canonical bytes (SPEC section 1): a strict reader.

The reader takes exactly the bytes that the encoding has for a value: the shortest integers, 0 or 1 for a choice of
two, UTF-8, nothing left over. What it accepts would be encoded to the same bytes, so nothing is encoded again: what was
signed or hashed is cut out of the bytes that were read. Nor does it need a limit on memory: no value is larger than its
bytes, but for a constant, and of a list no element is made before its bytes are read.
"""

from collections.abc import Callable
from typing import TypeVar

from verifier.limits import ENTRY_BYTES_MAX

Value = TypeVar("Value")

# First byte of a longer integer: how many bytes follow, and the smallest value that needs them.
_LONGER = {251: (2, 251), 252: (4, 1 << 16), 253: (8, 1 << 32)}


class Malformed(Exception):
    """The bytes are no canonical encoding; the message says why, in the words of a report."""


class Reader:
    """Reads values from `data`, of which `at` bytes are read. Every method raises `Malformed` and nothing else."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, limit: int = ENTRY_BYTES_MAX) -> None:
        if len(data) > limit:
            raise Malformed(f"{len(data)} bytes, expected at most {limit}")
        self.data = data
        self.at = 0

    def u8(self) -> int:
        """One byte as a number."""
        at = self.at
        if at >= len(self.data):
            raise Malformed(f"the bytes end at {at}, in the middle of a value")
        self.at = at + 1
        return self.data[at]

    def uint(self, bits: int) -> int:
        """An integer of at most `bits` bits (16, 32 or 64), in its shortest form."""
        first = self.u8()
        if first < 251:
            return first
        return self._longer(first, bits)

    def _longer(self, first: int, bits: int) -> int:
        length, least = _LONGER.get(first, (0, 0))
        if length == 0 or length * 8 > bits:
            raise Malformed(f"byte {self.at - 1} is {first}, which begins no integer of {bits} bits")
        value = int.from_bytes(self.array(length), "little")
        if value < least:
            raise Malformed(f"the integer before byte {self.at} is not in its shortest form")
        return value

    def u16(self) -> int:
        """An integer of 16 bits."""
        return self.uint(16)

    def u32(self) -> int:
        """An integer of 32 bits."""
        return self.uint(32)

    def u64(self) -> int:
        """An integer of 64 bits."""
        return self.uint(64)

    def boolean(self) -> bool:
        """0 or 1."""
        return self._variant(self.u8(), 2, "a bool") == 1

    def array(self, length: int) -> bytes:
        """This many bytes."""
        end = self.at + length
        if end > len(self.data):
            raise Malformed(f"the bytes end at {len(self.data)}, in the middle of a value")
        value = self.data[self.at : end]
        self.at = end
        return value

    def hash(self) -> bytes:
        """32 bytes: a hash, a link or a key."""
        return self.array(32)

    def blob(self) -> bytes:
        """Bytes of no fixed length."""
        return self.array(self.uint(64))

    def text(self) -> str:
        """A text in UTF-8."""
        try:
            return self.blob().decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed(f"the text before byte {self.at} is not UTF-8") from None

    def listed(self, element: Callable[[], Value]) -> list[Value]:
        """A list. Every element has a byte at least, so a length beyond the bytes left is refused before anything is
        made of it."""
        length = self.uint(64)
        if length > len(self.data) - self.at:
            raise Malformed(f"a list of {length} elements is announced, {len(self.data) - self.at} bytes are left")
        return [element() for _ in range(length)]

    def optional(self, value: Callable[[], Value]) -> Value | None:
        """A value that may be absent."""
        return value() if self.boolean() else None

    def choice(self, variants: int, what: str) -> int:
        """The number of one of `variants` variants."""
        return self._variant(self.uint(32), variants, what)

    def _variant(self, number: int, variants: int, what: str) -> int:
        if number >= variants:
            raise Malformed(f"{number} before byte {self.at} is no variant of {what}")
        return number

    def end(self) -> None:
        """Nothing may be left."""
        left = len(self.data) - self.at
        if left:
            raise Malformed(f"{left} bytes are left over")
