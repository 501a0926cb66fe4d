"""Answering (section 3.4): the finished prompt is the context in which each test question is asked, and a label is read."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

from .asking import fits, judge_chat
from .fitting import check_prompts
from .memory import Stage
from .models.model import AbstractLanguageModel
from .prompt import Prompt
from .records import Cost, Question, Response
from .recovery import RULES, recover
from .seeds import derive
from .session import Session

_BATCH = 32


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

    def compute(batch: Sequence[Question]) -> list[Response]:
        return _respond(session, prompt, batch, seed)

    made = prompt.provenance
    name = f"answering with {made.get('explainer', prompt.method)} ({made.get('selection', 'given')})"
    return session.memory.recall(Stage(name, Response, identity, compute, _BATCH), questions)


def _respond(session: Session, prompt: Prompt, batch: Sequence[Question], seed: int) -> list[Response]:
    start = perf_counter()
    seeds = [derive(seed, "answer", question.id) for question in batch]
    chats = [prompt.chat(question) for question in batch]
    replies = session.model.generate(chats, prompt.decoding, seeds)
    texts = [reply.text for reply in replies]
    decided = _judged(session.reader, batch, texts) if session.reader else _by_rules(session, prompt, batch, texts)
    cost = Cost(1, (perf_counter() - start) / len(batch))
    return [
        Response(question.id, reply.text, label, rule, cost, reply.finished)
        for question, reply, (label, rule) in zip(batch, replies, decided, strict=True)
    ]


def _by_rules(
    session: Session, prompt: Prompt, batch: Sequence[Question], texts: Sequence[str]
) -> list[tuple[str | None, str]]:
    """The rules; where none finds a label, the model continues its response by ", therefore the answer is (" and a label."""
    found = [recover(f"{prompt.prefill} {text}", question) for question, text in zip(batch, texts, strict=True)]
    open_ones = [index for index, decision in enumerate(found) if decision is None]
    chats = [
        replace(prompt.chat(batch[index]), prefill=_conclusion(prompt.prefill, texts[index], session.profile.wording.conclude))
        for index in open_ones
    ]
    # The response may have used the context up: then no label is read from it.
    asked = [(index, chat) for index, chat in zip(open_ones, chats, strict=True) if fits(session.model, chat, 2)]
    labels = [batch[index].labels for index, _ in asked]
    tokens = session.model.next_token([chat for _, chat in asked], labels) if asked else []
    best = {index: token.best(names) for (index, _), names, token in zip(asked, labels, tokens, strict=True)}
    return [decision or (best.get(index), "constrained" if index in best else "none") for index, decision in enumerate(found)]


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
