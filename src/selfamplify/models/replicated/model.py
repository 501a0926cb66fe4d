"""A model as copies of it on a Ray cluster, one per process.

This process, the driver, holds a tokenizer and no weights, and keeps all results.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Unpack

from ...arguments import check_whole
from ...errors import ModelError
from ...records import Chat, Decoding, Encoded, Generation, NextToken, Value
from ...work.stage import Compute, Item, Record
from ..local.chat import Encoder, control_tokens
from ..local.load import LoadOptions, load_model
from ..local.origin import EMBEDDED, absolute
from ..model import AbstractLanguageModel, Likelihoods
from .cluster import LOCAL, Share, connected, room
from .replica import Description
from .workers import RayWorkers

_READ = 32
"""Chats whose next token is requested together."""


class ReplicatedModel(AbstractLanguageModel):
    """Replicas of one model, loaded by ``load_replicas``; ``close``, or the end of a ``with``, releases them.

    A process that dies is replaced, and its batch computed again by whichever replica is free. Records are the same whoever
    computes them, as long as devices and threads are alike; replicas that differ in weights, versions or kind of device are
    refused.

    Parameters
    ----------
    workers : RayWorkers
        The replicas, of which at least one has loaded the model.
    """

    label_value: Value = "logit"
    likelihoods: Likelihoods = "texts"

    def __init__(self, workers: RayWorkers):
        first = workers.members[0]
        self.name, self.context, self.window, self._fingerprint = first.name, first.context, first.window, first.fingerprint
        self._workers = workers
        self._encoder = Encoder(first.tokenizer)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def workers(self) -> RayWorkers:
        return self._workers

    @property
    def replicas(self) -> int:
        """How many there are."""
        return self._workers.count

    @property
    def share(self) -> Share:
        """What each of them takes of the cluster."""
        return self._workers.share

    @property
    def members(self) -> list[Description]:
        """Every process that has loaded the model so far, dead ones included."""
        return self._workers.members

    @property
    def control_tokens(self) -> frozenset[str]:
        return control_tokens(self._encoder.tokenizer)

    def encode(self, chat: Chat) -> Encoded:
        return self._encoder.encode(chat)

    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        asked = list(zip(chats, answers, strict=True))
        found = dict(self._spread(_next_tokens, asked, _READ))
        return [found[place] for place in range(len(asked))]

    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        return self._spread(partial(_generated, decoding), list(zip(encoded, seeds, strict=True)), self.window)

    def _spread(self, compute: Compute[Item, Record], items: Sequence[Item], size: int) -> Iterator[tuple[int, Record]]:
        batches = (items[start : start + size] for start in range(0, len(items), size))
        return ((number * size + place, record) for number, place, record in self._workers.work(compute, batches))

    def close(self) -> None:
        """End the replicas' processes, which frees their share of the cluster."""
        self._workers.close()

    def __enter__(self) -> "ReplicatedModel":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        raise ModelError(f"The replicas of {self.name} can't be sent to another process; load them there with `load_replicas`.")


def _next_tokens(model: AbstractLanguageModel, asked: Sequence[tuple[Chat, Sequence[str]]]) -> Iterable[tuple[int, NextToken]]:
    return enumerate(model.next_token([chat for chat, _ in asked], [answers for _, answers in asked]))


def _generated(
    decoding: Decoding, model: AbstractLanguageModel, asked: Sequence[tuple[Encoded, int]]
) -> Iterable[tuple[int, Generation]]:
    return model.generated([encoded for encoded, _ in asked], decoding, [seed for _, seed in asked])


def load_replicas(
    name: str | Path = EMBEDDED,
    *,
    ray: str = LOCAL,
    replicas: int | None = None,
    cpus: int = 1,
    gpus: float | None = None,
    **options: Unpack[LoadOptions],
) -> ReplicatedModel:
    """Load copies of a causal language model on a Ray cluster.

    The result takes the place of a model everywhere but in ``attribute``.

    Parameters
    ----------
    name : str or Path
        As for ``load_model``; a folder or file must exist on every machine of the cluster.
    ray : str
        The address of the cluster; ``"local"`` (the default) starts one on this machine.
    replicas : int, optional
        How many copies; by default as many as fit.
    cpus : int
        CPU cores, and threads, per replica; by default 1.
    gpus : float, optional
        GPUs per replica; a fraction lets several share one. By default 1 if the cluster has GPUs and the device allows it.
    **options
        The other parameters of ``load_model``: ``dtype``, ``device``, ``batch_tokens``, ``window``, ``device_map``,
        ``quantize``. A ``window`` should leave several batches of questions for each replica.

    Returns
    -------
    ReplicatedModel

    Raises
    ------
    SettingsError
        If Ray is not installed, or no replica fits.
    ModelError
        If no cluster answers, or the model can't be loaded there.
    """
    if replicas is not None:
        check_whole("replicas", replicas, 1, 2)
    check_whole("cpus", cpus, 1, 1)
    cluster = connected(ray)
    if gpus is None:
        wanted = options.get("device", "auto").startswith(("auto", "cuda")) and cluster.cluster_resources().get("GPU")
        gpus = 1.0 if wanted else 0.0
    share = Share(cpus, gpus)
    count = replicas or room(cluster, share)
    return ReplicatedModel(RayWorkers(cluster, partial(load_model, absolute(name), **options), count, share))
