"""The format of Auto-CoT: a chain of thought before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...records import Explanation, WrittenText
from ..wording import Wording
from .format import MARK, AbstractFormat, before, first_of


@dataclass(frozen=True)
class ThoughtFormat(AbstractFormat):
    """Auto-CoT's chain of thought as the rationale (Zhang et al. 2023, https://arxiv.org/abs/2210.03493).

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.ask_thought.format(
            preamble=self.wording.opened(labels),
            example=self._sentence("step1. step2. step3.", first_of(labels)),
        )

    @property
    def opening(self) -> str:
        return before(self._sentence(MARK, MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, WrittenText):
            raise TypeError(f"a chain of thought is written from a text, not from {explanation!r}")
        return self._sentence(explanation.text, label)

    def _sentence(self, thought: str, label: str) -> str:
        return self.wording.thought.format(think=self.wording.think, thought=thought, label=label)
