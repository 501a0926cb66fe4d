"""What every benchmark reports about its machine, and how it measures time."""

import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import captum
import torch
import transformers


def heading(runs: int) -> str:
    """The date, the machine and the versions of a table."""
    where = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else f"{platform.machine()}, {torch.get_num_threads()} threads"
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {where}, torch {torch.__version__}, transformers {transformers.__version__}, "
        f"captum {captum.__version__}; medians of {runs}"
    )


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, in seconds."""
    _wait()
    start = time.perf_counter()
    work()
    _wait()
    return time.perf_counter() - start


def ratio(slow: Callable[[], object], fast: Callable[[], object], runs: int, share: float = 1.0) -> tuple[float, float]:
    """The medians of both in seconds, measured in turn, so that other work of the machine affects both.

    ``slow`` does a ``share`` of its work, and its time is scaled.
    """
    found = [(seconds(slow) / share, seconds(fast)) for _ in range(runs)]
    return statistics.median(each[0] for each in found), statistics.median(each[1] for each in found)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
