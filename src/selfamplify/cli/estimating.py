"""``compare --estimate``: what a comparison will take, before it is run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

import selfamplify

from ..errors import SettingsError
from ..text.lines import duration
from .model_options import ModelOptions
from .screen import say, stderr, stdout
from .translation import in_options

if TYPE_CHECKING:
    from ..estimating.record import Estimate


@dataclass(frozen=True)
class EstimateOptions:
    """Whether to estimate instead of running, and for which machine."""

    panel: ClassVar[str] = "Estimate"

    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Do not run the comparison, but estimate its tokens, time and memory from a short measurement.",
        ),
    ] = False
    gpu: Annotated[
        str | None,
        typer.Option("--gpu", help="With --estimate: estimate for this GPU, such as h100. Default: for this machine."),
    ] = None
    size: Annotated[
        str | None,
        typer.Option(
            "--size", help="With --gpu: estimate for a model of this size, such as 7b weights. Default: the size of --model."
        ),
    ] = None

    def check(self) -> None:
        """Raise SettingsError for options that mean nothing together."""
        if self.gpu and not self.estimate:
            raise SettingsError(f"--gpu {self.gpu} is for an estimate; add --estimate, or leave it out.")
        if self.size and not self.gpu:
            raise SettingsError(
                f"--size {self.size} is for an estimate for a GPU; add for example --gpu h100, or leave it out."
            )


def print_estimate(
    model: ModelOptions,
    task: "selfamplify.Task",
    plan: "selfamplify.Plan",
    options: EstimateOptions,
    command: Callable[..., Any],
    **further: Any,
) -> None:
    """Estimate a plan with progress, and print what it will take; ``further`` are arguments of ``estimate``.

    The reasons why a method is left out name the options of ``command``.
    """
    asked = model.load()
    with model.progress() as progress:
        found = selfamplify.estimate(asked, task, plan, on=options.gpu, size=options.size, progress=progress, **further)
    stdout.print(selfamplify.estimate_table(found))
    say(_sums(found, calculated=options.gpu is not None))
    if found.uncertain and options.gpu is None:
        say(
            f"note: measured in smaller batches than the run will use, so it may take less: {', '.join(found.uncertain)}.",
            console=stderr,
        )
    for name, reason in found.failed.items():
        say(f"not estimated: {name}: {in_options(reason, command)}", console=stderr)


def _sums(found: "Estimate", calculated: bool) -> str:
    if not calculated:
        how = f"Measured in {duration(found.measuring)} on this machine, as busy as it is now."
    elif found.fits:
        how = "Calculated from a data sheet and the tokens that were counted here: it may be wrong by a factor of two."
    else:
        how = (
            "In 16 bits, the model does not fit on one such GPU: choose a larger --gpu or a smaller --size. For the run "
            "itself, --quantize or --device-map auto may help, which this estimate leaves out."
        )
    memory, disk = f"{found.memory / 1e9:.1f} GB of memory", f"{max(1, round(found.disk / 1e6))} MB in the run folder"
    return f"About {duration(found.seconds)}, {memory}, and {disk}. {how}"
