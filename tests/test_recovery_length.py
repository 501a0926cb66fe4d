"""Reading a reply takes time that is linear in its length, whatever is in it."""

import time
from collections.abc import Callable

import pytest

from selfamplify import Choice, Question
from selfamplify.answering.recovery import recover
from selfamplify.explain.self_topk import parse_keywords
from selfamplify.prompting.profiles import DEFAULT
from selfamplify.text.replies import through_last_line, without_thinking

PALMS = Question("q", "?", (Choice("A", "wet palms"), Choice("B", "dry palms"), Choice("C", "")), "A")
NASTY = (
    " ", "((", "(A) ", "answer", "the answer is ", "answer for a b c d e f g h: ", "1", "A or ", "Q: \n", "not ", "**", "答案",
    "<think>", '"a", ', "wet palms ", 'were "a" and ', 'the keywords "a", ', 'the keyword "', "\ud800", "A_",
)  # fmt: skip
"""What a reply of 200,000 characters may repeat; some of these were quadratic once."""
LONG, TIMES = 200_000, 8
MOST = 3 * TIMES
"""How much longer a reply may take that is 8 times as long: 8 times if time is linear, 64 times if it is quadratic."""


def read(reply: str) -> None:
    """Everything that reads a reply."""
    own = without_thinking(reply)
    through_last_line(own, DEFAULT.decoding.last_line)
    parse_keywords(own)
    recover(own, PALMS)


def ratio(work: Callable[[str], object], piece: str) -> float:
    spent: list[float] = []
    for size in (LONG // TIMES, LONG):
        reply = (piece * (size // len(piece) + 1))[:size]
        before = time.process_time()
        work(reply)
        spent.append(time.process_time() - before)
    return spent[1] / max(spent[0], 1e-3)


@pytest.mark.long
@pytest.mark.parametrize("piece", NASTY, ids=ascii)
def test_a_long_reply_takes_time_in_proportion(piece: str):
    assert any(ratio(read, piece) < MOST for _ in range(3))


def test_quadratic_work_would_be_found():
    assert ratio(lambda reply: [reply.count(reply[place]) for place in range(0, len(reply), 100)], " (") > MOST
