"""A real small model on this machine: ``python -m benchmarks.real_model FOLDER --sst2 FILE --llama-server PATH``.

In each precision of the weights: kernel_shap of one review of 37 words compared with Captum; the answers to 64 reviews after 8
shots compared with llama.cpp's server on the GGUF file of the same model; and for how many of 200 reviews the answers, and for
how many of the 64 the texts, are the same in both precisions.
"""

import argparse
import contextlib
import csv
import io
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, cast

import httpx2
import torch
from captum.attr import KernelShap as CaptumKernelShap
from captum.attr import LLMAttribution, TextTemplateInput
from transformers import DynamicCache

from selfamplify import Decoding, KernelShap, LocalModel, load_model
from selfamplify.models.local.chat import render
from selfamplify.models.local.generation import Manner, Writing
from selfamplify.models.local.origin import local_path
from selfamplify.records import Chat, Message

from .baselines import ASKED, LABELS, game_of
from .gguf_agreement import serving
from .machine import heading, ratio, seconds

_WORDS, _EVALUATIONS = 37, 350
_QUESTIONS, _SHOTS, _WRITTEN = 64, 8, 40
_SLOTS = 16
_COMPARED = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder with a chat model")
    parser.add_argument("--sst2", type=Path, required=True, help="a file of SST-2")
    parser.add_argument("--gguf", default="smollm2", help="the GGUF file that llama.cpp serves, or the name of one")
    parser.add_argument("--llama-server", default="llama-server")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--captum", type=int, default=20, help=f"evaluations, of {_EVALUATIONS}, on which Captum is timed")
    arguments = parser.parse_args()
    reviews = read(arguments.sst2)
    models = {dtype: load_model(arguments.model, dtype=dtype, device="cpu") for dtype in ("float32", "bfloat16")}
    print(f"{heading(arguments.runs)}\n\n| work | precision | peer | peer's | here | ratio |\n|---|---|---|---|---|---|")
    for dtype, model in models.items():
        share = (arguments.captum + 2) / _EVALUATIONS
        slow, fast = ratio(
            _captum(models["float32"], reviews, arguments.captum), _explained(model, reviews), arguments.runs, share
        )
        peer = f"Captum LLMAttribution(KernelShap), float32, {arguments.captum} of them"
        _line(f"{_EVALUATIONS} evaluations of a review of {_WORDS} words", dtype, peer, slow, fast)
    program = shutil.which(arguments.llama_server)
    chats = _asked(reviews)
    for dtype, model in models.items():
        what, writer = f"{_QUESTIONS} reviews after {_SHOTS} shots, {_WRITTEN} tokens each", _Writer(model, chats)
        if program is None:
            _line(what, dtype, "no llama-server", float("nan"), seconds(writer.here))
            continue
        found: list[tuple[float, float]] = []
        for _ in range(arguments.runs):  # each with a new server, which knows no prompt
            with serving(program, str(local_path(arguments.gguf)), _SLOTS, _SLOTS * 2048) as client:
                slow = seconds(lambda client=client, writer=writer: writer.served(client))
            found.append((slow, seconds(writer.here)))
        medians = [median(each) for each in zip(*found, strict=True)]
        _line(what, dtype, f"llama.cpp's server, {_SLOTS} slots, prompt cache", medians[0], medians[1])
    _agreement(models, chats, reviews)


def read(file: Path) -> list[tuple[str, str]]:
    """The sentences of SST-2 in their order, with their labels."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["sentence"].strip(), LABELS[int(row["label"])]) for row in rows]


def _line(what: str, dtype: str, peer: str, slow: float, fast: float) -> None:
    print(f"| {what} | {dtype} | {peer} | {slow:.3g} s | {fast:.3g} s | {slow / fast:.1f} |", flush=True)


def _explained(model: LocalModel, reviews: list[tuple[str, str]]) -> Callable[[], None]:
    review = _review(model, reviews)

    def run() -> None:
        model.forget()
        KernelShap(samples=_EVALUATIONS).attribute(game_of(model, *review, "space"), 0)

    return run


def _review(model: LocalModel, reviews: list[tuple[str, str]]) -> tuple[str, str]:
    return next(review for review in reviews if game_of(model, *review, "space").players == _WORDS)


def _captum(model: LocalModel, reviews: list[tuple[str, str]], count: int) -> Callable[[], None]:
    """Captum's KernelShap on the text of the same prompt."""
    sentence, label = _review(model, reviews)
    game = game_of(model, sentence, label, "space")
    text = render(model.tokenizer, Chat((Message("user", ASKED.format(sentence=sentence)),)))
    rest, template = text, ""
    for word in game.words:
        before, _, rest = rest.partition(word)
        template += before.replace("{", "{{").replace("}", "}}") + "{}"
    given = TextTemplateInput(template + rest, values=list(game.words), baselines=["_"] * len(game.words))
    engine = LLMAttribution(CaptumKernelShap(model.module), cast(Any, model.tokenizer))

    def run() -> None:
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):
            engine.attribute(given, target=torch.tensor([game.target.ids[0]]), n_samples=count)  # pyright: ignore

    return run


def _asked(reviews: list[tuple[str, str]]) -> list[Chat]:
    """Questions after the same shots, whose replies hold keywords."""
    usual = [review for review in reviews if 8 <= len(review[0].split()) <= 30]
    turns: list[Message] = []
    for sentence, label in usual[:_SHOTS]:
        first, second, third = (f'"{word}"' for word in sorted(sentence.split(), key=len)[-3:])
        reply = f"The 3 keywords {first}, {second} and {third} are important to predict that the sentiment is {label}."
        turns += [Message("user", ASKED.format(sentence=sentence)), Message("assistant", reply)]
    questions = [ASKED.format(sentence=sentence) for sentence, _ in usual[_SHOTS : _SHOTS + _QUESTIONS]]
    return [Chat((*turns, Message("user", question)), question=question) for question in questions]


class _Writer:
    """Writes a text of the same length behind each of several prompts that begin with the same shots."""

    def __init__(self, model: LocalModel, chats: list[Chat]):
        self._module = model.module
        encoded = [model.encode(chat) for chat in chats]
        self.prefix = encoded[0].prefix
        self.suffixes = [each.suffix for each in encoded]
        assert all(each.prefix == self.prefix for each in encoded)

    def here(self) -> None:
        cache = DynamicCache()
        with torch.inference_mode():
            self._module(input_ids=torch.tensor([self.prefix]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        layers: Any = [(layer.keys, layer.values) for layer in cache.layers]  # pyright: ignore
        manner = Manner(Decoding(_WRITTEN), (), lambda tokens: False, lambda logits: logits)
        writing = Writing(self._module, self.prefix, layers, manner, len(self.suffixes), 8192)
        found = dict(writing.texts(self.suffixes, [0] * len(self.suffixes)))
        assert all(len(text.tokens) == _WRITTEN for text in found.values())

    def served(self, client: httpx2.Client) -> None:
        """The same by llama.cpp's server, which keeps the prompts that a slot has seen; the shots are shown to it first."""
        client.post("/completion", json={"prompt": list(self.prefix), "n_predict": 1, "cache_prompt": True}).raise_for_status()
        with ThreadPoolExecutor(_SLOTS) as threads:
            for found in threads.map(lambda suffix: self._one(client, suffix), self.suffixes):
                assert found == _WRITTEN

    def _one(self, client: httpx2.Client, suffix: tuple[int, ...]) -> int:
        body = {"n_predict": _WRITTEN, "temperature": 0.0, "ignore_eos": True, "cache_prompt": True}
        reply = client.post("/completion", json={"prompt": [*self.prefix, *suffix], **body}).raise_for_status()
        return reply.json()["tokens_predicted"]


def _agreement(models: dict[str, LocalModel], chats: list[Chat], reviews: list[tuple[str, str]]) -> None:
    """How many answers and texts do not depend on the precision."""
    asked = [Chat((Message("user", ASKED.format(sentence=sentence)),)) for sentence, _ in reviews[:_COMPARED]]
    read, written = [], []
    for model in models.values():
        rows = [model.read_answer(chat.messages, LABELS[0]) for chat in asked]
        labels = [model.read_answer(asked[0].messages, label).answer_ids[0] for label in LABELS]
        best = [model.last_logits([row.ids], 0, tokens=labels)[0, -1].argmax() for row in rows]
        read.append([int(label) for label in best])
        encoded = [model.encode(chat) for chat in chats]
        found = dict(model.generated(encoded, Decoding(_WRITTEN), [0] * len(encoded)))
        written.append([found[place].text for place in range(len(found))])
    for what, (one, other) in (("answers", read), ("texts", written)):
        same = sum(a == b for a, b in zip(one, other, strict=True))
        print(f"\nThe same {what} in both precisions: {same} of {len(one)}")


if __name__ == "__main__":
    main()
