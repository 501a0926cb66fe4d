"""CommonsenseQA: five choices each. Its test split has no answers, so its validation split is the test side."""

from dataclasses import dataclass
from pathlib import Path

from .readers.columns import find_columns
from .readers.hub import HubData, gather
from .readers.questions import Reading, read_questions
from .source import AbstractSource


@dataclass(frozen=True)
class CommonsenseQA(AbstractSource):
    """The authors' JSONL files and the hub's layout. A row whose right answer is offered twice is bad."""

    hub: HubData = HubData("tau/commonsense_qa", test="validation")

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        rows = gather(self.hub, data, test_data)
        return read_questions(rows, find_columns(rows))
