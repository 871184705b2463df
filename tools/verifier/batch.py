"""Many cases in one run, for tests: the start of Python is paid once, and the machine's cores share the work.

A folder holds `NAME.export`, a file or the folder of a published poll, with `NAME.json` beside it (`operator_keys`,
`anchors`, `promises`, `receipts`, `checkpoints`, `pages` and `messages` as pairs of name and text, `policy` as text or
null, `now_ms`), and definitions as `NAME.toml`. Each gives one JSON line, in the order of the names: `case` with `exit_code` and `checks`
(verdicts by number), or for a definition `case` with `rules`, the numbers of the rules that it breaks.
"""

import json
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from verifier.audit import Held, audit
from verifier.chain import Anchor
from verifier.lint import lint
from verifier.note import VerifierKey
from verifier.policy import Policy
from verifier.source import opened

_TOGETHER = 16


def opinions(folder: Path, processes: int) -> Iterator[str]:
    """A line for each case."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".export", ".toml"))
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(opinion, paths, chunksize=_TOGETHER)


def opinion(path: Path) -> str:
    """The line for this case."""
    found = _definition(path) if path.suffix == ".toml" else _export(path)
    return json.dumps({"case": path.stem} | found)


def _export(path: Path) -> dict[str, Any]:
    with opened(path) as source:
        report = audit(source, held(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))))
    return {"exit_code": report.exit_code(), "checks": report.verdicts()}


def _definition(path: Path) -> dict[str, Any]:
    findings, _ = lint(path.read_bytes().decode("utf-8"))
    return {"rules": sorted({finding.rule for finding in findings})}


def held(case: dict[str, Any]) -> Held:
    """What the auditor of this case holds; raises `ValueError` for a key or an anchor that is none."""
    keys = [VerifierKey.parse(text) for text in case["operator_keys"]]
    anchors = [Anchor.parse(text) for text in case["anchors"]]
    if not all(keys) or not all(anchors):
        raise ValueError("a case has a key or an anchor that is none")
    return Held(
        case["now_ms"],
        [key for key in keys if key],
        [anchor for anchor in anchors if anchor],
        [(name, text) for name, text in case["promises"]],
        Policy.parse(case["policy"].encode()) if case.get("policy") is not None else None,
        *([(name, text.encode()) for name, text in case.get(kind, [])] for kind in ("receipts", "checkpoints")),
        *([(name, text) for name, text in case.get(kind, [])] for kind in ("pages", "messages")),
    )
