"""One way to make a prompt, as plain data, so that a finished race is read without a model."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from ..prompting.profiles import Profile
from ..prompting.wording import Order
from ..records import AnswerStyle

Style = AnswerStyle | Literal["auto"]


@dataclass(frozen=True)
class Arm:
    """One way to make a prompt.

    Parameters
    ----------
    method : str
        An explainer or a competitor, by name.
    selection : str
        How its shots are chosen; empty without shots.
    shots : int
        How many (n).
    keywords, steps : int, optional
        Keywords (k) or steps (p) per rationale, whichever the method makes; else None.
    order : {"xry", "xyr"}
        Whether rationales come before the answer or after it.
    answer_style : {"auto", "letter", "label", "text"}
        How answers are written.
    instruction : str, optional
        What opens the instruction in place of the profile's own.
    seed : int
        Which shots are drawn.
    settings : tuple of (str, value)
        Settings of the explainer or the competitor, by name; by default none.
    """

    method: str
    selection: str
    shots: int
    keywords: int | None
    steps: int | None
    order: Order
    answer_style: Style
    instruction: str | None
    seed: int
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Its name, with what differs from the usual."""
        parts = [self.method, self.selection, f"n{self.shots}" if self.shots else ""]
        parts += [f"k{self.keywords}" if self.keywords else "", f"p{self.steps}" if self.steps else ""]
        parts += ["" if self.order == "xry" else self.order, "" if self.answer_style == "auto" else self.answer_style]
        parts += [f'"{self.instruction}"' if self.instruction else "", f"seed{self.seed}" if self.shots else ""]
        parts += [f"{name}={value}" for name, value in self.settings]
        return "-".join(filter(None, parts))

    def profile(self, base: Profile) -> Profile:
        """The profile with which the arm's prompt is made and asked."""
        own = base.instruction if self.instruction is None else self.instruction
        style = base.answer_style if self.answer_style == "auto" else self.answer_style
        return replace(base, order=self.order, answer_style=style, instruction=own)
