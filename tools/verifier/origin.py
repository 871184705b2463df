"""Names of ledgers (SPEC section 2): `host[:port]/path`."""

import re

from verifier.limits import ORIGIN_BYTES_MAX

# RFC 1123's labels, lower case; a port without leading zero; RFC 3986's unreserved characters.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::(?P<port>[1-9][0-9]{{0,4}}))?", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)


def is_origin(name: str) -> bool:
    """Whether this is the name of a ledger."""
    domain, slash, path = name.partition("/")
    return len(name.encode()) <= ORIGIN_BYTES_MAX and bool(slash) and is_domain(domain) and _is_path(path)


def is_domain(name: str) -> bool:
    """Whether this is a host with or without port, as an origin begins."""
    found = _DOMAIN.fullmatch(name)
    return found is not None and int(found["port"] or 1) <= 65_535


def _is_path(path: str) -> bool:
    """Whether this is one or more non-empty segments, as an origin ends."""
    return all(_SEGMENT.fullmatch(segment) and segment not in (".", "..") for segment in path.split("/"))
