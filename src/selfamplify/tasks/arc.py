"""ARC Challenge: grade-school science questions, mostly with four choices."""

from dataclasses import dataclass
from pathlib import Path

from .readers.columns import find_columns
from .readers.hub import HubData, gather
from .readers.questions import Reading, read_questions
from .source import AbstractSource


@dataclass(frozen=True)
class ArcChallenge(AbstractSource):
    """AI2's CSV and JSONL files and the hub's layout. The paper tests on 350 questions."""

    test_size: int | None = 350
    hub: HubData = HubData("allenai/ai2_arc", "ARC-Challenge")

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        rows = gather(self.hub, data, test_data)
        return read_questions(rows, find_columns(rows))
