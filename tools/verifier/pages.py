"""What people were shown and sent (V9): answer pages and messages that respondents kept."""

import hashlib
import string
from collections.abc import Iterator

from verifier import rotation
from verifier.checks import Failure, Findings
from verifier.definition import Definition
from verifier.event import Opening

V9 = 9
_BEGIN = "<fieldset"
_END = "</fieldset>"
_BLOCKS_MAX = 16
_LINKS_MAX = 16
# Characters of a token.
_TOKEN = 20
_SPACE = " \t\r\n"
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Pages:
    """The pages and messages that an auditor holds, name and text of each, beside what the ledger commits to."""

    def __init__(self, pages: list[tuple[str, str]], messages: list[tuple[str, str]], findings: Findings) -> None:
        self._pages = pages
        self._messages = messages
        self._findings = findings
        self._blocks: set[bytes] = set()
        findings.looked(V9, len(pages) + len(messages))

    def commit(self, questions: list[tuple[str, bytes]]) -> None:
        """Takes the hashes of question blocks that are in force from now on."""
        self._blocks |= {digest for _, digest in questions}

    def finish(self, opening: Opening, definition: Definition) -> None:
        """Judges them all, after the last entry."""
        if not self._pages and not self._messages:
            self._findings.not_applicable(V9, "no page and no message was given; give --page or --message")
        for name, page in self._pages:
            blocks = list(_blocks(page))
            if not blocks:
                self._findings.not_checked([V9], f"`{name}` has no question on it")
            if len(blocks) > _BLOCKS_MAX:
                self._findings.not_checked([V9], f"`{name}` has more than {_BLOCKS_MAX} questions on it")
            if not all(self._is_shown(block, definition) for block in blocks):
                self._fail(f"page `{name}`", "a question block that the ledger commits to")
        committed = {digest for _, digest in opening.messages}
        for name, message in self._messages:
            if not any(_digest(text) in committed for text in _templates(message, definition.link_prefix)):
                self._fail(f"message `{name}`", "a message that the ledger commits to")

    def _is_shown(self, block: str, definition: Definition) -> bool:
        """Whether it is committed to, be it with its options in another rotation."""
        readings = rotation.blocks(block, len(definition.options), definition.rotating)
        return any(_digest(reading) in self._blocks for reading in readings)

    def _fail(self, subject: str, expected: str) -> None:
        meaning = "people were asked one thing, and another is on record"
        self._findings.fail(V9, Failure(subject, expected, "another", meaning))


def _blocks(page: str) -> Iterator[str]:
    """The question blocks outside of comments, as a server writes them."""
    first, *parts = page.split("<!--")
    page = first + "".join(_after_comment(part) for part in parts)
    lower = page.translate(_LOWER)
    begin = lower.find(_BEGIN)
    for _ in range(_BLOCKS_MAX + 1):
        if begin < 0:
            return
        end = lower.find(_END, begin)
        yield _as_served(page[begin:] if end < 0 else page[begin : end + len(_END)]) + "\n"
        begin = lower.find(_BEGIN, begin + 1)


def _after_comment(part: str) -> str:
    """What follows a comment, of what follows its `<!--`: HTML ends it in four ways."""
    for end in (">", "->"):
        if part.startswith(end):
            return part[len(end) :]
    ends = [part.find(end) + len(end) for end in ("-->", "--!>") if end in part]
    return part[min(ends) :] if ends else ""


def _as_served(block: str) -> str:
    """Undoes what browsers make of line ends, and of quotes and spaces in texts."""
    before, *parts = block.replace("\r\n", "\n").split("<")
    for part in parts:
        tag, _, text = part.partition(">")
        text = text.replace('"', "&quot;").replace("'", "&#39;").replace("&nbsp;", "\u00a0")
        before += f"<{tag}>{text}"
    return before


def _templates(message: str, link_prefix: str) -> Iterator[str]:
    """What the message may have been before its link was put in."""
    message = message.replace("\r\n", "\n").lstrip("\ufeff").rstrip(_SPACE)
    for text in (message, *_with_placeholder(message, link_prefix)):
        yield from (text, f"{text}\n", f"{text} ")


def _with_placeholder(message: str, link_prefix: str) -> Iterator[str]:
    at = message.find(link_prefix)
    for _ in range(_LINKS_MAX):
        if at < 0:
            return
        before, rest = message[:at], message[at + len(link_prefix) :]
        within = next((place for place, character in enumerate(rest) if character in _SPACE), len(rest))
        for end in range(min(within, _TOKEN) + 1):
            yield f"{before}{{link}}{rest[end:]}"
        at = message.find(link_prefix, at + len(link_prefix))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
