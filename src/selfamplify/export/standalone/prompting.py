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
    """The turns of messages.json, or the text of prompt.txt, and the settings by which replies are made and read."""

    turns: list[dict[str, str]] | str
    settings: dict[str, Any]

    @staticmethod
    def of(folder: Path) -> "Prompt":
        """What the files of a folder say."""
        settings, text = json.loads((folder / "settings.json").read_text(encoding="utf-8")), folder / "prompt.txt"
        if text.is_file():
            return Prompt(text.read_bytes().decode(), settings)  # read_text would change the ends of lines
        return Prompt(json.loads((folder / "messages.json").read_text(encoding="utf-8")), settings)

    def text(self, text: str) -> str:
        """The text that asks a question, which takes the place of the slot."""
        return str(self.turns).replace(self.settings["slot"], text)

    def messages(self, text: str) -> list[dict[str, str]]:
        """The turns that ask a question; its text takes the place of the slot in the last turn of the user."""
        turns: Any = self.turns
        last = max(place for place, turn in enumerate(turns) if turn["role"] == "user")
        asked = turns[last] | {"content": turns[last]["content"].replace(self.settings["slot"], text)}
        return [*turns[:last], asked, *turns[last + 1 :]]

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

    def called(self, label: str | None) -> str:
        """What a label is called: its name, if answers are the names of labels."""
        names = self.settings["labels"] if self.settings["answer_style"] == "label" else {}
        return names.get(label, label) or "none"

    def rows(self, file: Path, limit: int | None = None) -> list[dict[str, Any]]:
        """The questions of a file such as questions.jsonl; choices that a line lacks are read from its question."""
        lines = [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
        rows = [json.loads(line) for line in lines[:limit]]
        return [self.row(row["question"]) | row for row in rows]
