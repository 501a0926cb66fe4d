"""Answers after one few-shot prompt, compared with transformers' ``generate``: ``python -m benchmarks.answering``.

The peers are: one question at a time, as in the authors' code; all questions after a prefix cache that is copied for each of
them; and transformers' continuous batching. The weights are random: 8 layers of width 512, a vocabulary of 32,000.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig, PreTrainedModel

from selfamplify import Decoding
from selfamplify.models.local.generation import Manner, Writing
from selfamplify.models.local.prefix import PrefixCache

from .machine import heading, ratio
from .shapes import build


@dataclass(frozen=True)
class Load:
    """How many questions are answered with how many tokens (``written``) after a prompt of how many (``prefix``).

    The peer that answers one by one gets the first ``alone`` of them; its time is scaled.
    """

    questions: int = 64
    prefix: int = 1500
    alone: int = 2
    written: int = 50

    @property
    def greedy(self) -> Decoding:
        return Decoding(self.written)

    @property
    def beams(self) -> Decoding:
        return Decoding(self.written, num_beams=2, no_repeat_ngram_size=2)

    def title(self, decoding: Decoding) -> str:
        """What a table calls this work."""
        manner = f"{decoding.num_beams} beams, no_repeat_ngram_size 2" if decoding.num_beams > 1 else "greedy"
        return f"{self.questions} questions x {self.written} tokens after {self.prefix}, {manner}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--prefix", type=int, default=1500, help="tokens")
    parser.add_argument("--alone", type=int, default=2, help="questions that the one-by-one peer answers; its time is scaled")
    arguments = parser.parse_args()
    load = Load(arguments.questions, arguments.prefix, arguments.alone)
    bench = Bench(build("small", "cpu"), load)
    print(f"{heading(arguments.runs)}\n\n| work | peer | peer's | here | ratio |\n|---|---|---|---|---|")
    for job in [*jobs(load), Job(load.greedy, "generate_batch (continuous batching)", Bench.continuous)]:
        what = load.title(job.decoding)
        try:
            theirs, ours = (lambda job=job: job.work(bench, job.decoding)), (lambda job=job: bench.here(job.decoding))
            slow, fast = ratio(theirs, ours, arguments.runs, job.share)
        except Exception as error:  # a peer may not run on this machine; the table then shows the error
            print(f"| {what} | {job.peer} | {type(error).__name__}: {str(error)[:80]} | | |", flush=True)
            continue
        print(f"| {what} | {job.peer} | {slow:.1f} s | {fast:.1f} s | {slow / fast:.1f} |", flush=True)
    ours, theirs = bench.memory()
    print(f"\nKeys and values, {arguments.questions} x 2 beams: {ours:.0f} MiB here, {theirs:.0f} MiB with the prefix copied")


class Bench:
    """Random questions to a model, and the ways to answer them; it keeps no keys and values between two calls."""

    def __init__(self, module: PreTrainedModel, load: Load):
        torch.manual_seed(0)
        words = int(module.config.vocab_size)
        self.module = module
        self.load = load
        self.prefix = tuple(torch.randint(10, words, (load.prefix,)).tolist())
        self.suffixes = [tuple(torch.randint(10, words, (50 + place % 20,)).tolist()) for place in range(load.questions)]
        self.module.generation_config = GenerationConfig()

    @torch.inference_mode()
    def _keys_values(self, prefix: tuple[int, ...]) -> Any:
        cache = DynamicCache()
        ids = torch.tensor([prefix], device=self.module.device)
        self.module(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return [(layer.keys, layer.values) for layer in cache.layers]  # pyright: ignore

    def here(self, decoding: Decoding) -> list[tuple[int, ...]]:
        layers = self._keys_values(self.prefix)
        found = dict(self._writing(decoding, layers).texts(self.suffixes, [0] * len(self.suffixes)))
        return [found[place].tokens for place in range(len(found))]

    def _writing(self, decoding: Decoding, layers: Any) -> Writing:
        manner = Manner(decoding, (), lambda tokens: False, lambda logits: logits)
        return Writing(self.module, self.prefix, layers, manner, len(self.suffixes), 32_768)

    def alone(self, decoding: Decoding) -> list[tuple[int, ...]]:
        return [self._generate([suffix], decoding, None)[0] for suffix in self.suffixes[: self.load.alone]]

    def copied(self, decoding: Decoding) -> list[tuple[int, ...]]:
        rows = len(self.suffixes) * decoding.num_beams
        return self._generate(self.suffixes, decoding, PrefixCache(self._keys_values).replicate(self.prefix, rows))

    def _generate(
        self, suffixes: list[tuple[int, ...]], decoding: Decoding, before: DynamicCache | None
    ) -> list[tuple[int, ...]]:
        width = max(map(len, suffixes))
        device = self.module.device
        ids = torch.tensor([[*self.prefix, *[0] * (width - len(suffix)), *suffix] for suffix in suffixes], device=device)
        seen = [[1] * len(self.prefix) + [0] * (width - len(suffix)) + [1] * len(suffix) for suffix in suffixes]
        output: Any = self.module.generate(  # pyright: ignore
            ids,
            attention_mask=torch.tensor(seen, device=device),
            past_key_values=before,
            max_new_tokens=decoding.max_new_tokens,
            do_sample=False,
            num_beams=decoding.num_beams,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            pad_token_id=0,
        )
        return [tuple(row[ids.shape[1] :]) for row in output.tolist()]

    def continuous(self, decoding: Decoding) -> object:
        settings = GenerationConfig(max_new_tokens=decoding.max_new_tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)
        prompts = [[*self.prefix, *suffix] for suffix in self.suffixes]
        found: Any = self.module.generate_batch(inputs=prompts, generation_config=settings, progress_bar=False)  # pyright: ignore
        if len(found) != len(prompts):
            raise RuntimeError(f"{len(found)} of {len(prompts)} answers")
        return found

    def memory(self) -> tuple[float, float]:
        """MiB of keys and values: with the prefix held once, and with a copy of the prefix for every row."""
        layers, decoding = self._keys_values(self.prefix), self.load.beams
        writing = self._writing(decoding, layers)
        list(writing.texts(self.suffixes, [0] * len(self.suffixes)))
        once = sum(tensor.nbytes for pair in layers for tensor in pair)
        rows = len(self.suffixes) * decoding.num_beams
        per_token = once / len(self.prefix)
        longest = len(self.prefix) + max(map(len, self.suffixes)) + self.load.written
        return (once + writing.rows.nbytes) / 2**20, rows * longest * per_token / 2**20


@dataclass(frozen=True)
class Job:
    """A peer's way to answer the questions, of which it answers a ``share``."""

    decoding: Decoding
    peer: str
    work: Callable[[Bench, Decoding], object]
    share: float = 1.0


def jobs(load: Load) -> list[Job]:
    """What ``generate`` is given: one question at a time, or one batch that holds a copy of the prefix for each row."""
    one_by_one, share = f"generate, one by one, {load.alone} of them", load.alone / load.questions
    copied = "generate, one batch, the prefix copied"
    return [
        Job(load.greedy, one_by_one, Bench.alone, share),
        Job(load.beams, one_by_one, Bench.alone, share),
        Job(load.greedy, copied, Bench.copied),
        Job(load.beams, copied, Bench.copied),
    ]


if __name__ == "__main__":
    main()
