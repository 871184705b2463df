"""The rules of a definition (SPEC section 10), by the rule set that it names. A finding has the number of its rule.

To add a rule: a method of `_Lint` that calls `_find`, or another row where a table of fields is checked.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier import look_alike, personal, segments, toml_text
from verifier.definition import Definition, Warned, as_sent, milliseconds, of, parse
from verifier.limits import DEFINITION_BYTES_MAX
from verifier.note import VerifierKey
from verifier.origin import is_domain, is_origin

# By which ledgers are judged; a text of another is read as one of the last.
RULE_SETS = (1, 2)
_ID = re.compile(r"[a-z0-9-]{1,40}")
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SENDER = re.compile(r"[A-Za-z0-9_.-](?:[A-Za-z0-9 _.-]{0,9}[A-Za-z0-9_.-])?")
_PHONE = re.compile(rf"[{personal.DIGITS} +()./-]+")
_NOT_IN_URLS = re.compile(r"""[^!-~]|["'<>\\`]""")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_U32_MAX = (1 << 32) - 1
_YEAR_SECONDS = 31_536_000
# 9999-12-30T22:00:00Z: behind it, a moment may have no year in some offset.
_LAST_MS = 253_402_207_200_000

# Numbers: where they stand, from, to.
_NUMBERS = (
    ("sample.planned", 1, _U32_MAX - 1),
    ("rules.revisions", 0, 9),
    ("rules.strata_min", 1, _U32_MAX),
    ("rules.threshold", 1, _U32_MAX),
    ("rules.publication_answers", 1, _U32_MAX),
    ("rules.resolution_seconds", 1, 3_600),
    ("rules.publication_seconds", 1, _YEAR_SECONDS),
    ("rules.promise_delay_seconds", 1, _YEAR_SECONDS),
    ("rules.objection_window_seconds", 0, _YEAR_SECONDS),
)
_NUMBERS_2 = (
    ("message.segments_max", 1, 10),
    ("message.reminders_max", 0, 5),
    ("message.reminder_hours_min", 24, 1_000),
)
_POPULATION_MAX = 10_000_000_000

# Words: where they stand, and those offered.
_WORDS = (
    ("who.tokens_made_by", ("platform", "sender")),
    ("rules.answers", ("link",)),
    ("rules.results", ("live",)),
    ("rules.strata", ("open", "sealed")),
    ("rules.close", ("at_end", "any_time")),
)
_SIDES = ("for", "against", "neither")

# Texts in every language: where they stand, the most characters, and whether they are one line.
_NAME, _LONG = (200, True), (6_000, False)
_TEXTS = {
    "question.text": (600, True),
    "who.sponsor.name": _NAME,
    "who.conductor.name": _NAME,
    "who.platform.name": _NAME,
    "who.why_they_differ": _LONG,
    "sample.population": _LONG,
    "sample.frame": _LONG,
    "sample.sampling": _LONG,
    "sample.mode": _LONG,
    "sample.weighting": _LONG,
    "message.text": (670, False),
    "disclosure.exclusions": _LONG,
    "disclosure.limitations": _LONG,
    "disclosure.privacy": _LONG,
    "contact.name": _NAME,
}
_TEXTS_2 = {
    "who.funder.name": _NAME,
    "who.sender.name": _NAME,
    "sample.strategy": _LONG,
    "sample.coverage_gaps": _LONG,
    "sample.recruitment": _LONG,
    "sample.precision": _LONG,
    "sample.weighting_targets": _LONG,
    "disclosure.processing": _LONG,
    "disclosure.withdrawal": _LONG,
}

# Every field, by the table that it stands in. Fields that may be missing end in `?`.
_FIELDS = {
    "": "rule_set slug languages political country keys question option who sample field message rules stratum "
    "disclosure contact",
    "keys": "operators sender?",
    "question": "id order text",
    "option": "id side label",
    "who": "tokens_made_by why_they_differ? sponsor conductor platform",
    "who.sponsor": "name",
    "who.conductor": "name",
    "who.platform": "name domain",
    "sample": "planned population frame sampling mode weighting",
    "field": "start end latest_end",
    "message": "sender link_prefix text",
    "rules": "answers revisions results strata strata_min threshold close resolution_seconds publication_answers "
    "publication_seconds promise_delay_seconds objection_window_seconds",
    "stratum": "id population name",
    "disclosure": "exclusions limitations privacy",
    "contact": "name phone? email? url?",
}
# What rule set 2 adds to these.
_FIELDS_2 = {
    "": "explained?",
    "option": "no_opinion?",
    "who": "funder sender",
    "who.funder": "name",
    "who.sender": "name",
    "sample": "strategy coverage_gaps recruitment probability precision weighting_targets",
    "field": "contacts_until?",
    "message": "segments_max reminders_max? reminder_hours_min?",
    "disclosure": "processing withdrawal",
    "explained": "rule why",
}
_LISTS = ("option", "stratum", "explained")
# Texts that are not gone over for personal data, and those that nobody writes freely.
_NOT_GONE_OVER = ("contact", "keys", "who.platform.domain", "message.link_prefix", "country")

# How much is kept of the path to a field, which may be unknown and as long as the text.
_PATH_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that the definition breaks, by number, and where."""

    rule: int
    where: str


def lint(text: str) -> tuple[list[Finding], Definition | None]:
    """What breaks a rule; and the definition, exactly if nothing does."""
    if len(text.encode()) > DEFINITION_BYTES_MAX:
        return [Finding(1, "the text")], None
    findings = _of_file(text)
    try:
        tables = parse(text)
    except ValueError as error:
        return [*findings, Finding(4, str(error))], None
    reading = _Lint(tables, text)
    findings += reading.run()
    return findings, None if findings else of(tables, reading.warned)


def _of_file(text: str) -> list[Finding]:
    """Rules on the text as a whole, but for its length."""
    findings = []
    if text.startswith("\ufeff"):
        findings.append(Finding(2, "the text"))
    if "\r" in text:
        findings.append(Finding(3, "the text"))
    if _has_hidden(text, allowed="\n\t\r"):
        findings.append(Finding(16, "the text"))
    return findings


def _has_hidden(text: str, allowed: str) -> bool:
    control = any(unicodedata.category(char) == "Cc" and char not in allowed for char in text)
    return control or _INVISIBLE.search(text) is not None


def is_wording(text: str, most: int, one_line: bool) -> bool:
    """Whether a text by itself is one that people may be shown."""
    is_visible = not _has_hidden(text, allowed="" if one_line else "\n")
    return bool(text.strip()) and len(text) <= most and is_visible and not look_alike.has_any(text)


class _Lint:
    """One reading of a definition. A field that is missing or of the wrong type is found once, and not looked into."""

    def __init__(self, tables: dict[str, Any], text: str) -> None:
        self._tables = tables
        self._text = text
        self._findings: list[Finding] = []
        self._languages: list[str] = []
        self._is_first = self._tables.get("rule_set") == 1 and type(self._tables["rule_set"]) is int
        # What the rules warn of, once it was run.
        self.warned: list[Warned] = []

    def run(self) -> list[Finding]:
        """Everything that is found."""
        self._fields()
        self._whole()
        self._keys()
        self._choices()
        self._numbers()
        self._texts()
        self._who()
        self._dates()
        self._message()
        self._contact()
        self._personal()
        if not self._is_first:
            self._fair()
        self._warn()
        return self._findings

    def _must(self, rule: int, where: str, holds: object) -> bool:
        """Whether it holds; if not, the rule is broken there."""
        if not holds:
            self._findings.append(Finding(rule, where))
        return bool(holds)

    # Where fields stand.

    def _fields(self) -> None:
        added = {} if self._is_first else _FIELDS_2
        for path in _FIELDS.keys() | added.keys():
            names = f"{_FIELDS.get(path, '')} {added.get(path, '')}"
            known = {name.rstrip("?"): not name.endswith("?") for name in names.split()}
            for where, table in self._tables_at(path):
                for name in table.keys() - known.keys():
                    self._must(7, f"{where}.{name}"[:_PATH_CHARACTERS_MAX], False)
                for name, needed in known.items():
                    self._must(6, f"{where}.{name}", name in table or not needed)

    def _tables_at(self, path: str) -> Iterable[tuple[str, dict[str, Any]]]:
        """Each table at this path, with its name; what is none is found."""
        if path not in _LISTS:
            table = self._get(path, dict)
            return [] if table is None else [(path, table)]
        listed = self._get(path, list) or []
        tables = [(f"{path} {place}", table) for place, table in enumerate(listed, 1)]
        return [(where, table) for where, table in tables if self._must(8, where, isinstance(table, dict))]

    def _get(self, path: str, kind: type) -> Any:
        """What stands at this path, if it is of this type. A missing field is not found here."""
        value: Any = self._tables
        for name in path.split(".") if path else ():
            if not isinstance(value, dict) or name not in value:
                return None
            value = value[name]
        return value if self._must(8, path, type(value) is kind) else None

    def _word(self, where: str, value: Any, kind: type = str) -> Any:
        """A value inside a list or a list's table, if it is of this type. A missing one was found before."""
        return value if value is None or self._must(8, where, type(value) is kind) else None

    # What they hold.

    def _whole(self) -> None:
        rule_set, slug = self._get("rule_set", int), self._get("slug", str)
        self._must(12, "rule_set", rule_set is None or rule_set in RULE_SETS)
        self._must(22, "slug", slug is None or _SLUG.fullmatch(slug))
        self._get("political", bool)
        country = self._get("country", str)
        self._must(26, "country", country is None or re.fullmatch("[A-Z]{2}", country))
        question = self._get("question.id", str)
        self._must(22, "question.id", question is None or _ID.fullmatch(question))
        languages = self._get("languages", list)
        if languages is not None:
            self._must(21, "languages", 1 <= len(languages) <= 12)
            self._languages = [tag for tag in languages if self._word("languages", tag) is not None]
            alike = {tag.lower() for tag in self._languages}
            self._must(20, "languages", len(alike) == len(self._languages))
            self._must(19, "languages", all(len(tag) <= 35 and _LANGUAGE.fullmatch(tag) for tag in self._languages))

    def _keys(self) -> None:
        operators, sender = self._get("keys.operators", list), self._get("keys.sender", str)
        if operators is not None:
            self._must(27, "keys.operators", 1 <= len(operators) <= 3)
        texts = [text for text in operators or [] if self._word("keys.operators", text) is not None]
        texts += [] if sender is None else [sender]
        keys = [VerifierKey.parse(text) for text in texts]
        self._must(28, "keys", all(keys))
        public = [key.key for key in keys if key]
        self._must(29, "keys", len(set(public)) == len(public))

    def _choices(self) -> None:
        orders = ("fixed",) if self._is_first else ("fixed", "rotated")
        for path, words in (("question.order", orders), *_WORDS):
            word = self._get(path, str)
            self._must(9, path, word is None or word in words)
        options = list(self._tables_at("option"))
        if self._get("option", list) is not None:
            self._must(24, "option", 2 <= len(options) <= 50)
        for where, option in options:
            side = self._word(where, option.get("side"))
            self._must(9, where, side is None or side in _SIDES)
        self._ids(options)

    def _ids(self, tables: list[tuple[str, dict[str, Any]]]) -> None:
        ids = [(where, self._word(where, table.get("id"))) for where, table in tables]
        given = [id for _, id in ids if id is not None]
        for where, id in ids:
            self._must(22, where, id is None or _ID.fullmatch(id))
        self._must(23, "ids", len(set(given)) == len(given))

    def _numbers(self) -> None:
        for path, least, most in _NUMBERS + (() if self._is_first else _NUMBERS_2):
            number = self._get(path, int)
            self._must(10, path, number is None or least <= number <= most)
        strata = list(self._tables_at("stratum"))
        if self._get("stratum", list) is not None:
            self._must(25, "stratum", 1 <= len(strata) <= 1_000)
        for where, stratum in strata:
            population = self._word(where, stratum.get("population"), int)
            self._must(10, where, population is None or 1 <= population <= _POPULATION_MAX)
        self._ids(strata)
        resolution = self._get("rules.resolution_seconds", int) or 1
        self._must(33, "rules.resolution_seconds", resolution < 1 or 3_600 % resolution == 0)

    def _texts(self) -> None:
        texts = _TEXTS if self._is_first else _TEXTS | _TEXTS_2
        for path, (most, one_line) in texts.items():
            self._localised(path, self._get(path, dict), most, one_line)
        for list_, name in (("option", "label"), ("stratum", "name")):
            for where, table in self._tables_at(list_):
                self._localised(where, self._word(where, table.get(name), dict), *_NAME)

    def _localised(self, where: str, texts: dict[str, Any] | None, most: int, one_line: bool) -> None:
        if texts is None:
            return
        self._must(17, where, all(language in texts for language in self._languages))
        self._must(18, where, all(language in self._languages for language in texts))
        for text in texts.values():
            if self._word(where, text) is not None:
                self._must(13, where, text.strip())
                self._must(15, where, len(text) <= most)
                self._must(16, where, not _has_hidden(text, allowed="" if one_line else "\n"))
                self._must(47, where, self._is_first or not look_alike.has_any(text))

    def _who(self) -> None:
        domain = self._get("who.platform.domain", str)
        self._must(35, "who.platform.domain", domain is None or (len(domain) <= 190 and is_domain(domain)))
        added = () if self._is_first else ("funder", "sender")
        bodies = [self._get(f"who.{body}.name", dict) for body in ("sponsor", "conductor", "platform", *added)]
        differ = any(body != bodies[0] for body in bodies)
        reason = self._get("who.why_they_differ", dict)
        self._must(34, "who.why_they_differ", reason is not None or not differ)

    def _dates(self) -> None:
        moments = [self._get(f"field.{name}", datetime) for name in ("start", "end", "latest_end")]
        until = None if self._is_first else self._get("field.contacts_until", datetime)
        self._must(30, "field", not toml_text.has_fractions_of_seconds(self._text))
        for moment in (*moments, until):
            self._must(30, "field", moment is None or (moment.tzinfo and 0 <= milliseconds(moment) <= _LAST_MS))
        if any(moment is None or moment.tzinfo is None for moment in moments):
            return
        start, end, latest = (milliseconds(moment) for moment in moments)
        kept = [milliseconds(until)] if until is not None and until.tzinfo else []
        self._must(31, "field", start < end <= latest)
        self._must(56, "field.contacts_until", all(latest <= moment for moment in kept))
        resolution = (self._get("rules.resolution_seconds", int) or 1) * 1000
        self._must(32, "field", all(moment % resolution == 0 for moment in (start, end, latest, *kept)))

    def _message(self) -> None:
        sender, prefix = self._get("message.sender", str), self._get("message.link_prefix", str)
        self._must(39, "message.sender", sender is None or _SENDER.fullmatch(sender))
        if prefix is not None:
            self._link_prefix(prefix)
        texts = self._get("message.text", dict) or {}
        for text in texts.values():
            if isinstance(text, str):
                rest = text.replace("{link}", "", 1)
                self._must(38, "message.text", "{link}" in text and not re.search("[{}]", rest))

    def _link_prefix(self, prefix: str) -> None:
        scheme, _, rest = prefix.partition("://")
        formed = scheme in ("https", "http") and rest.endswith("/p/") and is_origin(rest[:-1])
        if self._must(36, "message.link_prefix", formed and len(prefix.encode()) <= 254):
            platform = self._get("who.platform.domain", str)
            self._must(37, "message.link_prefix", platform in (None, rest.partition("/")[0]))

    # What rule set 2 adds.

    def _fair(self) -> None:
        self._get("sample.probability", bool)
        options = [option for _, option in self._tables_at("option")]
        sides = [option.get("side") for option in options]
        self._must(14, "option", sides.count("for") == sides.count("against"))
        silent = [option for option in options if self._word("option", option.get("no_opinion"), bool)]
        self._must(45, "option", silent and all(option.get("side") in ("neither", None) for option in silent))
        if self._get("question.order", str) == "rotated":
            stay = [option.get("no_opinion") is True for option in options]
            # Sorted, those that stay stand last.
            self._must(55, "option", stay == sorted(stay) and stay.count(False) >= 2)
        self._apart([label for option in options if isinstance(label := option.get("label"), dict)])
        for where, explained in self._tables_at("explained"):
            rule = self._word(where, explained.get("rule"), int)
            self._must(10, where, rule is None or 1 <= rule <= 0xFFFF)
            self._localised(where, self._word(where, explained.get("why"), dict), *_LONG)
        self._sent()

    def _apart(self, labels: list[dict[str, Any]]) -> None:
        """No two options read the same."""
        for language in self._languages:
            texts = [text.strip() for label in labels if isinstance(text := label.get(language), str)]
            self._must(46, "option", len(set(texts)) == len(texts))

    def _sent(self) -> None:
        """The message asks the question, ends with its link, and can be sent."""
        message, question = self._get("message", dict) or {}, self._get("question.text", dict) or {}
        prefix, texts, most = message.get("link_prefix"), message.get("text"), message.get("segments_max")
        for language, text in texts.items() if isinstance(texts, dict) else ():
            if not isinstance(text, str):
                continue
            asked = question.get(language)
            self._must(44, "message.text", not isinstance(asked, str) or asked in text)
            self._must(57, "message.text", text.endswith("\n{link}"))
            if isinstance(prefix, str):
                sent = as_sent(prefix, text)
                if self._must(48, "message.text", segments.is_sendable(sent)) and type(most) is int:
                    self._must(49, "message.text", segments.count(sent) <= most)

    def _warn(self) -> None:
        """Warnings, and what the definition says to them."""
        if self._findings:
            return
        tables = self._tables
        found = {43} if self._is_open_to_read() else set()
        if not self._is_first:
            rules, strata = tables["rules"], tables["stratum"]
            found |= {50} if tables["political"] and rules["answers"] != "anonymous" else set()
            found |= {51} if tables["political"] and tables["who"]["tokens_made_by"] == "platform" else set()
            found |= {52} if rules["close"] == "any_time" else set()
            small = any(stratum["population"] < rules["threshold"] for stratum in strata)
            found |= {53} if rules["strata"] == "sealed" and small else set()
        explained = [table["rule"] for table in tables.get("explained", [])]
        for rule in explained:
            self._must(54, "explained", rule in found and explained.count(rule) == 1)
        self.warned = [Warned(rule, rule in explained) for rule in sorted(found)]

    def _is_open_to_read(self) -> bool:
        """Whether links are not encrypted, and lead beyond this machine."""
        scheme, _, rest = self._tables["message"]["link_prefix"].partition("://")
        host = rest.partition("/")[0].partition(":")[0]
        try:
            is_here = host == "localhost" or ipaddress.IPv4Address(host).is_loopback
        except ValueError:
            is_here = False
        return scheme == "http" and not is_here

    def _contact(self) -> None:
        if self._get("contact", dict) is None:
            return
        ways: list[tuple[str, Callable[[str], object]]] = [("phone", _is_phone), ("email", _is_email), ("url", _is_url)]
        given = [(name, self._get(f"contact.{name}", str), is_way) for name, is_way in ways]
        self._must(40, "contact", any(name in self._tables["contact"] for name, _ in ways))
        for name, value, is_way in given:
            formed = value is None or (len(value.encode()) <= 254 and is_way(value))
            self._must(41, f"contact.{name}", formed)

    def _personal(self) -> None:
        """Goes over every text, but those that are meant to hold addresses. Tables may be nested deeper than calls."""
        waiting: list[tuple[str, Any]] = [("", self._tables)]
        while waiting:
            path, value = waiting.pop()
            if path in _NOT_GONE_OVER:
                continue
            if isinstance(value, dict):
                waiting += [
                    (f"{path}.{name}".lstrip(".")[:_PATH_CHARACTERS_MAX], inner) for name, inner in value.items()
                ]
            elif isinstance(value, list):
                waiting += [(path, inner) for inner in value]
            elif isinstance(value, str):
                self._must(42, path, personal.find(value) is None)
        for comment in toml_text.comments(self._text):
            self._must(42, "a comment", personal.find(comment) is None)


def _is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text) is not None and 3 <= sum(char in personal.DIGITS for char in text) <= 15


def _is_email(text: str) -> bool:
    hit = personal.find(text)
    return hit is not None and hit.kind == 0 and (hit.start, hit.end) == (0, len(text))


def _is_url(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    domain = re.split("[/?#]", rest, maxsplit=1)[0]
    return scheme in ("http", "https") and is_domain(domain) and not _NOT_IN_URLS.search(text)
