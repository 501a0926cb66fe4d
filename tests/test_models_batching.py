"""Rows are cut into batches that fit in memory; when memory runs out, smaller batches give the same results."""

import gc
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from zoo import asked, tiny_model

from selfamplify import Decoding
from selfamplify.errors import ModelError
from selfamplify.models.local.batching import Batcher
from selfamplify.models.local.prefix import PrefixCache

pytestmark = pytest.mark.typed


class Device:
    """Computes the squares of at most ``capacity`` rows at once."""

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.sizes: list[int] = []
        self.freed = 0

    def compute(self, rows: Sequence[int]) -> list[int]:
        if len(rows) > self.capacity:
            raise torch.OutOfMemoryError("out of memory")
        self.sizes.append(len(rows))
        return [row * row for row in rows]

    def free_memory(self) -> None:
        self.freed += 1


@given(count=st.integers(0, 60), tokens=st.integers(1, 400), width=st.integers(1, 50), capacity=st.integers(1, 60))
def test_batches_cover_all_rows_in_order(count: int, tokens: int, width: int, capacity: int) -> None:
    device, batcher = Device(capacity), Batcher(tokens)
    parts = batcher.run(list(range(count)), width, device.compute, device.free_memory)
    assert [value for part in parts for value in part] == [row * row for row in range(count)]
    assert all(size * width <= max(tokens, width) for size in device.sizes)


def test_batch_size_that_fits_is_remembered() -> None:
    device, batcher = Device(3), Batcher(1000)
    for _ in range(2):
        list(batcher.run(list(range(10)), 10, device.compute, device.free_memory))
    assert device.freed == 2  # 10 rows, 5 rows; then 2 at a time
    assert device.sizes == [2] * 10


def test_single_row_that_does_not_fit_is_an_error_with_a_remedy() -> None:
    device = Device(0)
    with pytest.raises(ModelError, match='One row of 10 tokens .* `dtype="bfloat16"`'):
        list(Batcher(1000).run([1, 2, 3], 10, device.compute, device.free_memory))


def test_failed_batch_is_freed_before_the_next_try() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def compute(rows: Sequence[int]) -> int:
        activations = torch.ones(3)
        alive.append(weakref.ref(activations))
        if len(rows) > 1:
            raise torch.OutOfMemoryError("out of memory")
        return int(activations.sum())

    def free_memory() -> None:
        assert alive[-1]() is None

    gc.disable()
    try:
        assert list(Batcher(1000).run([1, 2], 1, compute, free_memory)) == [3, 3]
    finally:
        gc.enable()


@pytest.mark.long
def test_model_that_runs_out_of_memory_answers_the_same_in_smaller_batches() -> None:
    chats, labels = asked()
    chats, labels = chats * 3, labels * 3
    model, small = tiny_model(), tiny_model()
    sizes: list[int] = []

    def limit(module: object, args: object, inputs: dict[str, Any]) -> None:
        rows = len(inputs["input_ids"])
        if rows > 2:
            raise torch.OutOfMemoryError("out of memory")
        sizes.append(rows)

    small.module.register_forward_pre_hook(limit, with_kwargs=True)
    for expected, token in zip(model.next_token(chats, labels), small.next_token(chats, labels), strict=True):
        assert token.text == expected.text
        assert token.log_probabilities == pytest.approx(expected.log_probabilities, abs=1e-4)
    assert max(sizes) <= 2
    assert small.generate(chats, Decoding(5), [0] * 9) == model.generate(chats, Decoding(5), [0] * 9)


def test_results_do_not_depend_on_batch_tokens() -> None:
    chats, labels = asked()
    whole, single = tiny_model(), tiny_model(batch_tokens=1)
    for expected, token in zip(whole.next_token(chats, labels), single.next_token(chats, labels), strict=True):
        assert token.log_probabilities == pytest.approx(expected.log_probabilities, abs=1e-4)
    assert whole.generate(chats, Decoding(5, num_beams=2), [0] * 3) == single.generate(chats, Decoding(5, num_beams=2), [0] * 3)


def test_prefix_is_computed_once_for_all_its_rows() -> None:
    computed: list[tuple[int, ...]] = []

    def compute(prefix: tuple[int, ...]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        computed.append(prefix)
        return [(torch.full((1, 2, len(prefix), 4), 1.0), torch.full((1, 2, len(prefix), 4), 2.0))]

    cache = PrefixCache(compute, size=2)
    for prefix in ((1, 2), (1, 2), (3,), (1, 2), (4,), (1, 2), (3,)):
        assert cache.replicate(prefix, 5).get_seq_length() == len(prefix)
    assert computed == [(1, 2), (3,), (4,), (3,)]
    assert cache.replicate((), 5).get_seq_length() == 0


def test_cached_prefix_is_not_changed_by_a_replica() -> None:
    cache = PrefixCache(lambda prefix: [(torch.ones(1, 2, len(prefix), 4), torch.ones(1, 2, len(prefix), 4))])
    first = cache.replicate((1, 2), 3)
    first.update(torch.zeros(3, 2, 1, 4), torch.zeros(3, 2, 1, 4), 0)
    first.reorder_cache(torch.LongTensor([2, 1, 0]))
    assert cache.replicate((1, 2), 3).get_seq_length() == 2
