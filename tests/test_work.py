"""The loop over a stage's batches: whoever computes, in whatever order, records are those of the items, in order, and kept."""

from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfamplify.errors import ExplanationError
from selfamplify.work import loop
from selfamplify.work.loop import records
from selfamplify.work.stage import Compute, Item, Record, Stage, silent
from selfamplify.work.store import AbstractStore, NoStore
from selfamplify.work.workers import AbstractWorkers, Computed, InProcess, computed

ITEMS = st.lists(st.integers(0, 999), max_size=40, unique=True)
BATCHES = st.integers(1, 12)
COUNTS = st.integers(1, 5)


@dataclass
class Memory(AbstractStore):
    """Keeps records in a dictionary; ``parts`` lists what came together."""

    held: dict[Hashable, Any] = field(default_factory=dict)
    parts: list[list[Any]] = field(default_factory=list)

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        return [stage.key(item) for item in items]

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Any]:
        return {key: self.held[key] for key in keys if key in self.held}

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        self.held.update(records)
        self.parts.append(list(records.values()))


@dataclass
class Several(AbstractWorkers):
    """``count`` workers that take turns at random: batches overlap, and a later one may be finished first."""

    count: int
    random: Random
    taken: int = 0
    finished: int = 0

    def work(self, compute: Compute[Item, Record], batches: Iterable[Sequence[Item]]) -> Computed[Record]:
        coming = enumerate(batches)
        running: list[tuple[int, Iterator[tuple[int, Record]]]] = []
        while True:
            for number, batch in islice(coming, self.count - len(running)):
                self.taken += 1
                running.append((number, computed(compute, None, batch)))
            if not running:
                return
            number, batch = turn = self.random.choice(running)
            try:
                place, record = next(batch)
            except StopIteration:
                running.remove(turn)
                self.finished += 1
            else:
                yield number, place, record


@dataclass
class Bench:
    """A stage whose records are its items as text, computed in random order; ``made`` lists what was computed."""

    batch: int
    random: Random
    bad: int | None = None
    made: list[int] = field(default_factory=list)

    @property
    def stage(self) -> Stage[int, str]:
        return Stage("writing", str, lambda item: [item], self.compute, self.batch)

    def compute(self, model: object, batch: Sequence[int]) -> Iterator[tuple[int, str]]:
        assert 0 < len(batch) <= self.batch
        for place in self.random.sample(range(len(batch)), len(batch)):
            if batch[place] == self.bad:
                raise ExplanationError("This item is bad.")
            self.made.append(batch[place])
            yield place, str(batch[place])

    def store(self, known: Iterable[int]) -> Memory:
        return Memory({self.stage.key(item): str(item) for item in known})


def some_of(items: Sequence[int], random: Random) -> list[int]:
    return random.sample(items, random.randint(0, len(items)))


@pytest.mark.long
@given(ITEMS, BATCHES, COUNTS, st.randoms(use_true_random=False))
def test_records_come_in_order_each_computed_once_and_kept(items: list[int], batch: int, count: int, random: Random) -> None:
    bench, known = Bench(batch, random), some_of(items, random)
    store, reported = bench.store(known), list[tuple[str, int, int]]()
    found = records(bench.stage, items, store, Several(count, random), lambda *report: reported.append(report))
    assert list(found) == [str(item) for item in items]
    assert sorted(bench.made) == sorted(set(items) - set(known))
    assert sorted(record for part in store.parts for record in part) == sorted(map(str, bench.made))
    assert store.held == bench.store(items).held
    assert all(what == "writing" and done <= total == len(items) for what, done, total in reported)
    assert [done for _, done, _ in reported] == sorted(done for _, done, _ in reported)
    assert reported[-1:] == ([("writing", len(items), len(items))] if bench.made else []), "wherever the known items are"
    assert list(records(bench.stage, items, store, InProcess(None), silent)) == [str(item) for item in items]
    assert sorted(bench.made) == sorted(set(items) - set(known)), "what is kept is not computed again"


@given(ITEMS.filter(bool), BATCHES, COUNTS, st.randoms(use_true_random=False))
def test_what_was_computed_before_an_error_is_kept(items: list[int], batch: int, count: int, random: Random) -> None:
    bad = random.choice(items)
    bench, known = Bench(batch, random, bad), some_of([item for item in items if item != bad], random)
    store, came = bench.store(known), list[str]()
    with pytest.raises(ExplanationError):
        came.extend(records(bench.stage, items, store, Several(count, random), silent))
    assert store.held == bench.store([*known, *bench.made]).held
    assert len(bench.made) == len(set(bench.made)) and not {bad, *known} & set(bench.made)
    bench.bad = None
    assert list(records(bench.stage, items, store, Several(count, random), silent)) == [str(item) for item in items]
    assert sorted(bench.made) == sorted(set(items) - set(known)), "the next run continues where this one stopped"


@given(ITEMS.filter(bool), BATCHES, COUNTS, st.randoms(use_true_random=False))
def test_nothing_is_computed_before_it_is_asked_for(items: list[int], batch: int, count: int, random: Random) -> None:
    bench, workers = Bench(batch, random), Several(count, random)
    store = bench.store(some_of(items, random))
    found = records(bench.stage, items, store, workers, silent)
    assert workers.taken == 0
    wanted = random.randint(1, len(items))
    assert list(islice(found, wanted)) == [str(item) for item in items[:wanted]]
    assert workers.taken <= workers.finished + count
    before = len(bench.made)
    assert isinstance(found, Generator)
    found.close()
    assert len(bench.made) == before
    assert store.held.keys() >= {bench.stage.key(item) for item in bench.made}, "whoever stops early keeps what was paid for"


@given(ITEMS.filter(bool), BATCHES, st.randoms(use_true_random=False))
def test_one_process_computes_no_batch_beyond_the_records_that_are_taken(items: list[int], batch: int, random: Random) -> None:
    bench = Bench(batch, random)
    for place, record in enumerate(records(bench.stage, items, NoStore(), InProcess(None), silent)):
        assert record == str(items[place])
        assert place < len(bench.made) <= place + batch


@pytest.mark.parametrize("store", [NoStore, Memory])
@given(st.lists(st.integers(0, 3), max_size=20), BATCHES, COUNTS, st.randoms(use_true_random=False))
def test_items_may_repeat(store: type[AbstractStore], items: list[int], batch: int, count: int, random: Random) -> None:
    bench, reported = Bench(batch, random), [0]
    found = records(bench.stage, items, store(), Several(count, random), lambda what, done, total: reported.append(done))
    assert list(found) == [str(item) for item in items]
    assert reported[-1] == max(reported) == len(items)


@given(st.integers(1, 60), BATCHES)
def test_batches_are_of_equal_size(count: int, batch: int) -> None:
    sizes: list[int] = []

    def compute(model: object, items: Sequence[int]) -> Iterable[tuple[int, int]]:
        sizes.append(len(items))
        return enumerate(items)

    stage = Stage("counting", int, lambda item: [item], compute, batch)
    assert list(records(stage, range(count), NoStore(), InProcess(None), silent)) == list(range(count))
    assert len(sizes) == -(-count // batch) and max(sizes) <= batch
    assert all(size == sizes[0] for size in sizes[:-1]) and sizes[0] - sizes[-1] < len(sizes)


def test_what_is_ready_is_kept_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def compute(model: object, items: Sequence[int]) -> Iterator[tuple[int, str]]:
        for place in range(len(items)):
            clock[0] += 0.4
            yield place, str(items[place])

    monkeypatch.setattr(loop, "monotonic", lambda: clock[0])
    store = Memory()
    stage = Stage("writing", str, lambda item: [item], compute, 7)
    assert len(list(records(stage, range(7), store, InProcess(None), silent))) == 7
    assert store.parts == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


@pytest.mark.parametrize("given", [[], [(0, "one")]])
def test_a_compute_that_does_not_return_one_record_per_item_is_an_error(given: list[tuple[int, str]]) -> None:
    stage = Stage("writing", str, lambda item: [item], lambda model, items: given, 2)
    with pytest.raises(ValueError, match=f"{len(given)} records? for 2 items"):
        list(records(stage, [0, 1], NoStore(), InProcess(None), silent))


@pytest.mark.parametrize(
    ("place", "fault"), [(0, "a second record for the item at place 0"), (2, "at place 2 of"), (-1, "at place -1 of")]
)
def test_a_record_too_many_is_an_error_when_it_comes(place: int, fault: str) -> None:
    def compute(model: object, items: Sequence[int]) -> Iterator[tuple[int, str]]:
        yield 0, "zero"
        yield place, "too many"
        raise AssertionError("the rest of the batch was computed")

    store = Memory()
    with pytest.raises(ValueError, match=f"{fault}.* a batch of 2 items"):
        list(records(Stage("writing", str, lambda item: [item], compute, 2), [0, 1], store, InProcess(None), silent))
    assert store.parts == [["zero"]]
