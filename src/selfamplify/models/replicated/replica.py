"""One copy of a model in a process of its own: what runs there. ``workers.py`` starts it and talks to it."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from ...errors import SelfAmplifyError
from ...work.stage import Compute
from ...work.workers import computed
from ..local.model import LocalModel


@dataclass(frozen=True)
class Description:
    """What all replicas must agree on, and where this one runs."""

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
    """The result of a batch: each item's place and record, and the error that ended it, if any."""

    records: list[tuple[int, Any]]
    error: SelfAmplifyError | None = None


class Replica:
    """A model in this process, on ``threads`` threads."""

    def __init__(self, threads: int):
        torch.set_num_threads(threads)
        self._model: LocalModel | None = None

    def load(self, load: Callable[[], LocalModel]) -> Description | SelfAmplifyError:
        """Load the model. An error that the user can fix is returned as a value, so that it arrives unchanged."""
        try:
            model = load()
        except SelfAmplifyError as error:
            return error
        self._model = model
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
            records.extend(computed(compute, self._model, batch))
        except SelfAmplifyError as error:
            return Outcome(records, error)
        return Outcome(records)
