"""A short measurement: real shots, some explanations and some answers of every method, timed."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from time import perf_counter

from ..answering.answer import answer
from ..answering.deciding import Deciding
from ..answering.fitting import Fitted
from ..methods.method import AbstractMethod
from ..methods.selection import Sample, select
from ..methods.self_amplify import SelfAmplify
from ..prompting.chats import reading_chat
from ..prompting.prompt import Prompt
from ..records import Encoded, Response, WrittenText
from ..session import Session
from ..tasks.task import Task
from ..work.stage import Item, Record, Stage
from ..work.store import AbstractStore

_FEW = 2
"""Shots that are explained where each is explained alone."""
SHARE = 0.1
"""A measurement takes about this share of what it estimates, but for the first few questions of every method."""
_LEAST, _ENOUGH = 4, 16
"""Questions that are answered at least, and that are enough for a share: where few rows are computed together, each takes
much longer."""
_SIZES, _LARGER = (64, 256, 1024), 2.0
"""Questions that are answered up to each further step; a step is expected to take twice as long as the one before."""


@dataclass(frozen=True)
class Measured:
    """What so many items took.

    ``read`` counts tokens without the ``shared`` ones of the beginning, which took ``once`` seconds besides; ``longest`` is
    the longest reply.
    """

    items: int
    seconds: float
    read: int = 0
    written: int = 0
    shared: int = 0
    longest: int = 0
    once: float = 0.0


def select_timed(session: Session, task: Task, selection: str, shots: int, seed: int) -> tuple[Sample, Measured]:
    """The shots of one selection as ``select`` draws them, and what it took to ask for them.

    Questions are asked in batches, and not again if another selection has asked them: what counts is what was asked.
    """
    store = _Counting(session.store)
    start = perf_counter()
    sample = select(replace(session, store=store), task, selection, shots, seed)
    seconds, asked = perf_counter() - start, store.kept
    tokens = [_own(session.model.encode(reading_chat(each, session.profile.wording))) for each in sample.questions]
    return sample, Measured(asked, seconds, round(asked * sum(tokens) / max(1, len(tokens))))


def alone(method: AbstractMethod) -> bool:
    """Whether a method explains each of its shots on its own, so that two of them show what all will take."""
    return isinstance(method, SelfAmplify) and method.explainer.together == 1


def explain_timed(session: Session, task: Task, method: AbstractMethod, sample: Sample, whole: int) -> tuple[Prompt, Measured]:
    """The prompt with some shots explained, and what the explanations took.

    Two shots where each is explained alone, or where the method explains and answers a ``whole`` of few questions; else all.
    A competitor always makes its whole prompt.
    """
    small = isinstance(method, SelfAmplify) and len(sample.questions) > SHARE * whole
    few = replace(sample, questions=sample.questions[:_FEW]) if small or alone(method) else sample
    start = perf_counter()
    prompt = method.prompt(session, task, few)
    seconds = perf_counter() - start
    read = written = longest = 0
    for shot in prompt.shots:
        if shot.explanation is not None:
            chat = reading_chat(shot.question, session.profile.wording)
            bare = session.model.encode(replace(chat, prefill=""))
            read += shot.explanation.cost.forward_passes * _own(bare)
            if isinstance(shot.explanation, WrittenText):
                length = session.model.encode(replace(chat, prefill=shot.explanation.text)).length - bare.length
                written, longest = written + length, max(longest, length)
    return prompt, Measured(len(few.questions), seconds, read, written, 0, longest)


def filled(prompt: Prompt, shots: int) -> Prompt:
    """A prompt with as many shots as it will have, of which it has some: these are repeated."""
    return replace(prompt, shots=tuple(islice(cycle(prompt.shots), shots)))


def answer_timed(session: Session, fitted: Fitted, deciding: Deciding, seconds: float, whole: int) -> Measured:
    """What answers take after a prompt.

    The first question takes the prompt's shared beginning with it, which is computed once. A share of the ``whole`` of so many
    answers follows, and then more and more, up to the model's window, as long as all of that takes about ``seconds``, and no
    more than that share of what the whole takes; the last ones count, since the more answers are computed together, the less
    time each of them takes.
    """
    if fitted.reference:  # what all answers of a prompt are calibrated by, so that no step has to ask for it
        answer(session, fitted.prompt, [], 0, deciding, fitted.reference)
    first = last = _Timed(0, 0.0)
    done, spent = 0, 0.0
    responses: list[Response] = []
    for size in (1, min(_ENOUGH, max(_LEAST, round(SHARE * whole))), *_SIZES):
        stop = min(size, session.model.window, len(fitted.asked))
        if stop - done < max(1, last.items):
            break
        if size in _SIZES and spent + _LARGER * last.seconds > min(seconds, SHARE * whole * last.each):
            break
        start = perf_counter()
        responses += answer(session, fitted.prompt, fitted.asked[done:stop], 0, deciding, fitted.reference)
        last = _Timed(stop - done, perf_counter() - start)
        first = last if not done else first
        done, spent = stop, spent + last.seconds
    asked = [each.encoded for each in fitted.asked[:done]]
    written = [
        session.model.encode(replace(each.chat, prefill=each.chat.prefill + response.text)).length - each.length
        for each, response in zip(asked, responses, strict=True)
    ]
    replies = deciding.self_consistency
    return Measured(
        done,
        done * last.each,
        replies * sum(map(_own, asked)),
        replies * max(0, sum(written)),
        len(asked[0].prefix),
        max(0, *written),
        max(0.0, first.seconds - first.items * last.each),
    )


class _Counting(AbstractStore):
    """A store, and how many records were computed and kept in it."""

    def __init__(self, store: AbstractStore):
        self._store = store
        self.kept = 0

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        return self._store.keys(stage, items, start)

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        return self._store.find(stage, keys)

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        self.kept += len(records)
        self._store.keep(stage, records)


@dataclass(frozen=True)
class _Timed:
    items: int
    seconds: float

    @property
    def each(self) -> float:
        return self.seconds / self.items


def _own(encoded: Encoded) -> int:
    """The tokens of a chat after its shared beginning."""
    return encoded.length - len(encoded.prefix)
