"""`tools/verify`: the command line of the verifier."""

import argparse
import json
import os
import sys
import time
import traceback
import unittest
from collections.abc import Iterator
from pathlib import Path

from verifier import alone, batch
from verifier.audit import Held, audit
from verifier.chain import Anchor
from verifier.files import is_file, read
from verifier.limits import (
    CHECKPOINT_BYTES_MAX,
    FIRST_LINE_BYTES_MAX,
    FORK_BYTES_MAX,
    MESSAGE_BYTES_MAX,
    PAGE_BYTES_MAX,
    POLICY_BYTES_MAX,
    PROMISE_BYTES_MAX,
    PROMISES_MAX,
    RECEIPT_BYTES_MAX,
)
from verifier.note import VerifierKey
from verifier.policy import NoPolicy, Policy
from verifier.report import NOT_SO, UNFINISHED, WELL, WRONG_INPUT
from verifier.source import opened

_AFTER = """\
A receipt, a promise or a fork is known by its first line, and judged without a ledger as far as that goes.

Keys, anchors, policy and checkpoints must come from somewhere else than what is verified. Exit codes: 0 all verified,
1 a check failed, 2 wrong usage or input, 3 could not finish, 4 nothing failed, but not everything could be verified.

Examples: tools/verify coalition.export --operator-key "ur-operator+5c1e0000+AbC…" --anchor 48211:77ab…
          tools/verify my.tlog-proof --policy policy"""


class _WrongInput(Exception):
    """Something that was given cannot be used; the message says what."""


def main() -> int:
    """Verifies what the command line names, and returns the exit code."""
    arguments = _arguments().parse_args()
    try:
        return _run(arguments)
    except _WrongInput as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except (OSError, MemoryError) as error:
        print(f"error: could not finish: {error}", file=sys.stderr)
        return UNFINISHED
    except Exception:
        # Python's own exit code would be 1, which says that a check failed.
        traceback.print_exc()
        print("error: could not finish: this is a mistake in tools/verify; please report it", file=sys.stderr)
        return UNFINISHED


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/verify",
        description="Check a Sijill ledger, or a proof from one, with code written from docs/SPEC.md alone.",
        epilog=_AFTER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = "an export, the folder of a published poll, a receipt, a promise, or a fork"
    parser.add_argument("file", nargs="?", type=Path, metavar="SOURCE", help=what)
    for name, kind, shown, what in (
        ("--operator-key", _key, "VKEY", "public key of an operator whom you expect; repeatable"),
        ("--anchor", _anchor, "INDEX:LINK", "an entry and its link that you noted before; repeatable"),
        ("--promise", Path, "FILE", "a promise file that a respondent was given, or a folder of them; repeatable"),
        ("--receipt", Path, "FILE", "a receipt that a respondent took away, or a folder of them; repeatable"),
        ("--page", Path, "FILE", "an answer page that a respondent saved, or a folder of them; repeatable"),
        ("--message", Path, "FILE", "a message that a respondent was sent, with its link or that without its last part, or a folder of them; repeatable"),
        ("--checkpoint", Path, "FILE", "a checkpoint that you kept from before, or a folder of them; repeatable"),
    ):
        parser.add_argument(name, action="append", default=[], type=kind, metavar=shown, help=what)
    parser.add_argument("--policy", type=Path, metavar="FILE", help="whose logs and witnesses you trust (C2SP tlog-policy)")
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.add_argument("--now", type=int, metavar="UNIX_MS", help="the clock, for tests (default: this machine's)")
    parser.add_argument("--self-test", action="store_true", help="for tests: run the verifier's own tests")
    parser.add_argument("--cases", type=Path, metavar="DIR", help="for tests: a line for each case in a folder")
    return parser


def _key(text: str) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key is None:
        raise argparse.ArgumentTypeError("not a verifier key: expected `name+hash+base64`")
    return key


def _anchor(text: str) -> Anchor:
    anchor = Anchor.parse(text)
    if anchor is None:
        raise argparse.ArgumentTypeError("not an anchor: expected `INDEX:LINK`, the link in 64 hexadecimal digits")
    return anchor


def _run(arguments: argparse.Namespace) -> int:
    processes = os.cpu_count() or 1
    if arguments.cases is not None:
        return _cases(arguments.cases, processes)
    if arguments.self_test:
        return _self_test()
    if arguments.file is None:
        raise _WrongInput("name what to verify, such as an export file; `--help` shows an example")
    policy = _policy(arguments.policy) if arguments.policy is not None else None
    start = _start(arguments.file)
    judge = alone.kind_of(start)
    if judge is not None:
        return _alone(judge, arguments, policy)
    if alone.is_of_no_kind(start):
        known = alone.first_lines()
        raise _WrongInput(f"`{arguments.file}` is no export, and its first line is none of {known}")
    now = time.time_ns() // 1_000_000 if arguments.now is None else arguments.now
    texts = _texts(arguments.promise, PROMISE_BYTES_MAX)
    pages, messages = _texts(arguments.page, PAGE_BYTES_MAX), _texts(arguments.message, MESSAGE_BYTES_MAX)
    receipts = list(_files(arguments.receipt, RECEIPT_BYTES_MAX))
    checkpoints = list(_files(arguments.checkpoint, CHECKPOINT_BYTES_MAX))
    held = Held(now, arguments.operator_key, arguments.anchor, texts, policy, receipts, checkpoints, pages, messages)
    with opened(arguments.file) as source:
        report = audit(source, held, processes)
    print(json.dumps(report.as_json(), ensure_ascii=False) if arguments.json else report.as_text(), flush=True)
    return report.exit_code()


def _alone(judge: alone.Judge, arguments: argparse.Namespace, policy: Policy | None) -> int:
    """A file that is no ledger."""
    for name in ("operator_key", "anchor", "promise", "receipt", "checkpoint", "page", "message"):
        if getattr(arguments, name):
            raise _WrongInput(f"--{name.replace('_', '-')} needs a ledger, and `{arguments.file}` is none")
    verdict = judge(read(arguments.file, FORK_BYTES_MAX) or b"", policy)
    said = {"exit_code": verdict.exit_code, "says": verdict.lines}
    print(json.dumps(said, ensure_ascii=False) if arguments.json else "\n".join(verdict.lines), flush=True)
    return verdict.exit_code


def _start(path: Path) -> bytes:
    """The first bytes of a file; of a folder, none."""
    if path.is_dir():
        if not (path / "checkpoint").exists() and not (path / "tile").exists():
            raise _WrongInput(f"`{path}` is no folder of a published poll: it has neither `checkpoint` nor `tile`")
        return b""
    if not is_file(path):
        raise _WrongInput(f"cannot read `{path}`: there is no such file")
    try:
        return (read(path, FIRST_LINE_BYTES_MAX) or b"")
    except OSError as error:
        raise _WrongInput(f"cannot read `{path}`: {error.strerror}") from None


def _policy(path: Path) -> Policy:
    try:
        return Policy.parse(_given(path, POLICY_BYTES_MAX))
    except NoPolicy as error:
        raise _WrongInput(f"`{path}` is no policy: {error}") from None


def _cases(folder: Path, processes: int) -> int:
    for line in batch.opinions(folder, processes):
        print(line)
    return WELL


def _self_test() -> int:
    package = Path(__file__).parent
    tests = unittest.defaultTestLoader.discover(str(package / "tests"), top_level_dir=str(package.parent))
    return WELL if unittest.TextTestRunner().run(tests).wasSuccessful() else NOT_SO


def _files(paths: list[Path], limit: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file, those of a folder in order. One that is too long is cut, and judged so."""
    count = 0
    for path in paths:
        files = sorted(inner for inner in path.iterdir() if inner.is_file()) if path.is_dir() else [path]
        if not files:
            raise _WrongInput(f"the folder `{path}` holds no file to check; name another, or leave it out")
        count += len(files)
        if count > PROMISES_MAX:
            raise _WrongInput(f"more than {PROMISES_MAX} files of one kind in one run; verify them in parts")
        for file in files:
            yield str(file), _given(file, limit)


def _texts(paths: list[Path], limit: int) -> list[tuple[str, str]]:
    """Name and text of each file."""
    return [(name, data.decode("utf-8", errors="replace")) for name, data in _files(paths, limit)]


def _given(path: Path, limit: int) -> bytes:
    if path.exists() and not is_file(path):
        raise _WrongInput(f"cannot read `{path}`: it is no ordinary file")
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise _WrongInput(f"cannot read `{path}`: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
