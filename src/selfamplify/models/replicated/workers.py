"""Replicas as workers: batches go to whichever replica is free, and a process that dies is replaced."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from types import ModuleType
from typing import Any

from ...errors import ModelError, SelfAmplifyError
from ...text.lines import counted, first_line, last_line
from ...work.stage import Compute, Item, Record
from ...work.workers import AbstractWorkers, Computed
from ..local.model import LocalModel
from .cluster import Share
from .replica import Description, Outcome, Replica

_ATTEMPTS = 3
"""After this many dead processes, a batch or the loading of the model is given up."""
_PATIENCE = 600.0
"""Seconds to wait for a first process."""


@dataclass(eq=False)
class _Lane:
    """A replica: ``started`` and ``loading`` are Ray's references to the start of its process and to its Description; ``lost``
    counts the processes that died while loading."""

    actor: Any = None
    started: Any = None
    loading: Any = None
    ready: bool = False
    lost: int = 0


@dataclass
class _Unit:
    """A batch of work, its number, and how many processes died while computing it."""

    number: int
    batch: Sequence[Any]
    lost: int = 0


class RayWorkers(AbstractWorkers):
    """``count`` replicas of the model that ``load`` loads, each with its ``share`` of a Ray cluster.

    Raises ModelError if no replica starts, or they differ in weights, versions or kind of device; then all are released.
    """

    def __init__(self, ray: ModuleType, load: Callable[[], LocalModel], count: int, share: Share):
        self._ray = ray
        self._load = load
        self.share = share
        self.members: list[Description] = []
        self._lanes = [_Lane() for _ in range(count)]
        try:
            for lane in self._lanes:
                self._start(lane)
            while not self.members:
                self._settled([])
        except BaseException:  # also a keyboard interrupt: whoever holds the error would otherwise keep the CPUs from others
            self.close()
            raise

    @property
    def count(self) -> int:
        """How many replicas there are, loading ones included."""
        return len(self._lanes)

    def work(self, compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Computed[Record]:
        """Each replica has one batch at a time, and takes the next one when it has returned that."""
        if not self._lanes:
            raise ModelError("The replicas are closed; load them again with `load_replicas`.")
        work = self._ray.put(compute)
        units = (_Unit(number, batch) for number, batch in enumerate(batches))
        upcoming = next(units, None)
        running: dict[Any, tuple[_Lane, _Unit]] = {}
        while upcoming or running:
            busy = [lane for lane, _ in running.values()]
            for lane in self._lanes:
                if upcoming and lane.ready and lane not in busy:
                    running[lane.actor.work.remote(work, upcoming.batch)] = lane, upcoming
                    upcoming = next(units, None)
            done = self._settled(list(running))
            if done is None:
                continue
            lane, unit = running.pop(done)
            outcome = self._outcome(done, lane, unit)
            if outcome is None and upcoming is None:
                upcoming = unit
            elif outcome is None:
                units = chain([unit], units)
            else:
                yield from ((unit.number, place, record) for place, record in outcome.records)
                if outcome.error is not None:
                    raise outcome.error

    def _outcome(self, done: Any, lane: _Lane, unit: _Unit) -> Outcome | None:
        """The result of a unit; None if its process died, which is then replaced."""
        try:
            return self._ray.get(done)
        except self._deaths as error:
            unit.lost += 1
            self._replace(lane)
            if unit.lost == _ATTEMPTS:
                raise ModelError(
                    f"A batch of {counted(len(unit.batch), 'item')} ended {_ATTEMPTS} replicas ({first_line(error)}); if they "
                    f"ran out of memory, use a smaller `batch_tokens` or `window`, or fewer `replicas` per machine."
                ) from error
            return None
        except self._ray.exceptions.RayTaskError as error:
            raise _failed(error) from error

    def _settled(self, running: Sequence[Any]) -> Any | None:
        """Wait until work is done, and return its reference; or until a replica has loaded its model, and return None."""
        loading = {lane.loading: lane for lane in self._lanes if not lane.ready}
        done, _ = self._ray.wait([*running, *loading], timeout=None if running else _PATIENCE)
        try:
            if not done:
                self._check_started()
                return None
            if done[0] not in loading:
                return done[0]
            self._join(loading[done[0]])
        except SelfAmplifyError:  # whoever holds the error would otherwise keep the refused replicas alive
            self.close()
            raise
        return None

    def _check_started(self) -> None:
        """Raise ModelError unless a process has started, which may take its time to load the model."""
        started, _ = self._ray.wait([lane.started for lane in self._lanes], timeout=0)
        if not started:
            raise ModelError(
                f"No replica started within {_PATIENCE:.0f} s, each taking {self.share} of the cluster; use fewer `replicas`, "
                f"smaller `cpus` or `gpus`, or wait until other work has finished."
            )

    def _join(self, lane: _Lane) -> None:
        """Take in a replica that has loaded its model, or replace one that died while loading."""
        try:
            found: Description | SelfAmplifyError = self._ray.get(lane.loading)
        except self._deaths as error:
            lane.lost += 1
            if lane.lost == _ATTEMPTS:
                raise ModelError(
                    f"No replica could load the model in {_ATTEMPTS} attempts ({last_line(error)}); check that selfamplify is "
                    f"installed on all machines of the cluster, and that the model fits their memory."
                ) from error
            self._replace(lane)
            return
        except self._ray.exceptions.RayTaskError as error:
            raise _failed(error) from error
        if isinstance(found, SelfAmplifyError):
            raise found
        self._check(found)
        self.members.append(found)
        lane.ready, lane.lost = True, 0

    def _check(self, found: Description) -> None:
        """Raise ModelError for a replica of another version or with another fingerprint than the first."""
        if found.version != version("selfamplify"):
            raise ModelError(
                f"{found.host} has selfamplify {found.version}, and this process {version('selfamplify')}; install the same "
                f"version on both."
            )
        first = self.members[0] if self.members else found
        if found.fingerprint != first.fingerprint:
            raise ModelError(
                f"The replicas on {first.host} and {found.host} differ "
                f"({_difference(first.fingerprint, found.fingerprint)}); use machines of one kind, with the same weights and "
                f"versions."
            )

    def _start(self, lane: _Lane) -> None:
        """Start a process for a replica, which loads the model."""
        resources = {"num_cpus": self.share.cpus, "num_gpus": self.share.gpus or None}
        lane.ready = False
        lane.actor = self._ray.remote(Replica).options(**resources).remote(self.share.cpus)
        lane.started = lane.actor.__ray_ready__.remote()
        lane.loading = lane.actor.load.remote(self._load)

    def _end(self, lane: _Lane) -> None:
        """End a process. Ray also ends it when nothing refers to it, so the references are dropped too."""
        with suppress(Exception):
            self._ray.kill(lane.actor)
        lane.actor = lane.started = lane.loading = None

    def _replace(self, lane: _Lane) -> None:
        self._end(lane)
        self._start(lane)

    @property
    def _deaths(self) -> tuple[type[Exception], ...]:
        """How Ray reports that a process, or its machine, is gone."""
        known = self._ray.exceptions
        return known.RayActorError, known.WorkerCrashedError, known.NodeDiedError, known.ObjectLostError, known.OutOfMemoryError

    def close(self) -> None:
        """End the replicas' processes, which frees their share of the cluster."""
        for lane in self._lanes:
            self._end(lane)
        self._lanes.clear()


def _failed(error: Any) -> ModelError:
    """The error of a replica whose process lives on."""
    return ModelError(
        f"A replica failed ({last_line(error.cause or error)}); if something is missing there, install the same packages on "
        f"all machines of the cluster."
    )


def _difference(one: str, other: str) -> str:
    """What two fingerprints say after their hashes; or that the hashes differ."""
    first, second = one.partition(" ")[2], other.partition(" ")[2]
    return f"{first} and {second}" if first != second else "other weights, or another tokenizer"
