"""Answers after one few-shot prompt, compared with transformers' ``generate``: ``python -m benchmarks.answering``.

The peers are: one question at a time, as in the authors' code; all questions after a prefix cache that is copied for each of
them; and transformers' continuous batching. The weights are random: 8 layers of width 512, a vocabulary of 32,000.
"""

import argparse
from collections.abc import Callable
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig, LlamaConfig, LlamaForCausalLM

from selfamplify import Decoding
from selfamplify.models.local.generation import Manner, Writing
from selfamplify.models.local.prefix import PrefixCache

from .machine import heading, ratio

_LAYERS = 8
_WRITTEN = 50
_GREEDY = Decoding(_WRITTEN)
_BEAMS = Decoding(_WRITTEN, num_beams=2, no_repeat_ngram_size=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--prefix", type=int, default=1500, help="tokens")
    parser.add_argument("--alone", type=int, default=2, help="questions that the one-by-one peer answers; its time is scaled")
    arguments = parser.parse_args()
    bench = _Bench(arguments.questions, arguments.prefix, arguments.alone)
    print(f"{heading(arguments.runs)}\n\n| work | peer | peer's | here | ratio |\n|---|---|---|---|---|")
    share = arguments.alone / arguments.questions
    jobs: list[tuple[Decoding, str, Callable[[Decoding], object], float]] = [
        (_GREEDY, f"generate, one by one, {arguments.alone} of them", bench.alone, share),
        (_BEAMS, f"generate, one by one, {arguments.alone} of them", bench.alone, share),
        (_GREEDY, "generate, one batch, the prefix copied", bench.copied, 1.0),
        (_BEAMS, "generate, one batch, the prefix copied", bench.copied, 1.0),
        (_GREEDY, "generate_batch (continuous batching)", bench.continuous, 1.0),
    ]
    for decoding, peer, work, part in jobs:
        manner = f"{decoding.num_beams} beams, no_repeat_ngram_size 2" if decoding is _BEAMS else "greedy"
        what = f"{arguments.questions} questions x {_WRITTEN} tokens after {arguments.prefix}, {manner}"
        try:
            slow, fast = ratio(
                lambda work=work, asked=decoding: work(asked), lambda asked=decoding: bench.here(asked), arguments.runs, part
            )
        except Exception as error:  # a peer may not run on this machine; the table then shows the error
            print(f"| {what} | {peer} | {type(error).__name__}: {str(error)[:80]} | | |", flush=True)
            continue
        print(f"| {what} | {peer} | {slow:.1f} s | {fast:.1f} s | {slow / fast:.1f} |", flush=True)
    ours, theirs = bench.memory()
    print(f"\nKeys and values, {arguments.questions} x 2 beams: {ours:.0f} MiB here, {theirs:.0f} MiB with the prefix copied")


class _Bench:
    def __init__(self, questions: int, prefix: int, alone: int):
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=32_000,
            hidden_size=512,
            intermediate_size=1408,
            num_hidden_layers=_LAYERS,
            num_attention_heads=8,
            max_position_embeddings=4096,
            eos_token_id=None,
        )
        self.module = LlamaForCausalLM(config).eval()
        self.prefix = tuple(torch.randint(10, 32_000, (prefix,)).tolist())
        self.suffixes = [tuple(torch.randint(10, 32_000, (50 + place % 20,)).tolist()) for place in range(questions)]
        self._alone = alone
        self._cache = PrefixCache(self._keys_values)
        self.layers = self._cache.get(self.prefix)
        self.module.generation_config = GenerationConfig()

    @torch.inference_mode()
    def _keys_values(self, prefix: tuple[int, ...]) -> Any:
        cache = DynamicCache()
        self.module(input_ids=torch.tensor([prefix]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return [(layer.keys, layer.values) for layer in cache.layers]  # pyright: ignore

    def here(self, decoding: Decoding) -> list[tuple[int, ...]]:
        manner = Manner(decoding, (), lambda tokens: False, lambda logits: logits)
        layers = self._keys_values(self.prefix)
        writing = Writing(self.module, self.prefix, layers, manner, len(self.suffixes), 32_768)
        found = dict(writing.texts(self.suffixes, [0] * len(self.suffixes)))
        return [found[place].tokens for place in range(len(found))]

    def alone(self, decoding: Decoding) -> list[tuple[int, ...]]:
        return [self._generate([suffix], decoding, None)[0] for suffix in self.suffixes[: self._alone]]

    def copied(self, decoding: Decoding) -> list[tuple[int, ...]]:
        self._cache.clear()
        return self._generate(
            self.suffixes, decoding, self._cache.replicate(self.prefix, len(self.suffixes) * decoding.num_beams)
        )

    def _generate(
        self, suffixes: list[tuple[int, ...]], decoding: Decoding, before: DynamicCache | None
    ) -> list[tuple[int, ...]]:
        width = max(map(len, suffixes))
        ids = torch.tensor([[*self.prefix, *[0] * (width - len(suffix)), *suffix] for suffix in suffixes])
        mask = torch.tensor([[1] * len(self.prefix) + [0] * (width - len(suffix)) + [1] * len(suffix) for suffix in suffixes])
        output: Any = self.module.generate(  # pyright: ignore
            ids,
            attention_mask=mask,
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
        manner = Manner(_BEAMS, (), lambda tokens: False, lambda logits: logits)
        writing = Writing(self.module, self.prefix, self.layers, manner, len(self.suffixes), 32_768)
        list(writing.texts(self.suffixes, [0] * len(self.suffixes)))
        once = sum(tensor.nbytes for pair in self.layers for tensor in pair)
        rows = len(self.suffixes) * _BEAMS.num_beams
        per_token = once / len(self.prefix)
        longest = len(self.prefix) + max(map(len, self.suffixes)) + _WRITTEN
        return (once + writing.rows.nbytes) / 2**20, rows * longest * per_token / 2**20


if __name__ == "__main__":
    main()
