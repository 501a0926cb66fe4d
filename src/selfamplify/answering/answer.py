"""Answering (section 3.4): the finished prompt is the context in which each test question is asked, and a label is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from time import perf_counter
from typing import Any

from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..prompting.chats import judge_chat
from ..prompting.prompt import Prompt
from ..records import Cost, Generation, Question, Response
from ..seeds import derive
from ..session import Session
from ..work.memory import Stage
from .fitting import check_prompts
from .rules import RULES, recover

_READ = 32
"""Responses that a model reads together."""


def answer(session: Session, prompt: Prompt, questions: Sequence[Question], seed: int) -> list[Response]:
    """One response a question, in order, with the label that was read from it.

    Labels are read by the rules of ``recovery.py`` and, where none fires, by the model's own constrained continuation; or,
    where the session has a reader, by that model (section 4.1).
    Raises ContextError, before any work, if a question does not fit behind the prompt.
    """
    model, reader = session.model, session.reader
    check_prompts(session, [prompt], questions)

    def identity(question: Question) -> list[Any]:
        read_by = reader.fingerprint if reader else None
        tokens = model.tokens(prompt.chat(question))
        drawn = [seed] if prompt.decoding.do_sample else []
        rules = [*RULES, session.profile.wording.conclude]
        return [question.id, question.render(), model.fingerprint, tokens, asdict(prompt.decoding), read_by, rules, *drawn]

    compute = partial(_respond, session.forgetful(), prompt, seed)
    made = prompt.provenance
    name = f"answering with {made.get('explainer', prompt.method)} ({made.get('selection', 'given')})"
    return session.memory.recall(Stage(name, Response, identity, compute, model.window, model.perform), questions)


def _respond(session: Session, prompt: Prompt, seed: int, batch: Sequence[Question]) -> Iterator[tuple[int, Response]]:
    """Each question's place and response, as they come; what has to be read by a model waits until enough has come for that."""
    seeds = [derive(seed, "answer", question.id) for question in batch]
    chats = [prompt.chat(question) for question in batch]
    start = perf_counter()
    waiting: dict[int, tuple[Generation, float]] = {}
    for place, reply in session.model.generated(chats, prompt.decoding, seeds):
        seconds = perf_counter() - start
        found = None if session.reader else recover(f"{prompt.prefill} {reply.text}", batch[place])
        if found is not None:
            yield place, _response(batch[place], reply, found, seconds)
        else:
            waiting[place] = reply, seconds
        if len(waiting) == _READ:
            yield from _read(session, prompt, batch, waiting)
            waiting = {}
        start = perf_counter()
    yield from _read(session, prompt, batch, waiting)


def _response(question: Question, reply: Generation, found: tuple[str | None, str], seconds: float) -> Response:
    label, rule = found
    return Response(question.id, reply.text, label, rule, Cost(1, seconds), reply.finished)


def _read(
    session: Session, prompt: Prompt, batch: Sequence[Question], waiting: Mapping[int, tuple[Generation, float]]
) -> Iterator[tuple[int, Response]]:
    """The responses to replies that no rule has read, by their places; with each reply, the seconds that it took."""
    start = perf_counter()
    asked, texts = [batch[place] for place in waiting], [reply.text for reply, _ in waiting.values()]
    decided = _judged(session.reader, asked, texts) if session.reader else _concluded(session, prompt, asked, texts)
    shared = (perf_counter() - start) / max(1, len(waiting))
    for (place, (reply, seconds)), found in zip(waiting.items(), decided, strict=True):
        yield place, _response(batch[place], reply, found, seconds + shared)


def _concluded(
    session: Session, prompt: Prompt, batch: Sequence[Question], texts: Sequence[str]
) -> list[tuple[str | None, str]]:
    """The model continues its responses by ", therefore the answer is (" and a label."""
    chats = [
        replace(prompt.chat(question), prefill=_conclusion(prompt.prefill, text, session.profile.wording.conclude))
        for question, text in zip(batch, texts, strict=True)
    ]
    # The response may have used the context up: then no label is read from it.
    asked = [index for index, chat in enumerate(chats) if fits(session.model, chat, 2)]
    labels = [batch[index].labels for index in asked]
    tokens = session.model.next_token([chats[index] for index in asked], labels) if asked else []
    best = {index: token.best(names) for index, names, token in zip(asked, labels, tokens, strict=True)}
    return [(best.get(index), "constrained" if best.get(index) else "none") for index in range(len(batch))]


def _conclusion(prefill: str, text: str, conclude: str) -> str:
    """The response with the start of the closing sentence behind it; an empty one begins with it."""
    said = f"{prefill} {text}".strip().rstrip(" ,.;")
    return said + conclude if said else conclude.lstrip(", ").capitalize()


def _judged(judge: AbstractLanguageModel, batch: Sequence[Question], texts: Sequence[str]) -> list[tuple[str | None, str]]:
    """What a judge model reads in the responses: its next token after "The answer is (", by arg max over the vocabulary."""
    chats = [judge_chat(question, text) for question, text in zip(batch, texts, strict=True)]
    # A response may be longer in the judge's tokens than in the model's: then nothing is read from it.
    read = [index for index, chat in enumerate(chats) if fits(judge, chat, 1)]
    labels = [batch[index].labels for index in read]
    tokens = judge.next_token([chats[index] for index in read], labels) if read else []
    found = {index: token.label for index, token in zip(read, tokens, strict=True)}
    return [(found.get(index), "judge" if found.get(index) else "none") for index in range(len(batch))]
