"""One copy of a model in a process of its own: what runs there. How it is started and spoken to stands in ``replicas.py``."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from ...errors import ModelError, SelfAmplifyError
from ...work.memory import Compute, one_by_one
from ..local.model import LocalModel

_here: list[LocalModel] = []


def here() -> LocalModel:
    """The model of this process: what a replicated model becomes where work arrives that asks it."""
    if not _here:
        raise ModelError("A replicated model can't be sent to a process that is no replica; use load_replicas there.")
    return _here[0]


@dataclass(frozen=True)
class Description:
    """What all replicas must agree in, and where this one is."""

    name: str
    context: int
    window: int
    fingerprint: str
    version: str
    tokenizer: PreTrainedTokenizerBase
    host: str
    process: int


@dataclass(frozen=True)
class Outcome:
    """What came of a batch: each item's place and record, and the error that ended it, if one did."""

    records: list[tuple[int, Any]]
    error: SelfAmplifyError | None = None


class Replica:
    """The model of this process, on ``threads`` threads."""

    def __init__(self, threads: int):
        torch.set_num_threads(threads)

    def load(self, load: Callable[[], LocalModel]) -> Description | SelfAmplifyError:
        """Load the model. An error that its user can cure is given back as a value, as it is."""
        try:
            model = load()
        except SelfAmplifyError as error:
            return error
        _here[:] = [model]
        return Description(
            model.name,
            model.context,
            model.window,
            model.fingerprint,
            version("selfamplify"),
            model.tokenizer,
            platform.node(),
            os.getpid(),
        )

    def work(self, compute: Compute[Any, Any], batch: Sequence[Any]) -> Outcome:
        """Compute a batch."""
        records: list[tuple[int, Any]] = []
        try:
            for _, place, record in one_by_one(compute, [batch]):
                records.append((place, record))
        except SelfAmplifyError as error:
            return Outcome(records, error)
        return Outcome(records)
