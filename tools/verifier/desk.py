"""Where signatures are checked: at once, or in batches on the machine's other cores while the ledger is read on.

Of a batch, the ordinary verifier answers first. What it refuses is looked at again with the cofactor, until
`SECOND_LOOKS_MAX` were refused for good: by then the check has failed, and a file of bad signatures costs no more time
than one of good ones.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from verifier.limits import SECOND_LOOKS_MAX, SIGNATURES_AT_ONCE
from verifier.signature import verify_quickly, verify_slowly

# Public key, signature, message.
Signed = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Job:
    signed: Signed
    # Called where the signature is not good.
    refuse: Callable[[], None]


class Desk:
    """Takes signatures, and calls back for those that are not good, at the latest when it is left."""

    def __init__(self, processes: int) -> None:
        """With one process, this one does the work."""
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: list[_Job] = []
        self._away: deque[tuple[list[_Job], Future[list[int]]]] = deque()
        self._refused = 0

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def take(self, key: bytes, signature: bytes, message: bytes, refuse: Callable[[], None]) -> None:
        """Checks a signature now or later."""
        self._waiting.append(_Job((key, signature, message), refuse))
        if len(self._waiting) == SIGNATURES_AT_ONCE:
            self._send()

    def finish(self) -> None:
        """Checks what still waits."""
        self._judge(self._waiting, refused([job.signed for job in self._waiting]))
        self._waiting = []
        while self._away:
            self._collect()

    def _send(self) -> None:
        jobs, self._waiting = self._waiting, []
        signed = [job.signed for job in jobs]
        if self._processes == 1:
            self._judge(jobs, refused(signed))
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"))
        self._away.append((jobs, self._pool.submit(refused, signed)))
        # A few batches each, so that memory has a bound and nobody waits.
        while len(self._away) > 4 * self._processes:
            self._collect()

    def _collect(self) -> None:
        jobs, answer = self._away.popleft()
        self._judge(jobs, answer.result())

    def _judge(self, jobs: list[_Job], places: list[int]) -> None:
        for job in (jobs[place] for place in places):
            if self._refused < SECOND_LOOKS_MAX and verify_slowly(*job.signed):
                continue
            self._refused += 1
            job.refuse()


def refused(signed: list[Signed]) -> list[int]:
    """The places of those that the ordinary verifier refuses."""
    return list(_refused(signed))


def _refused(signed: list[Signed]) -> Iterator[int]:
    for place, (key, signature, message) in enumerate(signed):
        if not verify_quickly(key, signature, message):
            yield place
