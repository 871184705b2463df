"""Characters that pass for others (SPEC section 10, L47): two scripts in one word, or another form of a letter."""

_SCRIPTS = (
    ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F), (0x1E00, 0x1EFF)),
    ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    ((0x400, 0x52F),),
    ((0x5D0, 0x5EA),),
    ((0x620, 0x64A), (0x66E, 0x6D3), (0x6FA, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8C9)),
)
_FORMS = (
    (0x24B6, 0x24E9),
    (0xFB00, 0xFB4F),
    (0xFB50, 0xFBC1),
    (0xFE70, 0xFEFC),
    (0xFF01, 0xFF5E),
    (0x1D400, 0x1D7FF),
    (0x1F130, 0x1F189),
)


def has_any(text: str) -> bool:
    """Whether one of them is in the text."""
    word: int | None = None
    for char in text:
        script = _script(ord(char))
        if _is_in(_FORMS, ord(char)) or (script is not None and word is not None and script != word):
            return True
        word = script
    return False


def _script(code: int) -> int | None:
    return next((place for place, ranges in enumerate(_SCRIPTS) if _is_in(ranges, code)), None)


def _is_in(ranges: tuple[tuple[int, int], ...], code: int) -> bool:
    return any(first <= code <= last for first, last in ranges)
