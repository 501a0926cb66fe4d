"""self_exp: the model writes a p-step explanation itself, given the answer (section 3.3, appendix A.3)."""

from dataclasses import dataclass

from ..prompting.chats import request
from ..prompting.faults import fault, sentences
from ..prompting.wording import Wording, without_conclusion, without_example
from ..records import Chat, Generation, Question, WrittenText
from .settings import check_count
from .writing import AbstractWriting

_STEPS = 3


@dataclass(frozen=True, kw_only=True)
class SelfExp(AbstractWriting):
    """A post hoc chain of thought: the model is given y and writes, in a few steps, why.

    What it writes beyond its p-th sentence is left out, unless ``strict=False``. Settings left open (None) are filled in by the
    method that uses the explainer.

    Parameters
    ----------
    decoding : Decoding, optional
        How the model writes; greedy if it stays open.
    strict : bool, optional
        See ``AbstractWriting``; True if it stays open.
    steps : int, optional
        The number of steps, p; 3 if it stays open.

    Raises
    ------
    SettingsError
        If ``steps`` is below 1.
    """

    name = "self_exp"
    makes = "steps"
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.steps is not None:
            check_count(self, "steps")

    @property
    def _p(self) -> int:
        return _STEPS if self.steps is None else self.steps

    def chat(self, question: Question, wording: Wording, example: bool = True) -> Chat:
        p, preamble = self._p, wording.opened(question.named)
        given = (
            f"{wording.explain_reply.format(label=question.written(question.answer), p=p)} {wording.explain_begins}".rstrip()
        )
        if not example:
            asked = without_example(wording.explain_request).format(preamble=preamble, p=p)
            return request(wording, asked, question, f"{given} Step 1:" if given.endswith(":") else given)
        shown = wording.explain_example(question.answers[0], p)
        return request(wording, wording.explain_request.format(preamble=preamble, p=p, example=shown), question, given)

    def opening(self, wording: Wording) -> str:
        return wording.explain_begins

    def fault(self, question: Question, reply: Generation) -> str | None:
        return fault(reply.text, reply.finished, self._p)

    def explanation(self, question: Question, text: str) -> WrittenText:
        why = without_conclusion(text)
        if self.strict is not False:
            why = " ".join(sentences(why)[: self._p])
        return WrittenText(question.id, self.name, why[:1].upper() + why[1:])
