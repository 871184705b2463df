"""docs/vectors.json, the vectors of the specification."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[3] / "docs" / "vectors.json"


def part(name: str) -> dict[str, Any]:
    """This part of the file."""
    vectors: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))[name]
    return vectors


def unhex(value: str) -> bytes:
    """Bytes of hexadecimal digits."""
    return bytes.fromhex(value)
