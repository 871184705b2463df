"""What people were shown and sent (V9): answer pages and messages that respondents kept."""

import hashlib
import re

from verifier.checks import Failure, Findings
from verifier.event import Opening

V9 = 9
# The block with the line feed that ends it.
_BLOCK = re.compile(r"<fieldset .*?</fieldset>", re.DOTALL)


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

    def finish(self, opening: Opening, link_prefix: str) -> None:
        """Judges them all, after the last entry."""
        if not self._pages and not self._messages:
            self._findings.not_applicable(V9, "no page and no message was given; give --page or --message")
        for name, page in self._pages:
            block = _BLOCK.search(page)
            if block is None:
                self._findings.not_checked([V9], f"`{name}` has no question on it")
            elif _digest(f"{block[0]}\n") not in self._blocks:
                self._fail(f"page `{name}`", "a question block that the ledger commits to")
        committed = {digest for _, digest in opening.messages}
        for name, message in self._messages:
            if _digest(_as_template(message.rstrip("\r\n"), link_prefix)) not in committed:
                self._fail(f"message `{name}`", "a message that the ledger commits to")

    def _fail(self, subject: str, expected: str) -> None:
        meaning = "people were asked one thing, and another is on record"
        self._findings.fail(V9, Failure(subject, expected, "another", meaning))


def _as_template(message: str, link_prefix: str) -> str:
    """The message with the first link in it as the template has it: a token has 20 characters."""
    before, link, rest = message.partition(link_prefix)
    return f"{before}{{link}}{re.sub('^[A-Za-z0-9]{0,20}', '', rest)}" if link else message


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
