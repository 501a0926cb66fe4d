"""self_topk: the model names the most important keywords itself, given the answer (section 3.3, appendix A.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from ..errors import ExplanationError
from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.chats import request
from ..prompting.faults import COPIED
from ..prompting.wording import Wording, copies_placeholders, listed, without_example
from ..records import Chat, Cost, Decoding, Explanation, Generation, NamedWords, Question
from ..text.keywords import keyword
from ..text.question_words import question_words
from ..text.stop_words import StopWords
from ..text.words import candidate_words
from .settings import check_count
from .writing import AbstractWriting

QUOTED = re.compile(r'["“「『＂]([^"“”「」『』＂\n]+)["”」』＂]')
"""A keyword in quotes, as in the shots' lists."""
_AROUND = " \"'“”‘’.,:;()。：（）＇＂「」『』"
"""What is dropped around a keyword without quotes; before it, not the point of ".5"."""
_BEFORE = re.compile(rf"^(?:[{re.escape(_AROUND.replace('.', ''))}]|\.(?!\d))+")
_LISTED = r'(?:["“「『＂][^"“”「」『』＂]+["”」』＂][^"“「『＂]*){{{k}}}'
"""A line that lists k quoted keywords."""
_KEYWORDS = 6
_LONGEST_WORD = 16
"""The tokens that are kept free for a word."""


@dataclass(frozen=True, kw_only=True)
class SelfTopk(AbstractWriting):
    """The model's own keywords: it is given y and names them.

    A local model chooses them among the words of the question: one after the other, the word that it would most probably write
    next in its list, as a whole. From another model, keywords that do not occur in the question are left out. With
    ``strict=False``, as in the paper, any keywords are taken. Settings left open (None) are filled in by the method that uses
    the explainer.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes, where it writes freely; greedy if it stays open.
    strict : bool, optional
        Whether keywords must be words of the question; True if it stays open.
    keywords : int, optional
        The number of keywords, k; 6 if it stays open.

    Raises
    ------
    SettingsError
        If ``keywords`` is below 1.
    """

    name = "self_topk"
    makes = "keywords"
    keywords: int | None = None

    def __post_init__(self) -> None:
        if self.keywords is not None:
            check_count(self, "keywords")

    @property
    def _k(self) -> int:
        return _KEYWORDS if self.keywords is None else self.keywords

    def chat(self, question: Question, wording: Wording, example: bool = True) -> Chat:
        k, preamble = self._k, wording.opened(question.named)
        given = wording.topk_reply.format(label=question.written(question.answer), k=k)
        if not example:
            asked = without_example(wording.topk_request).format(preamble=preamble, k=k)
            return request(wording, asked, question, f'{given} "')
        shown = wording.topk_example(question.answers[0], k)
        return request(wording, wording.topk_request.format(preamble=preamble, k=k, example=shown), question, given)

    def ending(self, decoding: Decoding) -> Decoding:
        return replace(decoding, last_line=_LISTED.format(k=self._k)) if decoding.last_line else decoding

    def explain_all(
        self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording, seeds: Sequence[int]
    ) -> list[Explanation]:
        if self.strict is False or model.likelihoods != "texts":
            return super().explain_all(model, questions, wording, seeds)
        return self._chosen(model, questions, wording)

    def _chosen(self, model: AbstractLanguageModel, questions: Sequence[Question], wording: Wording) -> list[Explanation]:
        """Each list, word by word, among the words of its question that are no stop words."""
        start = perf_counter()
        chats = [self.chat(question, wording, example=False) for question in questions]
        left = [_candidates(question, wording.stop_words) for question in questions]
        chosen: list[list[str]] = [[] for _ in questions]
        for _ in range(self._k):
            asked = [place for place, words in enumerate(left) if words]
            lists = {place: "".join(f'{word}", "' for word in chosen[place]) for place in asked}
            now = [replace(chats[place], prefill=chats[place].prefill + lists[place]) for place in asked]
            check_context(model, [model.encode(chat) for chat in now], _LONGEST_WORD, "a model with a longer context")
            tokens = model.next_token(now, [[f'{word}"' for word in left[place].values()] for place in asked])
            for place, token in zip(asked, tokens, strict=True):
                best = list(left[place])[int(np.argmax(token.log_probabilities))]
                chosen[place].append(left[place].pop(best))
        seconds = (perf_counter() - start) / len(questions)
        return [
            NamedWords(question.id, self.name, tuple(words), listed(words), Cost(len(words), seconds))
            for question, words in zip(questions, chosen, strict=True)
        ]

    def fault(self, question: Question, reply: Generation) -> str | None:
        named = parse_keywords(reply.text)
        if any(map(copies_placeholders, named)):
            return COPIED
        if self._kept(question, named):
            return None
        return "named no keyword" if self.strict is False or not named else "named no word of the question"

    def explanation(self, question: Question, text: str) -> NamedWords:
        return NamedWords(question.id, self.name, tuple(self._kept(question, parse_keywords(text))), text=text)

    def _kept(self, question: Question, named: Sequence[str]) -> list[str]:
        """The first k keywords that count."""
        if self.strict is False:
            return list(named[: self._k])
        words = " ".join(word.text.lower() for word in question_words(question))
        found = [name for name in named if f" {' '.join(_words(name))} " in f" {words} "]
        return found[: self._k]


def _words(text: str) -> list[str]:
    return [word.text.lower() for word in candidate_words(text)]


def _candidates(question: Question, stop_words: StopWords) -> dict[str, str]:
    """The words of a question that may be chosen, by their lower-case forms: without stop words, unless it has no others.

    Raises ExplanationError if there is none.
    """
    words = [word.text for word in question_words(question)]
    if not words:
        raise ExplanationError(f"Question {question.id} has no word that could be a keyword; leave it out.")
    found: dict[str, str] = {}
    for word in [word for word in words if keyword(word, stop_words) is not None] or words:
        found.setdefault(word.lower(), word)
    return found


def parse_keywords(text: str) -> list[str]:
    """Return the keywords of a written list: the parts in quotes, or else those between commas, "and", numbers and line breaks.

    Full-width marks count, too. An opening such as "The keywords are:", numbering, quotes and the punctuation around a keyword
    are dropped, and so is a repeated keyword (compared without case).
    """
    listing = re.sub(r"^[^,;，；、\n]*(?::\s|：)", "", text)
    parts = QUOTED.findall(text) or re.split(r"[,;，；、\n]|\band\b|\s(?=\d+[.)]\s)", listing)
    keywords: dict[str, str] = {}
    for part in parts:
        word = re.sub(r"^(?:\d+[.)]|[-*•])\s+", "", " ".join(part.split()))
        word = _BEFORE.sub("", word).rstrip(_AROUND)
        if any(map(str.isalnum, word)) and word.lower() not in keywords:
            keywords[word.lower()] = word
    return list(keywords.values())
