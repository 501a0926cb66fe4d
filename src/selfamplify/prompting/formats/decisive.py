"""The format of counterfactual rationales: what the answer would be without some words."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...records import DecisiveWords, Explanation
from ..wording import Wording, listed, placeholders
from .format import MARK, AbstractFormat, before, first_of


@dataclass(frozen=True)
class DecisiveFormat(AbstractFormat):
    """The words without which, or with others in place of which, the answer would be another one as the rationale.

    If the model's answer was wrong, they are words that mislead it, and without them it is right. If they do not change the
    answer, the rationale says that the right answer would be less likely without them, or more likely.

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    replaced : bool, default False
        Whether the instruction asks for other words in place of those of the text.
    """

    wording: Wording
    replaced: bool = False

    def instruction(self, labels: Sequence[str]) -> str:
        one, other = placeholders("word", 2)
        words, instead = ([one], [other]) if self.replaced else ([one, other], [])
        asked = self.wording.ask_replaced if self.replaced else self.wording.ask_decisive
        example = self._sentence(self.wording.decisive, words, instead, "".join(labels[1:2]), first_of(labels), "")
        return asked.format(preamble=self.wording.opened(labels), example=example)

    @property
    def opening(self) -> str:
        return before(self._sentence(self.wording.decisive, [MARK], [], MARK, MARK, ""))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, DecisiveWords):
            raise TypeError(f"a rationale by decisive words is written from such words, not from {explanation!r}")
        words, instead = explanation.words, explanation.instead
        if explanation.answer != label:
            degree = "" if explanation.changes else "more"
            return self._sentence(self.wording.misleading, words, instead, label, label, degree, explanation.answer)
        degree = "" if explanation.changes else "less"
        return self._sentence(self.wording.decisive, words, instead, explanation.without, label, degree)

    def _sentence(
        self,
        template: str,
        words: Sequence[str],
        instead: Sequence[str],
        without: str,
        label: str,
        degree: str,
        other: str = "",
    ) -> str:
        answer, named = (self.wording.choice.format(label=each) for each in (without, other))
        then = (self.wording.shifted if degree else self.wording.turned).format(answer=answer, degree=degree)
        changed = listed(instead) or self.wording.gone
        return template.format(words=listed(words), instead=changed, then=then, label=label, other=named)
