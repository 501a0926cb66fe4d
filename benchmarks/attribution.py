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
from pathlib import Path
from statistics import median

import numpy as np
import torch
from captum.attr import KernelShap as CaptumKernelShap
from captum.attr import LayerDeepLift, LLMAttribution, TextTemplateInput
from captum.attr import ShapleyValueSampling as CaptumShapleyValueSampling
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

from selfamplify import DeepLift, KernelShap, LocalModel, ShapleyValueSampling, load_model
from selfamplify.games.tokens import Target, TokenGame

from .machine import heading, ratio, seconds

_WORDS = 60
_EVALUATIONS = 350
_TARGET = 20
_BLANKS = 5  # words after the perturbed ones, like the sentence before the label


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--captum", type=int, default=20, help="evaluations, of 350, on which Captum is timed")
    parser.add_argument("--shape", choices=("small", "7b"), default="small")
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
    model = _model(arguments.shape, arguments.device)
    print(f"{heading(arguments.runs)}\n\n| work | peer | peer's | here | ratio |\n|---|---|---|---|---|")
    for preamble in (200, 1500):
        what = f"{_EVALUATIONS} coalitions of {_WORDS} words after {preamble} tokens"
        times = _coalitions(model, preamble, arguments.captum, arguments.runs)
        _line(what, f"Captum LLMAttribution(KernelShap), {arguments.captum} of them", *times)
    _line("deep_lift of one question after 200 tokens", "Captum LayerDeepLift", *_deep_lift(model, arguments.runs))
    _line("shapley_value_sampling, a thousand evaluations", "Captum's, 60 of them", *_sampling(model, arguments.runs))
    if arguments.shape == "7b":
        _rates(model)
    else:
        print()
        _memory(arguments.runs)


def _line(what: str, peer: str, slow: float, fast: float) -> None:
    print(f"| {what} | {peer} | {slow:.3g} s | {fast:.3g} s | {slow / fast:.1f} |", flush=True)


def _model(shape: str, device: str) -> LocalModel:
    torch.manual_seed(0)
    tokenizer = load_model().tokenizer
    common = {
        "vocab_size": 32000,
        "max_position_embeddings": 4096,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": 0,
    }
    if shape == "7b":
        with torch.device(device):
            module = MistralForCausalLM(MistralConfig(**common, sliding_window=None)).bfloat16()
    else:
        sizes = {"hidden_size": 512, "intermediate_size": 1376, "num_hidden_layers": 8, "num_attention_heads": 8}
        module = LlamaForCausalLM(LlamaConfig(**common, **sizes)).to(device)  # pyright: ignore
    return LocalModel(module, tokenizer, shape)


def _text(model: LocalModel, preamble: int) -> tuple[list[str], list[str], list[str]]:
    """Words of one token each: of the preamble, those that are perturbed, and those after them."""
    known = sorted(token[1:] for token in model.tokenizer.get_vocab() if token[0] == " " and token[1:].isalpha())
    words = ["The", *np.random.default_rng(0).choice(known, preamble + _WORDS + _BLANKS - 1).tolist()]
    return words[:preamble], words[preamble : preamble + _WORDS], words[preamble + _WORDS :]


def _game(model: LocalModel, preamble: int, value: str = "logprob") -> TokenGame:
    before, words, after = _text(model, preamble)
    ids = model.tokenizer(" ".join([*before, *words, *after]), add_special_tokens=False)["input_ids"]
    assert len(ids) == preamble + _WORDS + _BLANKS, "a word is more than one token"
    places = tuple((preamble + word,) for word in range(_WORDS))
    return TokenGame(model, tuple(ids), Target((_TARGET,)), places, value=value)  # pyright: ignore[reportArgumentType]


def _coalitions(model: LocalModel, preamble: int, count: int, runs: int) -> tuple[float, float]:
    peer = _captum(model, preamble, CaptumKernelShap(model.module), n_samples=count)

    def ours() -> None:
        model.forget()
        KernelShap(value="logprob", samples=_EVALUATIONS).attribute(_game(model, preamble), 0)

    return ratio(peer, ours, runs, (count + 2) / _EVALUATIONS)


def _captum(model: LocalModel, preamble: int, method: object, **settings: int) -> Callable[[], None]:
    """Captum's wrapper for language models, which replaces absent words by a word of one token."""
    before, words, after = _text(model, preamble)
    template = " ".join([*before, *["{}"] * _WORDS, *after])
    given = TextTemplateInput(template, values=words, baselines=["the"] * _WORDS)
    engine = LLMAttribution(method, model.tokenizer)  # pyright: ignore[reportArgumentType]

    def run() -> None:
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):
            engine.attribute(given, target=torch.tensor([_TARGET]), **settings)  # pyright: ignore[reportArgumentType]

    return run


def _sampling(model: LocalModel, runs: int) -> tuple[float, float]:
    peer = _captum(model, 200, CaptumShapleyValueSampling(model.module), n_samples=1)

    def ours() -> None:
        model.forget()
        ShapleyValueSampling(value="logprob", permutations=18).attribute(_game(model, 200), 0)

    return ratio(peer, ours, runs, (_WORDS + 1) / (18 * (_WORDS - 1) + 2))


def _deep_lift(model: LocalModel, runs: int) -> tuple[float, float]:
    game = _game(model, 200, "logit")
    x, baseline = (torch.tensor([game.row(np.full(_WORDS, present))], device=model.device) for present in (True, False))

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

    def ours() -> None:
        model.forget()
        DeepLift().attribute(_game(model, 200, "logit"), 0)

    return ratio(peer, ours, runs)


def _memory(runs: int) -> None:
    """Peak memory of a process beyond what it holds after loading; each number of coalitions is run in a new process."""
    print(f"{heading(runs)}\n\n| coalitions | peak memory beyond the weights | of each run |\n|---|---|---|")
    for count in (350, 3_500, 35_000):
        command = [sys.executable, "-m", "benchmarks.attribution", "--peak", str(count)]
        found = [int(subprocess.check_output(command, text=True).split()[-1]) / 2**20 for _ in range(runs)]
        print(f"| {count:,} | {median(found):.0f} MiB | {', '.join(f'{peak:.0f}' for peak in found)} |", flush=True)


def _peak(count: int) -> int:
    model = load_model()
    game = _game(model, 200)
    game.ends()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    before = _resident("VmRSS")
    game.values(np.random.default_rng(0).random((count, _WORDS)) < 0.5)
    return _resident("VmHWM") - before


def _resident(what: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) * 1024


def _rates(model: LocalModel) -> None:
    """The rate of the coalitions' matrix products, and that of one large product on this chip."""
    a = torch.randn(8192, 8192, device=model.device, dtype=model.module.dtype)
    a @ a
    chip = 2 * 8192**3 / min(seconds(lambda: a @ a) for _ in range(10))
    layers = sum(p.numel() for name, p in model.module.named_parameters() if "layers" in name and p.dim() == 2)
    work = 2 * layers * _EVALUATIONS * (_WORDS + _BLANKS)
    taken = min(seconds(lambda: KernelShap(value="logprob").attribute(_game(model, 200), 0)) for _ in range(3))
    print(f"\nMatrix products: {work / taken / 1e12:.0f} of {chip / 1e12:.0f} TFLOP/s.")


if __name__ == "__main__":
    main()
