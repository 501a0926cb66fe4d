"""A finished run folder becomes a run of a tracker."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import RunError, SettingsError
from ..names import instance
from ..prompting.prompt_file import FILE_NAME as PROMPT
from ..runs.comparison import names
from ..runs.responses import FILE_NAME as RESPONSES
from ..runs.table import FILE_NAME as RESULTS
from ..runs.table import Table
from ..runs.tested import tested_against
from .tracker import AbstractTracker, TrackedRun


def log_run(folder: str | Path, to: AbstractTracker | str = "mlflow") -> str:
    """Hand a finished run to a tracker of experiments, through its own client.

    Each method has its accuracy and, as ``success/deep_lift/minus_io``, the difference from IO; where ``compare --against``
    named another row, the difference from that row, as in ``success/deep_lift/minus_mine``.

    Parameters
    ----------
    folder : str or Path
        The folder of a comparison or an evaluation.
    to : AbstractTracker or str
        ``"mlflow"``, ``"wandb"`` or ``"trackio"``, or a tracker with settings of its own; by default MLflow.

    Returns
    -------
    str
        A line that says where the run is now.

    Raises
    ------
    SettingsError
        For another tracker, or if its client is not installed.
    DataError
        If the folder has no results, or they were changed.
    RunError
        If the client fails, with its own reason. The run folder is as before.
    """
    tracker = as_tracker(to)
    run = tracked(folder)
    try:
        return tracker.log(run)
    except Exception as error:  # clients raise what they like
        raise RunError(
            f"{tracker.package} could not log the run ({error}). The results are in {folder}; log them later by "
            f'the same command, or `log_run("{folder}", "{tracker.package}")`.'
        ) from error


def as_tracker(tracker: AbstractTracker | str) -> AbstractTracker:
    """The tracker itself or by its name. Raises SettingsError for anything else, or if its client is not installed."""
    found = instance("tracker", tracker, AbstractTracker) if isinstance(tracker, str) else tracker
    if not isinstance(found, AbstractTracker):
        raise SettingsError(f'A tracker is a name or a tracker, not {found!r}; write for example `log="mlflow"`.')
    found.check()
    return found


def tracked(folder: str | Path) -> TrackedRun:
    """What a run folder hands to a tracker. Raises DataError if it has no results, or they were changed."""
    folder, table = Path(folder), Table.load(folder)
    kept = (*sorted(folder.glob("prompts/*-k*-seed*.json")), *(folder / name for name in _FILES))
    metrics = dict(_metrics(table, tested_against(folder, table)))
    return TrackedRun(folder.resolve().name, table.settings, metrics, tuple(file for file in kept if file.is_file()))


_FILES = (PROMPT, RESULTS, RESPONSES, "report.html", "run.toml")
"""What is handed over if it is there; the last two are written by layers above this one."""


def _metrics(table: Table, against: str) -> Iterator[tuple[str, float]]:
    labels = names((mean.method, mean.keywords) for mean in table.means)
    for mean in table.means:
        place = f"{mean.selection}/{labels[mean.method, mean.keywords]}"
        yield f"{place}/accuracy", mean.mean
        yield f"{place}/accuracy_low", mean.low
        yield f"{place}/accuracy_high", mean.high
    for found in table.against(against):
        yield f"{found.selection}/{found.first}/minus_{against}", found.difference.estimate
