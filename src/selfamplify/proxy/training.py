"""Fine-tuning the proxy: AdamW with a warm-up and a linear decay, the same weights for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..records import Question
from ..seeds import derive
from ..tasks.splitting import shuffle
from ..work.stage import Progress
from .encoder import load_encoder
from .network import Proxy, labels_of

_WARMUP = 0.1
"""The share of the steps in which the learning rate rises."""
_HEAD = 10.0
"""The head, which knows nothing at first, learns so many times faster than the encoder."""


@dataclass(frozen=True)
class Training:
    """How a proxy is fine-tuned.

    Parameters
    ----------
    encoder : str or None
        See ``load_encoder``.
    epochs : int
        How often each question is read.
    learning_rate : float
        The highest learning rate of the encoder.
    batch : int
        Questions per step.
    """

    encoder: str | None
    epochs: int
    learning_rate: float
    batch: int


def fine_tuned(training: Training, questions: Sequence[Question], seed: int, progress: Progress) -> Proxy:
    """A proxy that was trained to answer these questions.

    There is no dropout, and nothing is drawn but the head and the order of the questions, so that the same seed gives the same
    weights on the same machine. Progress is reported for each epoch, in questions.
    """
    proxy = Proxy(load_encoder(training.encoder), labels_of(questions), derive(seed, "head"))
    groups = [
        {"params": list(proxy.module.parameters()), "lr": training.learning_rate},
        {"params": list(proxy.head.parameters()), "lr": training.learning_rate * _HEAD},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = training.epochs * -(-len(questions) // training.batch)
    warm = max(1, round(_WARMUP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
    )
    for epoch in range(training.epochs):
        what = f"fine-tuning the proxy model, epoch {epoch + 1} of {training.epochs}"
        order = shuffle(list(questions), derive(seed, "epoch", str(epoch)))
        progress(what, 0, len(order))
        for start in range(0, len(order), training.batch):
            batch = order[start : start + training.batch]
            optimizer.zero_grad()
            proxy.loss(batch).backward()
            torch.nn.utils.clip_grad_norm_(proxy.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            progress(what, start + len(batch), len(order))
    return proxy.requires_grad_(False)
