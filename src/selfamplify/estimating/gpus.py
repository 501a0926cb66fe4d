"""How long the same tokens take on a GPU that is not here: arithmetic, with shares that were measured on one GPU."""

import re
from dataclasses import dataclass, replace
from math import ceil

from ..errors import SettingsError
from ..names import unknown_name
from ..text.lines import argument
from .record import Estimate, Work

_REACHED = 0.33
"""The share of the nominal rate that reading tokens reaches: 328 of 989 TFLOP/s on an H200 (benchmarks/README.md, On a GPU)."""
_PASS_OF_A_LAYER = 1.2e-3
"""Seconds that a pass takes per layer, however few its tokens: 50 tokens of 64 texts took 1.84 s in 32 layers there."""
_OF_BANDWIDTH = 0.7
_BYTES = 2
"""Of a weight, in bfloat16 or float16."""
_BEYOND = 0.2
"""Memory beyond the weights, as a share of these: at most 2.8 of 14.5 GB there."""
_WINDOW = 512
_LAYERS, _OF_SIZE = 32, 7.2e9
"""A model of 7.2 billion weights has 32 layers; the number of layers grows as the cube root of that of weights."""


@dataclass(frozen=True)
class Gpu:
    """A GPU by its data sheet: dense bfloat16 (or float16) operations and bytes per second, and bytes of memory."""

    name: str
    operations: float
    bandwidth: float
    memory: float


GPUS = {
    each.name: each
    for each in (
        Gpu("h200", 989e12, 4.8e12, 141e9),
        Gpu("h100", 989e12, 3.35e12, 80e9),
        Gpu("a100-80gb", 312e12, 2.04e12, 80e9),
        Gpu("a100-40gb", 312e12, 1.56e12, 40e9),
        Gpu("l40s", 362e12, 0.864e12, 48e9),
        Gpu("rtx4090", 165e12, 1.01e12, 24e9),
        Gpu("rtx3090", 71e12, 0.936e12, 24e9),
        Gpu("a10", 125e12, 0.6e12, 24e9),
        Gpu("l4", 121e12, 0.3e12, 24e9),
        Gpu("t4", 65e12, 0.32e12, 16e9),
    )
}


def gpu(name: str) -> Gpu:
    """A GPU by its name. Raises SettingsError for an unknown one."""
    found = GPUS.get(name.lower()) if isinstance(name, str) else None
    if found is None:
        raise unknown_name("GPU", name, GPUS)
    return found


def weights_of(size: str | None) -> float | None:
    """How many weights a size such as ``"7b"``, ``"1.5B"`` or ``"135m"`` means. Raises SettingsError for anything else."""
    if size is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([bm])\s*", size.lower()) if isinstance(size, str) else None
    if found is None or not float(found[1]):
        raise SettingsError(f'{argument("size", size)} is not a number of weights; use for example `size="7b"`.')
    return float(found[1]) * {"b": 1e9, "m": 1e6}[found[2]]


def on_gpu(estimate: Estimate, card: Gpu, weights: float) -> Estimate:
    """The same work on a GPU, by a model of so many weights in 16 bits, with as many tokens as were measured here.

    Reading a token takes two operations per weight. Writing one takes a pass for all texts of a window, which is as long as
    reading all weights, or as launching the operations of all layers.
    """
    layers = _LAYERS * (weights / _OF_SIZE) ** (1 / 3)
    one_pass = max(_PASS_OF_A_LAYER * layers, weights * _BYTES / (_OF_BANDWIDTH * card.bandwidth))
    rate = _REACHED * card.operations / (2 * weights)

    def seconds(work: Work) -> float:
        reading = (work.read + work.shared + work.written) / rate
        windows = ceil(work.items / work.groups / _WINDOW) * work.groups
        least = work.groups * one_pass if reading else 0.0
        return max(reading, least) + windows * work.longest * one_pass

    memory = weights * _BYTES * (1 + _BEYOND)
    works = tuple(replace(each, seconds=seconds(each)) for each in estimate.works)
    machine = f"{card.name}, {weights / 1e9:.3g} billion weights in 16 bits"
    return replace(estimate, machine=machine, works=works, memory=memory, fits=memory <= card.memory)
