"""Decimal numbers as the formats of the log write them (SPEC section 12)."""

import re

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)


def undecimal(text: str, most: int) -> int | None:
    """The number that this text is the one form of, if it is one and at most `most`."""
    number = int(text) if _DECIMAL.fullmatch(text) else most + 1
    return number if number <= most else None
