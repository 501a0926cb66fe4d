"""Step 3, prompt design (section 3.4): the preprompt and the shots (x, r, y), and prompt.json, the finished product."""

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..arguments import check_whole, checked_path
from ..errors import DataError, SettingsError
from ..records import Chat, Decoding, Message, Provenance, Question, Shot
from ..text.files import write_whole
from ..text.lines import counted, first_line, sha256, shortened

FILE_NAME = "prompt.json"
_VERSION = 2
_ADDED = ("version", "messages", "hashes")
"""What the file holds in addition to the fields of Prompt."""


@dataclass(frozen=True, repr=False)
class Prompt:
    """A finished few-shot prompt: everything needed to ask a new question, with this package or any other tool.

    Parameters
    ----------
    method : str
        The row of the paper's tables it belongs to (``"self_amplify"``, ``"io"``, ``"auto_cot"``, …).
    instruction : str
        Opens the first user turn, since some chat templates do not take a system role.
    shots : tuple of Shot
        The demonstrations, in the order in which they are shown.
    label_map : dict
        For each answer letter its name in the user's own label space.
    decoding : Decoding
        How replies are generated; by default greedily, 300 tokens at most.
    prefill : str
        The start of every reply; by default empty.
    provenance : Provenance, optional
        How the prompt came about; None for a prompt made by hand.
    """

    method: str
    instruction: str
    shots: tuple[Shot, ...]
    label_map: dict[str, str]
    decoding: Decoding = Decoding()
    prefill: str = ""
    provenance: Provenance | None = None

    def __repr__(self) -> str:
        explainer = f" with {self.provenance.explainer}" if self.provenance and self.provenance.explainer else ""
        task = f" for {self.provenance.task}" if self.provenance else ""
        return f"Prompt({self.method}{explainer}{task}: {counted(len(self.shots), 'shot')})"

    @cached_property
    def _turns(self) -> tuple[Message, ...]:
        """The shots' turns; the first opens with the instruction."""
        turns: list[Message] = []
        for shot in self.shots:
            turns += [Message("user", shot.question.render()), Message("assistant", shot.reply)]
        return (Message("user", f"{self.instruction}\n{turns[0].content}"), *turns[1:]) if turns else ()

    def chat(self, question: Question | str) -> Chat:
        """The turns that ask a question after the shots.

        Parameters
        ----------
        question
            A record, or a text with the choices in it.
        """
        if not isinstance(question, str | Question):
            raise SettingsError(f"A question is a text or a Question, not {shortened(repr(question))}; write it as a text.")
        text = question if isinstance(question, str) else question.render()
        last = text if self.shots else f"{self.instruction}\n{text}"
        return Chat((*self._turns, Message("user", last)), self.prefill, text)

    def messages(self, question: Question | str) -> list[dict[str, str]]:
        """The same as plain chat messages: ``[{"role": …, "content": …}, …]``, the last one being the user's question."""
        return [asdict(message) for message in self.chat(question).messages]

    def reply(self, text: str) -> str:
        """A whole reply: the prefill, and what the model wrote after it."""
        space = "" if self.prefill.endswith(("(", '"')) else " "
        return f"{self.prefill}{space}{text}".strip()

    def with_length(self, max_new_tokens: int | None) -> "Prompt":
        """The same prompt with another limit of the reply, in tokens; None leaves it."""
        if max_new_tokens is None:
            return self
        check_whole("max_new_tokens", max_new_tokens, 1, 300)
        return replace(self, decoding=replace(self.decoding, max_new_tokens=max_new_tokens))

    def with_shots(self, count: int) -> "Prompt":
        """The same prompt with its first ``count`` shots; its provenance records how many were dropped."""
        dropped = len(self.shots) - count
        if dropped <= 0:
            return self
        made = self.provenance and replace(self.provenance, dropped_shots=dropped)
        return replace(self, shots=self.shots[:count], provenance=made)

    @property
    def context(self) -> list[dict[str, str]]:
        """The messages of the shots alone; empty for a zero-shot prompt."""
        return self.messages("")[:-1]

    def digest(self) -> str:
        """SHA-256 of what a model is shown: the context, the instruction and the prefill."""
        return sha256(json.dumps([self.context, self.instruction, self.prefill], ensure_ascii=False))

    def save(self, path: str | Path) -> Path:
        """Write prompt.json.

        Parameters
        ----------
        path
            A file whose name ends in .json, or a folder.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RunError
            If the file can't be written.
        """
        file = _file(path)
        data = {"version": _VERSION, "messages": self.context, "hashes": {"prompt_sha256": self.digest()}}
        data |= _ADAPTER.dump_python(self, mode="json")
        write_whole(file, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return file

    @staticmethod
    def load(path: str | Path) -> "Prompt":
        """Read a prompt.json.

        Parameters
        ----------
        path
            The file, or its folder.

        Raises
        ------
        DataError
            If the file is missing, damaged, of another version, or was edited by hand.
        """
        file = _file(path)
        if not file.is_file():
            raise DataError(f"There is no prompt at {file}; make one with `selfamplify build --out {file.parent}`.")
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(data, dict):
                raise ValueError("it is not an object")
            if data["version"] != _VERSION:
                raise DataError(f"{file} has version {data['version']}, and this package reads {_VERSION}; build it again.")
            recorded, messages = data["hashes"]["prompt_sha256"], data["messages"]
            prompt = _ADAPTER.validate_python({key: value for key, value in data.items() if key not in _ADDED})
        except DataError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            raise DataError(f"{file} is not a prompt.json of this package ({first_line(error)}); build it again.") from error
        if recorded != prompt.digest() or messages != prompt.context:
            raise DataError(f"The shots in {file} no longer match their hash, so the file was edited; build it again.")
        return prompt


_ADAPTER = TypeAdapter(Prompt)


def _file(path: str | Path) -> Path:
    path = checked_path("path", path, "runs/mine")
    return path if path.suffix == ".json" else path / FILE_NAME
