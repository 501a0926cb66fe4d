"""What stands for an absent word: which token, that nothing else does, and that every record says so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zoo
from small import Run, task
from transformers import AutoTokenizer
from zoo import ANIMAL, PLANT, model_of

from selfamplify import (
    AnswerAttribution,
    AttnLrp,
    Baseline,
    DeepLift,
    FeatureAblation,
    GradientXActivation,
    KernelShap,
    LocalModel,
    Plan,
    ScoredWords,
    SelfAmplifyWarning,
    SettingsError,
    attribute,
    build,
    compare,
    load_model,
    make_explainer,
)
from selfamplify.games.question import question_game
from selfamplify.games.values import BASELINES
from selfamplify.models.local.baseline import find_baseline
from selfamplify.prompting.profiles import DEFAULT, PAPER
from selfamplify.prompting.wordings import OURS

pytestmark = pytest.mark.typed

MODELS = ("llama", *zoo.TRAINED)


def ends(model: LocalModel) -> set[Any]:
    tokenizer: Any = model.tokenizer
    return {*model._ending.ids, tokenizer.eos_token_id, tokenizer.bos_token_id}


@pytest.mark.parametrize("where", [*zoo.ZOO, "embedded"])
def test_the_default_neither_begins_nor_ends_anything(where: str) -> None:
    model = load_model() if where == "embedded" else model_of(where)
    found = model.baseline("auto")
    assert found.token is not None and found.token not in ends(model) and not found.role
    unknown: Any = model.tokenizer.unk_token_id
    own = model.blank not in {*ends(model), unknown}
    assert (found.token == model.blank) == own, "a padding token of its own is kept"


@pytest.mark.parametrize(
    ("special", "expected"),
    [
        ({"pad_token": "<pad>"}, "<pad>"),
        ({"pad_token": "</s>"}, "▁"),
        ({"pad_token": "<s>"}, "▁"),
        ({"pad_token": "<unk>"}, "▁"),
    ],
)
def test_a_padding_token_that_has_another_use_gives_way_to_a_space(special: dict[str, str], expected: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(zoo.trained_folder("stories260K"))
    tokenizer.add_special_tokens(special)
    found = find_baseline(tokenizer, "auto", tokenizer.pad_token_id, {tokenizer.eos_token_id})
    assert found.token == tokenizer.convert_tokens_to_ids(expected)
    asked = find_baseline(tokenizer, "pad", tokenizer.pad_token_id, {tokenizer.eos_token_id})
    assert asked.text == special["pad_token"]
    assert bool(asked.role) == (special["pad_token"] in ("<s>", "</s>"))


def test_the_mean_is_left_where_every_token_says_something() -> None:
    tokenizer = AutoTokenizer.from_pretrained(zoo.trained_folder("stories260K"))
    vocabulary = tokenizer.get_vocab()
    every = set(vocabulary.values())
    assert find_baseline(tokenizer, "auto", tokenizer.pad_token_id, every) == Baseline("the mean embedding")


def test_a_text_is_one_token_or_refused() -> None:
    model = model_of("cardputer-chat-3M")
    assert model.baseline("the").token == model.tokenizer.convert_tokens_to_ids("the")
    assert model.baseline("<|endoftext|>").role == "ends a turn"
    with pytest.raises(SettingsError, match=r"is \d+ tokens of this model, not one; .*auto, pad, unk, space, mean"):
        model.baseline("the cat sat on the mat")
    with pytest.raises(SettingsError, match="`baseline=''` is invalid; .*auto, pad, unk, space, mean"):
        DeepLift(baseline="")


@pytest.mark.long
@pytest.mark.parametrize("baseline", [*BASELINES, "a"])
@pytest.mark.parametrize("where", MODELS)
def test_absent_words_have_the_embedding_of_the_baseline(where: str, baseline: str) -> None:
    """A game's values, however it batches, are those of plain passes over embeddings that were replaced by hand."""
    model = model_of(where)
    game = question_game(model, PLANT, OURS, baseline=baseline)
    draw = np.random.default_rng(1)
    coalitions = draw.random((5, game.players)) < 0.5
    table: Any = model.module.get_input_embeddings().weight
    token = model.baseline(baseline).token
    instead = table[: len(model.tokenizer)].mean(0) if token is None else table[token]
    for present, value in zip(coalitions, game.values(coalitions), strict=True):
        rows = table[list(game.ids)].clone()
        for own, stays in zip(game.positions, present, strict=True):
            if not stays:
                rows[list(own)] = instead
        with torch.no_grad():
            expected = model.module(inputs_embeds=rows[None], use_cache=False).logits[0, -1, game.target.ids[0]]
        assert value == pytest.approx(float(expected), abs=2e-4)


@pytest.mark.long
@pytest.mark.parametrize("name", ["deep_lift", "feature_ablation", "kernel_shap"])
@pytest.mark.parametrize("baseline", [*BASELINES, "a"])
@pytest.mark.parametrize("where", MODELS)
def test_the_record_names_what_stood_for_absent_words(where: str, baseline: str, name: str) -> None:
    model = model_of(where)
    settings = {"baseline": baseline} | ({"samples": 60} if name == "kernel_shap" else {})
    found = make_explainer(name, settings).explain(model, ANIMAL, OURS, 0)
    assert isinstance(found, ScoredWords) and found.baseline == model.baseline(baseline)
    if found.completeness_gap is not None:
        game = question_game(model, ANIMAL, OURS, baseline=baseline)
        full, empty = game.ends()
        assert sum(found.scores) == pytest.approx(full - empty, abs=2e-3 * max(1, abs(full - empty)))


@pytest.mark.parametrize("explainer", [DeepLift(baseline="pad"), FeatureAblation(baseline="mean")])
def test_an_attribution_and_its_files_name_it(explainer: DeepLift | FeatureAblation, tmp_path: Path) -> None:
    model = model_of("stories260K")
    found = attribute(model, "Once upon a time there was a big dog.", "He ran", explainer)
    assert found.baseline == model.baseline(explainer.baseline or "")
    assert found.settings["baseline"] == explainer.baseline
    assert AnswerAttribution.load(found.save(tmp_path / "a.json")) == found
    said = f"(replaced by {found.baseline})"
    assert said in " ".join(str(found).split())
    assert ("ends a turn" in said) == (explainer.baseline == "pad")
    page = found.save(tmp_path / "a.html").read_text()
    assert "replaced by" in page and ("ends a turn" in page) == (explainer.baseline == "pad")


@pytest.mark.long
@pytest.mark.filterwarnings("always::selfamplify.SelfAmplifyWarning")
def test_the_command_line_names_a_baseline_that_ends_a_turn(run: Run, tmp_path: Path) -> None:
    build = ["build", "--task", "planted_arc", "--shots", 1, "--select", "random", "--method", "feature_ablation"]
    code, _, err = run(*build, "--baseline", "</s>", "--out", tmp_path)
    assert code == 0 and err.count("note: Absent words were replaced by '</s>', which ends a turn (feature_ablation). The") == 1


@pytest.mark.long
def test_build_and_compare_name_once_a_baseline_that_ends_a_turn(tmp_path: Path) -> None:
    model, profile = load_model(), DEFAULT.with_length(8)
    plan = Plan(("feature_ablation", "deep_lift"), ("random",), seeds=(0, 1), shots=2, settings={"baseline": "</s>"})
    with pytest.warns(
        SelfAmplifyWarning, match=r"replaced by '</s>', which ends a turn \(feature_ablation, deep_lift\)"
    ) as said:
        compare(model, task(), plan, tmp_path / "grid", profile=profile)
    assert len(said) == 1
    build(model, task(), tmp_path / "auto", method=DeepLift(), selection="random", shots=2, profile=profile)


def test_where_nothing_is_replaced_a_baseline_is_refused_and_none_recorded() -> None:
    model = model_of("llama")
    with pytest.raises(SettingsError, match="leave `baseline='pad'` out"):
        KernelShap(absent="delete", baseline="pad")
    with pytest.raises(SettingsError, match="leave `baseline='auto'` out"):
        GradientXActivation(baseline="auto")
    for explainer in (FeatureAblation(absent="delete"), GradientXActivation(), AttnLrp()):
        completed = explainer.completed(baseline="auto")
        assert completed == explainer
        found = completed.explain(model, ANIMAL, OURS, 0)
        assert isinstance(found, ScoredWords) and found.baseline is None
        assert attribute(model, "A big dog ran.", "He ran", explainer).baseline is None


def test_games_with_different_baselines_are_scored_together() -> None:
    model = model_of("llama")
    games = [question_game(model, ANIMAL, OURS, baseline=each) for each in ("pad", "mean", "unk")]
    together = DeepLift().attribute_all(games, [0] * 3)
    for game, found in zip(games, together, strict=True):
        assert found.scores == pytest.approx(DeepLift().attribute(game, 0).scores, abs=1e-5)


def test_the_papers_profile_takes_the_padding_token() -> None:
    assert (DEFAULT.baseline, PAPER.baseline) == ("auto", "pad")
    model = model_of("stories260K")
    assert model.baseline(PAPER.baseline).token == model.blank == model.tokenizer.pad_token_id
