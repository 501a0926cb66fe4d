"""Any answer to any chat prompt, explained by any attribution: its log-probability is shared out over the prompt."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from time import perf_counter

from ..errors import ContextError, ModelError, SettingsError
from ..explain.attribution import AbstractAttribution
from ..explain.explainer import AbstractExplainer
from ..explain.kernel_shap import KernelShap
from ..explain.making import EXPLAINERS, make_explainer
from ..games.tokens import Target, TokenGame
from ..models.local.load import load_model
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..records import Cost, Message
from .players import Player, players
from .record import AnswerAttribution, Setting, Unit
from .turns import Messages, text, turns

_LEAST_SAMPLES = 350
_SAMPLES_A_UNIT = 4


def attribute(
    model: AbstractLanguageModel | str | Path,
    messages: Messages,
    answer: str,
    explainer: AbstractExplainer | str | None = None,
    units: str = "word",
    span: str | None = None,
    seed: int = 0,
) -> AnswerAttribution:
    """How much each word of a prompt speaks for an answer: what the model gives as its reply, or any other text.

    ``model`` is one that is loaded, or what ``load_model`` takes. ``messages`` is a text (one user's turn) or a list of
    ``{"role": …, "content": …}``; a last message of the assistant is the start of the reply, which ``answer`` follows directly.
    An answer of several tokens counts as a whole: the sum of their log-probabilities, each behind those before it, in one
    pass. ``explainer`` is an attribution or its name, by default KernelSHAP with at least four evaluations a unit.
    ``units`` is ``"word"`` or ``"token"``; with a ``span``, a part of the prompt, only its units are perturbed.

    Raises SettingsError for arguments that can't be, ModelError for a model that can't be used, ContextError for a prompt that
    is too long, ExplanationError where the explainer finds nothing.

    >>> print(attribute("embedded", "What do cats chase? (A) mice (B) stones", "The answer is (A)"))  # doctest: +SKIP
    """
    asked, answer = turns(messages), text(answer, "The answer")
    method = None if explainer is None else _attribution(explainer)
    local = _local(load_model(model) if isinstance(model, str | Path) else model)
    start = perf_counter()
    reading = local.read_answer(asked, answer)
    length = len(reading.ids) + len(reading.answer_ids)
    if length > local.context:
        raise ContextError(
            f"The prompt has {len(reading.ids)} tokens and the answer {len(reading.answer_ids)}, but the context of "
            f"{local.name} is {local.context}; shorten the prompt by {length - local.context}, or use another model."
        )
    found = players(reading, asked, units, span)
    if method is None:
        method = KernelShap(value="logprob", samples=max(_LEAST_SAMPLES, _SAMPLES_A_UNIT * len(found)))
    positions = tuple(player.positions for player in found)
    game = TokenGame(local, reading.ids, Target(reading.answer_ids), positions, value=method.value, absent=method.absent)
    result = method.scored([game], [seed], ["the prompt"])[0]
    before = game.passes
    full, empty = game.ends()
    return AnswerAttribution(
        messages=asked,
        answer=reading.text[reading.answer :],
        units=_units(asked, found, result.scores, result.standard_errors),
        model=local.name,
        explainer=method.name,
        value=method.value,
        full=full,
        empty=empty,
        completeness_gap=result.completeness_gap,
        cost=Cost(result.passes + game.passes - before, perf_counter() - start),
        settings={field.name: _setting(getattr(method, field.name)) for field in fields(method)},
        seed=seed,
    )


def _units(
    messages: Sequence[Message], found: Sequence[Player], scores: Sequence[float], errors: Sequence[float] | None
) -> tuple[Unit, ...]:
    return tuple(
        Unit(
            messages[player.message].content[player.start : player.end],
            player.start,
            player.end,
            float(score),
            None if error is None else float(error),
            player.message,
        )
        for player, score, error in zip(found, scores, errors or [None] * len(found), strict=True)
    )


def _setting(value: object) -> Setting:
    """A setting as it is kept in a file; one of a type that JSON does not have, as its text."""
    return value if isinstance(value, bool | int | float | str | None) else repr(value)


def _attribution(explainer: AbstractExplainer | str) -> AbstractAttribution:
    """The explainer, if it scores the words of a game; by its name, it attributes the log-probability."""
    if isinstance(explainer, str):
        plain = make_explainer(explainer, {})
        explainer = make_explainer(explainer, {"value": "logprob"}) if isinstance(plain, AbstractAttribution) else plain
    if not isinstance(explainer, AbstractAttribution):
        name = getattr(explainer, "name", repr(explainer))
        known = ", ".join(name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractAttribution))
        raise SettingsError(f"{name} does not attribute an answer to the words of a prompt; use one of: {known}.")
    return explainer


def _local(model: AbstractLanguageModel) -> AbstractDifferentiableModel:
    if not isinstance(model, AbstractDifferentiableModel):
        name = getattr(model, "name", repr(model))
        raise ModelError(f"An attribution needs the tokens of a local model, which {name} is not; give one of load_model(…).")
    return model
