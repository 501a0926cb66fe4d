"""self_topk: the model names the most important keywords itself, given the answer (section 3.3, appendix A.3)."""

import re
from dataclasses import dataclass, replace

from ..errors import ExplanationError
from ..models.model import AbstractLanguageModel
from ..prompting.chats import request
from ..prompting.wording import Wording, is_placeholder, listed, placeholders, without_example
from ..records import Chat, Decoding, NamedWords, Question
from .settings import check_count
from .writing import AbstractWriting

QUOTED = re.compile(r'["“「『＂]([^"“”「」『』＂\n]+)["”」』＂]')
"""A keyword in quotes, as in the shots' lists."""
_AROUND = " \"'“”‘’.,:;()。：（）＇＂「」『』"
"""What is dropped around a keyword without quotes."""
_LISTED = r'(?:["“「『＂][^"“”「」『』＂]+["”」』＂][^"“「『＂]*){{{k}}}'
"""A line that lists k quoted keywords."""
_KEYWORDS = 6


@dataclass(frozen=True, kw_only=True)
class SelfTopk(AbstractWriting):
    """The model's own keywords: it is given y and names them; they need not be words of the question.

    Settings left open (None) are filled in by the method that uses the explainer.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes; greedy if it stays open.
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
        k = self._k
        given = wording.topk_reply.format(label=question.answer, k=k)
        if not example:
            return request(without_example(wording.topk_request).format(k=k), question, f'{given} "')
        shown = f"{wording.topk_reply.format(label=question.labels[0], k=k)} {listed(placeholders('word', k))}"
        return request(wording.topk_request.format(k=k, example=shown), question, given)

    def ending(self, decoding: Decoding) -> Decoding:
        return replace(decoding, last_line=_LISTED.format(k=self._k)) if decoding.last_line else decoding

    def explanation(self, model: AbstractLanguageModel, question: Question, text: str) -> NamedWords:
        labels = {choice.text.lower() for choice in question.choices} if question.attributed == "text" else set[str]()
        named = [word for word in parse_keywords(text) if not is_placeholder(word) and word.lower() not in labels]
        words = named[: self._k]
        if not words:
            raise ExplanationError(
                f"{model.name} named no keyword for question {question.id} (it wrote {text[:60]!r}); use an attribution such "
                f'as `explainer="kernel_shap"`.'
            )
        return NamedWords(question.id, self.name, tuple(words), text=text)


def parse_keywords(text: str) -> list[str]:
    """Return the keywords of a written list: the parts in quotes, or else those between commas, "and", numbers and line breaks.

    Full-width marks count, too. An opening such as "The keywords are:", numbering, quotes and the punctuation around a keyword
    are dropped, and so is a repeated keyword (compared without case).
    """
    listing = re.sub(r"^[^,;，；、\n]*(?::\s|：)", "", text)
    parts = QUOTED.findall(text) or re.split(r"[,;，；、\n]|\band\b|\s(?=\d+[.)]\s)", listing)
    keywords: dict[str, str] = {}
    for part in parts:
        word = re.sub(r"^(?:\d+[.)]|[-*•])\s+", "", " ".join(part.split())).strip(_AROUND)
        if any(map(str.isalnum, word)) and word.lower() not in keywords:
            keywords[word.lower()] = word
    return list(keywords.values())
