"""self_topk: the model names the most important keywords itself, given the answer (section 3.3, A.3)."""

import re
from dataclasses import dataclass

from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..prompting.chats import request
from ..prompting.wording import Wording, listed, placeholders
from ..records import Chat, Explanation, Question
from .writing import AbstractWriting

QUOTED = re.compile(r'["“]([^"“”\n]+)["”]')
"""A keyword in quotes, as the shots list them."""


@dataclass(frozen=True, kw_only=True)
class SelfTopk(AbstractWriting):
    """The model is given y and writes ``keywords`` keywords; they are taken as written, whether in the question or not.

    Settings left open are those of the method that asks; without one, 6 keywords, decoded greedily.
    """

    name = "self_topk"
    keywords: int | None = None

    @property
    def _k(self) -> int:
        return 6 if self.keywords is None else self.keywords

    def chat(self, question: Question, wording: Wording) -> Chat:
        k = self._k
        given = wording.topk_reply.format(label=question.answer, k=k)
        example = f"{wording.topk_reply.format(label=question.labels[0], k=k)} {listed(placeholders('word', k))}"
        return request(wording.topk_request.format(k=k, example=example), question, given)

    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> Explanation:
        words = parse_keywords(text)[: self._k]
        if not words:
            raise ExplanationError(
                f"{model.name} named no keyword for question {question.id} (it wrote {text[:60]!r}); use an attribution "
                f"explainer such as kernel_shap."
            )
        return Explanation(question.id, self.name, tuple(words), text=text)


def parse_keywords(text: str) -> list[str]:
    """The keywords of a written list: what stands in quotes, or else between commas, "and", numbers and line breaks.

    An opening such as "The keywords are:", numbering, quotes and the punctuation around a keyword are dropped, and so is a
    keyword that was named before.
    """
    listing = re.sub(r"^[^,;\n]*:\s", "", text)
    parts = QUOTED.findall(text) or re.split(r",|;|\n|\band\b|\s(?=\d+[.)]\s)", listing)
    keywords: dict[str, str] = {}
    for part in parts:
        word = re.sub(r"^(?:\d+[.)]|[-*•])\s+", "", " ".join(part.split())).strip(" \"'“”‘’.,:;()")
        if any(map(str.isalnum, word)) and word.lower() not in keywords:
            keywords[word.lower()] = word
    return list(keywords.values())
