"""Step 3, prompt design (section 3.4): the preprompt and the shots (x, r, y), and prompt.json, the finished product."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..errors import DataError
from ..records import Chat, Decoding, Message, Question, Shot
from ..text.files import write_whole

FILE_NAME = "prompt.json"
_VERSION = 1
_ADDED = ("version", "messages", "hashes")
"""What the file holds besides the fields of Prompt."""


@dataclass(frozen=True)
class Prompt:
    """A finished few-shot prompt: everything needed to ask a new question, by this package or by any other tool.

    ``method`` is the row of the paper's tables it belongs to (``"self_amplify"``, ``"io"``, ``"auto_cot"``, …). The
    instruction opens the first user turn, since some chat templates refuse a system role. ``label_map`` gives for each
    answer letter its name in the user's own label space. ``prefill`` starts every reply.
    """

    method: str
    instruction: str
    shots: tuple[Shot, ...]
    label_map: dict[str, str]
    decoding: Decoding = Decoding()
    prefill: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def chat(self, question: Question | str) -> Chat:
        """The turns that ask ``question`` (a record, or its text with the choices in it) behind the shots."""
        text = question if isinstance(question, str) else question.render()
        turns = [(shot.question.render(), shot.reply) for shot in self.shots]
        messages: list[Message] = []
        for x, reply in turns:
            messages += [Message("user", x), Message("assistant", reply)]
        messages.append(Message("user", text))
        messages[0] = Message("user", f"{self.instruction}\n{messages[0].content}")
        return Chat(tuple(messages), self.prefill, text)

    def messages(self, question: Question | str) -> list[dict[str, str]]:
        """The same as plain chat messages: ``[{"role": …, "content": …}, …]``, the last one being the user's question."""
        return [asdict(message) for message in self.chat(question).messages]

    def with_length(self, max_new_tokens: int | None) -> "Prompt":
        """The same prompt with another longest reply; None leaves it."""
        if max_new_tokens is None:
            return self
        return replace(self, decoding=replace(self.decoding, max_new_tokens=max_new_tokens))

    def with_shots(self, count: int) -> "Prompt":
        """The same prompt with its first ``count`` shots; how many were dropped goes into its provenance."""
        dropped = len(self.shots) - count
        if dropped <= 0:
            return self
        return replace(self, shots=self.shots[:count], provenance=self.provenance | {"dropped_shots": dropped})

    @property
    def context(self) -> list[dict[str, str]]:
        """The messages of the shots alone; empty for a zero-shot prompt."""
        return self.messages("")[:-1]

    def digest(self) -> str:
        """SHA-256 of what a model is shown: the context, the instruction and the prefill."""
        shown = json.dumps([self.context, self.instruction, self.prefill], ensure_ascii=False)
        return hashlib.sha256(shown.encode()).hexdigest()

    def save(self, path: str | Path) -> Path:
        """Write prompt.json: into ``path`` if it ends in .json, else into that folder. Returns the file's path."""
        file = _file(path)
        data = {"version": _VERSION, "messages": self.context, "hashes": {"prompt_sha256": self.digest()}}
        data |= _ADAPTER.dump_python(self, mode="json")
        write_whole(file, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return file

    @staticmethod
    def load(path: str | Path) -> "Prompt":
        """Read a prompt.json, or the one in a folder. Raises DataError if it is missing, damaged or was edited by hand."""
        file = _file(path)
        if not file.is_file():
            raise DataError(f"There is no prompt at {file}; make one with `selfamplify build --out {file.parent}`.")
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            recorded, messages, made_by = data["hashes"]["prompt_sha256"], data["messages"], data["version"]
            prompt = _ADAPTER.validate_python({key: value for key, value in data.items() if key not in _ADDED})
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{file} is no prompt.json of this package ({reason}); build it again.") from error
        if made_by != _VERSION:
            raise DataError(f"{file} has version {made_by}, and this package reads {_VERSION}; build it again.")
        if recorded != prompt.digest() or messages != prompt.context:
            raise DataError(f"The shots in {file} no longer match their hash: it was edited; build it again.")
        return prompt


_ADAPTER = TypeAdapter(Prompt)


def _file(path: str | Path) -> Path:
    path = Path(path)
    return path if path.suffix == ".json" else path / FILE_NAME
