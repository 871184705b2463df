"""The order in which an invitation is shown the options, where they are rotated (SPEC section 5)."""

from collections.abc import Iterator

from blake3 import blake3

_CONTEXT = "sijill 2026 option order v1"


def rotation(question: str, key: bytes, rotating: int) -> int:
    """By how many places the options are rotated for the invitation with this public key; 0 where none are."""
    digest = blake3(question.encode() + b"\x00" + key, derive_key_context=_CONTEXT).digest()
    return int.from_bytes(digest[:8], "little") % rotating if rotating else 0


def shown(options: list[str], rotating: int, by: int) -> list[str]:
    """The options as they are shown, of which the first are rotated by so many places."""
    return options[by:rotating] + options[:by] + options[rotating:]


def blocks(block: str, options: int, rotating: int) -> Iterator[str]:
    """A question block as it stands, and, if it has as many lines as one, with its options in every rotation."""
    yield block
    lines = block.split("\n")
    # Nothing is behind the last line feed.
    if len(lines) - 1 == options + 3:
        before, labels, after = lines[:2], lines[2 : options + 2], lines[options + 2 :]
        for by in range(1, rotating):
            yield "\n".join(before + shown(labels, rotating, by) + after)
