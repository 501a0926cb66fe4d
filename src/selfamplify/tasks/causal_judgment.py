"""Causal judgment: does a typical person see the cause? The choices are (A) Yes and (B) No."""

from dataclasses import dataclass
from pathlib import Path

from .readers.columns import find_columns
from .readers.hub import HubData, gather
from .readers.questions import Reading, read_questions
from .source import AbstractSource


@dataclass(frozen=True)
class CausalJudgment(AbstractSource):
    """The files of BIG-bench and BIG-Bench Hard, and the hub's layout.

    Two inputs occur twice with contradicting answers: four bad rows.
    """

    hub: HubData = HubData("SaylorTwift/bbh", "causal_judgement")

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        rows = gather(self.hub, data, test_data)
        return read_questions(rows, find_columns(rows), names=("Yes", "No"))
