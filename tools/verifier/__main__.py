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

from verifier import batch
from verifier.audit import Held, audit
from verifier.chain import Anchor
from verifier.limits import PROMISE_BYTES_MAX, PROMISES_MAX
from verifier.note import VerifierKey
from verifier.report import NOT_SO, UNFINISHED, WELL, WRONG_INPUT

_AFTER = """\
Keys and anchors must come from somewhere else than what is verified. Exit codes: 0 all verified, 1 a check failed,
2 wrong usage or input, 3 could not finish, 4 nothing failed, but not everything could be verified.

Example: tools/verify coalition.export --operator-key "ur-operator+5c1e0000+AbC…" --anchor 48211:77ab…"""


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
        description="Check an export of a Sijill ledger, with code written from docs/SPEC.md alone.",
        epilog=_AFTER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", nargs="?", type=Path, help="the export file")
    for name, kind, shown, what in (
        ("--operator-key", _key, "VKEY", "public key of an operator whom you expect; repeatable"),
        ("--anchor", _anchor, "INDEX:LINK", "an entry and its link that you noted before; repeatable"),
        ("--promise", Path, "FILE", "a promise file that a respondent was given, or a folder of them; repeatable"),
    ):
        parser.add_argument(name, action="append", default=[], type=kind, metavar=shown, help=what)
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
        raise _WrongInput("name the export file to verify; `--help` shows an example")
    now = time.time_ns() // 1_000_000 if arguments.now is None else arguments.now
    held = Held(now, arguments.operator_key, arguments.anchor, list(_promises(arguments.promise)))
    try:
        file = arguments.file.open("rb")
    except OSError as error:
        raise _WrongInput(f"cannot read `{arguments.file}`: {error.strerror}") from None
    with file:
        report = audit(file, held, processes)
    print(json.dumps(report.as_json(), ensure_ascii=False) if arguments.json else report.as_text(), flush=True)
    return report.exit_code()


def _cases(folder: Path, processes: int) -> int:
    for line in batch.opinions(folder, processes):
        print(line)
    return WELL


def _self_test() -> int:
    package = Path(__file__).parent
    tests = unittest.defaultTestLoader.discover(str(package / "tests"), top_level_dir=str(package.parent))
    return WELL if unittest.TextTestRunner().run(tests).wasSuccessful() else NOT_SO


def _promises(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Name and text of each promise, those of a folder in order. One that is too long, or no text, is judged so."""
    count = 0
    for path in paths:
        try:
            files = sorted(inner for inner in path.iterdir() if inner.is_file()) if path.is_dir() else [path]
            count += len(files)
            if count > PROMISES_MAX:
                raise _WrongInput(f"more than {PROMISES_MAX} promises in one run; verify them in parts")
            for file in files:
                with file.open("rb") as opened:
                    yield str(file), opened.read(PROMISE_BYTES_MAX + 1).decode("utf-8", errors="replace")
        except OSError as error:
            raise _WrongInput(f"cannot read the promise `{path}`: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
