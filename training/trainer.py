"""The training loop: one optimizer for all stages. It can be killed at any time, and ends the same after it is resumed."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import LlamaForCausalLM

from .curriculum import Stage
from .rows import Encoder, score

Measure = Callable[[LlamaForCausalLM, Stage], dict[str, float]]
_CLIP = 1.0


class GateError(RuntimeError):
    """A stage did not reach the figure that the next one requires."""


@dataclass(frozen=True)
class Plan:
    """What is trained, and how often it is saved and measured (in steps).

    ``written`` holds masks of the entries of parameters that frozen stages do not change.
    """

    stages: Sequence[Stage]
    seed: int
    written: Mapping[str, torch.Tensor] = field(default_factory=dict)
    save_every: int = 250
    measure_every: int = 2000

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def at(self, step: int) -> tuple[Stage, int]:
        """The stage of a step and the step's number within it."""
        for stage in self.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        raise ValueError(f"the plan has {self.steps} steps, {step} is after the last")


@dataclass
class Progress:
    """How far training has come; ``history`` holds what the card reports."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)


def train(
    model: LlamaForCausalLM,
    encoder: Encoder,
    plan: Plan,
    folder: Path,
    measure: Measure | None = None,
    until: int | None = None,
) -> Progress:
    """Train ``model`` in place to the end of the plan (or to step ``until``), from ``folder``'s checkpoint if there is one.

    Raises GateError if a stage ends below one of its gates.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.0)
    file = folder / "checkpoint.pt"
    progress = _load(file, model, optimizer) if file.is_file() else Progress()
    last = plan.steps if until is None else until
    with tqdm(total=plan.steps, initial=progress.step, smoothing=0.01, mininterval=5) as bar:
        while progress.step < last:
            stage, number = plan.at(progress.step)
            started = time.perf_counter()
            loss, tokens = _step(model, optimizer, encoder, plan, progress.step)
            progress.step += 1
            progress.tokens += tokens
            progress.seconds += time.perf_counter() - started
            bar.update()
            ended = number + 1 == stage.steps
            if ended or progress.step % plan.measure_every == 0:
                figures = measure(model, stage) if measure else {}
                _report(progress, stage, loss, figures, folder)
                if ended:
                    _check(stage, figures)
            if ended or progress.step % plan.save_every == 0 or progress.step == last:
                _save(file, model, optimizer, progress)
    return progress


def _check(stage: Stage, figures: Mapping[str, float]) -> None:
    for name, least in stage.gates.items():
        if figures[name] < least:
            raise GateError(
                f"the stage {stage.name} ended with {name} at {figures[name]:.2f}, below its gate of {least:.2f}: the model "
                "has not learned what it teaches, and later stages would not fix that. Start over with another --seed, or "
                "longer stages."
            )


def _step(
    model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, encoder: Encoder, plan: Plan, step: int
) -> tuple[float, int]:
    stage, number = plan.at(step)
    for group in optimizer.param_groups:
        group["lr"] = stage.rate(number)
    if stage.fresh and number == 0:
        optimizer.state.clear()
    batch = stage.batch(encoder, plan.seed, number).to(model.device)
    with torch.autocast(model.device.type, torch.bfloat16):
        result = score(model, batch, aided=True)
    result.loss.backward()
    if stage.frozen:
        for name, weight in model.named_parameters():
            if name in plan.written and weight.grad is not None:
                weight.grad[plan.written[name].to(weight.device)] = 0.0
    torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
    optimizer.step()
    optimizer.zero_grad()
    return result.loss.item(), batch.ids.numel()


def _report(progress: Progress, stage: Stage, loss: float, figures: dict[str, float], folder: Path) -> None:
    entry = {"step": progress.step, "stage": stage.name, "tokens": progress.tokens, "seconds": round(progress.seconds)}
    entry |= {"loss": round(loss, 4), **figures}
    progress.history.append(entry)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")
    tqdm.write(json.dumps(entry))


def _save(file: Path, model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    """Write a new file next to the old checkpoint and rename it, so that a kill leaves one of the two complete."""
    partial = file.with_suffix(".partial")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": vars(progress)}
    torch.save(state, partial)
    partial.replace(file)


def _load(file: Path, model: LlamaForCausalLM, optimizer: torch.optim.Optimizer) -> Progress:
    state = torch.load(file, map_location=model.device, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])
