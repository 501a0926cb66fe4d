"""The coalition game on a model that is asked in texts: a question with some of its words, by the labels' log-probabilities."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from jaxtyping import Bool

from ..errors import ExplanationError, SettingsError
from ..models.model import AbstractLanguageModel
from ..records import Chat, NextToken, Question
from ..text.words import Word
from .coalitions import AbstractGame

BLANK = "_"
"""What stands in the place of an absent word (``mask``)."""


@dataclass
class TextGame(AbstractGame):
    """The game of a question's words on a model that shows no tokens, such as a served one.

    ``BLANK`` stands in the place of an absent word (``mask``), or it is taken out with the space before it (``delete``). Unlike
    a ``TokenGame``, the text is tokenised anew each time, by whoever serves the model, and its blank is no padding token. The
    value is the ``"logprob"`` of the true label, or its ``"margin"`` over the others; logits are not told. Where a server tells
    only the most probable tokens, the true label must be among them, and for a margin one other, too; the rest of the labels
    count as just less probable than the last of them.
    """

    model: AbstractLanguageModel
    chat: Chat
    question: Question
    located: tuple[Word, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value == "logit":
            raise SettingsError(f"{self.model.name} tells log-probabilities, and no logits; use --value logprob or margin.")
        if self.value == "margin" and len(self.question.labels) < 2:
            raise SettingsError("A margin needs other answers to be held against; use --value logprob.")

    @property
    def players(self) -> int:
        return len(self.located)

    @property
    def alike(self) -> tuple[object, ...]:
        return (id(self.model),)

    def asked(self, present: Bool[np.ndarray, " word"]) -> Chat:
        """The chat that asks the question with only these words."""
        whole, delete = self.chat.question, self.absent == "delete"
        shown, left = "", 0
        for word, stays in zip(self.located, present, strict=True):
            if not stays:
                space = delete and whole[left : word.start].endswith(" ")
                shown += whole[left : word.start - space] + ("" if delete else BLANK)
                left = word.end
        shown += whole[left:]
        *before, last = self.chat.messages
        content = last.content.removesuffix(whole) + shown
        return replace(self.chat, messages=(*before, replace(last, content=content)), question=shown)

    def evaluate(self, plays: Iterable[tuple["TextGame", Bool[np.ndarray, " _word"]]]) -> Iterator[float]:
        remaining = iter(plays)
        while part := list(islice(remaining, self.model.window)):
            answers = self.model.next_token(
                [game.asked(present) for game, present in part], [game.question.labels for game, _ in part]
            )
            for (game, _), answer in zip(part, answers, strict=True):
                yield game.score(answer)

    def score(self, answer: NextToken) -> float:
        """The attributed value. Raises ExplanationError where the log-probabilities that it needs were not told."""
        if not answer.log_probabilities:
            raise ExplanationError(
                f"{self.model.name} tells no log-probabilities of labels for question {self.question.id} (it gives none, does "
                f"not continue the start of a reply, or no label is probable); use self_topk or self_exp, or see `selfamplify "
                f"doctor --server URL`."
            )
        told = dict(zip(self.question.labels, answer.log_probabilities, strict=True))
        own = told.pop(self.question.answer)
        needed = own if self.value == "logprob" else min(own, max(told.values()))
        if needed < answer.least or not math.isfinite(needed):
            what = f"the log-probability of ({self.question.answer})" + (
                " and of one other label" if self.value == "margin" else ""
            )
            raise ExplanationError(
                f"{self.model.name} does not always tell {what} for question {self.question.id}; use self_topk, self_exp, or a "
                f"server that gives those of more tokens (see `selfamplify doctor --server URL`)."
            )
        return own if self.value == "logprob" else own - float(np.logaddexp.reduce(list(told.values())))
