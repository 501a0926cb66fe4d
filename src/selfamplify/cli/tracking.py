"""``--log``: a finished run is handed to a tracker of experiments."""

from pathlib import Path
from typing import Annotated

import typer

import selfamplify

from .screen import say

Log = Annotated[
    str | None,
    typer.Option(
        "--log",
        help="Log the finished run, with its report page, to a tracker whose client is installed: mlflow, wandb or trackio.",
    ),
]


def check(log: str | None) -> None:
    """Raise SettingsError, before anything is computed, for an unknown tracker, or if its client is not installed."""
    if log is not None:
        from ..tracking.log import as_tracker

        as_tracker(log)


def hand_over(folder: Path, log: str | None) -> None:
    """Log a finished run folder, if that is wanted."""
    if log is not None:
        selfamplify.write_report(folder)
        say(f"{log} has it as {selfamplify.log_run(folder, log)}")
