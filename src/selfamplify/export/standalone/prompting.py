"""The prompt in this folder: the turns that ask a question, and the label that a reply names.

Written by selfamplify; needs nothing but Python.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reading import label


@dataclass(frozen=True)
class Prompt:
    """The turns of messages.json, and the settings by which replies are made and read."""

    chat: list[dict[str, str]]
    settings: dict[str, Any]

    @staticmethod
    def of(folder: Path) -> "Prompt":
        """What the files of a folder say."""
        chat, settings = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in ("messages.json", "settings.json")
        )
        return Prompt(chat, settings)

    @property
    def place(self) -> int:
        """Which turn asks the question: the last one of the user."""
        return max(place for place, turn in enumerate(self.chat) if turn["role"] == "user")

    def asked(self, text: str) -> str:
        """That turn's text: the question takes the place of the slot."""
        return self.chat[self.place]["content"].replace(self.settings["slot"], text)

    def messages(self, text: str) -> list[dict[str, str]]:
        """All turns that ask a question."""
        turn = self.chat[self.place] | {"content": self.asked(text)}
        return [*self.chat[: self.place], turn, *self.chat[self.place + 1 :]]

    def row(self, text: str) -> dict[str, Any]:
        """A question that was typed in: its choices are the prompt's labels, or those written as (A) … (B) … or - … lines."""
        style, labels = self.settings["answer_style"], self.settings["labels"]
        if style == "label":
            choices = list(labels.items())
        elif style == "letter":
            one = "|".join(map(re.escape, labels)) or r"\w{1,2}"
            choices = re.findall(rf"\(({one})\) (.*?)(?= \((?:{one})\) |\Z)", text, re.DOTALL)
        else:
            choices = [(chr(ord("A") + place), each) for place, each in enumerate(re.findall(r"^- (.+)$", text, re.MULTILINE))]
        return {"question": text, "choices": [{"label": label, "text": said} for label, said in choices]}

    def label(self, reply: str | None, row: dict[str, Any]) -> str | None:
        """The label that a reply to a question names; None if there is none."""
        return label(reply or "", row, self.settings)


def rows(file: Path) -> list[dict[str, Any]]:
    """The questions of a file, one on each line, such as questions.jsonl."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
