"""A transformers model on this machine: in batches, with shared prefixes and gradients."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from ...errors import ModelError
from ...records import Baseline, Chat, Decoding, Encoded, Generation, Message, NextToken
from ...work.interruption import enough
from ..model import AbstractDifferentiableModel, AnswerReading, Reading
from . import chat as chats_of
from . import traits
from .attention import UnmergeableAttention
from .baseline import find_baseline, mean_embedding
from .ending import Ending
from .fingerprint import fingerprint
from .generation import Manner, Writing
from .plain import plain_text
from .running import Running
from .search import Text
from .token_text import token_text
from .whole import whole_answers

_KEPT = 4
"""While texts are written, this many times more tokens are held than are run in a pass: only keys and values are held."""

_BATCH_TOKENS, _CPU_BATCH_TOKENS = 32768, 8192
"""Tokens run at once by default: on a CPU more take more memory and are no faster (docs/architecture.md)."""
_WINDOW, _CPU_WINDOW = 512, 64
"""Questions answered together by default: on a CPU more are no faster."""
_Key = TypeVar("_Key", bound=Hashable)


class LocalModel(AbstractDifferentiableModel):
    """A causal language model and its tokenizer; ``load_model`` makes one.

    Rows that share a prefix (the few-shot prompt, or the words before the first perturbable one) reuse its keys and values.
    Rows of a batch are padded on the right, where no token attends to the padding. A batch that runs out of memory is halved,
    and the smaller size is remembered.

    Parameters
    ----------
    module : transformers.PreTrainedModel
        A decoder; it is put into evaluation mode, and its weights need no gradient any more.
    tokenizer : transformers.PreTrainedTokenizerBase
        Its fast tokenizer.
    name : str
        What results call the model.
    batch_tokens : int, optional
        Tokens that are run at once, at most; by default 8,192 on a CPU and 32,768 elsewhere.
    window : int, optional
        Questions that are answered together, at most; by default 64 on a CPU and 512 elsewhere.

    Raises
    ------
    ModelError
        If the tokenizer has no character offsets, or the architecture can't be run in batches after a shared prefix.
    """

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        name: str,
        batch_tokens: int | None = None,
        window: int | None = None,
    ):
        if not tokenizer.is_fast:
            raise ModelError(f"The tokenizer of {name} has no character offsets; save it as tokenizer.json (a fast tokenizer).")
        traits.check_architecture(module, name)
        self.module: PreTrainedModel = module.eval().requires_grad_(False)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.tokenizer = tokenizer
        self._encoder = chats_of.Encoder(tokenizer)
        self.name = name
        self.context = traits.context(module, tokenizer)
        self.embedding = module.get_input_embeddings()
        self.blank = traits.blank(tokenizer, name)
        end, turn = chats_of.turn_end(tokenizer)
        self._baselines: dict[str, Baseline] = {}
        self._ending = Ending(tokenizer, traits.ends(module, tokenizer, end), turn)
        self._opened = chats_of.opens_thinking(tokenizer)
        module.generation_config = GenerationConfig()  # its own would fill in what a Decoding does not name
        on_cpu = module.device.type == "cpu"
        self.window = window or (_CPU_WINDOW if on_cpu else _WINDOW)
        self._running = Running(module, name, self.blank, batch_tokens or (_CPU_BATCH_TOKENS if on_cpu else _BATCH_TOKENS))

    @property
    def device(self) -> torch.device:
        return self.module.device

    @cached_property
    def fingerprint(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return fingerprint(self.module, self.tokenizer, (chats_of.PLAIN_TEMPLATE, self.blank, self._ending.ids))

    @property
    def control_tokens(self) -> frozenset[str]:
        return chats_of.control_tokens(self.tokenizer)

    def encode(self, chat: Chat) -> Encoded:
        return self._encoder.encode(chat)

    def read(self, chat: Chat, answers: Sequence[str]) -> Reading:
        return chats_of.read(self.tokenizer, chat, answers)

    def read_answer(self, messages: Sequence[Message], answer: str) -> AnswerReading:
        return chats_of.read_answer(self.tokenizer, messages, answer)

    def baseline(self, choice: str) -> Baseline:
        if choice not in self._baselines:  # finding a space reads the whole vocabulary
            self._baselines[choice] = find_baseline(self.tokenizer, choice, self.blank, self._ending.ids)
        return self._baselines[choice]

    def token_text(self, token: int) -> str:
        return token_text(self.tokenizer, token)

    @cached_property
    def mean_embedding(self) -> Float[Tensor, " embed"]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return mean_embedding(self.embedding, min(len(self.tokenizer), self.module.config.get_text_config().vocab_size))

    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        readings = [self.read(chat, names) for chat, names in zip(chats, answers, strict=True)]
        found: dict[int, NextToken] = {}
        lettered = [place for place, chat in enumerate(chats) if chat.prefill.endswith("(")]
        for prefix, members in _grouped([readings[place].ids[: readings[place].prefix] for place in lettered]):
            places = [lettered[member] for member in members]
            logits = self.last_logits([readings[place].ids for place in places], len(prefix))[:, -1]
            for place, row in zip(places, logits, strict=True):
                found[place] = self._next_token(readings[place], row)
        others = [place for place in range(len(chats)) if not chats[place].prefill.endswith("(")]
        found.update(zip(others, whole_answers(self, [readings[place] for place in others]), strict=True))
        return [found[place] for place in range(len(readings))]

    def _next_token(self, reading: Reading, logits: Float[Tensor, " vocab"]) -> NextToken:
        top = int(logits.argmax())
        label = next((label for label, ids in reading.answers.items() if ids == (top,)), None)
        log_probabilities = logits.log_softmax(-1)[[token for (token,) in reading.answers.values()]]
        return NextToken(str(self.tokenizer.decode([top])), label, tuple(log_probabilities.tolist()))

    def last_logits(
        self, rows: Sequence[Sequence[int]], prefix: int, keep: int = 1, tokens: Sequence[int] | None = None
    ) -> Float[Tensor, "row place column"]:
        return self._running.last_logits(rows, prefix, keep, tokens)

    def logits_from_embeddings(
        self,
        embeddings: Float[Tensor, "row token embed"],
        prefix: tuple[int, ...] = (),
        lengths: Sequence[int] | None = None,
        keep: int = 1,
        tokens: Sequence[int] | None = None,
    ) -> Float[Tensor, "row place column"]:
        return self._running.logits_from_embeddings(embeddings, prefix, lengths, keep, tokens)

    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        opened = ["" if each.chat.prefill else self._opened for each in encoded]
        for (prefix, mark), members in _grouped([(each.prefix, mark) for each, mark in zip(encoded, opened, strict=True)]):
            ending = replace(self._ending, last_line=decoding.last_line, opened=mark)
            manner = Manner(decoding, ending.ids, ending.reached, self._running.checked)
            suffixes = {index: encoded[index].suffix for index in members}
            while suffixes and not enough():  # once more only where memory ran out
                try:
                    for index, text in self._texts(prefix, suffixes, manner, seeds):
                        del suffixes[index]
                        yield index, self._generation(text, ending)
                except torch.OutOfMemoryError:
                    pass
                else:
                    continue
                self._running.batcher.shrink(self._room(suffixes, decoding), max(map(len, suffixes.values())))
                self._running.free_memory()

    def _texts(
        self, prefix: tuple[int, ...], suffixes: Mapping[int, tuple[int, ...]], manner: Manner, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Text]]:
        """The texts after one prefix, by the keys of the suffixes."""
        keys = list(suffixes)
        decoding = manner.decoding
        drawn = [seeds[key] for key in keys]
        if self._running.mergeable:
            layers = self._running.prefixes.get(prefix) if prefix else []
            writing = Writing(self.module, prefix, layers, manner, self._room(suffixes, decoding), self._running.batcher.tokens)
            try:
                for place, text in writing.texts([suffixes[key] for key in keys], drawn):
                    yield keys[place], text
                return
            except UnmergeableAttention:  # raised by the first pass, before any text
                self._running.mergeable = False
        for key, seed in zip(keys, drawn, strict=True):
            if enough():
                return
            before = self._running.prefixes.replicate(prefix, decoding.num_beams)
            yield key, plain_text(self.module, (*prefix, *suffixes[key]), before, manner, seed, self.blank)

    def _room(self, suffixes: Mapping[int, tuple[int, ...]], decoding: Decoding) -> int:
        """How many texts are written at once."""
        width = (max(map(len, suffixes.values())) + decoding.max_new_tokens) * decoding.num_beams
        return min(len(suffixes), self._running.batcher.rows(width, kept=_KEPT))

    def _generation(self, text: Text, ending: Ending) -> Generation:
        closing = text.ended and text.tokens[-1] in ending.ids
        return Generation(ending.text(text.tokens), len(text.tokens) - closing, text.ended)

    def __reduce__(self) -> Any:
        raise ModelError(f"The model {self.name} can't be sent to another process; load it there with `load_replicas`.")

    def forget(self) -> None:
        """Release the keys and values of earlier prefixes."""
        self._running.forget()


def _grouped(keys: list[_Key]) -> list[tuple[_Key, list[int]]]:
    """The distinct keys, such as prefixes, each with the indices of its rows, in the order of first appearance."""
    groups: dict[_Key, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return list(groups.items())
