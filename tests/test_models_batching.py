"""Rows are cut into batches that fit; when memory runs out, smaller ones give the same result."""

import gc
import weakref
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from zoo import asked, tiny_model

from selfamplify import Decoding
from selfamplify.errors import ModelError
from selfamplify.models.local.batching import Batcher
from selfamplify.models.local.prefix import PrefixCache


class Device:
    """Computes squares of at most ``room`` rows at once."""

    def __init__(self, room: int):
        self.room = room
        self.sizes: list[int] = []
        self.retreats = 0

    def compute(self, rows: Sequence[int]) -> list[int]:
        if len(rows) > self.room:
            raise torch.OutOfMemoryError("out of memory")
        self.sizes.append(len(rows))
        return [row * row for row in rows]

    def retreat(self) -> None:
        self.retreats += 1


@given(count=st.integers(0, 60), tokens=st.integers(1, 400), width=st.integers(1, 50), room=st.integers(1, 60))
def test_batches_cover_all_rows_in_order(count: int, tokens: int, width: int, room: int) -> None:
    device, batcher = Device(room), Batcher(tokens)
    parts = batcher.run(list(range(count)), width, device.compute, device.retreat)
    assert [value for part in parts for value in part] == [row * row for row in range(count)]
    assert all(size * width <= max(tokens, width) for size in device.sizes)


def test_batcher_remembers_the_size_that_fitted() -> None:
    device, batcher = Device(3), Batcher(1000)
    for _ in range(2):
        list(batcher.run(list(range(10)), 10, device.compute, device.retreat))
    assert device.retreats == 2  # 10 rows, 5 rows; then 2 at a time
    assert device.sizes == [2] * 10


def test_row_that_never_fits_is_an_error_with_a_remedy() -> None:
    device = Device(0)
    with pytest.raises(ModelError, match="One row of 10 tokens .* --dtype bfloat16"):
        list(Batcher(1000).run([1, 2, 3], 10, device.compute, device.retreat))


def test_failed_batch_is_freed_before_the_next_try() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def compute(rows: Sequence[int]) -> int:
        activations = torch.ones(3)
        alive.append(weakref.ref(activations))
        if len(rows) > 1:
            raise torch.OutOfMemoryError("out of memory")
        return int(activations.sum())

    def retreat() -> None:
        assert alive[-1]() is None

    gc.disable()
    try:
        assert list(Batcher(1000).run([1, 2], 1, compute, retreat)) == [3, 3]
    finally:
        gc.enable()


def test_model_out_of_memory_answers_the_same_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    chats, labels = asked()
    chats, labels = chats * 3, labels * 3
    model, small = tiny_model(), tiny_model()
    forward, sizes = small.module.forward, []

    def cramped(*args: object, **kwargs: object) -> object:
        rows = len(kwargs["input_ids"])  # pyright: ignore[reportArgumentType]
        if rows > 2:
            raise torch.OutOfMemoryError("out of memory")
        sizes.append(rows)
        return forward(*args, **kwargs)

    monkeypatch.setattr(small.module, "forward", cramped)
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


def test_prefix_is_run_once_for_all_its_rows() -> None:
    asked_for: list[tuple[int, ...]] = []

    def compute(prefix: tuple[int, ...]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        asked_for.append(prefix)
        return [(torch.full((1, 2, len(prefix), 4), 1.0), torch.full((1, 2, len(prefix), 4), 2.0))]

    cache = PrefixCache(compute, size=2)
    for prefix in ((1, 2), (1, 2), (3,), (1, 2), (4,), (1, 2), (3,)):
        assert cache.replicate(prefix, 5).get_seq_length() == len(prefix)
    assert asked_for == [(1, 2), (3,), (4,), (3,)]
    assert cache.replicate((), 5).get_seq_length() == 0


def test_kept_prefix_is_not_written_to() -> None:
    cache = PrefixCache(lambda prefix: [(torch.ones(1, 2, len(prefix), 4), torch.ones(1, 2, len(prefix), 4))])
    first = cache.replicate((1, 2), 3)
    first.update(torch.zeros(3, 2, 1, 4), torch.zeros(3, 2, 1, 4), 0)
    first.reorder_cache(torch.LongTensor([2, 1, 0]))
    assert cache.replicate((1, 2), 3).get_seq_length() == 2
