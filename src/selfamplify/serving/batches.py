"""One thread has the model: requests wait for it in a queue, and those that ask for the same kind of work are done together."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .refusals import Refusal
from .work import AbstractWork

GATHER = 0.01
"""Seconds for which a batch is collected, once there is a request."""
_LONGEST_WAIT = 60


@dataclass(frozen=True, eq=False)
class _Job:
    work: AbstractWork
    asked: Any
    done: "Future[Any]" = field(default_factory=Future)

    def settle(self, result: Any) -> None:
        """Hand over a result, or an error, unless the server has given up on the job."""
        with suppress(InvalidStateError):
            self.done.set_exception(result) if isinstance(result, BaseException) else self.done.set_result(result)


class ModelThread:
    """Does the work of many requests on one model, a batch at a time.

    Parameters
    ----------
    together : int
        The most requests of one batch.
    most : int
        The most requests that wait; by default 1,000.
    gather : float
        Seconds for which a batch is collected, by default 0.01.
    """

    def __init__(self, together: int, most: int = 1000, gather: float = GATHER):
        self._together, self._most, self._gather = together, most, gather
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._running: list[_Job] = []
        self._ended = False
        self._last, self._finished = 0.0, 0
        self._thread = threading.Thread(target=self._run, name="selfamplify-model", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many requests wait whose clients have not gone away."""
        return sum(not job.done.cancelled() for job in list(self._waiting))

    @property
    def finished(self) -> int:
        """How many requests were answered or refused by the work itself."""
        return self._finished

    def submit(self, work: AbstractWork, asked: Sequence[Any]) -> list["Future[Any]"]:
        """What will hold the result of each item. Raises Refusal if not all of them find room in the queue."""
        jobs = [_Job(work, each) for each in asked]
        with self._changed:
            if self._ended:
                raise _ending()
            self._waiting = [job for job in self._waiting if not job.done.cancelled()]
            if len(self._waiting) + len(jobs) > self._most:
                raise Refusal(503, f"{len(self._waiting)} requests are waiting; try again later.", wait=self._wait())
            self._waiting += jobs
            self._changed.notify()
        return [job.done for job in jobs]

    def end(self) -> None:
        """Refuse what is waiting and what comes; what is being done is finished."""
        with self._changed:
            self._ended = True
            refused, self._waiting = self._waiting, []
            self._changed.notify()
        for job in refused:
            if job.done.set_running_or_notify_cancel():
                job.settle(_ending())

    def abandon(self) -> None:
        """Refuse what is still being done, too."""
        for job in list(self._running):
            job.settle(_ending())

    def join(self, seconds: float) -> bool:
        """Wait so long for the thread to end; returns whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _wait(self) -> int:
        """After how many seconds there will probably be room: when the batch in work is done, by the time of the last one."""
        return min(_LONGEST_WAIT, 1 + round(self._last))

    def _run(self) -> None:
        while batch := self._next():
            start = time.monotonic()
            self._running = batch
            self._do(batch)
            self._running = []
            self._last = time.monotonic() - start
            self._finished += len(batch)

    def _next(self) -> list[_Job]:
        """The jobs that are done next: the first one that waits, and others of the same work; none when the server ends."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                self._changed.wait_for(lambda: len(self._waiting) >= self._together or self._ended, self._gather)
                if self._ended:
                    return []
                work = self._waiting[0].work
                taken = [job for job in self._waiting if job.work == work][: self._together]
                self._waiting = [job for job in self._waiting if job not in taken]
            if begun := [job for job in taken if job.done.set_running_or_notify_cancel()]:
                return begun

    def _do(self, batch: list[_Job]) -> None:
        """Do the work of a batch; if it fails, each unfinished job is done alone, so that a faulty one fails alone."""
        left = dict(enumerate(batch))
        failure: Exception = RuntimeError("no result")
        try:
            for place, result in batch[0].work.run([job.asked for job in batch]):
                left.pop(place).settle(result)
        except Exception as error:
            failure = error
        for job in left.values():
            if len(batch) > 1 and not job.done.done():
                self._do([job])
            else:
                job.settle(failure)


def _ending() -> Refusal:
    return Refusal(503, "The server is ending; ask it again once it has been started.", wait=5)
