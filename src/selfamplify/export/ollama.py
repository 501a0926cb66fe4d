"""Ollama's Modelfile, which makes a model of its own of a model and a prompt: https://docs.ollama.com/modelfile."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import ClassVar, final

from ..errors import ModelError, SelfAmplifyError, SettingsError
from ..models.local.chat import tokenised
from ..models.local.load import load_tokenizer
from ..models.local.ollama import PREFIX
from ..models.local.origin import local_path
from ..models.served.abilities import SAMPLING
from ..text.lines import shortened
from .exporter import AbstractExporter, Export, Messages
from .modelfile import Instruction, parsed

MODELFILE = "Modelfile"
_SPARE, _STEP = 512, 256
"""Tokens of the context beyond the longest question that is known, and what the context is rounded up to."""
_PER_TURN = 32
"""More tokens than a chat template writes around a turn."""


@final
@dataclass(frozen=True)
class Ollama(AbstractExporter):
    """A Modelfile. Ollama is no Python package: ``check`` reads the file by a parser of this package."""

    name: ClassVar[str] = "ollama"

    def files(self, export: Export) -> dict[str, str]:
        if any(export.around) or export.prompt.prefill:
            raise SettingsError(
                "A Modelfile holds the turns before the question's, and this prompt has its instruction or the start of "
                'replies in or after that turn; use `to="openai"`, whose ask.py also works with Ollama\'s server.'
            )
        length, how = _length(export)
        wanted = [Instruction("from", "", _base(export.model)), *_parameters(export, length), *_turns(export)]
        text = "\n\n".join([_head(export, how), *map(str, wanted)]) + "\n"
        _check_read(wanted, text)
        return {MODELFILE: text}

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        name = export.title.lower()
        return [f"ollama create {name} -f {quote(str(folder / MODELFILE))}", f'ollama run {name} "a question"']

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        read = parsed((folder / MODELFILE).read_bytes().decode())
        system = [{"role": "system", "content": each.value} for each in read if each.name == "system"]
        turns = [{"role": each.key, "content": each.value} for each in read if each.name == "message"]
        return [[*system, *turns, {"role": "user", "content": text}] for text in texts]


def _base(model: str) -> str:
    """What Ollama makes the new model from: a file or folder of this machine, or a name that Ollama knows."""
    if model.startswith(PREFIX):
        return model.removeprefix(PREFIX)
    try:
        path = local_path(model)
    except ModelError:
        path = None
    return str(path.resolve()) if path else model


def _parameters(export: Export, length: int) -> list[Instruction]:
    """How Ollama replies, with what it would do by itself beyond our settings switched off."""
    settings, decoding = export.settings, export.prompt.decoding
    values = {
        "temperature": settings["temperature"],
        "num_predict": settings["max_tokens"],
        "num_ctx": -(-length // _STEP) * _STEP,
        "repeat_penalty": 1.0,
    }
    drawn = {"top_k": SAMPLING["top_k"], "top_p": 1.0, "min_p": SAMPLING["min_p"]} if decoding.do_sample else {}
    return [Instruction("parameter", name, str(value)) for name, value in (values | drawn).items()]


def _turns(export: Export) -> list[Instruction]:
    return [
        Instruction("system", "", turn["content"])
        if turn["role"] == "system"
        else Instruction("message", turn["role"], turn["content"])
        for turn in export.context
    ]


def _head(export: Export, how: str) -> str:
    return (
        f"# A prompt of selfamplify, {export.title}. Each question is asked in a chat of its own.\n"
        "# FROM is a model that Ollama knows, a GGUF file, or a folder with safetensors weights.\n"
        f"# num_ctx has room for {how}."
    )


def _length(export: Export) -> tuple[int, str]:
    """How many tokens a question needs with its prompt and reply, and how that is known."""
    known = [row["question"] for row in export.rows] or [export.prompt.shown(shot.question) for shot in export.prompt.shots]
    longest = max(known, key=len, default="")
    parts = "prompt and longest known question" if known else "prompt, with no question known"
    built_by = export.prompt.provenance.model if export.prompt.provenance else export.model
    try:
        count = len(tokenised(load_tokenizer(built_by), export.prompt.chat(longest)).ids)
        how = f"{count} tokens of {parts} (by the tokenizer of {shortened(repr(built_by))})"
    except SelfAmplifyError:
        turns = export.messages(longest)
        count = sum(len(turn["content"].encode()) + _PER_TURN for turn in (*turns, {"content": ""}))
        how = f"{count} tokens at most of {parts} (a token has a byte or more)"
    reply = export.prompt.decoding.max_new_tokens
    return count + reply + _SPARE, f"{how},\n# {reply} of the reply, and {_SPARE} for longer questions"


def _check_read(wanted: Sequence[Instruction], text: str) -> None:
    """Raise SettingsError if Ollama would not read what was to be written."""
    try:
        read = parsed(text)
    except ValueError:
        read = []
    if read != wanted:
        first = next((own for own, other in zip(wanted, [*read, None], strict=False) if own != other), wanted[-1])
        raise SettingsError(
            f"A Modelfile can't hold the text {shortened(repr(first.value))}: Ollama ends a text at three quotation marks that "
            f'end a line, and drops characters that can\'t be printed; use `to="openai"`, whose ask.py also works with '
            f"Ollama's server."
        )
