"""The rows of ``benchmarks.gpu``, the most important first: what is explained, answered and attended to, and by which peers."""

import gc
from collections.abc import Callable
from dataclasses import dataclass

import torch

from selfamplify import LocalModel

from . import answering, attribution
from .attention import Case, attention
from .machine import alone, compare, device_name, product_rate, versions
from .recorded import Figures, OutOfTime, Row, Setting, line
from .shapes import build_model

Work = Callable[[], object]
WORK, ATTENTION = "work", "attention"
_HALF = (torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Plan:
    """How much of everything is done with a shape; ``pace`` is how long that takes, compared with 7b on an H100."""

    preambles: tuple[int, int]
    evaluations: int
    captum: int
    load: answering.Load
    cases: tuple[Case, ...]
    product: int
    pace: float


def _cases(rows: int, heads: int, kv_heads: int, dim: int, width: int, prefix: int) -> tuple[Case, ...]:
    """Those of a model: the shared prefix, its parts, one token per row, and dimensions of other models."""
    groups = heads // kv_heads
    return (
        *(Case(rows, heads, width, dim, dtype, kv_heads=kv_heads, prefix=prefix) for dtype in _HALF),
        *(Case(rows, heads, width, dim, dtype) for dtype in _HALF),
        *(Case(1, kv_heads, groups * rows * width, dim, dtype, keys=prefix, causal=False) for dtype in _HALF),
        Case(rows, heads, 1, dim, torch.bfloat16, kv_heads=kv_heads, prefix=prefix),
        Case(rows, heads, width, dim, torch.bfloat16, kv_heads=kv_heads, prefix=1),
        *(Case(rows, heads, width, other, torch.bfloat16, prefix=prefix) for other in (64, 80, 256, 20)),
    )


PLANS = {
    "7b": Plan((1500, 200), 350, 20, answering.Load(64, 1500, 4, 50), _cases(64, 32, 8, 128, 65, 1500), 8192, 1.0),
    "tiny": Plan((40, 20), 80, 2, answering.Load(4, 30, 1, 4), _cases(3, 4, 2, 16, 9, 33), 128, 0.03),
}


class Rows:
    """The rows of a shape on a device; the model is made when the first row needs it."""

    def __init__(self, shape: str, device: str, runs: int):
        self._shape = shape
        self._device = device
        self._runs = runs
        self._plan = PLANS[shape]
        self._made: LocalModel | None = None
        self.setting = Setting(shape, device_name(device), versions())

    @property
    def _model(self) -> LocalModel:
        if self._made is None:
            self._made = build_model(self._shape, self._device)
        return self._made

    def free(self) -> None:
        """Release all memory but that of the model's weights. Raises the error of a GPU that can't be used any more."""
        if self._made is not None:
            self._made.forget()
        gc.collect()
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
            torch.cuda.empty_cache()

    @property
    def rows(self) -> list[Row]:
        """All rows; ``expected`` is at least twice our estimate for an H100, and includes the making of the model."""
        plan = self._plan
        long, short = (attribution.coalitions(preamble, plan.captum, plan.evaluations) for preamble in plan.preambles)
        greedy, beams, greedy_copied, beams_copied = answering.jobs(plan.load)
        first, *others = (self._attended(case, 15 if place == 0 else 5) for place, case in enumerate(plan.cases))
        return [
            first,
            self._explained(long, 60, plan.preambles[0]),
            self._answered(greedy, 90),
            self._explained(attribution.deep_lift(plan.preambles[1]), 60),
            self._answered(beams, 120),
            self._explained(short, 60, plan.preambles[1]),
            self._answered(greedy_copied, 90),
            *others,
            self._answered(beams_copied, 180),
        ]

    def _attended(self, case: Case, expected: float) -> Row:
        def measure() -> Figures:
            return dict(attention(case, self._device, self._runs))

        return Row(ATTENTION, case.title, "the plain branch", expected * self._plan.pace, measure)

    def _explained(self, job: attribution.Job, expected: float, preamble: int | None = None) -> Row:
        """An explanation; with ``preamble``, also the share of the chip's rate that its matrix products reach."""

        def measure() -> Figures:
            model, plan = self._model, self._plan
            measured = self._against(lambda: job.theirs(model), job.ours(model), job.share)
            if preamble is None:
                return measured.figures
            work = attribution.operations(model, preamble, plan.evaluations)
            chip = product_rate(model.device, model.module.dtype, plan.product)
            return measured.figures | {"rate": work / measured.seconds, "chip": chip}

        return Row(WORK, job.title, job.peer, expected * self._plan.pace, measure)

    def _answered(self, job: answering.Job, expected: float) -> Row:
        load = self._plan.load

        def measure() -> Figures:
            bench = answering.Bench(self._model.module, load)
            theirs, ours = (lambda: job.work(bench, job.decoding)), (lambda: bench.here(job.decoding))
            return self._against(lambda: theirs, ours, job.share).figures

        return Row(WORK, load.title(job.decoding), job.peer, expected * self._plan.pace, measure)

    def _against(self, ready: Callable[[], Work], ours: Work, share: float) -> "_Measured":
        """Our work and the peer's, once that is ready; if the peer fails, ours alone."""
        try:
            found = compare(ready(), ours, self._runs, share)
            peer: Figures = {"peer_seconds": found.slow, "peer_memory": found.slow_memory}
            return _Measured(found.fast, peer | {"seconds": found.fast, "memory": found.fast_memory})
        except OutOfTime:
            raise
        except Exception as raised:
            error = line(raised)
        self.free()  # only now, since the error kept what the peer had allocated
        seconds, memory = alone(ours, self._runs)
        return _Measured(seconds, {"error": f"the peer: {error}", "seconds": seconds, "memory": memory})


@dataclass(frozen=True)
class _Measured:
    """Seconds of our work, and all figures."""

    seconds: float
    figures: Figures
