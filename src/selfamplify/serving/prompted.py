"""Questions that are asked through the prompt of a run, as ``evaluate`` asks them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from ..answering.answer import Reader, replies
from ..answering.asked import ask_after
from ..errors import ModelError
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..prompting.prompt import Prompt
from ..records import Asked, Decoding, Question
from .refusals import Refusal
from .work import AbstractWork, Answered, Read, too_long


@final
@dataclass(frozen=True)
class Prompted(AbstractWork):
    """Answers questions after a prompt, and reads their labels.

    Parameters
    ----------
    model : AbstractLanguageModel
        Who answers.
    prompt : Prompt
        What comes before each question.
    reading : Reader
        How labels are read.
    decoding : Decoding
        How replies are written.
    """

    model: AbstractLanguageModel = field(compare=False)
    prompt: Prompt = field(compare=False)
    reading: Reader = field(compare=False)
    decoding: Decoding

    @staticmethod
    def of(model: AbstractLanguageModel, prompt: Prompt) -> "Prompted":
        """The work of a prompt with its own decoding, and labels read as its profile reads them."""
        made = prompt.provenance
        profile = asked_by(prompt, as_profile(made.profile if made else DEFAULT))
        return Prompted(model, prompt, Reader(profile.wording.conclude, None, profile.judged), prompt.decoding)

    def run(self, asked: Sequence[Question]) -> Iterator[tuple[int, Answered | Refusal]]:
        ready: dict[int, Asked] = {}
        for place, question in enumerate(asked):
            try:
                (each,) = ask_after(self.model, self.prompt, [question])
            except ModelError as error:  # a control token
                yield place, Refusal(400, str(error), "messages")
                continue
            refused = too_long(self.model, each.encoded, self.decoding.max_new_tokens)
            if refused is None:
                ready[place] = each
            else:
                yield place, refused
        prompt, places = replace(self.prompt, decoding=self.decoding), list(ready)
        for place, response, tokens in replies(prompt, self.reading, 0, self.model, list(ready.values())):
            each = ready[places[place]]
            answer = next((choice.text for choice in each.question.choices if choice.label == response.label), None)
            read = Read(response.label, answer, response.rule)
            yield places[place], Answered(response.text, each.encoded.length, tokens, response.finished, read)


def asked_by(prompt: Prompt, profile: Profile) -> Profile:
    """The profile as it asked the questions of a prompt: in its answer style, order and instruction."""
    made = prompt.provenance
    order, instruction = (made.order, made.own_instruction) if made else (profile.order, profile.instruction)
    return replace(profile, order=order, instruction=instruction).asking(prompt.answer_style, prompt.named)
