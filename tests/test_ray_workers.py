"""Every way in which replicas can fail, on a Ray without processes: no replica is left that nobody can use."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from selfamplify.errors import ExplanationError, ModelError, SelfAmplifyError, SettingsError
from selfamplify.models.replicated.cluster import Share
from selfamplify.models.replicated.replica import Description, Outcome
from selfamplify.models.replicated.workers import RayWorkers


class Died(Exception):
    """A process is gone."""


class TaskFailed(Exception):
    """An error in a process that lives on."""

    cause = ImportError("No module named 'thing'")


@dataclass(eq=False)
class Reference:
    """What a call results in: an exception of Ray and an interrupt are raised, everything else is returned."""

    result: Any


@dataclass(eq=False)
class Actor:
    """A process: its methods are called as Ray's are."""

    loaded: Any

    @property
    def __ray_ready__(self) -> Any:
        return SimpleNamespace(remote=lambda: Reference(NEVER if self.loaded is NEVER else None))

    @property
    def load(self) -> Any:
        if self.loaded is NOT_SENT:
            raise TypeError("can't be pickled")
        return SimpleNamespace(remote=lambda load: Reference(self.loaded))

    @property
    def work(self) -> Any:
        return SimpleNamespace(remote=lambda compute, batch: Reference(compute(batch)))


class FakeRay(ModuleType):
    """Ray as far as RayWorkers uses it; ``loads`` is what loading the model results in, process by process."""

    exceptions = SimpleNamespace(
        **dict.fromkeys(("RayActorError", "WorkerCrashedError", "NodeDiedError", "ObjectLostError", "OutOfMemoryError"), Died),
        RayTaskError=TaskFailed,
    )

    def __init__(self, *loads: Any):
        super().__init__("ray")
        self._loads = deque(loads)
        self.alive: set[Actor] = set()

    def remote(self, kind: type) -> Any:
        return SimpleNamespace(options=lambda **resources: SimpleNamespace(remote=self._started))

    def _started(self, threads: int) -> Actor:
        actor = Actor(self._loads.popleft())
        self.alive.add(actor)
        return actor

    def kill(self, actor: Actor) -> None:
        if actor is None:
            raise ValueError("not an actor")
        self.alive.discard(actor)

    def put(self, value: Any) -> Any:
        return value

    def wait(self, asked: Sequence[Reference], timeout: float | None) -> tuple[list[Reference], list[Reference]]:
        done = [each for each in asked if each.result is not NEVER and each.result is not SLOW]
        assert done or timeout is not None, "this would wait for ever"
        return done[:1], done[1:]

    def get(self, asked: Reference) -> Any:
        if isinstance(asked.result, (Died, TaskFailed, KeyboardInterrupt)):
            raise asked.result
        return asked.result


class SlowRay(FakeRay):
    """A model that is not loaded before it has been waited for ten times."""

    def __init__(self, *loads: Any):
        super().__init__(*loads)
        self.timeouts: list[float | None] = []

    def wait(self, asked: Sequence[Reference], timeout: float | None) -> tuple[list[Reference], list[Reference]]:
        for each in asked if len(self.timeouts) == 10 else ():
            each.result = GOOD
        self.timeouts.append(timeout)
        return super().wait(asked, timeout)


NEVER, SLOW, NOT_SENT = object(), object(), object()
GOOD = Description(
    "small", 100, 8, "abc torch 2.13", version("selfamplify"), object.__new__(PreTrainedTokenizerFast), "here", 1
)
WRONG = {
    "other weights": (replace(GOOD, fingerprint="def torch 2.13", host="there"), ModelError, "on here and there differ .other"),
    "another version of torch": (
        replace(GOOD, fingerprint="abc torch 2.6", host="there"), ModelError, "differ .torch 2.13 and torch 2.6"
    ),
    "another version": (replace(GOOD, version="0.0", host="there"), ModelError, "there has selfamplify 0.0"),
    "no folder": (ModelError("There is no model folder."), ModelError, "^There is no model folder.$"),
    "no such dtype": (SettingsError("There is no such dtype."), SettingsError, "^There is no such dtype.$"),
    "a bug": (TaskFailed(), ModelError, "A replica failed .*No module named 'thing'"),
    "an interrupt": (KeyboardInterrupt(), KeyboardInterrupt, None),
    "nothing sent": (NOT_SENT, TypeError, "pickled"),
    "no start": (NEVER, ModelError, "No replica started within 600 s, each taking 1 CPU"),
}  # fmt: skip


def workers(ray: FakeRay, count: int = 2) -> RayWorkers:
    return RayWorkers(ray, lambda: pytest.fail("loaded here"), count, Share())


def echo(batch: Sequence[Any]) -> Outcome:
    return Outcome(list(enumerate(batch)))


def worked(team: RayWorkers, compute: Any, batches: Iterable[Sequence[Any]]) -> Iterator[Any]:
    return (record for _, _, record in team.work(compute, batches))


@pytest.mark.parametrize("wrong", [name for name in WRONG if "other" not in name or name == "another version"])
def test_replicas_that_can_not_be_loaded_leave_none_alive_while_the_error_is_held(wrong: str) -> None:
    result, kind, said = WRONG[wrong]
    ray = FakeRay(NEVER, result)
    with pytest.raises(kind, match=said) as held:
        workers(ray)
    assert held.value.__traceback__ is not None and not ray.alive


@pytest.mark.parametrize("wrong", [name for name in WRONG if name not in ("an interrupt", "nothing sent", "no start")])
def test_a_replica_that_is_refused_while_others_work_ends_all(wrong: str) -> None:
    result, kind, said = WRONG[wrong]
    ray = FakeRay(GOOD, NEVER)
    team = workers(ray)
    team._lanes[1].loading.result = result  # from now on the second one is there
    with pytest.raises(kind, match=said) as held:
        list(worked(team, lambda batch: NEVER, [[0], [1], [2]]))
    assert held.value.__traceback__ is not None and not ray.alive and team.count == 0
    with pytest.raises(ModelError, match="closed; load them again"):
        list(worked(team, echo, [[0]]))


def test_an_interrupt_during_work_keeps_the_replicas() -> None:
    ray = FakeRay(GOOD, GOOD)
    team = workers(ray)
    with pytest.raises(KeyboardInterrupt):
        list(worked(team, lambda batch: KeyboardInterrupt(), [[0]]))
    assert len(ray.alive) == 2 and list(worked(team, echo, [[0], [1]])) == [0, 1]


def test_errors_of_the_work_keep_the_replicas() -> None:
    ray = FakeRay(GOOD, GOOD)
    team, came = workers(ray), list[int]()
    with pytest.raises(ExplanationError, match=r"^Item 2 is bad\.$"):
        came.extend(worked(team, lambda batch: Outcome([(0, 7)], ExplanationError("Item 2 is bad.")), [[1, 2]]))
    with pytest.raises(ModelError, match="A replica failed .*No module named 'thing'"):
        list(worked(team, lambda batch: TaskFailed(), [[0]]))
    assert came == [7] and len(ray.alive) == 2 and list(worked(team, echo, [[0], [1]])) == [0, 1]


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_process_that_dies_is_replaced_and_its_batch_computed_again(deaths: int) -> None:
    ray = FakeRay(GOOD, *[GOOD] * deaths)
    team, left = workers(ray, 1), [Died()] * deaths
    found = worked(team, lambda batch: left.pop() if left else echo(batch), [[0, 1], [2], [3]])
    assert sorted(found) == [0, 1, 2, 3]
    assert len(ray.alive) == 1 and len(team.members) == 1 + deaths


def test_a_batch_that_ends_three_processes_is_given_up_and_other_work_continues() -> None:
    ray = FakeRay(*[GOOD] * 5)
    team = workers(ray)
    with pytest.raises(ModelError, match="A batch of 1 item ended 3 replicas .*`batch_tokens`"):
        list(worked(team, lambda batch: Died(), [[0]]))
    assert len(ray.alive) == 2 and list(worked(team, echo, [[0], [1]])) == [0, 1]


def test_a_model_that_ends_three_processes_is_given_up() -> None:
    ray = FakeRay(*[Died()] * 3)
    with pytest.raises(ModelError, match="No replica could load the model in 3 attempts"):
        workers(ray, 1)
    assert not ray.alive
    with pytest.raises(SelfAmplifyError):
        workers(FakeRay(*[Died()] * 4), 2)
    assert workers(FakeRay(Died(), Died(), GOOD), 1).count == 1


def test_a_process_that_loads_for_long_is_waited_for() -> None:
    slow = SlowRay(SLOW)
    assert workers(slow, 1).count == 1 and slow.timeouts == [600, 0] * 5 + [600]


def test_closed_replicas_are_ended_once_and_for_all() -> None:
    ray = FakeRay(GOOD, GOOD)
    team = workers(ray)
    team.close()
    team.close()
    assert not ray.alive and team.count == 0
