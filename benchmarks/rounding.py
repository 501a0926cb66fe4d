"""What other batches, threads and precisions change: ``python -m benchmarks.rounding MODEL --sst2 FILE``.

The same sentences are answered after the same prompt in several ways, each compared with the first: how far log-probabilities
of the labels are apart, and how many answers and texts are others.
"""

import argparse
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import torch

from selfamplify import Prompt, Response, Task, build, evaluate, load_model, load_task
from selfamplify.models.local.load import Dtype

from .machine import device_name, today, versions


@dataclass(frozen=True)
class _Way:
    """How answers are computed."""

    name: str
    window: int = 64
    batch_tokens: int = 8192
    threads: int = 1
    dtype: Dtype = "float32"


_WAYS = (
    _Way("64 at a time, 8,192 tokens, one thread, float32"),
    _Way("8 at a time", window=8),
    _Way("two threads", threads=2),
    _Way("one at a time", window=1),
    _Way("512 tokens at a time", batch_tokens=512),
    _Way("bfloat16", dtype="bfloat16"),
    _Way("the first way again"),
)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--sst2", required=True)
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args()
    names = {"0": "negative", "1": "positive"}
    task = load_task("file", given.sst2, label_names=names).limited(given.questions)
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        prompt = build(given.model, task, folder, method="io", selection="random", shots=8)
    print(f"{today()}, {device_name('cpu')}, {versions()}; {given.model}, {given.questions} sentences\n")
    print("| computed | log-probabilities apart, most | answers by likelihood | answers by text | texts | processor time |")
    print("|---|---|---|---|---|---|")
    likely, written = list[Response](), list[Response]()
    for way in _WAYS:
        start = process_time()
        scored, said = _answers(given.model, task, prompt, way)
        likely, written = likely or scored, written or said
        apart = np.abs(_log_probabilities(scored) - _log_probabilities(likely)).max()
        others = _others(scored, likely, "label"), _others(said, written, "label"), _others(said, written, "text")
        print(f"| {way.name} | {apart:.1e} | {' | '.join(map(str, others))} | {process_time() - start:.0f} s |", flush=True)


def _answers(model: str, task: Task, prompt: Prompt, way: _Way) -> tuple[list[Response], list[Response]]:
    """The responses decided by likelihood, and those that are written."""
    torch.set_num_threads(way.threads)
    loaded = load_model(model, dtype=way.dtype, window=way.window, batch_tokens=way.batch_tokens, device="cpu")
    scored = evaluate(loaded, task, prompt, decide="likelihood")
    return list(scored.responses), list(evaluate(loaded, task, prompt).responses)


def _log_probabilities(responses: list[Response]) -> np.ndarray:
    return np.array([each.log_probabilities for each in responses])


def _others(own: list[Response], first: list[Response], field: str) -> int:
    return sum(getattr(a, field) != getattr(b, field) for a, b in zip(own, first, strict=True))


if __name__ == "__main__":
    main()
