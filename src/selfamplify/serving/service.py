"""What a server does for a request: which work it is for the model thread, and with which settings."""

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from ..models.local.model import LocalModel
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..prompting.prompt import Prompt
from ..records import Chat, Decoding, Message
from ..seeds import derive
from .batches import ModelThread
from .keywords import Keywords, Replied
from .plain import Plain, PlainChat, chat_of
from .prompted import Prompted
from .questions import asked_text, question_of
from .refusals import Refusal
from .requests import Wanted

FORM_SEED = 0
"""The form draws replies with a fixed seed, so that the reply whose words are explained is the one that was shown."""


@dataclass(frozen=True)
class Service:
    """A model, the prompt through which it is asked, and the thread that has it.

    Parameters
    ----------
    model : AbstractLanguageModel
        The model.
    thread : ModelThread
        The only thread that calls it.
    prompted : Prompted, optional
        How questions are asked through a prompt; None passes chats to the model as they are.
    decoding : Decoding
        How replies to such chats are written by default.
    """

    model: AbstractLanguageModel
    thread: ModelThread
    prompted: Prompted | None = None
    decoding: Decoding = Decoding()

    @property
    def prompt(self) -> Prompt | None:
        """The prompt, if there is one."""
        return self.prompted.prompt if self.prompted else None

    @property
    def explains(self) -> bool:
        """Whether the words of a question can be scored."""
        return isinstance(self.model, AbstractDifferentiableModel)

    def ask(self, wanted: Wanted) -> "list[Future[Any]]":
        """What will hold the replies to a request. Raises Refusal for one that can't be answered."""
        if wanted.model not in (None, self.model.name):
            raise Refusal(404, f"This server has the model `{self.model.name}` and no other.", "model", "model_not_found")
        seed = secrets.randbits(31) if wanted.seed is None else wanted.seed
        if self.prompted is None:
            return self._plain(wanted, seed)
        self._check_prompted(wanted)
        text = asked_text(self.prompted.prompt, wanted.turns)
        work = replace(self.prompted, decoding=_decoding(self.prompted.decoding, wanted))
        questions = [question_of(work.prompt, text, f"{seed}/{number}") for number in range(wanted.n)]
        return self.thread.submit(work, questions)

    def ask_text(self, text: str) -> "Future[Any]":
        """What will hold the reply to a text from the form. Raises Refusal for one that can't be asked."""
        if not text.strip():
            raise Refusal(400, "The question is empty; write one.")
        if self.prompted is None:
            (done,) = self.thread.submit(Plain(self.model, self.decoding), [PlainChat(self.chat(text), FORM_SEED)])
        else:
            (done,) = self.thread.submit(self.prompted, [question_of(self.prompted.prompt, text, f"{FORM_SEED}/0")])
        return done

    def explain(self, text: str, reply: str) -> "Future[Any]":
        """What will hold the scores of the words of a text by what they do for a reply. Raises Refusal if there are none."""
        if not isinstance(self.model, AbstractDifferentiableModel):
            raise Refusal(
                400, f"{self.model.name} is on a server, and the words of a question are scored on local models only."
            )
        (done,) = self.thread.submit(Keywords(self.model), [Replied(self.chat(text), reply)])
        return done

    def chat(self, text: str) -> Chat:
        """How a text from the form is asked. Raises Refusal for one that can't be asked."""
        return (
            self.prompt.chat(question_of(self.prompt, text, "form")) if self.prompt else chat_of([Message("user", text)], False)
        )

    def _plain(self, wanted: Wanted, seed: int) -> "list[Future[Any]]":
        decoding = _decoding(self.decoding, wanted)
        if wanted.logprobs:
            if not isinstance(self.model, LocalModel):
                raise Refusal(400, f"{self.model.name} is not in this process; leave `logprobs` out.", "logprobs")
            if decoding.max_new_tokens > 1 or decoding.do_sample:
                raise Refusal(
                    400, "Log-probabilities are those of the first token; send `max_tokens` 1 and `temperature` 0.", "logprobs"
                )
        chat = chat_of(wanted.turns, wanted.continue_final_message)
        work = Plain(self.model, decoding, max(1, wanted.top_logprobs) if wanted.logprobs else 0)
        seeds = [derive(seed, "reply", str(number)) for number in range(wanted.n)]
        return self.thread.submit(work, [PlainChat(chat, each, wanted.stops) for each in seeds])

    def _check_prompted(self, wanted: Wanted) -> None:
        """Raise Refusal for settings that a reply through the prompt can't have."""
        given = {
            "stop": wanted.stops,
            "logprobs": wanted.logprobs,
            "continue_final_message": wanted.continue_final_message,
        }
        for name, value in given.items():
            if value:
                raise Refusal(
                    400, f"`{name}` is for chats, and here the prompt decides; leave it out, or start with --plain.", name
                )


def _decoding(own: Decoding, wanted: Wanted) -> Decoding:
    """The decoding that a request asks for: the server's own, but for what is named."""
    decoding = replace(own, max_new_tokens=wanted.length or own.max_new_tokens)
    if wanted.temperature is None:
        return decoding
    if wanted.temperature:
        return decoding.sampled(wanted.temperature)
    return replace(decoding, do_sample=False, num_beams=1, early_stopping=False) if decoding.do_sample else decoding


async def results(waiting: "Sequence[Future[Any]]", gone: "asyncio.Future[Any]") -> list[Any] | None:
    """The results of work; None if the client went away before, and then what has not begun is not done.

    Raises the Refusal, or the error, of the first that has none.
    """
    coming = asyncio.gather(*map(asyncio.wrap_future, waiting), return_exceptions=True)
    try:
        await asyncio.wait([coming, gone], return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            return None
        found = coming.result()
        for each in found:
            if isinstance(each, BaseException):  # a Refusal is one, whether it was returned or raised
                raise each
        return found
    finally:
        gone.cancel()
        for each in waiting:
            each.cancel()
