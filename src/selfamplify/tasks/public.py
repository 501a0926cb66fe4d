"""The public data sets of the paper, and CommonsenseQA."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from .gathering import gather
from .hub.sides import HubData
from .known import KnownRows, leave_out
from .questions.columns import find_columns
from .questions.drafts import Layout
from .questions.reading import read_questions
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
    known : tuple of KnownRows, default ()
        The bad rows of the published files. They are left out, and listed in ``Task.skipped``; any other bad row is an error.
    test_size : int or None, default None
        The number of test questions to split off a single set; None for half of it.
    """

    hub: HubData
    names: tuple[str, ...] = ()
    known: tuple[KnownRows, ...] = ()

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Read the files, or the data set on the hub. See ``AbstractSource.load``."""
        rows = gather(self.hub, data, test_data).rows
        try:
            columns = find_columns(rows)
        except DataError as error:
            raise DataError(f'{error} Columns are named with `task="file"`.') from None
        return leave_out(read_questions(rows, Layout(columns, self.names)), self.known, rows, columns)


# Grade-school science questions. Files: AI2's CSV and JSONL. The paper tests on 350 questions.
ARC_CHALLENGE = PublicData(
    hub=HubData("allenai/ai2_arc", "ARC-Challenge"),
    test_size=350,
)

# Which of two sentences is sarcastic? Files: BIG-bench and BIG-Bench Hard. The paper tests on 145 questions.
SNARKS = PublicData(
    hub=HubData("SaylorTwift/bbh", "snarks"),
    test_size=145,
    known=(
        # "It's easy to get into politics, …" is both choices; in BIG-Bench Hard, and in BIG-bench.
        KnownRows("is offered twice", ("0ad322c44e8d", "0b8ffad9cc87")),
        # BIG-Bench Hard: the text ends after "(A) The NB", where BIG-bench has "The NBA: let's …".
        KnownRows("only one choice, 'The NB'", ("73eb0f8ea4db",)),
    ),
)

# Files: BIG-bench and BIG-Bench Hard.
CAUSAL_JUDGMENT = PublicData(
    hub=HubData("SaylorTwift/bbh", "causal_judgement"),
    names=("Yes", "No"),
    known=(
        # Two stories occur twice, once answered Yes and once No; in BIG-Bench Hard, and in BIG-bench.
        KnownRows(
            " here, but ",
            (
                *("b873351c6386", "334765ee8e24"),  # "A machine is set up … Did the red wire cause the short circuit?"
                *("bf0dc3b25936", "4b72c2463b92"),  # "A bear and a hedgehog … Did the hedgehog cause the problem?"
            ),
        ),
    ),
)

# Questions of CommonsenseQA whose right answer is the text of two choices: 42 in the train split, then 6 in the other.
_ANSWER_TWICE = tuple(
    """
        d227f28c9490843fb225fcf4c7904ba9 ac537f9449ac031158ec6b26818c76f0 6e982b31a550b2758535d871ff3326ed
        e440c72b49b7e849097c7b84941f757d 097cb89fa48378dc27354c8f7c03bd3d cce60cf33829a33ae5a9f7ee598db359
        b5c00cc11c4f899dfb17ec540a9a5067 a32d66f64c574716eed7698f34db7ca0 41710842188fbbc465030accddaa1732
        7958ef16ff5615d2cba0cc0dd704bae3 41ad2146292ece7a1830c2bbdf8e66f9 4931c12c687478ec4d04e1c8ee0947f8
        6fb62d0fc82b3e0c6926022a309d4504 fe17493aeda594569f4501f51ec67fc2 3205cc0891cebf7f5faf1d288a29be26
        7d29a47082915adde55b40c75e11a1e8 bb7cba8495adeb89b611351214ebfca8 96c90bb183a368f9aec2edde13af8990
        eff865a55bff055dc740f6217fbc512b 7e8ffa58b0456cb78afce0c82ce10620 033908492f55b9092e0fbdbcf49bab94
        65e7a36ab495298a8a2431a3887a8770 50dabad382ac02b6b79b2ef9ed7c43fd b65bee87291f9bb63f972a720e34e0e5
        27c8cd02461ecb652ea19f578bcbec58 fa0a4a70162b4990d7255d04e7d26a25 866d63eb3387d84734bb8863f9e4f92e
        38693bc43b019f1e32558f4ca8f0c70a f0ee70621c4021872d26d15dfec1ff71 2430b09d3b437237db90792252127eef
        59763d8f4d29006db9998fdb68db9cdd 3a1b3c21a11f4ec53c166b0559df7369 f3c8262e2561c9f150f3b2e9b1462e72
        82b9fe013c92211b909d81589ebe6ccf abd0342c06a46ed6babbf16c11ee6970 6797c048b817c9ba6dbd6378e8541d72
        999cb3a3e84580df047fb1173591b3f2 9a52293c9ae2a7c40b76d9ad42f979dc 5db01b9e3d8cad2ca6ea6807eb4ba2d6
        ff5297c09281d17f2dfcc9cac84d21dc 8b7df25a9023ba6ae506bf22108d80a9 b3fb5bf284f80174359907d4b81ef754
        e5ad2184e37ae88b2bf46bf6bc0ed2f4 fa1f17ca535c7e875f4f58510dc2f430 c410a4626dfce4b4cfd3e5937602cd77
        8c11546468a2595b29a1297e73334fc4 001cb999a61a5c8b4031ff53cf261714 29c194d032a266a7160bff6f546a4d9d
    """.split()
)

# Files: the authors' JSONL. The test split has no answers, so the validation split is the test side.
COMMONSENSEQA = PublicData(
    hub=HubData("tau/commonsense_qa", test="validation"),
    known=(KnownRows("is offered twice", _ANSWER_TWICE),),
)
