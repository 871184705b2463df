"""The definition as text: what `tomllib` does not tell, its comments and what stands outside strings.

It is asked only of texts that `tomllib` has read, so every string in them ends.
"""

import re

_STRING_OR_COMMENT = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|(?P<comment>#[^\n]*)",
    re.DOTALL,
)
# Of a second that is not whole: `tomllib` drops what is finer than a microsecond.
_FRACTION = re.compile(r":[0-9]{2}\.[0-9]*[1-9]")


def comments(text: str) -> list[str]:
    """Every comment, from its `#` on."""
    found = (match["comment"] for match in _STRING_OR_COMMENT.finditer(text))
    return [comment for comment in found if comment is not None]


def has_fractions_of_seconds(text: str) -> bool:
    """Whether a time outside strings and comments is no whole second."""
    return _FRACTION.search(_STRING_OR_COMMENT.sub('""', text)) is not None
