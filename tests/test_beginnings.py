"""Rows that begin alike are run as a tree: against sets of beginnings, and against plain passes of every decoder family."""

from typing import Any

import numpy as np
import pytest
import torch
import zoo
from hypothesis import given
from hypothesis import strategies as st
from zoo import PLANT, model_of, tiny_model

from selfamplify import LocalModel
from selfamplify.games.question import question_game
from selfamplify.models.local.beginnings import tree_of
from selfamplify.prompting.wordings import OURS

pytestmark = pytest.mark.typed

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=12)


def beginnings(rows: list[list[int]]) -> set[tuple[int, ...]]:
    return {tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)}


@given(rows=ROWS)
def test_paths_spell_the_rows_and_each_node_stands_for_one_token_of_them(rows: list[list[int]]) -> None:
    tree = tree_of(rows, torch.device("cpu"))
    for row, path in zip(rows, tree.paths, strict=True):
        assert tree.ids[path[: len(row)]].tolist() == row
        assert tree.depths[path[: len(row)]].tolist() == list(range(len(row)))
    assert tree.paths.flatten()[tree.first].tolist() == list(range(len(tree.ids)))
    assert len(beginnings(rows)) <= len(tree.ids) <= sum(map(len, rows))
    assert 0 < tree.share <= 1


@given(rows=ROWS)
def test_sorted_rows_have_a_node_for_each_beginning(rows: list[list[int]]) -> None:
    assert len(tree_of(sorted(rows), torch.device("cpu")).ids) == len(beginnings(rows))


def counted(model: LocalModel) -> tuple[list[int], Any]:
    """The tokens of each pass that is to come, and what stops the counting."""
    tokens: list[int] = []
    hook = model.module.register_forward_pre_hook(
        lambda _, args, given: tokens.append(given["input_ids"].numel()), with_kwargs=True
    )
    return tokens, hook


@pytest.mark.long
@pytest.mark.parametrize("name", [*zoo.DECODERS, *zoo.TRAINED])
@pytest.mark.parametrize("keep", [1, 3])
def test_logits_of_rows_that_begin_alike_equal_plain_passes(name: str, keep: int) -> None:
    model, draw = model_of(name), np.random.default_rng(keep)
    start, stem = draw.integers(4, 300, 20).tolist(), draw.integers(4, 300, 25).tolist()
    rows = [
        [*start, *stem[:cut], *draw.integers(4, 300, end).tolist()] for cut, end in ((25, 3), (5, 12), (25, 9), (20, 3), (0, 4))
    ]
    rows += [rows[0], rows[2][:-1]]
    model.last_logits(rows, len(start), keep)
    tokens, hook = counted(model)
    found = model.last_logits(rows, len(start), keep)
    hook.remove()
    for row, logits in zip(rows, found, strict=True):
        with torch.no_grad():
            expected = model.module(input_ids=torch.tensor([row])).logits[0, -keep:].float()
        torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)
    if model.module.config.model_type != "gpt_neo":
        assert sum(tokens) < 0.9 * sum(len(row) - len(start) for row in rows)


def test_coalitions_cost_a_token_for_each_beginning() -> None:
    model = tiny_model("llama")
    game = question_game(model, PLANT, OURS)
    coalitions = np.random.default_rng(0).random((40, game.players)) < 0.9
    rows = [game.row(present)[len(game.prefix) :] for present in coalitions]
    model.last_logits([game.ids], len(game.prefix))
    tokens, hook = counted(model)
    game.values(coalitions)
    hook.remove()
    assert sum(tokens) == len(beginnings(rows)) < 0.9 * sum(map(len, rows))


def test_rows_that_share_little_are_run_as_rows() -> None:
    model = tiny_model("llama")
    rows = [[7, 8, 9, *[first] * 10] for first in range(20, 26)]
    model.last_logits(rows, 3)
    tokens, hook = counted(model)
    model.last_logits(rows, 3)
    hook.remove()
    assert tokens == [60]
