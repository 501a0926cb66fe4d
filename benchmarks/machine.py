"""What every benchmark reports about its machine, and how it measures time and memory."""

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import captum
import torch
import transformers


@dataclass(frozen=True)
class Comparison:
    """Medians in seconds of a peer (``slow``) and of this package (``fast``).

    The memory is the most that was allocated on the GPU beyond what was held before, in bytes; None without a GPU.
    """

    slow: float
    fast: float
    slow_memory: int | None
    fast_memory: int | None


def heading(runs: int) -> str:
    """The date, the machine and the versions of a table."""
    where = device_name("cuda" if torch.cuda.is_available() else "cpu")
    return f"{today()}, {where}, {versions()}; medians of {runs}"


def today() -> str:
    """The date."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def versions() -> str:
    """Those of the packages that figures depend on most."""
    return f"torch {torch.__version__}, transformers {transformers.__version__}, captum {captum.__version__}"


def device_name(device: str) -> str:
    """What a table calls a torch device."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


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
    found = compare(slow, fast, runs, share)
    return found.slow, found.fast


def compare(slow: Callable[[], object], fast: Callable[[], object], runs: int, share: float = 1.0) -> Comparison:
    """The same as ``ratio``, with the memory of both."""
    before = _allocated()
    found = [(_measured(slow, before), _measured(fast, before)) for _ in range(runs)]
    slows, fasts = zip(*found, strict=True)
    slow_time, slow_memory = _summary(slows)
    fast_time, fast_memory = _summary(fasts)
    return Comparison(slow_time / share, fast_time, slow_memory, fast_memory)


def alone(work: Callable[[], object], runs: int) -> tuple[float, int | None]:
    """The median time of work without a peer, and its memory as in a ``Comparison``."""
    before = _allocated()
    return _summary([_measured(work, before) for _ in range(runs)])


def product_rate(device: torch.device, dtype: torch.dtype, width: int = 8192) -> float:
    """Operations per second of a product of two square matrices."""
    a = torch.randn(width, width, device=device, dtype=dtype)
    a @ a
    return 2 * width**3 / min(seconds(lambda: a @ a) for _ in range(10))


def _measured(work: Callable[[], object], before: int | None) -> tuple[float, int | None]:
    if before is None:
        return seconds(work), None
    torch.cuda.reset_peak_memory_stats()
    taken = seconds(work)
    return taken, torch.cuda.max_memory_allocated() - before


def _summary(found: list[tuple[float, int | None]] | tuple[tuple[float, int | None], ...]) -> tuple[float, int | None]:
    memories = [memory for _, memory in found if memory is not None]
    return statistics.median(taken for taken, _ in found), max(memories, default=None)


def _allocated() -> int | None:
    return torch.cuda.memory_allocated() if torch.cuda.is_initialized() else None


def _wait() -> None:
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
