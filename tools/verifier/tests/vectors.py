"""docs/vectors.json, the vectors of the specification."""

import json
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from verifier.files import Part

_FILE = Path(__file__).parents[3] / "docs" / "vectors.json"


def part(name: str) -> dict[str, Any]:
    """This part of the file."""
    vectors: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))[name]
    return vectors


def unhex(value: str) -> bytes:
    """Bytes of hexadecimal digits."""
    return bytes.fromhex(value)


def file_of(data: bytes) -> BinaryIO:
    """A file with these bytes."""
    file = tempfile.TemporaryFile()
    file.write(data)
    file.seek(0)
    return file


def part_of(data: bytes) -> Part:
    """These bytes, as a part of a file."""
    return Part(file_of(data), 0, len(data))
