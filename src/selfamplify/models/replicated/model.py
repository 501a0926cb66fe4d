"""A model as many copies of it on a Ray cluster, one a process: batches of work go to whichever is free.

The driver, which is this process, holds a tokenizer and no weights, and keeps all that is to be remembered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from ...errors import ModelError, SelfAmplifyError
from ...records import Chat, Decoding, Generation, NextToken
from ...text.lines import first_line, last_line
from ...work.memory import Compute, Item, Performed, Record
from ..local import chat as chats_of
from ..local.load import EMBEDDED, load_model
from ..local.model import LocalModel
from ..model import AbstractLanguageModel
from .cluster import LOCAL, Share, connected, room
from .replica import Description, Outcome, Replica, here

_ATTEMPTS = 3
"""So many processes a batch, or the loading of the model, may cost before it is given up."""
_PATIENCE = 600.0
"""Seconds to wait for a first replica, where none is at work."""
_READ = 32
"""Chats whose next token is asked for together."""


@dataclass(eq=False)
class _Lane:
    """A replica: ``ready`` when what it is ``loading`` is known; ``lost`` counts the processes that ended at that."""

    actor: Any
    loading: Any
    ready: bool = False
    lost: int = 0


@dataclass
class _Unit:
    """A batch of work, its number, and how many processes have ended at it."""

    number: int
    batch: Sequence[Any]
    lost: int = 0


class ReplicatedModel(AbstractLanguageModel):
    """Replicas of one model, loaded by ``load_replicas``; ``close`` lets go of them, as the end of a ``with`` does.

    A process that dies is replaced, and its batch done again by whichever replica is free. Records are the same whoever
    computes them, as long as devices and threads are alike; replicas that differ in weights, versions or kind of device are
    refused.
    """

    def __init__(self, ray: ModuleType, load: Callable[[], LocalModel], replicas: int, share: Share):
        self._ray = ray
        self._load = load
        self.share = share
        self._lanes = [self._started() for _ in range(replicas)]
        self.members: list[Description] = []
        try:
            while not self.members:
                self._settled([])
        except BaseException:
            self.close()
            raise
        first = self.members[0]
        self.name, self.context, self.window, self._fingerprint = first.name, first.context, first.window, first.fingerprint
        self._tokens = lru_cache(maxsize=512)(lambda chat: chats_of.encode(first.tokenizer, chat).ids)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def replicas(self) -> int:
        return len(self._lanes)

    def tokens(self, chat: Chat) -> tuple[int, ...]:
        return self._tokens(chat)

    def next_token(self, chats: Sequence[Chat], labels: Sequence[Sequence[str]]) -> list[NextToken]:
        asked = list(zip(chats, labels, strict=True))
        found = dict(self._spread(partial(_next_tokens, self), asked, _READ))
        return [found[place] for place in range(len(asked))]

    def generated(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> Iterator[tuple[int, Generation]]:
        return self._spread(partial(_generated, self, decoding), list(zip(chats, seeds, strict=True)), self.window)

    def _spread(self, compute: Compute[Item, Record], items: Sequence[Item], size: int) -> Iterator[tuple[int, Record]]:
        batches = (items[start : start + size] for start in range(0, len(items), size))
        return ((number * size + place, record) for number, place, record in self.perform(compute, batches))

    def perform(self, compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Performed[Record]:
        """Have the replicas do the work: each has one batch at a time, and takes the next one when it has given that back.

        ``compute`` is sent to them; a replicated model that it holds becomes the replica's own there.
        """
        if not self._lanes:
            raise ModelError(f"The replicas of {self.name} have been closed; load them again by load_replicas.")
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
        """What came of a unit; None where its process has died, which is then replaced."""
        try:
            return self._ray.get(done)
        except self._deaths as error:
            unit.lost += 1
            if unit.lost == _ATTEMPTS:
                raise ModelError(
                    f"A batch of {len(unit.batch)} items has ended {_ATTEMPTS} replicas ({first_line(error)}); if they ran "
                    f"out of memory, use a smaller --batch-tokens or --window, or fewer replicas on a machine."
                ) from error
            self._replace(lane)
            return None
        except self._ray.exceptions.RayTaskError as error:
            raise ModelError(
                f"A replica failed ({last_line(error.cause or error)}); if something is missing there, install the same on all "
                f"machines of the cluster."
            ) from error

    def _settled(self, running: Sequence[Any]) -> Any | None:
        """Wait for work that is done and give it; or for a replica that has loaded its model, and give None."""
        loading = {lane.loading: lane for lane in self._lanes if not lane.ready}
        done, _ = self._ray.wait([*running, *loading], timeout=None if running else _PATIENCE)
        if not done:
            raise ModelError(
                f"No replica could be started in {_PATIENCE:.0f} s, each taking {self.share} of the cluster; use fewer "
                f"--replicas, --cpus-per-replica or --gpus-per-replica, or wait until others have finished."
            )
        if done[0] not in loading:
            return done[0]
        self._joined(loading[done[0]])
        return None

    def _joined(self, lane: _Lane) -> None:
        """A replica has loaded its model, or ended at it."""
        try:
            found: Description | SelfAmplifyError = self._ray.get(lane.loading)
        except self._deaths as error:
            lane.lost += 1
            if lane.lost == _ATTEMPTS:
                raise ModelError(
                    f"No replica could load the model, in {_ATTEMPTS} attempts ({last_line(error)}); see that selfamplify is "
                    f"installed on all machines of the cluster, and that the model fits their memory."
                ) from error
            self._replace(lane)
            return
        if isinstance(found, SelfAmplifyError):
            raise found
        if found.version != version("selfamplify"):
            raise ModelError(
                f"{found.host} has selfamplify {found.version}, and this process {version('selfamplify')}; install the same "
                f"there."
            )
        first = self.members[0] if self.members else found
        if found.fingerprint != first.fingerprint:
            raise ModelError(
                f"The replicas on {first.host} and {found.host} differ "
                f"({_difference(first.fingerprint, found.fingerprint)}); use machines of one kind, with the same weights and "
                f"versions."
            )
        self.members.append(found)
        lane.ready, lane.lost = True, 0

    def _started(self) -> "_Lane":
        taken = {"num_cpus": self.share.cpus, "num_gpus": self.share.gpus or None}
        actor = self._ray.remote(Replica).options(**taken).remote(self.share.cpus)
        return _Lane(actor, actor.load.remote(self._load))

    def _replace(self, lane: _Lane) -> None:
        with suppress(Exception):
            self._ray.kill(lane.actor)
        fresh = self._started()
        lane.actor, lane.loading, lane.ready = fresh.actor, fresh.loading, False

    @property
    def _deaths(self) -> tuple[type[Exception], ...]:
        """How Ray tells that a process, or its machine, is gone."""
        known = self._ray.exceptions
        return known.RayActorError, known.WorkerCrashedError, known.NodeDiedError, known.ObjectLostError, known.OutOfMemoryError

    def close(self) -> None:
        """End the replicas' processes, and make their share of the cluster free."""
        for lane in self._lanes:
            with suppress(Exception):
                self._ray.kill(lane.actor)
        self._lanes.clear()

    def __enter__(self) -> "ReplicatedModel":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[[], LocalModel], tuple[()]]:
        return here, ()


def _next_tokens(model: AbstractLanguageModel, asked: Sequence[tuple[Chat, Sequence[str]]]) -> Iterable[tuple[int, NextToken]]:
    return enumerate(model.next_token([chat for chat, _ in asked], [labels for _, labels in asked]))


def _generated(
    model: AbstractLanguageModel, decoding: Decoding, asked: Sequence[tuple[Chat, int]]
) -> Iterable[tuple[int, Generation]]:
    return model.generated([chat for chat, _ in asked], decoding, [seed for _, seed in asked])


def load_replicas(
    name: str | Path = EMBEDDED,
    *,
    ray: str = LOCAL,
    replicas: int | None = None,
    cpus: int = 1,
    gpus: float | None = None,
    dtype: str = "auto",
    device: str = "auto",
    batch_tokens: int | None = None,
    window: int | None = None,
    device_map: str | None = None,
    quantize: str | None = None,
) -> ReplicatedModel:
    """Load copies of a causal language model on the Ray cluster at the address ``ray``; ``"local"`` is this machine.

    ``name`` and all that is not said here are those of ``load_model``; a folder must be there on every machine, and a window
    should leave several batches of questions for each replica. A replica takes ``cpus`` cores and
    ``gpus`` GPUs (None: one, where the cluster has any and the device allows it); there are as many ``replicas`` as have room,
    unless a number is given. The result takes the place of a model everywhere but in ``attribute``. Raises SettingsError where
    Ray is missing or no replica has room, ModelError where no cluster answers or the model can't be loaded there.
    """
    cluster = connected(ray)
    if gpus is None:
        wanted = device.startswith(("auto", "cuda")) and cluster.cluster_resources().get("GPU")
        gpus = 1.0 if wanted else 0.0
    share = Share(cpus, gpus)
    count = replicas or room(cluster, share)
    folder = Path(name).expanduser()
    where = str(folder.resolve()) if str(name) != EMBEDDED and folder.is_dir() else str(name)
    load = partial(
        load_model,
        where,
        dtype=dtype,
        device=device,
        batch_tokens=batch_tokens,
        window=window,
        device_map=device_map,
        quantize=quantize,
    )
    return ReplicatedModel(cluster, load, count, share)


def _difference(one: str, other: str) -> str:
    """What two fingerprints say after their hashes; or that the hashes differ."""
    first, second = one.partition(" ")[2], other.partition(" ")[2]
    return f"{first} and {second}" if first != second else "other weights, or another tokenizer"
