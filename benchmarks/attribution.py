"""The attribution engine compared with Captum, in the same run: ``python -m benchmarks.attribution``.

A random Llama of 8 layers x 512 with a vocabulary of 32,000 explains one token that follows a preamble and 60 words. Captum
evaluates a share of the coalitions, because it takes minutes, and its time is scaled to all of them. ``--shape 7b --device
cuda`` runs the same on random weights of Mistral-7B's shape in bfloat16, and also prints the rate of a matrix product.
"""

import argparse
import contextlib
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch
from captum.attr import KernelShap as CaptumKernelShap
from captum.attr import LayerDeepLift, LLMAttribution, TextTemplateInput
from captum.attr import ShapleyValueSampling as CaptumShapleyValueSampling

from selfamplify import DeepLift, KernelShap, LocalModel, ShapleyValueSampling, load_model
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.games.tokens import Target, TokenGame

from .machine import compare, heading, product_rate, seconds
from .shapes import SHAPES, build_model

Work = Callable[[], None]
WORDS = 60
EVALUATIONS = 350
_TARGET = 20
BLANKS = 5  # words after the perturbed ones, like the sentence before the label


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--captum", type=int, default=20, help="evaluations, of 350, on which Captum is timed")
    parser.add_argument("--shape", choices=tuple(SHAPES), default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory", action="store_true", help="measure only the peak memory by the number of coalitions")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak is not None:
        print(_peak(arguments.peak))
        return
    if arguments.memory:
        _memory(arguments.runs)
        return
    model = build_model(arguments.shape, arguments.device)
    print(f"{heading(arguments.runs)}\n\n| work | peer | peer's | here | ratio |\n|---|---|---|---|---|")
    for preamble in (200, 1500):
        _line(model, coalitions(preamble, arguments.captum), arguments.runs)
    _line(model, deep_lift(200), arguments.runs)
    _line(model, _sampling(), arguments.runs)
    if arguments.shape == "7b":
        _rates(model)
    else:
        print()
        _memory(arguments.runs)


@dataclass(frozen=True)
class Job:
    """An explanation and the same by a peer, which does a ``share`` of the work; both are made ready with a model."""

    title: str
    peer: str
    theirs: Callable[[LocalModel], Work]
    ours: Callable[[LocalModel], Work]
    share: float = 1.0


def _line(model: LocalModel, job: Job, runs: int) -> None:
    found = compare(job.theirs(model), job.ours(model), runs, job.share)
    print(f"| {job.title} | {job.peer} | {found.slow:.3g} s | {found.fast:.3g} s | {found.slow / found.fast:.1f} |", flush=True)


def _text(model: LocalModel, preamble: int) -> tuple[list[str], list[str], list[str]]:
    """Words of one token each: of the preamble, those that are perturbed, and those after them."""
    known = sorted(token[1:] for token in model.tokenizer.get_vocab() if token[0] == " " and token[1:].isalpha())
    words = ["The", *np.random.default_rng(0).choice(known, preamble + WORDS + BLANKS - 1).tolist()]
    return words[:preamble], words[preamble : preamble + WORDS], words[preamble + WORDS :]


def _game(model: LocalModel, preamble: int, value: str = "logprob") -> TokenGame:
    before, words, after = _text(model, preamble)
    ids = model.tokenizer(" ".join([*before, *words, *after]), add_special_tokens=False)["input_ids"]
    assert len(ids) == preamble + WORDS + BLANKS, "a word is more than one token"
    places = tuple((preamble + word,) for word in range(WORDS))
    return TokenGame(model, tuple(ids), Target((_TARGET,)), places, value=value)  # pyright: ignore[reportArgumentType]


def coalitions(preamble: int, count: int, evaluations: int = EVALUATIONS) -> Job:
    """kernel_shap's coalitions, of which Captum gets ``count``."""
    return Job(
        f"{evaluations} coalitions of {WORDS} words after {preamble} tokens",
        f"Captum LLMAttribution(KernelShap), {count} of them",
        lambda model: _captum(model, preamble, CaptumKernelShap(model.module), n_samples=count),
        lambda model: _explained(model, preamble, KernelShap(value="logprob", samples=evaluations)),
        (count + 2) / evaluations,
    )


def _explained(model: LocalModel, preamble: int, explainer: AbstractAttribution, value: str = "logprob") -> Work:
    """The work of an explainer; the prefix is run anew each time."""

    def run() -> None:
        try:
            explainer.attribute(_game(model, preamble, value), 0)
        finally:
            model.forget()

    return run


def _captum(model: LocalModel, preamble: int, method: object, **settings: int) -> Work:
    """Captum's wrapper for language models, which replaces absent words by a word of one token."""
    before, words, after = _text(model, preamble)
    template = " ".join([*before, *["{}"] * WORDS, *after])
    given = TextTemplateInput(template, values=words, baselines=["the"] * WORDS)
    engine = LLMAttribution(method, model.tokenizer)  # pyright: ignore[reportArgumentType]

    def run() -> None:
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):
            engine.attribute(given, target=torch.tensor([_TARGET]), **settings)  # pyright: ignore[reportArgumentType]

    return run


def _sampling() -> Job:
    return Job(
        "shapley_value_sampling, a thousand evaluations",
        "Captum's, 60 of them",
        lambda model: _captum(model, 200, CaptumShapleyValueSampling(model.module), n_samples=1),
        lambda model: _explained(model, 200, ShapleyValueSampling(value="logprob", permutations=18)),
        (WORDS + 1) / (18 * (WORDS - 1) + 2),
    )


def deep_lift(preamble: int) -> Job:
    """deep_lift, and Captum's LayerDeepLift on the whole prompt."""
    return Job(
        f"deep_lift of one question after {preamble} tokens",
        "Captum LayerDeepLift",
        lambda model: _layer_deep_lift(model, preamble),
        lambda model: _explained(model, preamble, DeepLift(), "logit"),
    )


def _layer_deep_lift(model: LocalModel, preamble: int) -> Work:
    game = _game(model, preamble, "logit")
    x, baseline = (torch.tensor([game.row(np.full(WORDS, present))], device=model.device) for present in (True, False))

    class LastLogit(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model.module

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.inner(input_ids=ids, use_cache=False).logits[:, -1, _TARGET]

    def peer() -> None:
        layer = model.embedding.requires_grad_()
        try:
            LayerDeepLift(LastLogit(), layer).attribute(x, baseline)
        finally:
            layer.requires_grad_(False)

    return peer


def _memory(runs: int) -> None:
    """Peak memory of a process beyond what it holds after loading; each number of coalitions is run in a new process."""
    print(f"{heading(runs)}\n\n| coalitions | peak memory beyond the weights | of each run |\n|---|---|---|")
    for count in (350, 3_500, 35_000):
        command = [sys.executable, "-m", "benchmarks.attribution", "--peak", str(count)]
        found = [int(subprocess.check_output(command, text=True).split()[-1]) / 2**20 for _ in range(runs)]
        print(f"| {count:,} | {median(found):.0f} MiB | {', '.join(f'{peak:.0f}' for peak in found)} |", flush=True)


def _peak(count: int) -> int:
    model = load_model(device="cpu")
    game = _game(model, 200)
    game.ends()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    before = _resident("VmRSS")
    game.values(np.random.default_rng(0).random((count, WORDS)) < 0.5)
    return _resident("VmHWM") - before


def _resident(what: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) * 1024


def _rates(model: LocalModel) -> None:
    """The rate of the coalitions' matrix products, and that of one large product on this chip."""
    chip = product_rate(model.device, model.module.dtype)
    explained = coalitions(200, 0).ours(model)
    taken = min(seconds(explained) for _ in range(3))
    print(f"\nMatrix products: {operations(model, 200) / taken / 1e12:.0f} of {chip / 1e12:.0f} TFLOP/s.")


def operations(model: LocalModel, preamble: int, evaluations: int = EVALUATIONS) -> int:
    """Those of the matrix products with the layers' weights: the preamble once, the other tokens in each evaluation."""
    layers = sum(p.numel() for name, p in model.module.named_parameters() if "layers" in name and p.dim() == 2)
    return 2 * layers * (preamble + evaluations * (WORDS + BLANKS))


if __name__ == "__main__":
    main()
