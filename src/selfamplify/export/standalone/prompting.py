"""The prompt in this folder: the turns that ask a question, and the label that a reply names.

Written by selfamplify; needs nothing but Python.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reading import LETTERS, label, offered


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
        """A question that was typed in: its choices are the prompt's labels, or those at its end, as the prompt writes them."""
        style, labels = self.settings["answer_style"], self.settings["labels"]
        if style == "label":
            choices = list(labels.items())
        else:
            _, choices = offered(text, style, list(labels) or LETTERS, self.settings["choice_marks"])
        return {"question": text, "choices": [{"label": label, "text": said} for label, said in choices]}

    def completed(self, row: dict[str, Any]) -> dict[str, Any]:
        """A question with the choices that it lacks, and its answer, if it has one, as a label.

        Raises ValueError for choices or an answer that can't be used.
        """
        whole = self.row(row["question"]) | {name: value for name, value in row.items() if value is not None}
        choices = whole["choices"]
        if not isinstance(choices, list) or not all(map(_is_choice, choices)):
            raise ValueError('its choices are not a list of {"label": "A", "text": "…"}; write them so, or leave them out')
        if "answer" in whole:
            answer, labels = whole["answer"], [each["label"] for each in choices]
            meant = [answer] if answer in labels else [each["label"] for each in choices if each["text"] == answer]
            if len(meant) != 1:
                listed = ", ".join(f"{each['label']} {each['text']}" for each in choices) or "none"
                raise ValueError(f"its answer {answer!r} is not one of its choices ({listed}); write the label of one")
            whole["answer"] = meant[0]
        return whole

    def label(self, reply: str | None, row: dict[str, Any]) -> str | None:
        """The label that a reply to a question names; None if there is none."""
        return label(reply or "", row, self.settings)

    def called(self, label: str | None) -> str:
        """What a label is called: its name, if answers are the names of labels."""
        names = self.settings["labels"] if self.settings["answer_style"] == "label" else {}
        return names.get(label, label) or "none"

    def rows(self, file: Path, limit: int | None = None) -> list[dict[str, Any]]:
        """The questions of a file such as questions.jsonl, completed. Raises ValueError for one that can't be used."""
        lines = enumerate(file.read_text(encoding="utf-8-sig").split("\n"), 1)
        rows = []
        for number, line in [(number, line) for number, line in lines if line.strip()][:limit]:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict) or not isinstance(row.get("question"), str):
                raise ValueError(f'line {number} is not a JSON object with a "question"; write one on each line')
            try:
                rows.append(self.completed(row))
            except ValueError as error:
                raise ValueError(f"line {number} can't be used: {error}") from None
        if not rows:
            raise ValueError('it has no lines; write a JSON object with a "question" on each')
        return rows


def _is_choice(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"label", "text"} and all(isinstance(each, str) for each in value.values())
