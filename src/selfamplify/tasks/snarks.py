"""Snarks: which of two sentences is sarcastic."""

from dataclasses import dataclass
from pathlib import Path

from .readers.columns import find_columns
from .readers.hub import HubData, gather
from .readers.questions import Reading, read_questions
from .source import AbstractSource


@dataclass(frozen=True)
class Snarks(AbstractSource):
    """The files of BIG-bench and BIG-Bench Hard, and the hub's layout. The paper tests on 145 questions."""

    test_size: int | None = 145
    hub: HubData = HubData("SaylorTwift/bbh", "snarks")

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        rows = gather(self.hub, data, test_data)
        return read_questions(rows, find_columns(rows))
