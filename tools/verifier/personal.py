"""What looks like personal data in a text (SPEC section 6): e-mail and IP addresses, phone numbers.

The rules' numbers (E1, F1, S1, P1, …) are the specification's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = ("an e-mail address", "an IPv4 address", "an IPv6 address", "a phone number")


@dataclass(frozen=True, order=True, slots=True)
class Hit:
    """The first thing in a text that looks like personal data: where it begins and ends, in code points."""

    start: int
    kind: int
    end: int

    def what(self) -> str:
        """What it looks like. The text itself is never repeated."""
        return KINDS[self.kind]


def find(text: str) -> Hit | None:
    """The hit that begins first; of two that begin together, the one of the kind named first."""
    finders = enumerate((_email, _ipv4, _ipv6, _phone))
    found = ((kind, finder(text)) for kind, finder in finders)
    return min((Hit(place[0], kind, place[1]) for kind, place in found if place), default=None)


_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]")
_DOMAIN = re.compile(r"[A-Za-z0-9.\u00a1-\U0010ffff-]+")


def _email(text: str) -> tuple[int, int] | None:
    """E1 to E3. No local character is an `@`, so hits begin in the order of their `@`, and every character is looked at
    once for each side."""
    at = text.find("@")
    while at >= 0:
        behind = _DOMAIN.match(text, at + 1)
        domain = behind[0].rstrip(".-") if behind else ""
        start = at
        while start and _LOCAL.match(text, start - 1):
            start -= 1
        if start < at and "." in domain[1:-2]:
            return start, at + 1 + len(domain)
        at = text.find("@", at + 1)
    return None


_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![0-9])(?<![0-9]\.){_OCTET}(?:\.{_OCTET}){{3}}(?![0-9])(?!\.[0-9])")


def _ipv4(text: str) -> tuple[int, int] | None:
    """F1 and F2."""
    found = _IPV4.search(text)
    return found.span() if found else None


_HEX_RUN = re.compile(r"[0-9A-Fa-f:]+")
_WORD = re.compile(r"[A-Za-z0-9_]")
_IPV6_GROUP = re.compile(r"[0-9A-Fa-f]{1,4}")


def _ipv6(text: str) -> tuple[int, int] | None:
    """S1 to S3."""
    for found in _HEX_RUN.finditer(text):
        start, end = found.span()
        run = found[0]
        if run.endswith(":") and not run.endswith("::"):
            run, end = run[:-1], end - 1
        bounded = not _WORD.match(text[start - 1 : start]) and not _WORD.match(text, end)
        if bounded and _is_ipv6(run):
            return start, end
    return None


def _is_ipv6(run: str) -> bool:
    if "::" not in run:
        groups = run.split(":")
        return len(groups) == 8 and _are_groups(groups)
    left, _, right = run.partition("::")
    groups = [group for side in (left, right) if side for group in side.split(":")]
    return 1 <= len(groups) <= 7 and _are_groups(groups)


def _are_groups(groups: list[str]) -> bool:
    return all(_IPV6_GROUP.fullmatch(group) for group in groups)


# P1, and the value of each digit.
DIGITS = "0123456789" + "".join(map(chr, range(0x660, 0x66A))) + "".join(map(chr, range(0x6F0, 0x6FA)))
_TO_ASCII = str.maketrans(DIGITS, "0123456789" * 3)
_GROUP = re.compile(f"[{DIGITS}]+")
# P3: one separator, or two of which exactly one is a bracket.
_OTHER = " \u00a0\u2011./-"
_BETWEEN = re.compile(rf"[(){_OTHER}]|[()][{_OTHER}]|[{_OTHER}][()]")
# P4
_OF_TIMES = ":,\u066b\u066c"
_TIME_BEFORE = re.compile(f"[{DIGITS}][{_OF_TIMES}]")
_TIME_AFTER = re.compile(f"[{_OF_TIMES}][{DIGITS}]")
_CANDIDATE_DIGITS_MAX = 15
# P11
_ALONE_DIGITS_MIN = 10
# The longest hit: P9's `00` and 15 digits.
_HIT_DIGITS_MAX = 17


@dataclass(frozen=True, slots=True)
class _Group:
    """P2: a run of digits, as ASCII, and where it stands."""

    digits: str
    start: int
    end: int


def _phone(text: str) -> tuple[int, int] | None:
    for candidate in _candidates(text):
        first = candidate[0]
        sign = 1 if text.endswith("+", 0, first.start) else 2 if text.endswith("+(", 0, first.start) else 0
        end = _hit(text, candidate, plus=sign > 0)
        if end is not None:
            return first.start - sign, end
        if sum(len(group.digits) for group in candidate) <= _CANDIDATE_DIGITS_MAX:
            continue
        for place in range(1, len(candidate)):
            if not candidate[place].digits.startswith("0") and len(candidate[place].digits) < _ALONE_DIGITS_MIN:
                continue
            end = _hit(text, candidate[place : place + _HIT_DIGITS_MAX], plus=False)
            if end is not None:
                return candidate[place].start, end
    return None


def _candidates(text: str) -> Iterator[list[_Group]]:
    """P6: rows of groups that P3 joins and P4 and P5 do not take out."""
    row: list[_Group] = []
    for group in _without_dates(text, _groups(text)):
        if group is not None and row and _BETWEEN.fullmatch(text, row[-1].end, group.start):
            row.append(group)
            continue
        if row:
            yield row
        row = [group] if group is not None else []
    if row:
        yield row


def _groups(text: str) -> list[_Group | None]:
    """The text's groups; None where P4 takes one out."""
    return [
        None if _is_of_time(text, found) else _Group(found[0].translate(_TO_ASCII), *found.span())
        for found in _GROUP.finditer(text)
    ]


def _is_of_time(text: str, group: re.Match[str]) -> bool:
    start, end = group.span()
    if end - start > 3:
        return False
    before = start >= 2 and _TIME_BEFORE.match(text, start - 2)
    return bool(before or _TIME_AFTER.match(text, end))


def _without_dates(text: str, groups: list[_Group | None]) -> Iterator[_Group | None]:
    """P5: None for every group of a date."""
    at = 0
    while at < len(groups):
        if _is_date(text, groups[at : at + 3]):
            yield from (None, None, None)
            at += 3
        else:
            yield groups[at]
            at += 1


def _is_date(text: str, groups: list[_Group | None]) -> bool:
    if len(groups) < 3 or groups[0] is None or groups[1] is None or groups[2] is None:
        return False
    first, second, third = groups[0], groups[1], groups[2]
    between = text[first.end : second.start]
    if between not in ("-", ".", "/") or text[second.end : third.start] != between:
        return False
    outer = (first, third) if _is_year(first) else (third, first)
    return _is_year(outer[0]) and _is_day(outer[1]) and _is_day(second)


def _is_year(group: _Group) -> bool:
    return len(group.digits) == 4 and 1900 <= int(group.digits) <= 2099


def _is_day(group: _Group) -> bool:
    return len(group.digits) <= 2 and 1 <= int(group.digits) <= 31


def _hit(text: str, row: list[_Group], plus: bool) -> int | None:
    """P7: where the shortest row from the first group on ends for which one of P8 to P11 holds."""
    digits = ""
    alone = row[0].digits == "0" and text[row[0].end : row[0].end + 1] == "."
    for place, group in enumerate(row):
        digits += group.digits
        if (plus and 8 <= len(digits) <= 15) or _is_number(digits, alone):
            return group.end
        if place == 0 and len(digits) >= _ALONE_DIGITS_MIN:
            return group.end
        if len(digits) > _HIT_DIGITS_MAX:
            return None
    return None


def _is_number(digits: str, alone: bool) -> bool:
    """P9 and P10."""
    if re.match("00[1-9]", digits):
        return 8 <= len(digits) - 2 <= 15
    return bool(re.match("0[1-9]", digits)) and not alone and 9 <= len(digits) <= 12
