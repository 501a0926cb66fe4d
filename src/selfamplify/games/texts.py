"""The coalition game on a model that is asked in texts: some words of a question go in, the labels' probabilities come out."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from jaxtyping import Bool

from ..errors import ExplanationError, SettingsError
from ..models.model import AbstractLanguageModel
from ..records import Baseline, Chat, NextToken, Question
from ..text.words import Word
from .coalitions import AbstractGame

BLANK = "_"
"""The text that replaces an absent word (``absent="mask"``), since a model that shows no tokens shows no padding token."""


@dataclass
class TextGame(AbstractGame):
    """The game of a question's words on a model that shows no tokens, such as a served one.

    An absent word is replaced by a text (``absent="mask"``), or removed with the space before it (``absent="delete"``). The
    text is ``BLANK`` for the baselines ``"auto"`` and ``"pad"``, a space for ``"space"``, or the given one. Unlike in a
    ``TokenGame``, the text of each coalition is tokenised anew by the model.
    The value is the ``"logprob"`` of the true label in nats, or its ``"margin"`` over the other labels. If a server returns
    only the most probable tokens, the true label must be among them, and for a margin one other label, too. A label that is
    missing counts as just less probable than the last token that was returned.

    Parameters
    ----------
    model : AbstractLanguageModel
        The model that is explained.
    chat : Chat
        The chat that asks the question with all of its words.
    question : Question
        The question; its true answer is the target.
    located : tuple of Word
        The players, with their spans in ``chat.question``.

    Raises
    ------
    SettingsError
        For ``value="logit"``, for a margin of a question with a single label, and for a baseline that only tokens have.
    """

    model: AbstractLanguageModel
    chat: Chat
    question: Question
    located: tuple[Word, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value == "logit":
            raise SettingsError(
                f'{self.model.name} returns log-probabilities but no logits; use `value="logprob"` or `value="margin"`.'
            )
        if self.value == "margin" and len(self.question.labels) < 2:
            raise SettingsError(
                f"A margin needs other answers to compare with, and question {self.question.id} has only one; "
                f'use `value="logprob"`.'
            )
        if self.baseline in ("unk", "mean"):
            raise SettingsError(
                f'{self.model.name} shows no tokens, so it has no `baseline="{self.baseline}"`; use `baseline="auto"`.'
            )

    @property
    def blank(self) -> Baseline | None:
        if self.absent == "delete":
            return None
        return Baseline({"auto": BLANK, "pad": BLANK, "space": " "}.get(self.baseline, self.baseline))

    @property
    def players(self) -> int:
        return len(self.located)

    @property
    def alike(self) -> tuple[object, ...]:
        return (id(self.model),)

    def asked(self, present: Bool[np.ndarray, " word"]) -> Chat:
        """Return the chat that asks the question with only these words."""
        whole, blank = self.chat.question, self.blank
        shown, left = "", 0
        for word, stays in zip(self.located, present, strict=True):
            if not stays:
                space = blank is None and whole[left : word.start].endswith(" ")
                shown += whole[left : word.start - space] + ("" if blank is None else blank.text)
                left = word.end
        shown += whole[left:]
        *before, last = self.chat.messages
        content = last.content.removesuffix(whole) + shown
        return replace(self.chat, messages=(*before, replace(last, content=content)), question=shown)

    def evaluate(self, asked: Iterable[tuple["TextGame", Bool[np.ndarray, " _word"]]]) -> Iterator[float]:
        remaining = iter(asked)
        while part := list(islice(remaining, self.model.window)):
            answers = self.model.next_token(
                [game.asked(present) for game, present in part], [game.question.answers for game, _ in part]
            )
            for (game, _), answer in zip(part, answers, strict=True):
                yield game.score(answer)

    def score(self, answer: NextToken) -> float:
        """Return the attributed value. Raises ExplanationError if the log-probabilities that it needs are missing."""
        others = dict(zip(self.question.labels, self.returned(answer), strict=True))
        own = others.pop(self.question.answer)
        needed = own if self.value == "logprob" else min(own, max(others.values()))
        if needed < answer.least or not math.isfinite(needed):
            also = " and of one other label" if self.value == "margin" else ""
            raise ExplanationError(
                f"{self.model.name} does not always return the log-probability of ({self.question.answer}){also} for question "
                f'{self.question.id}; use `explainer="self_topk"`, `explainer="self_exp"`, or a server that returns those of '
                f"more tokens (check with `selfamplify doctor --server URL`)."
            )
        return own if self.value == "logprob" else own - float(np.logaddexp.reduce(list(others.values())))

    def returned(self, answer: NextToken) -> tuple[float, ...]:
        """Return the log-probabilities of the labels. Raises ExplanationError if there are none."""
        if not answer.log_probabilities:
            raise ExplanationError(
                f"{self.model.name} returned no log-probabilities of labels for question {self.question.id} (it never returns "
                f"any, does not continue the start of a reply, or no label is probable); "
                f'use `explainer="self_topk"` or `explainer="self_exp"`, or check with `selfamplify doctor --server URL`.'
            )
        return answer.log_probabilities
