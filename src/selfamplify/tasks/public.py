"""The public data sets of the paper, and CommonsenseQA."""

from dataclasses import dataclass
from pathlib import Path

from .readers.columns import find_columns
from .readers.gathering import gather
from .readers.hub import HubData
from .readers.reading import read_questions
from .source import AbstractSource, Reading


@dataclass(frozen=True, kw_only=True)
class PublicData(AbstractSource):
    """A public data set, read from the files that its authors published, or from the Hugging Face hub.

    Parameters
    ----------
    hub : HubData
        The data set on the hub. It is read if no file is given.
    names : tuple of str, default ()
        The choices of rows that do not offer any.
    test_size : int or None, default None
        The number of test questions to split off a single set; None for half of it.
    """

    hub: HubData
    names: tuple[str, ...] = ()

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Read the files, or the data set on the hub. See ``AbstractSource.load``."""
        rows = gather(self.hub, data, test_data)
        return read_questions(rows, find_columns(rows), self.names)


# Grade-school science questions. Files: AI2's CSV and JSONL. The paper tests on 350 questions.
ARC_CHALLENGE = PublicData(
    hub=HubData("allenai/ai2_arc", "ARC-Challenge"),
    test_size=350,
)

# Which of two sentences is sarcastic? Files: BIG-bench and BIG-Bench Hard. The paper tests on 145 questions.
SNARKS = PublicData(
    hub=HubData("SaylorTwift/bbh", "snarks"),
    test_size=145,
)

# Files: BIG-bench and BIG-Bench Hard. Two inputs occur twice with contradicting answers: four bad rows.
CAUSAL_JUDGMENT = PublicData(
    hub=HubData("SaylorTwift/bbh", "causal_judgement"),
    names=("Yes", "No"),
)

# Files: the authors' JSONL. The test split has no answers, so the validation split is the test side.
COMMONSENSEQA = PublicData(
    hub=HubData("tau/commonsense_qa", test="validation"),
)
