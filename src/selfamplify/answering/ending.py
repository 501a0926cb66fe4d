"""How the replies in a prompt end in their answers, which is where likelihood can decide."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import SettingsError
from ..prompting.prompt import Prompt
from ..prompting.wording import Wording
from ..records import AnswerStyle, Question, Shot
from .plain import lowered

Form = Literal["letters", "labels", "names", "texts"]
"""What an answer looks like: a label in parentheses, a label without them, the name that all questions give a label, or the
text of a choice."""
_FORMS: dict[AnswerStyle, Form] = {"letter": "letters", "label": "names", "text": "texts"}
_WORDS = 4
"""The end of a rationale that leads over to the answer: at most this many words, such as "the answer is ("."""


@dataclass(frozen=True)
class Ending:
    """How replies end.

    Parameters
    ----------
    form : {"letters", "labels", "names", "texts"}
        What an answer looks like.
    start : str, optional
        The whole reply up to the answer; None if a rationale comes first.
    lead : str
        The words between a rationale and the answer.
    conclude : str
        What continues a rationale in which these words do not occur.
    """

    form: Form
    start: str | None
    lead: str
    conclude: str

    def answers(self, question: Question) -> tuple[str, ...]:
        """The possible answers to a question, one for each label, as they would be written."""
        worded = self.form in ("names", "texts")
        return tuple(choice.text if worded else choice.label for choice in question.choices)

    def after(self, said: str) -> str:
        """A reply up to the answer that its rationale may have named itself."""
        place = lowered(said).rfind(lowered(self.lead))
        return said[: place + len(self.lead)] if place >= 0 else continued(said, self.conclude)


def continued(said: str, conclude: str) -> str:
    """What was said, continued by the start of the closing sentence; nothing said begins with it."""
    said = said.rstrip(" ,.;")
    if said:
        return said + conclude
    begun = conclude.lstrip(", ")
    return begun[:1].upper() + begun[1:]


def ending_of(prompt: Prompt, wording: Wording) -> Ending:
    """How the replies of a prompt end, by its shots, or, without any, by its instruction.

    A rationale comes first if the prompt starts every reply with one, if a shot has an explanation, or if the shots differ in
    what is before their answers. It comes after the answer if a shot's first line ends in that. Raises SettingsError if neither
    a shot's reply nor its first line ends in its answer, or not all in the same form.
    """
    if not prompt.shots:
        direct = wording.read.startswith(prompt.prefill) and prompt.instruction == wording.answer_instruction(prompt.named)
        form = _FORMS[prompt.answer_style]
        return Ending(form, wording.read if direct else None, wording.read, wording.conclude)
    last = prompt.provenance is None or prompt.provenance.order == "xry"
    forms, stems, firsts = zip(*(_divided(shot, prompt.answer_style, last) for shot in prompt.shots), strict=True)
    if len(set(forms)) > 1:
        raise SettingsError(
            f"The shots of this prompt end in different forms ({', '.join(dict.fromkeys(forms))}), so that the likelihood of "
            f'answers can\'t be compared; use `decide="generate"`, or write all shots alike.'
        )
    explained = any(shot.explanation and not first for shot, first in zip(prompt.shots, firsts, strict=True))
    direct = stems[0].startswith(prompt.prefill) and len(set(stems)) == 1 and not explained
    lead = _lead(stems)
    named = forms[0] == "letters" or prompt.answer_style != "letter"
    conclude = wording.conclude if named else f"\n{lead.lstrip()}"
    return Ending(forms[0], stems[0] if direct else None, lead or wording.read, conclude)


def _divided(shot: Shot, style: AnswerStyle, last: bool) -> tuple[Form, str, bool]:
    """The form of a shot's answer, its reply up to there, and whether the answer ends its first line, before a rationale.

    The end of the reply is looked at first if answers come ``last``; else a rationale may end in the answer, too.
    """
    places = [(shot.reply, False), (shot.reply.partition("\n")[0], True)]
    for reply, first in places if last else reversed(places):
        reply, letter = reply.rstrip(" ."), f"{shot.label})"
        text = next((choice.text for choice in shot.question.choices if choice.label == shot.label), "").rstrip(" .")
        if shot.label and reply.endswith(f"({letter}"):
            return "letters", reply.removesuffix(letter), first
        if text and _ends(reply, text):
            return "names" if style == "label" else "texts", reply.removesuffix(text), first
        if shot.label and _ends(reply, shot.label):
            return "labels", reply.removesuffix(shot.label), first
    answer = f"its answer ({shot.label})" if shot.label else "an answer that could be read"
    raise SettingsError(
        f"Neither the reply to question {shot.question.id} nor its first line ends in {answer}, so that "
        f'likelihood can\'t decide there; use `decide="generate"`, or write the answer there.'
    )


def _ends(reply: str, answer: str) -> bool:
    """Whether the reply ends in the answer as whole words."""
    return reply.endswith(answer) and not reply.removesuffix(answer)[-1:].isalnum()


def _lead(stems: Sequence[str]) -> str:
    """The last words that all replies have in common before their answers."""
    common = os.path.commonprefix([stem[::-1] for stem in stems])[::-1]
    words = re.findall(r"\S+\s*|\s+", common)
    return "".join(words[0 if common in stems else 1 :][-_WORDS:])
