"""What holds for every explainer, on a tiny random model and on a trained one; and the gradients compared with Captum's."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import zoo
from captum.attr import LayerDeepLift, LayerGradientXActivation, LayerIntegratedGradients
from games import Game, polynomial, types_unchecked
from observed import ObservedModel
from small import EXPLAINERS, word_scores
from zoo import ANIMAL, HANDS, PLANT, model_of, tiny_model

from selfamplify import (
    Choice,
    Decoding,
    DeepLift,
    FeatureAblation,
    GradientXActivation,
    IntegratedGradients,
    KernelShap,
    KernelShapCaptum,
    Lime,
    LocalModel,
    Question,
    RandomWords,
    ScriptedModel,
    SelfExp,
    SelfTopk,
    Session,
    ShapleyValueSampling,
    explain_all,
    make_explainer,
)
from selfamplify.errors import ExplanationError, ModelError, SettingsError
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.explain.deep_lift_captum import DeepLiftCaptum
from selfamplify.explain.gradient import AbstractGradient
from selfamplify.explain.making import as_explainer, settings_of
from selfamplify.explain.perturbation import AbstractPerturbation
from selfamplify.games.question import question_game
from selfamplify.games.tokens import TokenGame
from selfamplify.games.values import VALUES, Absent
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Chat, Cost, Explanation, NamedWords, ScoredWords, Value, WrittenText

pytestmark = pytest.mark.typed

SMALL: dict[str, dict[str, Any]] = {
    "integrated_gradients": {"max_steps": 32},
    "kernel_shap": {"samples": 60},
    "kernel_shap_captum": {"samples": 40},
    "lime": {"samples": 40},
    "shapley_interactions": {"samples": 400},
    "counterfactual": {"most": 3, "evaluations": 60},
    "shapley_value_sampling": {"permutations": 4},
    "self_topk": {"decoding": Decoding(8)},
    "self_exp": {"decoding": Decoding(8)},
}
"""Settings that keep the tests quick; an explainer that is not named here is run with its defaults."""

ATTRIBUTIONS = [name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractAttribution)]
GRADIENTS = [name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractGradient)]
PERTURBATIONS = [name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractPerturbation)]
SAMPLED = ["kernel_shap", "kernel_shap_captum", "lime", "shapley_value_sampling", "shapley_interactions", "random"]
COMPLETE = [
    "kernel_shap",
    "kernel_shap_captum",
    "shapley_value_sampling",
    "shapley_values",
    "shapley_interactions",
    "integrated_gradients",
    "deep_lift",
    "deep_lift_captum",
]
LEAF = Question("leaf", "Leaves are green by", (Choice("A", "some dye"), Choice("B", "light")), "A")

every_attribution = pytest.mark.parametrize("name", ATTRIBUTIONS)
every_scored = pytest.mark.parametrize("name", [*ATTRIBUTIONS, "random"])
both_models = pytest.mark.parametrize("where", ["llama", "stories260K"])


def explain(name: str, model: LocalModel, question: Question = LEAF, seed: int = 0, **chosen: Any) -> Explanation:
    return make_explainer(name, SMALL.get(name, {}) | chosen).explain(model, question, OURS, seed)


def scored(name: str, model: LocalModel, question: Question = LEAF, seed: int = 0, **chosen: Any) -> ScoredWords:
    return word_scores(explain(name, model, question, seed, **chosen))


def absence(name: str, absent: Absent) -> dict[str, Any]:
    """The setting of how words are absent, for the explainers that have it."""
    return {"absent": absent} if "absent" in settings_of(name) else {}


def x_and_baseline(game: TokenGame) -> tuple[torch.Tensor, torch.Tensor]:
    """The token ids [1, token] of x and of x'."""
    x, baseline = (torch.tensor([game.row(np.full(game.players, present))]) for present in (True, False))
    return x, baseline


@pytest.mark.long
@every_scored
@both_models
def test_explanation_scores_the_words_of_the_question(name: str, where: str) -> None:
    explanation = scored(name, model_of(where))
    assert explanation.words == ("Leaves", "are", "green", "by", "some", "dye", "light")
    assert np.isfinite(explanation.scores).all() and any(explanation.scores)
    assert (explanation.question_id, explanation.explainer) == ("leaf", name)


@pytest.mark.long
@every_attribution
@both_models
def test_explanation_records_unit_cost_and_gap(name: str, where: str) -> None:
    explanation = scored(name, model_of(where))
    assert explanation.value == "logit"
    assert explanation.cost.forward_passes > 0 and explanation.cost.seconds > 0
    assert (explanation.completeness_gap is not None) == (name in COMPLETE)


@pytest.mark.long
@every_scored
def test_same_seed_gives_the_same_scores_whatever_the_batch(name: str) -> None:
    first = scored(name, tiny_model(), ANIMAL, 5)
    cramped = scored(name, tiny_model(batch_tokens=300), ANIMAL, 5)
    assert cramped.scores == pytest.approx(first.scores, abs=1e-4)
    torch.manual_seed(1)
    np.random.seed(1)
    assert scored(name, tiny_model(), ANIMAL, 5).scores == first.scores


@pytest.mark.long
@every_scored
def test_other_seed_gives_other_scores_only_where_draws_are_made(name: str) -> None:
    question = LEAF if name == "shapley_values" else PLANT
    first, second = (scored(name, model_of("llama"), question, seed) for seed in (1, 2))
    assert (first.scores != second.scores) == (name in SAMPLED)


@pytest.mark.long
@every_attribution
@pytest.mark.parametrize("value", ["logprob", "margin"])
@pytest.mark.parametrize("absent", ["mask", "delete"])
def test_every_value_and_absence_can_be_attributed(name: str, value: Value, absent: Absent) -> None:
    explanation = scored(name, model_of("llama"), value=value, **absence(name, absent))
    assert explanation.value == value
    assert np.isfinite(explanation.scores).all()


@pytest.mark.long
@pytest.mark.parametrize("name", ["kernel_shap", "shapley_value_sampling", "shapley_values", "shapley_interactions"])
@pytest.mark.parametrize("absent", ["mask", "delete"])
@both_models
def test_shapley_scores_sum_to_what_the_words_change(name: str, absent: Absent, where: str) -> None:
    model = model_of(where)
    explanation = scored(name, model, absent=absent)
    full, empty = question_game(model, LEAF, OURS, absent=absent).ends()
    assert explanation.completeness_gap is not None
    assert sum(explanation.scores) == pytest.approx(full - empty, abs=1e-5)  # the ends were run again, in another batch
    assert explanation.completeness_gap < 1e-6


@pytest.mark.long
@pytest.mark.parametrize("question", [LEAF, HANDS], ids=lambda question: question.id)
def test_integrated_gradients_are_complete_on_trained_weights_or_say_how_far(question: Question) -> None:
    explainer = IntegratedGradients(max_steps=128, tolerance=0.05)
    game = question_game(model_of("stories260K"), question, OURS)
    result = explainer.attribute(game, 0)
    full, empty = game.ends()
    assert result.completeness_gap == pytest.approx(abs(sum(result.scores) - (full - empty)) / abs(full - empty), abs=1e-3)
    doublings = {2 + sum(32 * 2**step for step in range(rounds)) for rounds in (1, 2, 3)}
    assert result.passes in doublings
    assert result.completeness_gap is not None
    assert result.completeness_gap <= 0.05 or result.passes == max(doublings)


@pytest.mark.long
@every_attribution
@pytest.mark.parametrize("absent", ["mask", "delete"])
def test_nothing_outside_the_words_is_perturbed(name: str, absent: Absent) -> None:
    model = ObservedModel()
    game = question_game(model, LEAF, OURS)
    fixed = [place for place in range(len(game.ids)) if not any(place in own for own in game.positions)]
    kept = [game.ids[place] for place in fixed]
    explain(name, model, **absence(name, absent))
    rows = [row for batch in model.rows for row in batch]
    embedded = [matrix for batch in model.embeddings for matrix in batch]
    assert rows or embedded
    for row in rows:
        if absent == "mask":
            assert len(row) == len(game.ids) and [row[place] for place in fixed] == kept
        else:
            gone = {place for own in game.positions for place in own}
            remaining = iter(row)
            assert all(any(token == other for other in remaining) for token in kept), "what is fixed is left, in order"
            assert len(row) >= len(game.ids) - len(gone)
    expected = model.embedding(torch.tensor(kept))
    for matrix in embedded:
        assert matrix.shape[0] == len(game.ids)
        torch.testing.assert_close(matrix[fixed], expected)


@pytest.mark.long
@pytest.mark.parametrize("absent", ["mask", "delete"])
@pytest.mark.parametrize("name", zoo.ZOO)
def test_game_equals_plain_forward_passes(name: str, absent: Absent) -> None:
    model = model_of(name)
    game = question_game(model, PLANT, OURS, absent=absent)
    draw = np.random.default_rng(0)
    coalitions = draw.random((9, game.players)) < draw.random((9, 1))
    values = game.values(np.concatenate([coalitions, coalitions]))
    assert game.passes == len({row.tobytes() for row in coalitions})
    assert (values[:9] == values[9:]).all()
    for present, value in zip(coalitions, values[:9], strict=True):
        gone = {place for own, stays in zip(game.positions, present, strict=True) if not stays for place in own}
        ids = [
            model.baseline("auto").token if place in gone else token
            for place, token in enumerate(game.ids)
            if absent == "mask" or place not in gone
        ]
        with torch.no_grad():
            logits = model.module(input_ids=torch.tensor([ids])).logits[0, -1]
        assert value == pytest.approx(float(logits[game.target.ids[0]]), abs=1e-4)


def test_values_are_those_of_their_definitions() -> None:
    logits = torch.randn(3, 400, generator=torch.Generator().manual_seed(0))
    games = {value: question_game(model_of("llama"), PLANT, OURS, value=value) for value in VALUES}
    a, (b, c) = games["logit"].target.ids[0], games["logit"].target.rivals
    probabilities = logits.double().exp() / logits.double().exp().sum(-1, keepdim=True)
    others = (logits[:, b].double().exp() + logits[:, c].double().exp()).log()
    torch.testing.assert_close(games["logit"].score(logits[:, None]), logits[:, a])
    torch.testing.assert_close(
        games["logprob"].score(logits[:, None]).double(), probabilities[:, a].log(), atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(games["margin"].score(logits[:, None]).double(), logits[:, a] - others, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("setting", "remedy"), [({"value": "logits"}, "logit, logprob, margin"), ({"absent": "cut"}, "mask, delete")]
)
def test_unknown_value_or_absence_is_refused(setting: dict[str, Any], remedy: str) -> None:
    with types_unchecked(), pytest.raises(SettingsError, match=f"choose one of: {remedy}"):
        FeatureAblation(**setting)
    with pytest.raises(SettingsError, match=rf"`FeatureAblation\({next(iter(setting))}='.*'\)` is invalid"):
        make_explainer("feature_ablation", setting)


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ({"steps": 0}, "steps=1"),
        ({"max_steps": 16}, "max_steps=32"),
        ({"tolerance": 0.0}, "above 0"),
        ({"batch": 0}, "batch=1"),
    ],
)
def test_invalid_settings_of_integrated_gradients_are_refused(setting: dict[str, Any], remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy):
        IntegratedGradients(**setting)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_of_a_model_without_any_are_refused(name: str) -> None:
    remedy = f'{name} needs the gradients of a local model.*`explainer="kernel_shap"`'
    for settings in ({}, {"value": "logit"}):
        with pytest.raises(ModelError, match=remedy):
            make_explainer(name, settings).explain(ScriptedModel(lambda chat: "A"), LEAF, OURS, 0)
    explainer = make_explainer(name)
    assert isinstance(explainer, AbstractGradient)
    with pytest.raises(ModelError, match=remedy):
        explainer.attribute(Game(3, polynomial(3, 0)), 0)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_perturbations_take_the_log_probability_on_a_model_without_logits(name: str) -> None:
    model = ScriptedModel(lambda chat: "A" if "green" in chat.question else "B")
    explanation = word_scores(make_explainer(name).explain(model, LEAF, OURS, 0))
    assert explanation.value == "logprob"
    assert max(zip(explanation.scores, explanation.words, strict=True))[1] == "green"
    with pytest.raises(SettingsError, match='no logits; use `value="logprob"`'):
        make_explainer(name, {"value": "logit"}).explain(model, LEAF, OURS, 0)


@pytest.mark.parametrize("name", ["kernel_shap", "deep_lift"])
def test_captum_is_imported_by_the_explainers_that_run_it_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    assert isinstance(explain(name, model_of("llama")), ScoredWords)
    with pytest.raises(ImportError):
        explain(f"{name}_captum", model_of("llama"))


@every_scored
def test_question_without_a_word_is_an_explanation_error(name: str) -> None:
    question = Question("marks", "?!", (Choice("A", "..."), Choice("B", "--")), "A")
    with pytest.raises(ExplanationError, match="has no word"):
        explain(name, model_of("llama"), question)


@pytest.mark.long
@every_attribution
def test_question_that_moves_nothing_is_an_explanation_error(name: str) -> None:
    model = tiny_model()
    for weight in model.module.parameters():
        weight.data.zero_()
    with pytest.raises(ExplanationError, match="No word of question leaf changes the model's logit"):
        explain(name, model)


@every_attribution
def test_values_that_are_not_numbers_never_become_scores(name: str) -> None:
    model = tiny_model()
    next(model.module.parameters()).data[:] = float("nan")
    with pytest.raises((ModelError, ExplanationError), match='not numbers.*(dtype float32|dtype="float32")'):
        explain(name, model)


class Full(ObservedModel):
    """A model on a device without any memory left."""

    def logits_from_embeddings(self, *given: Any, **more: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("out of memory")


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_that_do_not_fit_the_memory_are_a_model_error(name: str) -> None:
    with pytest.raises(ModelError, match='`dtype="bfloat16"`'):
        explain(name, Full())


@pytest.mark.long
@pytest.mark.parametrize("name", GRADIENTS)
def test_long_questions_are_explained_in_smaller_batches_on_a_cpu(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, explainer = ObservedModel(), make_explainer(name, SMALL.get(name, {}))
    assert isinstance(explainer, AbstractGradient)
    long = replace(ANIMAL, id="long", text=" ".join([ANIMAL.text] * 4))
    questions = (ANIMAL, long, HANDS, replace(HANDS, id="why", text=f"{HANDS.text} Why?"))
    sizes = [len(explainer.game(model, each, OURS).ids) for each in questions]
    together = explainer.explain_all(model, questions, OURS, [0] * 4)
    seen: list[int] = []
    whole = type(explainer).attribute_games

    def counted(self: AbstractGradient, games: Any) -> Any:
        seen.append(len(games.games))
        return whole(self, games)

    monkeypatch.setattr(type(explainer), "attribute_games", counted)
    monkeypatch.setattr("selfamplify.explain.gradient._PAIRS", 2 * max(sizes) ** 2 - 1)
    apart = explainer.explain_all(model, questions, OURS, [0] * 4)
    assert seen == [3, 1]
    for one, other in zip(together, apart, strict=True):
        assert one.question_id == other.question_id
        assert word_scores(one).scores == pytest.approx(word_scores(other).scores, abs=1e-4)


@pytest.mark.long
@every_attribution
def test_model_is_left_as_it_was(name: str) -> None:
    model = tiny_model()
    before = model.fingerprint
    explain(name, model)
    fresh = LocalModel(model.module, model.tokenizer, model.name)
    assert fresh.fingerprint == before
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in model.module.parameters())
    for module in model.module.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks and not module._backward_hooks


# Captum's own layer classes, run on token ids.


def captum_layer(game: TokenGame) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Tensor, torch.Tensor]:
    x, baseline = x_and_baseline(game)
    target = game.target.ids[0]
    return lambda ids: game.model.module(input_ids=ids).logits[:, -1, target], x, baseline


def per_word(game: TokenGame, attributions: object) -> list[float]:
    assert isinstance(attributions, torch.Tensor)
    return [float(attributions[0, list(own)].detach().sum()) for own in game.positions]


trained = pytest.mark.parametrize("where", zoo.TRAINED)


@trained
def test_gradient_x_activation_equals_captums(where: str) -> None:
    game = question_game(model_of(where), PLANT, OURS)
    forward, x, _ = captum_layer(game)
    layer = game.model.embedding.requires_grad_()
    try:
        expected = per_word(game, LayerGradientXActivation(forward, layer).attribute(x))
    finally:
        layer.requires_grad_(False)
    assert GradientXActivation().attribute(game, 0).scores == pytest.approx(expected, abs=1e-4)


@pytest.mark.long
@trained
def test_integrated_gradients_equal_captums(where: str) -> None:
    game = question_game(model_of(where), HANDS, OURS)
    forward, x, baseline = captum_layer(game)
    layer = game.model.embedding.requires_grad_()
    try:
        engine = LayerIntegratedGradients(forward, layer)
        expected = per_word(game, engine.attribute(x, baseline, n_steps=16, internal_batch_size=8))
    finally:
        layer.requires_grad_(False)
    explainer = IntegratedGradients(steps=16, max_steps=16, batch=16)
    assert explainer.attribute(game, 0).scores == pytest.approx(expected, abs=1e-4)


@trained
def test_deep_lift_captum_equals_captums(where: str) -> None:
    game = question_game(model_of(where), HANDS, OURS)
    _, x, baseline = captum_layer(game)
    target = game.target.ids[0]

    class LastLogit(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = game.model.module

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.inner(input_ids=ids, use_cache=False).logits[:, -1, target]

    layer = game.model.embedding.requires_grad_()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = per_word(game, LayerDeepLift(LastLogit(), layer).attribute(x, baseline))
    finally:
        layer.requires_grad_(False)
    assert DeepLiftCaptum().attribute(game, 0).scores == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("where", ["llama", "mistral", "stories260K"])
def test_captums_deep_lift_on_llama_blocks_is_gradient_times_difference(where: str) -> None:
    game = question_game(model_of(where), PLANT, OURS)
    x, baseline = (game.model.embedding(ids).detach() for ids in x_and_baseline(game))
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(game.score(game.model.logits_from_embeddings(point)).sum(), point)
    assert DeepLiftCaptum().attribute(game, 0).scores == pytest.approx(per_word(game, gradient * (x - baseline)), abs=1e-5)


def test_gradient_equals_finite_differences() -> None:
    model = tiny_model("gpt2")
    model.module.double()
    game = question_game(model, LEAF, OURS)
    x = model.embedding(x_and_baseline(game)[0]).detach()
    step, expected = 1e-3, []
    for own in game.positions:
        change = torch.zeros_like(x)
        change[0, list(own)] = x[0, list(own)] * step
        up, down = (model.module(inputs_embeds=x + sign * change).logits[0, -1] for sign in (1, -1))
        target = game.target.ids[0]
        expected.append(float(up[target] - down[target]) / (2 * step))
    assert GradientXActivation().attribute(game, 0).scores == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_feature_ablation_is_the_loss_of_each_word() -> None:
    model = model_of("llama")
    game = question_game(model, LEAF, OURS)
    everything = np.ones(7, bool)
    losses = []
    for word in range(7):
        less = everything.copy()
        less[word] = False
        full, without = game.values(np.stack([everything, less]))
        losses.append(full - without)
    assert FeatureAblation().attribute(question_game(model, LEAF, OURS), 0).scores == pytest.approx(losses, abs=1e-5)


# Explanations that the model writes itself.


def test_self_topk_and_self_exp_are_given_the_answer() -> None:
    chats: list[Chat] = []

    def script(chat: Chat) -> str:
        chats.append(chat)
        return 'The "green", "dye" and "Green". Therefore the answer is (A)'

    model = ScriptedModel(script)
    topk = SelfTopk(keywords=2).explain(model, LEAF, OURS, 0)
    steps = SelfExp(steps=2).explain(model, LEAF, OURS, 0)
    assert isinstance(topk, NamedWords) and topk.words == ("green", "dye")
    assert topk.text == 'The "green", "dye" and "Green". Therefore the answer is (A)'
    assert isinstance(steps, WrittenText) and steps.text == 'The "green", "dye" and "Green".'
    assert topk.cost.forward_passes == steps.cost.forward_passes == 1
    for chat in chats:
        assert LEAF.render() == chat.question and chat.messages[-1].content.endswith(chat.question)
        assert chat.prefill.startswith("The answer is (A)")


@pytest.mark.parametrize(
    ("explainer", "copied", "own"),
    [(SelfTopk(keywords=2), '"word1", and "word2"', 'dye", and "green".'), (SelfExp(), "step1, step2, step3.", " Palms warm.")],
    ids=["self_topk", "self_exp"],
)
def test_a_copied_example_is_asked_for_again_without_it(explainer: SelfTopk | SelfExp, copied: str, own: str) -> None:
    model = ScriptedModel(lambda chat: copied if "Example:" in chat.messages[0].content else own)
    found = explainer.explain(model, LEAF, OURS, 0)
    said = found.text if isinstance(found, WrittenText) else found.words
    assert said in (("dye", "green"), "Step 1: Palms warm.")
    with pytest.raises(ExplanationError, match="1"):
        explainer.explain(ScriptedModel(lambda chat: copied.removeprefix('"')), LEAF, OURS, 0)


@pytest.mark.parametrize("explainer", [SelfTopk(), SelfExp()], ids=str)
def test_model_that_writes_nothing_is_an_explanation_error(explainer: SelfTopk | SelfExp) -> None:
    with pytest.raises(ExplanationError, match='use an attribution such as `explainer="kernel_shap"`'):
        explainer.explain(ScriptedModel(lambda chat: " "), LEAF, OURS, 0)


@pytest.mark.long
@pytest.mark.parametrize("name", ["self_topk", "self_exp"])
@pytest.mark.parametrize("where", ["llama", *zoo.TRAINED])
def test_models_own_words_are_the_same_for_the_same_seed(name: str, where: str) -> None:
    chosen: dict[str, Any] = {"decoding": Decoding(24, do_sample=True)}
    explanations = []
    for _ in range(2):
        try:
            explanations.append(replace(explain(name, model_of(where), seed=4, **chosen), cost=Cost(0, 0.0)))
        except ExplanationError as error:
            explanations.append(str(error))
    assert explanations[0] == explanations[1]


# By name.


def test_method_settings_fill_what_an_explainer_leaves_open() -> None:
    wanted = {"keywords": 4, "steps": 5, "decoding": Decoding(9)}
    assert SelfExp().completed(**wanted) == SelfExp(steps=5, decoding=Decoding(9))
    assert SelfTopk(keywords=2).completed(**wanted) == SelfTopk(keywords=2, decoding=Decoding(9))
    assert IntegratedGradients().completed(**wanted) == IntegratedGradients()
    assert KernelShap().completed(**wanted) == KernelShap()
    assert KernelShap().completed(value="logit", **wanted) == KernelShap(value="logit")
    assert DeepLift(value="margin").completed(value="logit") == DeepLift(value="margin")
    assert KernelShap(stop_when_settled=0.9).completed(**wanted) == KernelShap(stop_when_settled=0.9, keywords=4)


def test_settings_are_fields() -> None:
    known = {"value", "baseline", "absent", "samples", "estimator", "stop_when_settled", "keywords"}
    assert settings_of("kernel_shap") == known
    assert make_explainer("kernel_shap", {"samples": "9", "value": "margin"}) == KernelShap(samples=9, value="margin")
    with pytest.raises(SettingsError, match=r"`KernelShap\(samples='many'\)` is invalid"):
        make_explainer("kernel_shap", {"samples": "many"})
    with pytest.raises(SettingsError, match="no setting 'absent'"):
        make_explainer("deep_lift", {"absent": "delete"})
    with pytest.raises(SettingsError, match="no setting 'sample'; it has: absent, baseline, estimator, keywords, samples"):
        make_explainer("kernel_shap", {"sample": 9})
    with pytest.raises(SettingsError, match="did you mean 'deep_lift'"):
        make_explainer("deeplift", {})


def test_a_default_explainer_writes_what_it_computes() -> None:
    expected = {
        "kernel_shap": "KernelShap(value='logit', baseline='auto', absent='mask', samples=350, estimator='gaussian_process', "
        "stop_when_settled=None, keywords=None)",
        "deep_lift": "DeepLift(value='logit', baseline='auto')",
        "feature_ablation": "FeatureAblation(value='logit', baseline='auto', absent='mask')",
    }
    assert {name: repr(make_explainer(name).completed(value="logit", baseline="auto")) for name in expected} == expected


def test_an_explainer_is_an_instance_or_a_name() -> None:
    assert as_explainer("lime") == Lime()
    chosen = KernelShap(samples=60)
    assert as_explainer(chosen) is chosen
    for given, remedy in [
        (DeepLift, r"`explainer=DeepLift` is a class; write `DeepLift\(\)`"),
        (3, "3 is not an explainer"),
        (None, "write a name"),
    ]:
        with types_unchecked(), pytest.raises(SettingsError, match=remedy):
            as_explainer(given)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SettingsError, match="did you mean 'lime'"):
        as_explainer("lim")


def test_only_self_exp_makes_steps() -> None:
    assert [name for name, kind in EXPLAINERS.items() if kind.makes == "steps"] == ["self_exp"]


def test_names_are_those_of_the_classes() -> None:
    assert all(kind.name == name for name, kind in EXPLAINERS.items())
    assert EXPLAINERS["lime"] is Lime and EXPLAINERS["random"] is RandomWords
    assert EXPLAINERS["kernel_shap_captum"] is KernelShapCaptum
    assert EXPLAINERS["shapley_value_sampling"] is ShapleyValueSampling
    assert len({repr(make_explainer(name, {})) for name in EXPLAINERS}) == len(EXPLAINERS)


@pytest.mark.long
def test_explain_all_does_not_depend_on_the_order() -> None:
    session, explainer = Session(model_of("llama")), KernelShap(samples=60)
    questions = [LEAF, ANIMAL, PLANT]
    forth = explain_all(session, explainer, questions, 3)
    back = explain_all(session, explainer, questions[::-1], 3)
    assert [item.question_id for item in forth] == ["leaf", "animal", "plant"]
    assert [replace(item, cost=Cost(0, 0.0)) for item in forth] == [replace(item, cost=Cost(0, 0.0)) for item in back[::-1]]
    again = explain_all(session, explainer, [PLANT], 4)[0]
    assert isinstance(again, ScoredWords) and isinstance(forth[2], ScoredWords) and again.scores != forth[2].scores
