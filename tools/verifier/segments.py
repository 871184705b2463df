"""How an SMS carries a text (SPEC section 10): by which alphabet, and in how many segments."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def is_sendable(text: str) -> bool:
    """Whether UCS-2 has every character."""
    return all(ord(char) <= 0xFFFF for char in text)


def count(text: str) -> int:
    """In how many segments a text is sent that can be."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        return _packed([1 if char in _BASIC else 2 for char in text], 160, 153)
    return _packed([1] * len(text), 70, 67)


def _packed(lengths: list[int], single: int, joined: int) -> int:
    """One segment after another is filled, and no character is cut in two."""
    if sum(lengths) <= single:
        return 1
    segments, used = 1, 0
    for length in lengths:
        if used + length > joined:
            segments, used = segments + 1, 0
        used += length
    return segments
