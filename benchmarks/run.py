"""What the road's speed rests on, against doing it the plain way in the same run: ``make bench``.

Prints a dated table in Markdown; the committed results.md is the output of one run on an otherwise idle machine.
"""

import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import torch
import transformers
from captum.attr import KernelShap as CaptumKernelShap
from transformers import LlamaConfig, LlamaForCausalLM

from selfamplify import InputOutput, Sample, Session, load_model, load_task
from selfamplify.asking import reading_chat
from selfamplify.explain.game import Target, TokenGame
from selfamplify.explain.words import candidate_words, locate
from selfamplify.models import LocalModel
from selfamplify.wording import OURS

_RUNS = 3
_QUESTIONS = 32


def main() -> None:
    """Run every comparison on a random 8-layer Llama with the embedded tokenizer, and on the embedded model."""
    embedded = load_model()
    models = {"8 layers x 384, random": _random_llama(embedded), "embedded": embedded}
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {torch.get_num_threads()} threads,", end=" ")
    print(f"torch {torch.__version__}, transformers {transformers.__version__}; medians of {_RUNS}\n")
    print("| what | model | plain | here | ratio |\n|---|---|---|---|---|")
    for name, model in models.items():
        for what, plain, ours in (_answering(model), _coalitions(model)):
            slow, fast = _median(plain), _median(ours)
            print(f"| {what} | {name} | {slow:.2f} s | {fast:.2f} s | {slow / fast:.1f} |", flush=True)


def _answering(model: LocalModel) -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Answers behind an 8-shot prompt: transformers' generate one question at a time, against batches behind the prefix."""
    task = load_task("planted_arc").limited(_QUESTIONS)
    prompt = InputOutput().prompt(Session(model), task, Sample.of(task.train[:8], 0)).with_length(16)
    chats = [prompt.chat(question) for question in task.test]

    def plain() -> None:
        for chat in chats:
            ids = torch.tensor([model.tokens(chat)])
            mask = torch.ones_like(ids)
            model.module.generate(ids, attention_mask=mask, max_new_tokens=16, do_sample=False)  # pyright: ignore

    label = f"{_QUESTIONS} answers of 16 tokens behind {len(model.tokens(chats[0]))}-token prompts; peer: generate, one by one"
    return label, plain, lambda: model.generate(chats, prompt.decoding, [0] * len(chats))


def _coalitions(model: LocalModel) -> tuple[str, Callable[[], object], Callable[[], object]]:
    """350 coalitions of one question: Captum's KernelShap over one forward pass each, against the batched game."""
    question = load_task("planted_arc").train[0]
    reading = model.read(reading_chat(question, OURS), question.labels)
    positions = tuple(locate(reading, candidate_words(question.render(), question.labels)).values())
    ids, target = torch.tensor([reading.ids]), reading.label_ids[question.answer]
    mask = torch.full(ids.shape, -1)
    for word, tokens in enumerate(positions):
        mask[0, list(tokens)] = word

    def one_by_one(row: torch.Tensor) -> torch.Tensor:
        absent = (mask >= 0) & ~row.bool()[:, mask.clamp(min=0)[0]]
        with torch.no_grad():
            return model.module(ids.masked_fill(absent, model.blank)).logits[:, -1, target]

    def plain() -> None:
        CaptumKernelShap(one_by_one).attribute(torch.ones(1, len(positions)), n_samples=350)

    def ours() -> None:
        draws = np.random.default_rng(0).random((350, len(positions))) < 0.5
        TokenGame(model, reading.ids, Target.label(reading, question.answer), positions).values(draws)

    return f"350 coalitions of {len(positions)} words, {len(reading.ids)} tokens; peer: Captum KernelShap", plain, ours


def _random_llama(embedded: LocalModel) -> LocalModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(embedded.tokenizer),
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=8,
        num_attention_heads=6,
        max_position_embeddings=4096,
        eos_token_id=None,
    )
    return LocalModel(LlamaForCausalLM(config), embedded.tokenizer, "random")


def _median(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
