"""Replicas on a real Ray cluster of two nodes: the same records as one model in this process, also when processes die.

The tests run in this order on the same two replicas, since every new process takes seconds to import torch; so they need one
worker (``--dist loadfile``). None of them depends on speed: whatever is awaited ends the waiting.
"""

import os
import pickle
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf_files import write_gguf
from safetensors.torch import load_file, save_file
from small import Run, left_behind
from zoo import asked, model_of

import selfamplify
from selfamplify import Decoding, LocalModel, Plan, Prompt, ReplicatedModel, compare, demo, load_model, load_replicas, load_task
from selfamplify.errors import ExplanationError, ModelError, SettingsError
from selfamplify.models.local.origin import EMBEDDED
from selfamplify.models.replicated import model as replicated
from selfamplify.models.replicated.cluster import _knock
from selfamplify.records import Chat

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
PLAN = Plan(("kernel_shap", "auto_cot"), ("error",), shots=2, limit=12, settings={"samples": 40})
TASK = load_task("planted_arc")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two machines with one core each, as far as Ray can tell."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_MODE", "token")  # read when Ray is imported
    patch.setenv("RAY_AUTH_TOKEN", "0123456789abcdef" * 4)
    patch.setenv("RAY_worker_niceness", "0")  # not 15, with which replicas hardly run beside other tests
    import ray
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    started.add_node(num_cpus=1)
    yield started
    ray.shutdown()
    started.shutdown()
    patch.undo()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model in a folder of its own, whose weights a test can change."""
    copy = tmp_path_factory.mktemp("copy") / "model"
    shutil.copytree(Path(demo.__file__).parent, copy)
    return copy


@pytest.fixture(scope="module")
def model(cluster: Any, folder: Path) -> Iterator[ReplicatedModel]:
    with load_replicas(folder, ray=cluster.address, window=8) as replicas:
        yield replicas


@pytest.fixture(scope="module")
def local(folder: Path) -> Iterator[LocalModel]:
    """The same model in this process, on one thread, as a replica has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_model(folder, window=8)
    torch.set_num_threads(threads)


@pytest.mark.long
def test_results_are_those_of_one_process_byte_for_byte_although_replicas_are_killed(
    model: ReplicatedModel, local: LocalModel, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill(what: str, done: int, total: int) -> None:
        """End a replica when the first question is explained, and another when the first is answered."""
        if len(killed) < 2 and what.startswith(("explaining", "answering")[len(killed)]):
            killed.append([member.process for member in model.members if member.process not in killed][-1])
            os.kill(killed[-1], signal.SIGKILL)

    table = compare(model, TASK, PLAN, tmp_path / "ray", progress=kill)
    expected = compare(local, TASK, PLAN, tmp_path / "inline")
    assert table.digest() == expected.digest()
    assert left_behind(tmp_path / "ray") == left_behind(tmp_path / "inline")
    assert len(killed) == 2 and len({member.process for member in model.members}) >= 3
    reported: list[str] = []
    again = compare(local, TASK, PLAN, tmp_path / "ray", progress=lambda what, done, total: reported.append(what))
    assert again.digest() == expected.digest()
    assert not reported, "a model of this process reuses the records of the replicas"


@pytest.mark.long
def test_log_probabilities_are_those_of_one_process_to_the_last_bit(
    model: ReplicatedModel, local: LocalModel, tmp_path: Path
) -> None:
    for each, folder in ((model, tmp_path / "ray"), (local, tmp_path / "inline")):
        compare(each, TASK, replace(PLAN, methods=("random",), settings={}), folder, decide="likelihood")
    assert left_behind(tmp_path / "ray") == left_behind(tmp_path / "inline")
    assert all(line.log_probabilities for line in selfamplify.Run(tmp_path / "ray").responses())


@pytest.mark.long
def test_replicas_answer_as_the_model(model: ReplicatedModel, local: LocalModel) -> None:
    prompt = Prompt("test", "Choose.", (), {})
    chats = [prompt.chat(question) for question in TASK.test[:20]]
    labels = [question.labels for question in TASK.test[:20]]
    reading = [Chat(chat.messages, "The answer is (", chat.question) for chat in chats]
    assert model.fingerprint == local.fingerprint
    assert model.control_tokens == local.control_tokens
    assert (model.name, model.context, model.window) == (local.name, local.context, local.window)
    assert [model.encode(chat) for chat in chats] == [local.encode(chat) for chat in chats]
    for one, other in zip(model.next_token(reading, labels), local.next_token(reading, labels), strict=True):
        assert (one.text, one.label) == (other.text, other.label)
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-5)
    for decoding in (Decoding(12), Decoding(12, do_sample=True), Decoding(12, num_beams=2, no_repeat_ngram_size=2)):
        assert model.generate(chats, decoding, range(20)) == local.generate(chats, decoding, range(20))
    assert model.generate([], Decoding(), []) == []


def test_a_gguf_file_is_loaded_in_a_replica_with_the_options(
    model: ReplicatedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``load_replicas`` would let its own processes load is loaded in one that exists: a new one takes seconds."""
    write_gguf(model_of("llama"), tmp_path / "tiny.gguf")
    loads: list[Any] = []

    def workers(ray: Any, load: Any, count: int, share: Any) -> Any:
        loads.append(load)
        return model.workers

    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setattr(replicated, "RayWorkers", workers)
        load_replicas("tiny.gguf", dtype="bfloat16", window=3)
    (load,) = loads

    def records(loaded: LocalModel, batch: Sequence[Chat]) -> list[Any]:
        texts = loaded.generate(batch, Decoding(8), range(len(batch)))
        return [(loaded.name, loaded.fingerprint, loaded.window, text) for text in texts]

    chats, _ = asked()
    found = model.workers.work(lambda own, batch: enumerate(records(load(), batch)), [chats])
    expected = records(load_model(tmp_path / "tiny.gguf", dtype="bfloat16", window=3), chats)
    assert [record for _, _, record in found] == expected


def test_both_nodes_work_and_take_a_batch_only_when_they_are_free(model: ReplicatedModel) -> None:
    taken: list[int] = []

    def batches() -> Iterator[Sequence[int]]:
        for number in range(10**6):
            taken.append(number)
            yield [number]

    def compute(own: LocalModel, batch: Sequence[int]) -> list[tuple[int, int]]:
        time.sleep(0.05)
        return [(0, os.getpid())]

    found = model.workers.work(compute, batches())
    assert taken == []
    processes: list[int] = []
    while len(set(processes)) < 2:  # the second may still be loading the model
        processes.append(next(found)[2])
    found.close()
    assert len(taken) <= len(processes) + 3


def test_errors_of_the_work_arrive_unchanged_after_the_records_before_them(model: ReplicatedModel) -> None:
    def compute(own: LocalModel, batch: Sequence[int]) -> Iterator[tuple[int, int]]:
        for place, item in enumerate(batch):
            if item == 2:
                raise ExplanationError("Item 2 can't be explained; leave it out.")
            yield place, item

    came: list[int] = []
    with pytest.raises(ExplanationError, match=r"^Item 2 can't be explained; leave it out\.$"):
        came.extend(record for _, _, record in model.workers.work(compute, [[0, 1, 2, 3]]))
    assert came == [0, 1]
    with pytest.raises(ModelError, match=r"A replica failed \(.*division or modulo by zero"):
        list(model.workers.work(lambda own, batch: [(0, 1 // 0)], [[0]]))
    with pytest.raises(ModelError, match="0 records for 1 item"):
        list(model.workers.work(lambda own, batch: [], [[0]]))


def test_replicas_of_different_weights_are_refused_and_release_the_cluster_although_the_error_is_held(
    folder: Path, model: ReplicatedModel
) -> None:
    import ray

    weights = {name: tensor + 1 for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "changed", {"format": "pt"})
    (folder / "changed").replace(folder / "model.safetensors")  # at once: a replica may be loading it

    def kill_old(own: LocalModel, batch: Sequence[int]) -> list[tuple[int, None]]:
        return [(0, os.kill(os.getpid(), signal.SIGKILL))]

    with pytest.raises(ModelError, match=r"differ \(other weights, or another tokenizer\)") as held:
        list(model.workers.work(kill_old, [[0]]))
    assert held.value.__traceback__ is not None and model.replicas == 0
    until_free(ray)
    with pytest.raises(ModelError, match=r"closed; load them again"):
        list(model.workers.work(echo(), [[0]]))


def test_replicas_that_fit_nowhere_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"8 CPU fits on no machine of the cluster \(the largest has 1 CPU and 0 GPU\)"):
        load_replicas(ray=cluster.address, cpus=8)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"pip install 'selfamplify\[ray\]'"):
        load_replicas()


def test_models_stay_in_their_process(model: ReplicatedModel, local: LocalModel) -> None:
    for each in (model, local):
        with pytest.raises(ModelError, match="can't be sent to another process; .*`load_replicas`"):
            pickle.dumps(each)


@pytest.mark.long
def test_command_line_works_on_a_cluster(cluster: Any, model: ReplicatedModel, run: Run, tmp_path: Path) -> None:
    import ray

    model.close()  # the test that closes it may have been left out
    until_free(ray)
    on = ["--ray", cluster.address, "--window", 8]
    given = ["--methods", "io", "--selections", "success", "--shots", 2, "--limit", 4]
    code, out, err = run("compare", *on, "--replicas", 1, *given, "--judge", EMBEDDED, "--out", tmp_path / "grid")
    assert code == 0 and "1 replica of embedded, with 1 CPU each" in err and "io" in out, err
    text = tmp_path / "prompt.txt"
    text.write_text("Which?")
    for wrong, said in {
        ("explain", "--prompt", text, "--answer", "A", *on): "--ray can't be used to explain a --prompt",
        ("build", *on, "--server", "http://127.0.0.1:9", "--out", tmp_path / "x"): "leave it or --server out",
    }.items():
        code, _, err = run(*wrong)
        assert code == 2 and said in err.replace("\n", " ") and err.count("error:") == 1, err


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "127.0.0.1:77777"])
def test_an_address_where_nothing_listens_is_reported_at_once(address: str) -> None:
    with pytest.raises(ModelError, match=f"No Ray cluster could be reached at '{address}' .*`ray=\"local\"`"):
        _knock(address)


@pytest.mark.long
def test_other_addresses_are_left_to_ray() -> None:
    for address in ("local", "auto", "ray://head.example"):
        _knock(address)


def echo() -> Any:
    """Work whose records are its items. (A function inside a function travels to other processes by value.)"""

    def compute(own: LocalModel, batch: Sequence[Any]) -> Iterable[tuple[int, Any]]:
        return enumerate(batch)

    return compute


def until_free(ray: Any) -> None:
    """Wait until both CPUs of the cluster are free: a killed process returns its CPU after a moment."""
    while ray.available_resources().get("CPU", 0) < 2:
        time.sleep(0.05)
