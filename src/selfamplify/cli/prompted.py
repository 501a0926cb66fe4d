"""``selfamplify explain --prompt FILE --answer TEXT``: any answer to any chat prompt, without a task."""

import json
import sys
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import typer

import selfamplify

from ..errors import DataError, SettingsError
from .model_options import ModelOptions
from .options import EngineOptions
from .screen import say, stdout

if TYPE_CHECKING:
    from ..explain.explainer import AbstractExplainer


@dataclass(frozen=True)
class PromptOptions:
    """A prompt of the user's own, and an answer to it."""

    panel: ClassVar[str] = "A prompt of your own, in place of a task"

    prompt: Annotated[
        str | None,
        typer.Option("--prompt", help="A file with the prompt, as text or as chat messages in JSON; - for standard input."),
    ] = None
    answer: Annotated[str | None, typer.Option("--answer", help="The reply to explain, or the end of it.")] = None
    units: Annotated[Literal["word", "token"], typer.Option("--units", help="What is scored: word or token.")] = "word"
    span: Annotated[
        str | None, typer.Option("--span", help="The part of the prompt to score. It must occur once. Default: all of it.")
    ] = None
    out: Annotated[Path | None, typer.Option("--out", help="A .json or .html file to write the attribution to.")] = None

    def check(self, given: Collection[str]) -> bool:
        """Whether to explain a prompt, not a task's question; ``given`` are the parameters on the command line.

        Raises SettingsError for options that do not go together.
        """
        if self.prompt is None:
            wrong = [field.name for field in fields(self) if field.name in given]
            if wrong:
                raise SettingsError(f"`{wrong[0]}` needs a prompt; add --prompt FILE --answer TEXT, or leave it out.")
            return False
        if self.answer is None:
            raise SettingsError("--prompt needs an answer to explain; add --answer TEXT.")
        own = {field.name for group in (PromptOptions, ModelOptions, EngineOptions) for field in fields(group)}
        foreign = [name for name in given if name not in own | {"explainer", "seed"}]
        if foreign:
            raise SettingsError(f"`{foreign[0]}` is for the questions of a task; leave it or `prompt` out.")
        if self.out is not None and self.out.suffix not in (".json", ".html"):
            raise SettingsError(f'{self.out} is neither a .json nor a .html file; use for example `out="attribution.html"`.')
        return True

    def explain(self, model: ModelOptions, explainer: str, engine: EngineOptions, seed: int) -> None:
        """Print the prompt coloured, and its scores as a table."""
        messages, method = read_messages(self.prompt or ""), _method(explainer, engine.given())
        found = selfamplify.attribute(
            model.load_local(), messages, self.answer or "", method, units=self.units, span=self.span, seed=seed
        )
        stdout.print(found, soft_wrap=True)
        stdout.print(selfamplify.attribution_table(found))
        if self.out is not None:
            say(f"wrote the attribution to {found.save(self.out)}")


def read_messages(name: str) -> Any:
    """A prompt from a file, or from standard input if that is ``-``.

    JSON that holds a list of messages, or an object with "messages", is a chat. Any other text is one turn of the user, without
    the line end that closes the file. A file that is named .json must be a chat. Raises DataError for what can't be read.
    """
    where = "Standard input" if name == "-" else name
    try:
        text = (sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{where} can't be read ({error.strerror}); give a text file, or - for standard input.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8 text (byte {error.start} is invalid); save it as UTF-8.") from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    messages = data.get("messages") if isinstance(data, dict) else data
    if isinstance(messages, list) and messages and all(isinstance(message, dict) for message in messages):
        return messages
    if name.endswith(".json"):
        raise DataError(f'{name} is not a chat; write [{{"role": "user", "content": "…"}}], or give plain text in a .txt file.')
    return text.rstrip("\r\n")


def _method(explainer: str, given: dict[str, Any]) -> "AbstractExplainer | str | None":
    """The explainer with its settings; None for ``attribute``'s own default."""
    if not given:
        return None if explainer == "kernel_shap" else explainer
    return selfamplify.make_explainer(explainer, given)
