"""Texts that are written together equal those that transformers' ``generate`` writes for each prompt alone."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import DynamicCache
from zoo import DECODERS, asked, model_of, plain_tokens, tiny_model, writing

from selfamplify import Decoding, LocalModel
from selfamplify.models.local.attention import KeysValues, SharedPrefix
from selfamplify.models.local.generation import Manner, Writing

pytestmark = pytest.mark.typed

MERGED = [family for family in DECODERS if family != "gpt-neo-window"]
DECODINGS = {
    "greedy": Decoding(12),
    "beams": Decoding(12, num_beams=3),
    "early": Decoding(12, num_beams=2, no_repeat_ngram_size=2, early_stopping=True),
    "sampled": Decoding(12, do_sample=True, no_repeat_ngram_size=3),
    "cool": Decoding(12, do_sample=True, temperature=0.4),
    "hot beams": Decoding(12, do_sample=True, num_beams=2, temperature=1.7),
    "paper": Decoding(12, do_sample=True, num_beams=2, no_repeat_ngram_size=2, early_stopping=True),
}
# Many tokens end a text, so that texts from random weights have very different lengths.
ENDS = tuple(range(2, 400, 9))


def tokens(lengths: Sequence[int], seed: int = 0) -> list[tuple[int, ...]]:
    """Random rows of tokens, none of which ends a text."""
    draw = torch.Generator().manual_seed(seed)
    allowed = torch.tensor([token for token in range(4, 400) if token not in ENDS])
    return [tuple(allowed[torch.randint(len(allowed), (length,), generator=draw)].tolist()) for length in lengths]


def keys_values(model: LocalModel, prefix: tuple[int, ...]) -> KeysValues:
    """The keys and values of a prefix, by transformers' own cache."""
    cache = DynamicCache()
    if prefix:
        with torch.no_grad():
            model.module(input_ids=torch.tensor([prefix]), past_key_values=cache, use_cache=True)
    return [(layer.keys, layer.values) for layer in cache.layers]  # pyright: ignore


def written(
    model: LocalModel,
    prefix: tuple[int, ...],
    suffixes: list[tuple[int, ...]],
    decoding: Decoding,
    capacity: int,
    pass_tokens: int = 1 << 20,
) -> list[tuple[int, ...]]:
    manner = Manner(decoding, ENDS, lambda text: text[-1] in ENDS, lambda logits: logits)
    writing = Writing(model.module, prefix, keys_values(model, prefix), manner, capacity, pass_tokens)
    found = dict(writing.texts(suffixes, list(range(len(suffixes)))))
    return [found[index].tokens for index in range(len(suffixes))]


@pytest.mark.long
@writing(MERGED, DECODINGS)
@pytest.mark.parametrize("prefix", [0, 60])
def test_each_row_of_a_changing_batch_writes_what_it_would_alone(name: str, decoding: Decoding, prefix: int) -> None:
    model = model_of(name)
    before, *suffixes = tokens([prefix, 9, 3, 14, 1, 5, 30, 7])
    expected = [plain_tokens(model, (*before, *suffix), decoding, seed, ENDS) for seed, suffix in enumerate(suffixes)]
    assert written(model, before, suffixes, decoding, capacity=3) == expected


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=9), st.integers(1, 9), st.integers(1, 80), st.integers(0, 99))
def test_texts_do_not_depend_on_capacity_and_passes(lengths: list[int], capacity: int, pass_tokens: int, seed: int) -> None:
    model, (before, *suffixes) = model_of("llama"), tokens([20, *lengths], seed)
    decoding = Decoding(8, num_beams=2, no_repeat_ngram_size=2)
    found = written(model, before, suffixes, decoding, capacity, pass_tokens)
    assert found == written(model, before, suffixes, decoding, len(lengths))


@pytest.mark.long
def test_free_rows_are_given_to_waiting_texts() -> None:
    model, (before, *suffixes) = tiny_model(), tokens([20, *[6] * 12])
    rows: list[int] = []
    model.module.register_forward_pre_hook(lambda module, args, inputs: rows.append(len(inputs["input_ids"])), with_kwargs=True)
    texts = written(model, before, suffixes, Decoding(40), capacity=4)
    assert max(rows) <= 4
    assert len({len(text) for text in texts}) > 1
    # Batches of four rows that wait for the longest of them would take more steps.
    waiting = sum(max(map(len, texts[start : start + 4])) for start in range(0, 12, 4))
    assert sum(len(text) for text in texts) / 4 <= len(rows) < waiting + 3


def test_prefix_is_stored_once_for_any_number_of_rows() -> None:
    model, (before, *suffixes) = model_of("llama"), tokens([300, *[5] * 16])
    manner = Manner(Decoding(10, num_beams=2), (), lambda text: False, lambda logits: logits)
    layers = keys_values(model, before)
    writing = Writing(model.module, before, layers, manner, 16, 1 << 20)
    list(writing.texts(suffixes, [0] * 16))
    once = sum(tensor.nbytes for pair in layers for tensor in pair)
    copied = once / 300 * 32 * 315
    assert once + writing.rows.nbytes < 0.2 * copied
    assert SharedPrefix(layers).length == 300


@pytest.mark.long
def test_no_text_is_lost_when_memory_runs_out_while_writing() -> None:
    chats = asked()[0] * 4
    model, small = tiny_model(), tiny_model()
    calls: list[int] = []

    def fail_twice(module: object, args: object, inputs: dict[str, Any]) -> None:
        calls.append(len(inputs["input_ids"]))
        if len(calls) in (5, 9):  # in the middle of writing
            raise torch.OutOfMemoryError("out of memory")

    small.module.register_forward_pre_hook(fail_twice, with_kwargs=True)
    for decoding in (Decoding(6), Decoding(6, do_sample=True)):
        assert small.generate(chats, decoding, list(range(12))) == model.generate(chats, decoding, list(range(12)))
    assert calls[-1] <= 3
