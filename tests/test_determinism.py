"""The same results, however they are computed: once and again, in other batches, after a stop, with more threads.

What a model writes is the same in all these ways. Log-probabilities round differently where products have other shapes, so
they are equal only in the same batches and with as many threads. docs/reliability.md says what was seen on a real model;
Ray's replicas are in test_replicas.py, and kills in test_store.py.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selfamplify import Plan, Run, compare, load_model, load_task
from selfamplify.answering.deciding import Decide

TASK = load_task("planted_arc").limited(8)
PLAN = Plan(("self_topk", "kernel_shap"), ("error",), shots=2, settings={"samples": 40})
WAYS: dict[str, dict[str, Any]] = {
    "again": {},
    "one at a time": {"window": 1},
    "five at a time": {"window": 5},
    "few tokens at a time": {"batch_tokens": 150},
}
CHILD = """
import sys, torch
from selfamplify import compare
from test_determinism import PLAN, TASK
torch.set_num_threads(2)
compare("embedded", TASK, PLAN, sys.argv[1])
print(torch.get_num_threads())
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def results(folder: Path) -> bytes:
    return (folder / "results.json").read_bytes()


def run(folder: Path, decide: Decide = "generate", stop_at: int | None = None, **model: Any) -> bytes:
    """The results of a comparison on the embedded model, which an interrupt stops at so many answers of the last method."""

    def watch(what: str, done: int, total: int) -> None:
        if what.startswith("answering with kernel_shap") and stop_at is not None and done >= stop_at:
            raise KeyboardInterrupt

    compare(load_model("embedded", **model), TASK, PLAN, folder, decide=decide, progress=watch)
    return results(folder)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return run(tmp_path_factory.mktemp("once"))


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_written_answers_give_the_same_results_in_any_batches(once: bytes, way: str, tmp_path: Path):
    assert run(tmp_path, **WAYS[way]) == once


@pytest.mark.long
@pytest.mark.parametrize("decide", ["generate", "likelihood"])
def test_a_run_that_was_stopped_gives_the_same_results(decide: Decide, tmp_path: Path):
    whole = run(tmp_path / "whole", decide, window=5)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", decide, stop_at=3, window=5)
    assert not Run(tmp_path / "stopped").has_table
    assert run(tmp_path / "stopped", decide, window=5) == whole


@pytest.mark.long
def test_written_answers_give_the_same_results_in_another_process_with_two_threads(once: bytes, tmp_path: Path):
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}  # waiting must not take a core
    command = [sys.executable, "-c", CHILD, tmp_path]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2" and results(tmp_path) == once


@pytest.mark.long
def test_log_probabilities_are_equal_in_the_same_batches_and_close_in_others(tmp_path: Path):
    whole = run(tmp_path / "whole", "likelihood")
    assert run(tmp_path / "again", "likelihood") == whole
    run(tmp_path / "singly", "likelihood", window=1, batch_tokens=150)
    first, second = (Run(tmp_path / name).responses() for name in ("whole", "singly"))
    assert [line.label for line in first] == [line.label for line in second]
    np.testing.assert_allclose(
        [line.log_probabilities for line in first], [line.log_probabilities for line in second], rtol=0, atol=1e-3
    )
