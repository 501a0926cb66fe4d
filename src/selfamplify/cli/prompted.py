"""``selfamplify explain --prompt FILE --answer TEXT``: any answer to any chat prompt, without a task."""

import json
import sys
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import selfamplify

from ..errors import DataError, SettingsError
from .options import EngineOptions, ModelOptions
from .screen import out, say

if TYPE_CHECKING:
    from ..explain.explainer import AbstractExplainer


@dataclass(frozen=True)
class PromptOptions:
    """A prompt of one's own, and an answer to it."""

    prompt: Annotated[
        str | None,
        typer.Option("--prompt", help="A prompt in place of a task: a file of text, or of chat messages as JSON; - for stdin."),
    ] = None
    answer: Annotated[str | None, typer.Option("--answer", help="With --prompt: the reply, or the end of it, to explain.")] = (
        None
    )
    units: Annotated[str, typer.Option("--units", help="With --prompt: what is scored, word or token.")] = "word"
    span: Annotated[str | None, typer.Option("--span", help="With --prompt: the part of it to score; else all of it.")] = None
    save: Annotated[Path | None, typer.Option("--out", help="With --prompt: a .json or .html file to write.")] = None

    def check(self, given: Collection[str]) -> bool:
        """Whether a prompt is explained and not a task's question, ``given`` being the parameters on the command line.

        Raises SettingsError for options that do not go together.
        """
        if self.prompt is None:
            wrong = [field.name for field in fields(self) if field.name in given]
            if wrong:
                raise SettingsError(
                    f"{_option(wrong[0])} goes with a prompt; write --prompt FILE --answer TEXT, or leave it out."
                )
            return False
        if self.answer is None:
            raise SettingsError("--prompt needs an answer to explain; write --prompt FILE --answer TEXT.")
        own = {field.name for group in (PromptOptions, ModelOptions, EngineOptions) for field in fields(group)}
        foreign = [name for name in given if name not in own | {"explainer", "seed"}]
        if foreign:
            raise SettingsError(
                f"{_option(foreign[0])} is about a task's questions, and not a prompt; leave it out, or --prompt."
            )
        if self.save is not None and self.save.suffix not in (".json", ".html"):
            raise SettingsError(f"--out {self.save} is neither .json nor .html; write for example --out attribution.html.")
        return True

    def explain(self, model: ModelOptions, explainer: str, engine: EngineOptions, seed: int) -> None:
        """Print the prompt coloured, and its scores as a table."""
        messages, method = read_messages(self.prompt or ""), _method(explainer, engine.given())
        found = selfamplify.attribute(model.load_local(), messages, self.answer or "", method, self.units, self.span, seed)
        out.print(found, soft_wrap=True)
        out.print(selfamplify.attribution_table(found))
        if self.save is not None:
            say(f"wrote {found.save(self.save)}")


def read_messages(name: str) -> Any:
    """A prompt from a file, or from standard input where that is ``-``.

    JSON that holds a list of messages, or an object with "messages", is a chat; any other text is one user's turn, without the
    line end that closes the file. A file that is named .json must be a chat. Raises DataError for what can't be read.
    """
    where = "Standard input" if name == "-" else name
    try:
        text = (sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{where} can't be read ({error.strerror}); give a file of text, or - for standard input.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is no UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    messages = data.get("messages") if isinstance(data, dict) else data
    if isinstance(messages, list) and messages and all(isinstance(message, dict) for message in messages):
        return messages
    if name.endswith(".json"):
        raise DataError(f'{name} holds no chat; write [{{"role": "user", "content": "…"}}], or name a plain text file .txt.')
    return text.rstrip("\r\n")


def _method(explainer: str, given: dict[str, Any]) -> "AbstractExplainer | str | None":
    """The explainer with its settings; what it attributes is the log-probability, unless another value is asked for."""
    if not given:
        return None if explainer == "kernel_shap" else explainer
    made = selfamplify.make_explainer(explainer, given)
    return replace(made, value="logprob") if hasattr(made, "value") and "value" not in given else made  # pyright: ignore


def _option(parameter: str) -> str:
    return {"save": "--out", "settings": "--set"}.get(parameter, f"--{parameter.replace('_', '-')}")
