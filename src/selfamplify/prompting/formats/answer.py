"""The format of IO prompting: the answer alone, without a rationale."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...records import Explanation
from ..wording import Wording
from .format import MARK, AbstractFormat, before


@dataclass(frozen=True)
class AnswerFormat(AbstractFormat):
    """IO prompting: the answer alone.

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.answer_instruction(labels)

    @property
    def opening(self) -> str:
        return before(self.wording.answer.format(label=MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        return self.wording.answer.format(label=label)
