"""What of a prompt a model is shown: the instruction and the shots as turns, and a question after them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from ..errors import SettingsError
from ..records import AnswerStyle, Chat, Layout, Message, Question, Shot
from ..text.lines import sha256, shortened
from ..text.words import candidate_words
from .chats import system_turn
from .texts import ShotTexts, Texts, Turns


@dataclass(frozen=True)
class Demonstrations:
    """The fields of a ``Prompt``, where they are described, from which its turns are made."""

    instruction: str
    shots: tuple[Shot, ...]
    prefill: str
    answer_style: AnswerStyle
    system: str
    similar_last: bool
    layout: Layout | None

    @cached_property
    def _turns(self) -> tuple[Message, ...]:
        """The turns of the shots in their order."""
        return self._turns_of(self.shots)

    def _turns_of(self, shots: Sequence[Shot]) -> tuple[Message, ...]:
        """The system turn, if there is one, and the shots' turns; the first opens with the instruction."""
        turns: list[Message] = []
        for shot in shots:
            turns += [Message("user", self._of_shot(shot)), Message("assistant", shot.reply)]
        opened = (Message("user", self._opened(turns[0].content)), *turns[1:]) if turns else ()
        return (*system_turn(self.system), *opened)

    def _of_shot(self, shot: Shot) -> str:
        """The turn that asks the question of a shot."""
        return self.layout.of_shot(shot.question) if self.layout else self.shown(shot.question)

    def _opened(self, text: str) -> str:
        """The first user turn."""
        return f"{self.instruction}\n{text}" if self.instruction else text

    def shown(self, question: Question) -> str:
        """The text of a question with its choices."""
        if self.layout is not None:
            return self.layout.text_of(question)
        same = question.answer_style == self.answer_style
        return (question if same else replace(question, answer_style=self.answer_style)).render()

    def chat(self, question: Question | str) -> Chat:
        """The turns that ask a question after the shots."""
        if not isinstance(question, str | Question):
            raise SettingsError(f"A question is a text or a Question, not {shortened(repr(question))}; write it as a text.")
        shown = question if isinstance(question, str) else self.shown(question)
        text = self.layout.written(shown) if self.layout else shown
        last = text if self.shots else self._opened(text)
        turns = self._turns_of(self._by_similarity(text)) if self.similar_last else self._turns
        return Chat((*turns, Message("user", last)), self.prefill, text.strip() if self.layout else text)

    def _by_similarity(self, text: str) -> list[Shot]:
        """The shots, the most similar to a text last; those that are equally similar keep their order."""
        words = _words(text)
        found = zip(self._words_of_shots, self.shots, strict=True)
        return [shot for own, shot in sorted(found, key=lambda pair: len(pair[0] & words) / max(1, len(pair[0] | words)))]

    @cached_property
    def _words_of_shots(self) -> tuple[frozenset[str], ...]:
        return tuple(_words(self._of_shot(shot)) for shot in self.shots)

    @property
    def context(self) -> Turns:
        """The messages of the shots alone."""
        return [asdict(message) for message in self._turns]

    def digest(self) -> str:
        """SHA-256 of all this."""
        return self.digest_of(self.context, self.instruction)

    def digest_of(self, context: Turns, instruction: str) -> str:
        """The same, were these the context and the instruction."""
        style = [] if self.answer_style == "letter" else [self.answer_style]
        order = ["similar_last"] if self.similar_last else []
        layout = [asdict(self.layout)] if self.layout else []
        return sha256(json.dumps([context, instruction, self.prefill, *style, *order, *layout], ensure_ascii=False))

    @property
    def texts(self) -> Texts:
        """The texts that may be edited; a choice is one if the turns show it."""
        shots = [
            ShotTexts(number, shot.question.text, self._choices(shot.question), shot.reply)
            for number, shot in enumerate(self.shots, 1)
        ]
        return Texts(self.instruction, self.system, self.prefill, tuple(shots))

    def _choices(self, question: Question) -> tuple[str, ...]:
        """The texts of a shot's choices, if its turn shows them."""
        shown = self.layout.shots and self.layout.choices if self.layout else self.answer_style != "label"
        return tuple(choice.text for choice in question.choices) if shown else ()

    def put(self, texts: Texts) -> "Demonstrations":
        """The same with other texts."""
        shots = tuple(_shot(self.shots[own.number - 1], own) for own in texts.shots)
        return replace(self, instruction=texts.instruction, system=texts.system, prefill=texts.prefill, shots=shots)


def _shot(shot: Shot, texts: ShotTexts) -> Shot:
    """A shot with other texts; the explanation of another question is left out."""
    named = texts.choices or tuple(choice.text for choice in shot.question.choices)
    choices = tuple(replace(choice, text=text) for choice, text in zip(shot.question.choices, named, strict=True))
    question = replace(shot.question, text=texts.question, choices=choices)
    same = question == shot.question
    return replace(shot, question=question, reply=texts.reply, explanation=shot.explanation if same else None)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.text.lower() for word in candidate_words(text))
