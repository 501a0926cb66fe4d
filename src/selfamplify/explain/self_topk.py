"""self_topk: the model names the most important keywords itself, given the answer (section 3.3, A.3)."""

import re
from dataclasses import dataclass
from time import perf_counter

from ..asking import check_context, request
from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..records import Cost, Decoding, Explanation, Question
from ..wording import Wording, listed, placeholders
from .explainer import AbstractExplainer


@dataclass(frozen=True, kw_only=True)
class SelfTopk(AbstractExplainer):
    """The model is given y and writes ``keywords`` keywords; they are taken as written, whether in the question or not."""

    name = "self_topk"
    keywords: int = 6
    decoding: Decoding = Decoding()

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        start = perf_counter()
        given = wording.topk_reply.format(label=question.answer, k=self.keywords)
        example = wording.topk_reply.format(label=question.labels[0], k=self.keywords)
        example = f"{example} {listed(placeholders('word', self.keywords))}"
        chat = request(wording.topk_request.format(k=self.keywords, example=example), question, given)
        check_context(model, [chat], self.decoding.max_new_tokens, "a model with a longer context")
        reply = model.generate([chat], self.decoding, [seed])[0]
        words = parse_keywords(reply.text)[: self.keywords]
        if not words:
            raise ExplanationError(
                f"{model.name} named no keyword for question {question.id} (it wrote {reply.text[:60]!r}); use an attribution "
                f"explainer such as kernel_shap."
            )
        return Explanation(question.id, self.name, tuple(words), text=reply.text, cost=Cost(1, perf_counter() - start))


def parse_keywords(text: str) -> list[str]:
    """The keywords of a written list: what stands in quotes, or else between commas, "and" and line breaks.

    Numbering, quotes and the punctuation around a keyword are dropped, and so is a keyword that was named before.
    """
    parts = re.findall(r'["“]([^"“”\n]+)["”]', text) or re.split(r",|;|\n|\band\b", text)
    keywords: dict[str, str] = {}
    for part in parts:
        word = re.sub(r"^(?:\d+[.)]|[-*•])\s+", "", " ".join(part.split())).strip(" \"'“”‘’.,:;()")
        if any(map(str.isalnum, word)) and word.lower() not in keywords:
            keywords[word.lower()] = word
    return list(keywords.values())
