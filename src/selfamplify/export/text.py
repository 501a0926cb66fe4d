"""The prompt as a text in the model's own chat template, for what takes no chat: completions, and engines of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from transformers import PreTrainedTokenizerBase

from ..errors import DataError, ModelError, SelfAmplifyError, SettingsError
from ..models.local.chat import tokenised, turn_end
from ..models.local.load import load_tokenizer
from .bundle import common, standalone
from .exporter import AbstractExporter, Export, Messages, absent
from .openai import ASK, asker, asking

PROMPT = "prompt.txt"
_ASKED = "question"
"""A question in whose text the slot is looked for."""


@final
@dataclass(frozen=True)
class Text(AbstractExporter):
    """prompt.txt in the chat template of a local model, and ask.py, which asks questions with it; needs the model's tokenizer.

    A prefill is always an open turn, since a text can be continued anywhere.
    """

    name: ClassVar[str] = "text"

    def files(self, export: Export) -> dict[str, str]:
        tokenizer = _tokenizer(export)
        text, slot = _template(tokenizer, export)
        # The text holds the template's own control tokens, so whoever encodes it must add none.
        settings = {"slot": slot, "add_special_tokens": False, "stop": _stop(tokenizer)}
        return {PROMPT: text, ASK: standalone("ask.py")} | common(export, **settings)

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return [
            "# this needs a server of the model at port 8000 with completions, such as vLLM or llama.cpp",
            *asking(folder, export),
        ]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        """Our own turns, after each text was compared with what our engine feeds the model, token by token."""
        tokenizer, ask = _tokenizer(export), asker(folder)
        for text in texts:
            ours = list(tokenised(tokenizer, export.prompt.chat(text)).ids)
            ids = tokenizer(ask.text(text), add_special_tokens=ask.settings["add_special_tokens"], verbose=False)["input_ids"]
            if ids != ours:
                raise DataError(f"{folder / PROMPT} has other tokens than this package feeds the model; export it again.")
        return [export.messages(text) for text in texts]


def _tokenizer(export: Export) -> PreTrainedTokenizerBase:
    try:
        return load_tokenizer(export.model)
    except SelfAmplifyError as error:
        raise SettingsError(
            f"The text of a prompt needs the model's tokenizer: {str(error).partition(';')[0]}; name the model's folder or "
            f'file, as in `model="models/mine"`.'
        ) from error


def _template(tokenizer: PreTrainedTokenizerBase, export: Export) -> tuple[str, str]:
    """The text with a slot for the question, and the slot, which occurs nowhere else in it."""
    try:
        slot = absent([tokenised(tokenizer, export.prompt.chat(_ASKED)).text])
        return tokenised(tokenizer, export.prompt.chat(slot)).text, slot
    except ModelError as error:
        raise SettingsError(f"The prompt can't be written as a text of {export.model}: {error}") from error


def _stop(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The text that ends a reply, if it is not a token at which models stop by themselves."""
    return [end for end in turn_end(tokenizer)[1:] if end]
