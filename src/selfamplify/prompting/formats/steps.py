"""The format of written rationales, the paper's second preprompt: the model's own explanation before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...records import Explanation, WrittenText
from ..wording import Wording
from .format import MARK, AbstractFormat, before, first_of


@dataclass(frozen=True)
class StepFormat(AbstractFormat):
    """An explanation in the model's words as the rationale (section 3.3, self_exp).

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    steps : int
        How many steps (p), by default 3.
    """

    wording: Wording
    steps: int = 3

    def instruction(self, labels: Sequence[str]) -> str:
        example = self.wording.example_steps(self.steps)
        return self.wording.ask_steps.format(
            preamble=self.wording.opened(labels),
            p=self.steps,
            example=self._sentence(example, first_of(labels)),
        )

    @property
    def opening(self) -> str:
        return before(self._sentence(MARK, MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, WrittenText):
            raise TypeError(f"a step rationale is written from a text, not from {explanation!r}")
        return self._sentence(explanation.text, label)

    def _sentence(self, steps: str, label: str) -> str:
        return self.wording.steps.format(p=self.steps, steps=steps.rstrip(" ,.;"), label=label)
