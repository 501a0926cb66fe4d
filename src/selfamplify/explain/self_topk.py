"""self_topk: the model names the most important keywords itself, given the answer (section 3.3, A.3)."""

import re
from dataclasses import dataclass
from time import perf_counter

from ..asking import reply_to, request
from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..records import Cost, Decoding, Explanation, Question
from ..wording import Wording, listed, placeholders
from .explainer import AbstractExplainer

QUOTED = re.compile(r'["“]([^"“”\n]+)["”]')
"""A keyword in quotes, as the shots list them."""


@dataclass(frozen=True, kw_only=True)
class SelfTopk(AbstractExplainer):
    """The model is given y and writes ``keywords`` keywords; they are taken as written, whether in the question or not.

    Settings left open are those of the method that asks; without one, 6 keywords, decoded greedily.
    """

    name = "self_topk"
    keywords: int | None = None
    decoding: Decoding | None = None

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        start = perf_counter()
        k = 6 if self.keywords is None else self.keywords
        given = wording.topk_reply.format(label=question.answer, k=k)
        example = f"{wording.topk_reply.format(label=question.labels[0], k=k)} {listed(placeholders('word', k))}"
        chat = request(wording.topk_request.format(k=k, example=example), question, given)
        text = reply_to(model, chat, self.decoding or Decoding(), seed)
        words = parse_keywords(text)[:k]
        if not words:
            raise ExplanationError(
                f"{model.name} named no keyword for question {question.id} (it wrote {text[:60]!r}); use an attribution "
                f"explainer such as kernel_shap."
            )
        return Explanation(question.id, self.name, tuple(words), text=text, cost=Cost(1, perf_counter() - start))


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
