"""Spreadsheet: the turns of a prompt as a CSV file, for people who review prompts."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from selfamplify import AbstractExporter, Export

FILE = "turns.csv"


@dataclass(frozen=True)
class Spreadsheet(AbstractExporter):
    """One row per turn, with the columns role and content; the row after the shots asks the question."""

    name = "spreadsheet"

    def files(self, export: Export) -> dict[str, str]:
        rows = io.StringIO(newline="")
        writer = csv.DictWriter(rows, ["role", "content"])
        writer.writeheader()
        writer.writerows(export.messages(export.slot))
        return {FILE: rows.getvalue()}

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return [f"libreoffice --calc {quote(str(folder / FILE))}"]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[list[dict[str, str]]]:
        with (folder / FILE).open(encoding="utf-8", newline="") as file:
            turns = [dict(row) for row in csv.DictReader(file)]
        place = len(export.context)  # the question's turn
        asked = turns[place]["content"]
        return [
            [*turns[:place], {"role": "user", "content": asked.replace(export.slot, text)}, *turns[place + 1 :]]
            for text in texts
        ]
