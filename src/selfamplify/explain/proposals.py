"""Which other words a model would write in the place of each word of a question."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import torch
from jaxtyping import Float
from torch import Tensor

from ..games.question import locate
from ..models.model import AbstractDifferentiableModel, Reading
from ..prompting.chats import reading_chat
from ..prompting.wording import Wording
from ..records import Chat, Question
from ..text.keywords import keyword
from ..text.question_words import question_words
from ..text.stop_words import StopWords
from ..text.words import Word, candidate_words

_AFTER = 2
"""How many of the tokens after a word its replacements are held against."""
_TRIED = 4
"""So many times more words than are proposed are held against them."""
_LOOKED_THROUGH = 512
"""The most tokens of a place that are looked through for words."""
_LEAST = 1e-3
"""How probable a proposal must be, as a share of the most probable one."""


@dataclass(kw_only=True)
class Proposals:
    """The words that a model finds most probable in the place of each word of a question.

    A decoder predicts a word from the text before it alone, so its most probable words there are weighed once more by how
    probable they make the next two tokens: of "tiny;", "filled" goes and "clean" stays. None is less than a thousandth as
    probable as the best. Words are those that the vocabulary holds as one token. Content words are replaced by content words,
    and none by one of the instruction or of a label's name; function words stay, unless a question has no others.

    Parameters
    ----------
    model : AbstractDifferentiableModel
        The model.
    question : Question
        The question.
    wording : Wording
        The sentences of the prompt that asks it.
    count : int
        How many words are proposed for each, at most.
    passes : int, default 0
        Rows run through the model so far.
    """

    model: AbstractDifferentiableModel
    question: Question
    wording: Wording
    count: int
    passes: int = 0

    def words(self) -> dict[str, tuple[str, ...]]:
        """Return the proposals for each word that has any, by the word as it first occurs; case does not matter."""
        reading = self.model.read(self._chat, self.question.answers)
        places: dict[str, tuple[str, tuple[int, ...]]] = {}
        for word, tokens in locate(reading, replaceable(self.question, self.wording.stop_words)).items():
            places.setdefault(word.text.lower(), (word.text, tokens))
        if not places:
            return {}
        first = min(tokens[0] for _, tokens in places.values())
        before = self._log_probabilities([reading.ids], 0, len(reading.ids) - first + 1)[0]
        found = {word: self._proposed(reading, word, tokens, before[tokens[0] - first]) for word, tokens in places.values()}
        return {word: others for word, others in found.items() if others}

    def _proposed(
        self, reading: Reading, word: str, tokens: tuple[int, ...], before: Float[Tensor, " vocab"]
    ) -> tuple[str, ...]:
        """The most probable words between what comes before and after."""
        spaced = self.model.token_text(reading.ids[tokens[0]]).startswith(" ")
        tried = dict(islice(self._fitting(word, spaced, before), _TRIED * self.count))
        if not tried:
            return ()
        after = reading.ids[tokens[-1] + 1 :][:_AFTER]
        rows = [[*reading.ids[: tokens[0]], token, *after[:-1]] for token in tried]
        following = self._log_probabilities(rows, reading.prefix, len(after))[:, range(len(after)), list(after)].sum(1)
        scores = before[list(tried)] + following
        ranked = sorted(zip(scores.tolist(), tried.values(), strict=True), reverse=True)[: self.count]
        return tuple(name for score, name in ranked if score >= ranked[0][0] + math.log(_LEAST))

    def _fitting(self, word: str, spaced: bool, scores: Float[Tensor, " vocab"]) -> Iterator[tuple[int, str]]:
        """The tokens that are words of the same kind, the most probable first."""
        barred = self._around | {word.lower()}
        for token in scores.topk(min(_LOOKED_THROUGH, len(scores))).indices.tolist():
            text = self.model.token_text(token)
            if text.startswith(" ") == spaced and text.strip().lower() not in barred:
                if _alike(text.removeprefix(" "), word, self.wording.stop_words):
                    yield token, text.strip()

    @property
    def _chat(self) -> Chat:
        return reading_chat(self.question, self.wording)

    @cached_property
    def _around(self) -> frozenset[str]:
        """The words around the question, in lower case, which are not about it: the instruction's, the reply's, the labels'."""
        turns = [message.content.removesuffix(self._chat.question) for message in self._chat.messages]
        labels = () if self.question.answer_style == "letter" else self.question.answers
        return frozenset(word.text.lower() for text in (*turns, self._chat.prefill, *labels) for word in candidate_words(text))

    def _log_probabilities(self, rows: Sequence[Sequence[int]], prefix: int, keep: int) -> Float[Tensor, "row place vocab"]:
        self.passes += len(rows)
        with torch.inference_mode():
            return self.model.last_logits(rows, prefix, keep).log_softmax(-1)


def _alike(text: str, word: str, stop_words: StopWords) -> bool:
    """Whether a text is a single word, and of the same kind and case as another one."""
    if [each.text for each in candidate_words(text)] != [text] or text.isalpha() != word.isalpha():
        return False
    same_kind = (keyword(text, stop_words) is None) == (keyword(word, stop_words) is None)
    return same_kind and text[0].isupper() == word[0].isupper()


def replaceable(question: Question, stop_words: StopWords = "default") -> list[Word]:
    """The words of the attributed part that can be replaced: those that are no function words, unless there are no others.

    Where answers are written as the choices' texts, no word of a choice can be: the answers would then be others.
    """
    words = question_words(question)
    if question.answer_style == "text":
        own = {word.text.lower() for choice in question.choices for word in candidate_words(choice.text)}
        words = [word for word in words if word.start < len(question.text) and word.text.lower() not in own]
    return [word for word in words if keyword(word.text, stop_words) is not None] or words


def replaced(question: Question, instead: Mapping[str, str]) -> Question:
    """The question with other words in place of some, wherever they occur in the part that it attributes.

    Parameters
    ----------
    question : Question
        The question.
    instead : mapping of str to str
        The other words, by the words in lower case that they replace; each is capitalised as the word that it replaces.
    """

    text = question.text if question.attributed == "choices" else _replaced(question.text, instead)
    if question.answer_style != "letter" or question.attributed == "text":
        return replace(question, text=text)
    choices = tuple(replace(choice, text=_replaced(choice.text, instead)) for choice in question.choices)
    return replace(question, text=text, choices=choices)


def _replaced(text: str, instead: Mapping[str, str]) -> str:
    parts, end = list[str](), 0
    for word in candidate_words(text):
        if (new := instead.get(word.text.lower())) is not None:
            upper = word.text[0].isupper()
            parts += [text[end : word.start], new[0].upper() + new[1:] if upper else new[0].lower() + new[1:]]
            end = word.end
    return "".join([*parts, text[end:]])
