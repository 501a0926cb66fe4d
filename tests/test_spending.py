"""What a server's replies cost: counted where they arrive, shown while work goes on, and summed up at its end."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from rich.console import Console
from serving import Served, serving
from small import Run, talker, task

from selfamplify import build, load_server, terminal_progress
from selfamplify.errors import SettingsError
from selfamplify.records import Chat
from selfamplify.records.usage import Prices, Usage
from selfamplify.report.spending import Spending

Start = Callable[..., Served]


def said(chat: Chat) -> str:
    """Of the questions of ``task`` what ``talker`` says, and of others the first choice."""
    if chat.question.count("George has") == 0:
        return talker(chat)
    return "A" if chat.prefill.endswith("(") else "The answer is (A)"


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serving(Served(said, **settings)))


def sums(served: Served) -> tuple[int, int]:
    return sum(read for read, _ in served.counted), sum(written for _, written in served.counted)


def test_a_server_model_adds_up_what_the_server_counted_and_nothing_for_what_is_resumed(start: Start, tmp_path: Path):
    served = start()
    model = load_server(served.url)
    build(model, task(), tmp_path, method="io", selection="error", shots=2, check=10)
    assert (model.usage.read, model.usage.written) == sums(served) and model.usage.counted == len(served.counted)
    assert model.usage.uncounted == 0 and len(served.asked) > 2
    before = model.usage
    build(model, task(), tmp_path, method="io", selection="error", shots=2, check=10)
    assert model.usage == before, "finished work is not asked again"


def test_a_server_without_counts_has_none(start: Start):
    served = start(counts=False)
    model = load_server(served.url)
    assert model.usage.counted == model.usage.tokens == 0 and model.usage.uncounted > 0
    spending = Spending(lambda: model.usage)
    assert spending.so_far is None and spending.total() == ""
    assert "is unknown" in Spending(lambda: model.usage, Prices(1.0, 2.0)).total()


@pytest.mark.parametrize("read", [None, "9", 1.5, [9]])
def test_only_numbers_count(read: object):
    assert Usage().after(read, 3) == Usage(uncounted=1)
    assert Usage(1, 2, 1).after(9, 3) == Usage(10, 5, 2)


def test_prices_are_read_as_written():
    assert Prices.of(" 0.15/ .60") == Prices(0.15, 0.6) and Prices.of("2/10").amount(Usage(500_000, 100_000, 1)) == 2
    for wrong in ("", "0.15", "a/b", "-1/2", "1/2/3", "1e3/nan"):
        with pytest.raises(SettingsError, match=r"price=.*0\.15/0\.60"):
            Prices.of(wrong)


def test_plain_progress_says_what_was_spent_and_what_the_rest_will_cost():
    used = Usage(10_000, 2_000, 12)
    console = Console(file=io.StringIO(), width=120)
    with terminal_progress(console, Spending(lambda: used)) as report:
        report("answering", 40, 100)  # found in the folder; 12,000 tokens were spent before
        used = Usage(10_300, 2_100, 16)
        report("answering", 100, 100)
        report("explaining", 0, 4)
        used = Usage(10_400, 2_100, 17)
        report("explaining", 1, 4)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "answering: 40/100, 12,000 tokens so far",
        "answering: 100/100, 12,400 tokens so far",
        "explaining: 1/4, 12,500 tokens so far, about 300 more",
    ]


def test_amounts_are_shown_where_prices_are_known():
    spending = Spending(lambda: Usage(81_200, 9_312, 100, 2), Prices(10.0, 100.0))
    assert spending.so_far == pytest.approx(1.7432)
    assert spending.shown(1.7432, 0.02) == "cost 1.74 so far, about 0.0200 more"
    assert spending.total() == (
        "The server counted 81,200 tokens in and 9,312 out, which cost 1.74. It reported none for 2 other replies."
    )
    free = Spending(lambda: None)
    assert free.so_far is None and free.total() == "", "a model of this machine"


@pytest.mark.long
@pytest.mark.parametrize("counts", [True, False])
def test_commands_end_with_what_the_server_counted(start: Start, tmp_path: Path, run: Run, counts: bool):
    served = start(counts=counts)
    rows = tmp_path / "rows.csv"
    rows.write_text("question,a,b,answer\n" + "".join(f"George has {n} things?,one,{n + 2},{'AB'[n % 2]}\n" for n in range(30)))
    options = ["--task", "file", "--data", rows, "--choice-columns", "a,b", "--server", served.url]
    few = ["--method", "io", "--shots", 2, "--check", 0, "--out", tmp_path / "one"]
    code, out, err = run("build", *options, *few, "--price", "10/100")
    assert code == 0, err
    read, written = sums(served)
    expected = f"The server counted {read:,} tokens in and {written:,} out, which cost {(10 * read + 100 * written) / 1e6:.4f}."
    assert (expected in err) == counts and ("so the cost is unknown" in err) != counts and "counted" not in out
    served.counted.clear()
    code, _, err = run("evaluate", tmp_path / "one", "--limit", 4)
    assert code == 0, err
    if counts:
        read, written = sums(served)
        assert f"The server counted {read:,} tokens in and {written:,} out" in err and re.search(r"so far", err)
    assert run("build", "--model", "embedded", *few[:-1], tmp_path / "two", "--price", "1/2")[2].count("--price") == 1
    assert "--price" in run("build", *options, *few, "--price", "cheap")[2]
