"""Explain any answer to any chat prompt with any attribution: which words make the model give it."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from time import perf_counter

from ..arguments import check_seed
from ..errors import ContextError, ModelError, SettingsError
from ..explain.attribution import AbstractAttribution
from ..explain.explainer import AbstractExplainer
from ..explain.kernel_shap import KernelShap
from ..explain.making import as_explainer
from ..explain.scores import Attribution
from ..games.tokens import Target, TokenGame
from ..models.loading import as_model
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel, AnswerReading
from ..names import NAMES, find
from ..records import Cost, Message
from .players import Player, Units, check_units_name, players
from .record import AnswerAttribution, Setting
from .turns import Messages, checked_text, turns
from .unit import Unit

_LEAST_SAMPLES = 350
_SAMPLES_PER_UNIT = 4


def attribute(
    model: AbstractLanguageModel | str | Path,
    messages: Messages,
    answer: str,
    explainer: AbstractExplainer | str | None = None,
    *,
    units: Units = "word",
    span: str | None = None,
    seed: int = 0,
) -> AnswerAttribution:
    """Score each word of a prompt by how much it contributes to an answer: the model's own reply, or any other text.

    An answer of several tokens counts as a whole. Its log-probability is the sum over its tokens, each given those before it,
    from one forward pass.

    Parameters
    ----------
    model
        A local model, or a name or folder that ``load_model`` takes.
    messages
        The prompt: a text, which counts as one user turn, or a list of ``{"role": …, "content": …}``. A last message of the
        assistant is the start of the reply, and ``answer`` follows it directly.
    answer
        The text to explain.
    explainer
        An attribution or its name. The default is KernelSHAP with 350 evaluations, or four per unit if that is more. If the
        explainer leaves its ``value`` open, the answer's log-probability is attributed.
    units
        What is scored: ``"word"`` (the default) or ``"token"``.
    span
        A part of the prompt that occurs in it exactly once; only units that overlap it are perturbed. Default: all of it.
    seed
        The random seed of the explainer, by default 0.

    Returns
    -------
    AnswerAttribution
        A score for each unit, in nats if the log-probability is attributed.

    Raises
    ------
    SettingsError
        If an argument is invalid.
    ModelError
        If the model is not a local one, or its chat template does not fit the messages.
    ContextError
        If prompt and answer are longer than the model's context.
    ExplanationError
        If the explainer finds no scores.

    Examples
    --------
    >>> print(attribute("embedded", "What do cats chase? (A) mice (B) stones", "The answer is (A)"))  # doctest: +SKIP
    """
    check_units_name(units)
    check_seed(seed)
    if span is not None:
        span = checked_text(span, "The span")
    asked, answer = turns(messages), checked_text(answer, "The answer")
    method = None if explainer is None else _attribution(explainer)
    local = _local(as_model(model))
    start = perf_counter()
    reading = local.read_answer(asked, answer)
    _check_length(local, reading)
    found = players(reading, asked, units, span)
    method = method or KernelShap(value="logprob", samples=max(_LEAST_SAMPLES, _SAMPLES_PER_UNIT * len(found)))
    positions = tuple(player.positions for player in found)
    value, baseline = method.value or "logprob", method.baseline or "auto"
    game = TokenGame(
        local, reading.ids, Target(reading.answer_ids), positions, value=value, absent=method.absence, baseline=baseline
    )
    result = method.scored([game], [seed], ["the prompt"])[0]
    filled = {"value": value} | ({"baseline": baseline} if method.replaces else {})
    before = game.passes
    full, empty = game.ends()
    return AnswerAttribution(
        messages=asked,
        answer=reading.text[reading.answer :],
        units=_units(asked, found, result),
        model=local.name,
        explainer=method.name,
        value=value,
        full=full,
        empty=empty,
        completeness_gap=result.completeness_gap,
        cost=Cost(result.passes + game.passes - before, perf_counter() - start),
        settings={field.name: _setting(getattr(method, field.name)) for field in fields(method)} | filled,
        seed=seed,
        baseline=method.blank(game),
    )


def _units(messages: Sequence[Message], found: Sequence[Player], result: Attribution) -> tuple[Unit, ...]:
    errors = result.standard_errors or [None] * len(found)
    return tuple(
        Unit(
            messages[player.message].content[player.start : player.end],
            player.start,
            player.end,
            float(score),
            None if error is None else float(error),
            player.message,
        )
        for player, score, error in zip(found, result.scores, errors, strict=True)
    )


def _setting(value: object) -> Setting:
    """A setting as a file can hold it: its repr if JSON has no such type."""
    return value if isinstance(value, bool | int | float | str | None) else repr(value)


def _attribution(explainer: AbstractExplainer | str) -> AbstractAttribution:
    """The explainer, if it is an attribution."""
    method = as_explainer(explainer)
    if not isinstance(method, AbstractAttribution):
        known = ", ".join(name for name in NAMES["explainer"] if issubclass(find("explainer", name), AbstractAttribution))
        raise SettingsError(
            f"{method.name} is not an attribution, so it can't score the words of a prompt; use "
            f'`explainer="kernel_shap"`, or one of: {known}.'
        )
    return method


def _local(model: AbstractLanguageModel) -> AbstractDifferentiableModel:
    if not isinstance(model, AbstractDifferentiableModel):
        raise ModelError(
            f"{model.name} is not a local model, and an attribution needs a model's tokens and gradients; use one from "
            f'`load_model`, such as `model="embedded"`.'
        )
    return model


def _check_length(model: AbstractDifferentiableModel, reading: AnswerReading) -> None:
    excess = len(reading.ids) + len(reading.answer_ids) - model.context
    if excess > 0:
        raise ContextError(
            f"The prompt has {len(reading.ids)} tokens and the answer {len(reading.answer_ids)}, but the context of "
            f"{model.name} is {model.context} tokens; shorten the prompt by {excess}, or use a model with a longer context."
        )
