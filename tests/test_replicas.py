"""Replicas on a real Ray cluster of two nodes: the records of one model in this process, whoever dies on the way."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from small import Run, left_behind

from selfamplify import Decoding, LocalModel, Plan, Prompt, ReplicatedModel, compare, load_model, load_replicas, load_task
from selfamplify.errors import ExplanationError, ModelError, SettingsError
from selfamplify.models.replicated.cluster import Share, _knock
from selfamplify.records import Chat

pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.filterwarnings("ignore::ResourceWarning")]
PLAN = Plan(("kernel_shap", "auto_cot", "self_exp"), ("success", "error"), shots=2, limit=30, settings={"samples": 80})
TASK = load_task("planted_arc")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two machines of a core each, as far as Ray can tell."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_MODE", "token")  # read when Ray is imported
    patch.setenv("RAY_AUTH_TOKEN", "0123456789abcdef" * 4)
    import ray
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    found.add_node(num_cpus=1)
    yield found
    ray.shutdown()
    found.shutdown()
    patch.undo()


@pytest.fixture(scope="module")
def model(cluster: Any) -> Iterator[ReplicatedModel]:
    with load_replicas(ray=cluster.address, window=8) as replicas:
        yield replicas


@pytest.fixture(scope="module")
def local() -> Iterator[LocalModel]:
    """The same model in this process, on one thread, as a replica has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_model(window=8)
    torch.set_num_threads(threads)


def test_results_are_those_of_one_process_byte_for_byte_also_if_a_replica_is_killed(
    model: ReplicatedModel, local: LocalModel, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill(what: str, done: int, total: int) -> None:
        """End the newest replica while a question is explained, and that which took its place while another is answered."""
        newest = model.members[-1].process
        if what.startswith(("explaining", "answering")[len(killed)] if len(killed) < 2 else "-") and newest not in killed:
            os.kill(newest, signal.SIGKILL)
            killed.append(newest)

    expected = compare(PLAN, local, TASK, tmp_path / "inline")
    table = compare(PLAN, model, TASK, tmp_path / "ray", progress=kill)
    assert table.digest() == expected.digest()
    assert left_behind(tmp_path / "ray") == left_behind(tmp_path / "inline")
    assert len(killed) == 2 and len({member.process for member in model.members}) in (3, 4)
    told: list[str] = []
    assert compare(PLAN, local, TASK, tmp_path / "ray", progress=lambda *at: told.append(at[0])).digest() == expected.digest()
    assert not told, "what replicas have done is done for a model of this process, too"


def test_a_replicated_model_answers_as_the_model(model: ReplicatedModel, local: LocalModel) -> None:
    prompt = Prompt("test", "Choose.", (), {})
    chats = [prompt.chat(question) for question in TASK.test[:40]]
    labels = [question.labels for question in TASK.test[:40]]
    reading = [Chat(chat.messages, "The answer is (", chat.question) for chat in chats]
    assert model.fingerprint == local.fingerprint
    assert (model.name, model.context, model.window) == (local.name, local.context, local.window)
    assert [model.tokens(chat) for chat in chats] == [local.tokens(chat) for chat in chats]
    for one, other in zip(model.next_token(reading, labels), local.next_token(reading, labels), strict=True):
        assert (one.text, one.label) == (other.text, other.label)
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-5)
    for decoding in (Decoding(12), Decoding(12, do_sample=True), Decoding(12, num_beams=2, no_repeat_ngram_size=2)):
        assert model.generate(chats, decoding, range(40)) == local.generate(chats, decoding, range(40))
    assert model.generate([], Decoding(), []) == []


def test_both_nodes_work_and_selection_asks_little_more_than_it_takes(model: ReplicatedModel) -> None:
    asked: list[int] = []

    def batches() -> Iterator[Sequence[int]]:
        for number in range(600):
            asked.append(number)
            yield [number]

    def compute(batch: Sequence[int]) -> list[tuple[int, int]]:
        time.sleep(0.1)
        return [(0, os.getpid())]

    found = model.perform(compute, batches())
    assert asked == []
    processes: list[int] = []
    while len(set(processes)) < 2:  # one of them may be loading the model still
        processes.append(next(found)[2])
    found.close()
    assert len(asked) <= len(processes) + 3


def test_errors_of_the_work_arrive_as_they_are_with_what_came_before(model: ReplicatedModel) -> None:
    def compute(batch: Sequence[int]) -> Iterator[tuple[int, int]]:
        for place, item in enumerate(batch):
            if item == 2:
                raise ExplanationError("Item 2 is not for us; leave it out.")
            yield place, item

    came: list[int] = []
    with pytest.raises(ExplanationError, match="Item 2 is not for us"):
        came.extend(record for _, _, record in model.perform(compute, [[0, 1, 2, 3]]))
    assert came == [0, 1]
    with pytest.raises(ModelError, match=r"A replica failed \(integer division or modulo by zero"):
        list(model.perform(lambda batch: [(0, 1 // 0)], [[0]]))
    with pytest.raises(ModelError, match="0 records came of 1 items"):
        list(model.perform(lambda batch: [], [[0]]))


def test_work_that_ends_every_process_is_given_up_and_other_work_goes_on(model: ReplicatedModel) -> None:
    with pytest.raises(ModelError, match="A batch of 1 items has ended 3 replicas .*--batch-tokens"):
        list(model.perform(lambda batch: [(0, os.kill(os.getpid(), signal.SIGKILL))], [[0]]))
    assert [record for _, _, record in model.perform(enumerate, [["one"], ["two"]])] in (["one", "two"], ["two", "one"])


def test_replicas_of_different_weights_are_refused(cluster: Any, model: ReplicatedModel) -> None:
    import ray

    def load() -> LocalModel:
        own = load_model()
        with torch.no_grad():
            next(own.module.parameters()).add_(os.getpid())
        return own

    model.close()
    with pytest.raises(ModelError, match=r"closed; load them again"):
        list(model.perform(enumerate, [[0]]))
    with pytest.raises(ModelError, match=r"differ \(other weights, or another tokenizer\)"):
        strange = ReplicatedModel(ray, load, 2, Share())
        list(strange.perform(enumerate, [[0]] * 1000))


def test_replicas_that_can_not_be_are_refused(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"8 CPU has room on no machine of the cluster \(the largest has 1 CPU and 0 GPU\)"):
        load_replicas(ray=cluster.address, cpus=8)
    with pytest.raises(ModelError, match="There is no model folder at"):
        load_replicas(tmp_path / "nothing", ray=cluster.address, replicas=1)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"pip install 'selfamplify\[ray\]'"):
        load_replicas()


def test_a_model_of_this_process_stays_in_it(local: LocalModel) -> None:
    import pickle

    with pytest.raises(ModelError, match="can't be sent to another; use load_replicas"):
        pickle.dumps(local)


def test_command_line_builds_and_measures_on_a_cluster(cluster: Any, run: Run, tmp_path: Path) -> None:
    on = ["--ray", cluster.address, "--replicas", 2, "--window", 8]
    code, out, err = run("build", *on, "--shots", 2, "--samples", 80, "--out", tmp_path)
    assert code == 0 and "2 replicas of embedded, 1 CPU each" in err and "kernel_shap" in (tmp_path / "prompt.json").read_text()
    code, out, err = run("evaluate", tmp_path, *on, "--limit", 20, "--judge", "embedded")
    assert code == 0 and "kernel_shap" in out, err
    text = tmp_path / "prompt.txt"
    text.write_text("Which?")
    for wrong, told in {
        ("build", "--replicas", 2, "--out", tmp_path / "x"): "--replicas is about replicas; write --ray local",
        ("build", "--gpus-per-replica", 1, "--out", tmp_path / "x"): "--gpus-per-replica is about replicas",
        ("explain", "--prompt", text, "--answer", "A", *on): "--ray has no tokens at hand",
        (
            "evaluate",
            tmp_path,
            "--ray",
            "local",
            "--server",
            "http://127.0.0.1:9",
        ): "--ray is about a model that is loaded here",
        ("evaluate", tmp_path, *on, "--judge", "other"): "leave --judge out",
    }.items():
        code, _, err = run(*wrong)
        assert code == 2 and told in err and err.count("error:") == 1, err


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "127.0.0.1:77777"])
def test_an_address_where_nobody_listens_is_told_at_once(address: str) -> None:
    with pytest.raises(ModelError, match=f"No Ray cluster could be reached at '{address}' .*use --ray local"):
        _knock(address)


def test_other_addresses_are_left_to_ray() -> None:
    for address in ("local", "auto", "ray://head.example"):
        _knock(address)
