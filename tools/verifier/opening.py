"""What entry 0 must be, its definition aside (SPEC sections 4 and 6)."""

import hashlib
from collections.abc import Iterator

from verifier.definition import Definition
from verifier.event import Opening
from verifier.limits import LOG_KEYS_MAX


def faults(opening: Opening, definition: Definition) -> Iterator[tuple[str, str, str]]:
    """What is wrong with an opening: subject, what was expected, and what was found."""
    if opening.rule_set != definition.rule_set:
        yield "rule set", f"that of the definition, {definition.rule_set}", str(opening.rule_set)
    yield from _key_faults(opening)
    if opening.messages != messages(definition):
        yield "hashes of messages", "those of the definition's messages", "others"
    languages = [language for language, _ in opening.questions]
    if languages != definition.languages:
        yield "languages of questions", ", ".join(definition.languages), ", ".join(languages)
    if opening.script is not None or opening.sealing_key is not None or opening.issuing_keys:
        yield "script, sealing and issuing keys", f"none, as answers are by `{definition.answers}`", "some"


def _key_faults(opening: Opening) -> Iterator[tuple[str, str, str]]:
    if not 1 <= len(opening.log_keys) <= LOG_KEYS_MAX:
        yield "log keys", f"1 to {LOG_KEYS_MAX}", str(len(opening.log_keys))
    if opening.promise_key in opening.log_keys:
        yield "log keys", "none that is the promise key", "the promise key"


def messages(definition: Definition) -> list[tuple[str, bytes]]:
    """Language and SHA-256 of each message, in the definition's order of languages."""
    texts = ((language, definition.message[language]) for language in definition.languages)
    return [(language, hashlib.sha256(text.encode()).digest()) for language, text in texts]
