"""Auto-CoT on the sample of the other methods: the model's own chains of thought as rationales."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

from ..errors import ExplanationError
from ..models.context import check_context
from ..models.model import AbstractLanguageModel
from ..prompting.chats import request
from ..prompting.formats.thought import ThoughtFormat
from ..prompting.profiles import Profile
from ..prompting.prompt import Prompt
from ..prompting.wording import Wording, copies_placeholders, without_conclusion, without_example
from ..records import Chat, Cost, Question, Response, Shot, WrittenText
from ..records.responses import CONTINUED
from ..seeds import derive
from ..session import Session
from ..tasks.task import Task
from ..text.lines import counted, shortened
from ..work.stage import Stage
from .design import design
from .method import AbstractMethod
from .selection import Sample

_LONGER = "a model with a longer context"
_BATCH = 32


@dataclass(frozen=True)
class AutoCot(AbstractMethod):
    """Auto-CoT (Zhang et al. 2023, https://arxiv.org/abs/2210.03493) on the sample of the other methods, as in the paper.

    The model's own zero-shot chain of thought r and its own answer, right or wrong, make the shot (x, r, f(x)).
    """

    name = "auto_cot"

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        layout = ThoughtFormat(session.profile.wording)
        shots: list[Shot] = []
        for question, thought in zip(sample.questions, think(session, sample.questions, sample.seed), strict=True):
            explanation = WrittenText(question.id, self.name, thought.text, thought.cost)
            if thought.label is None:  # from a server that returns no probabilities, in a text without a label
                raise ExplanationError(
                    f"{session.model.name} concluded without a label on question {question.id}; use another `method` than "
                    f"auto_cot, or a server that returns log-probabilities."
                )
            reply = layout.reply(explanation, question.written(thought.label))
            shots.append(Shot(question, reply, thought.label, explanation))
        return design(session, task, sample, self.name, layout, shots)


def think(session: Session, questions: Sequence[Question], seed: int) -> list[Response]:
    """The zero-shot chain of thought of each question, and the label that the model then concludes with.

    Raises ContextError, before any work, if a question is too long.
    """
    model, decoding, wording = session.model, session.profile.decoding, session.profile.wording
    drawn = [seed] if decoding.do_sample else []

    def identity(question: Question) -> list[Any]:
        encoded = model.encode(_thinking(question, wording))
        return [question.id, question.render(), model.fingerprint, encoded.digest, asdict(decoding), *drawn]

    empty = [model.encode(_concluding(question, wording, "")) for question in questions]
    check_context(model, empty, decoding.max_new_tokens, _LONGER)
    compute = partial(_think, session.profile, seed)
    return session.run(Stage("thinking step by step", Response, identity, compute, _BATCH), questions)


def _think(
    profile: Profile, seed: int, model: AbstractLanguageModel, batch: Sequence[Question]
) -> Iterable[tuple[int, Response]]:
    start = perf_counter()
    chats = [_thinking(question, profile.wording) for question in batch]
    seeds = [derive(seed, "think", question.id) for question in batch]
    texts = _thoughts(profile, model, batch, chats, seeds)
    ends = [_concluding(question, profile.wording, text) for question, text in zip(batch, texts, strict=True)]
    check_context(model, [model.encode(end) for end in ends], 1, _LONGER)
    tokens = model.next_token(ends, [question.answers for question in batch])
    best = [question.label_of(token.best(question.answers)) for token, question in zip(tokens, batch, strict=True)]
    cost = Cost(2, (perf_counter() - start) / len(batch))
    return enumerate(Response(q.id, text, label, CONTINUED, cost) for q, text, label in zip(batch, texts, best, strict=True))


def _thoughts(
    profile: Profile, model: AbstractLanguageModel, batch: Sequence[Question], chats: Sequence[Chat], seeds: Sequence[int]
) -> list[str]:
    """What the model thinks up to its conclusion; one that copies the output example is asked again without it."""
    texts = [without_conclusion(reply.text) for reply in model.generate(chats, profile.decoding, seeds)]
    failed = [place for place, text in enumerate(texts) if copies_placeholders(text)]
    if failed:
        plain = replace(profile.wording, ask_thought=without_example(profile.wording.ask_thought))
        again = [_thinking(batch[place], plain) for place in failed]
        replies = model.generate(again, profile.decoding, [seeds[place] for place in failed])
        for place, reply in zip(failed, replies, strict=True):
            texts[place] = without_conclusion(reply.text)
        still = [batch[place].id for place in failed if copies_placeholders(texts[place])]
        if still:
            raise ExplanationError(
                f"{model.name} copied the example of the instruction as its chain of thought for "
                f"{counted(len(still), 'question')} ({shortened(', '.join(still))}); use another `method` than auto_cot."
            )
    return texts


def _thinking(question: Question, wording: Wording) -> Chat:
    return request(wording, ThoughtFormat(wording).instruction(question.named), question, wording.think)


def _concluding(question: Question, wording: Wording, text: str) -> Chat:
    return replace(_thinking(question, wording), prefill=f"{wording.think} {text}".strip() + wording.conclude_thought)
