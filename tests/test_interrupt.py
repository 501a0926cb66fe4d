"""Ctrl-C: the first lets the units in hand be finished and kept, the second stops at once. All signals are real ones."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from serving import Served, serving
from small import scripted, talker, task

from selfamplify import Limits, Sample, ScriptedModel, Session, Store, ZeroShotCot, load_model, load_server
from selfamplify.answering.answer import answer
from selfamplify.answering.asked import ask_after
from selfamplify.answering.deciding import Deciding
from selfamplify.models.model import AbstractLanguageModel
from selfamplify.records import Chat, Decoding, Encoded, Generation, Message, Prediction
from selfamplify.work.interruption import asked, enough, graceful, in_hand, single_texts
from selfamplify.work.loop import records
from selfamplify.work.stage import Stage, silent
from selfamplify.work.store import AbstractStore, NoStore
from selfamplify.work.workers import AbstractWorkers


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def interrupted_at(places: Sequence[int], log: list[int]) -> Stage[int, Prediction]:
    """A stage with batches of 4 that is interrupted while it computes the items ``places``."""

    def compute(model: AbstractLanguageModel, items: Sequence[int]) -> Iterator[tuple[int, Prediction]]:
        for place, item in enumerate(items):
            if item in places:
                interrupt()
            log.append(item)
            yield place, Prediction(str(item), "", None)

    return Stage("doubling", Prediction, lambda item: [item], compute, 4)


def run(store: AbstractStore, places: Sequence[int], log: list[int], told: list[str]) -> None:
    with graceful(lambda: told.append("finishing")):
        Session(scripted(talker), store=store).run(interrupted_at(places, log), range(12))


def test_the_first_interrupt_finishes_the_batch_in_hand_and_keeps_it(tmp_path: Path):
    log, again, told = list[int](), list[int](), list[str]()
    with Store(tmp_path) as store, pytest.raises(KeyboardInterrupt):
        run(store, [5], log, told)
    assert log == list(range(8)) and told == ["finishing"]
    with Store(tmp_path) as store:
        run(store, [], again, told)
    assert again == list(range(8, 12)) and told == ["finishing"], "nothing was lost, and the next run is not interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and not asked()


def test_the_second_interrupt_stops_at_once_and_what_was_finished_is_kept(tmp_path: Path):
    log, again, told = list[int](), list[int](), list[str]()
    with Store(tmp_path) as store, pytest.raises(KeyboardInterrupt):
        run(store, [4, 6], log, told)
    assert log == [0, 1, 2, 3, 4, 5] and told == ["finishing"]
    with Store(tmp_path) as store:
        run(store, [], again, [])
    assert again == list(range(6, 12))


def test_an_interrupt_in_the_last_batch_is_one_between_stages(tmp_path: Path):
    log, told = list[int](), list[str]()
    with Store(tmp_path) as store, graceful(lambda: told.append("finishing")):
        session = Session(scripted(talker), store=store)
        assert len(session.run(interrupted_at([11], log), range(12))) == 12, "the records are there"
        assert len(session.run(interrupted_at([], log), range(12))) == 12, "what is known needs no work"
        with pytest.raises(KeyboardInterrupt):
            session.run(interrupted_at([], log), range(20))
    assert log == list(range(12))


def test_an_interrupt_stops_at_once_where_nothing_is_kept_or_in_hand():
    log, told = list[int](), list[str]()
    with pytest.raises(KeyboardInterrupt):
        run(NoStore(), [5], log, told)
    with graceful(lambda: told.append("finishing")), pytest.raises(KeyboardInterrupt):
        interrupt()
    assert log == [0, 1, 2, 3, 4] and not told


def test_without_the_command_line_an_interrupt_is_raised_where_it_comes(tmp_path: Path):
    with Store(tmp_path) as store, pytest.raises(KeyboardInterrupt):
        Session(scripted(talker), store=store).run(interrupted_at([5], []), range(12))


def test_a_handler_of_somebody_else_and_other_threads_are_left_alone():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with graceful(interrupt):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    seen: list[object] = []

    def elsewhere() -> None:
        with graceful(interrupt):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_workers_that_end_early_are_an_error():
    class Lazy(AbstractWorkers):
        def work(self, compute: Any, batches: Any) -> Any:
            next(iter(batches))
            yield from ()

    with pytest.raises(ValueError, match="ended before all items"):
        list(records(interrupted_at([], []), range(3), NoStore(), Lazy(), silent))


# Models that write: each text is a unit.


def chats(count: int) -> list[Chat]:
    return [Chat((Message("user", f"number {number}"),)) for number in range(count)]


def written(model: Any, count: int, stop_after: int) -> int:
    """How many texts are finished if an interrupt waits after so many."""
    found = 0
    with graceful(lambda: None), in_hand(), single_texts():
        for _ in model.generated([model.encode(chat) for chat in chats(count)], Decoding(max_new_tokens=5), [0] * count):
            found += 1
            if found == stop_after:
                interrupt()
    return found


def test_a_server_gets_no_new_requests_after_an_interrupt():
    with serving(Served(lambda chat: "yes")) as served:
        found = written(load_server(served.url, limits=Limits(in_flight=3)), 300, 2)
        assert found == len(served.asked) < 300


def test_a_local_model_begins_no_new_texts_after_an_interrupt():
    model = load_model("embedded", batch_tokens=64)
    assert 0 < written(model, 40, 1) < 40
    with graceful(lambda: None), in_hand():
        assert not enough()
    assert len(model.generate(chats(40), Decoding(max_new_tokens=5), [0] * 40)) == 40


class Written(ScriptedModel):
    """A scripted model that begins no new text after an interrupt, as others do."""

    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        own = super().generated(encoded, decoding, seeds)
        while not enough() and (found := next(own, None)):
            yield found


def test_an_interrupt_does_not_keep_replies_from_being_calibrated(tmp_path: Path):
    """It comes with the 32nd reply, with which they are compared to questions without content for the first time."""
    seen: list[str] = []

    def script(chat: Chat) -> str:
        if "#" in chat.question and not chat.prefill.endswith("("):
            seen.append(chat.question)
            if len(seen) == 32:
                interrupt()
        return "A"

    model, corpus = Written(script, "written"), task(2, 40)
    prompt = ZeroShotCot().prompt(Session(model), corpus, Sample.of((), 0))
    asked, deciding = ask_after(model, prompt, corpus.test), Deciding("likelihood", "content_free")
    with Store(tmp_path) as store, graceful(lambda: None):
        with pytest.raises(KeyboardInterrupt):
            answer(Session(model, store=store), prompt, asked, 0, deciding)
        assert len(seen) == 32
    with Store(tmp_path) as store:
        responses = answer(Session(model, store=store), prompt, asked, 0, deciding)
    assert len(seen) == len(set(seen)) == len(responses) == 40, "what was written is kept"
    assert {each.rule for each in responses} == {"calibrated likelihood"}


# The command line.


@pytest.mark.long
def test_ctrl_c_on_the_command_line_loses_no_request(tmp_path: Path):
    """A child process is interrupted while its server has three requests; after that it ends, and asks nothing twice."""
    rows = tmp_path / "rows.csv"
    lines = (f"Which of {n} things?,one,{n + 2},{'AB'[n % 2]}\n" for n in range(60))
    rows.write_text("question,a,b,answer\n" + "".join(lines))
    columns = ["--question-column", "question", "--answer-column", "answer", "--choice-columns", "a,b"]
    children: list[subprocess.Popen[str]] = []
    three, noticed = threading.Barrier(3), threading.Event()

    def said(chat: Chat) -> str:
        if children and not noticed.is_set():
            if three.wait(240.0) == 0:
                children[0].send_signal(signal.SIGINT)
            noticed.wait(240.0)
        return "The answer is (A)."

    with serving(Served(said)) as served:
        program = [sys.executable, "-m", "selfamplify"]
        options, out = ["--task", "file", "--data", str(rows), *columns, "--server", served.url], str(tmp_path / "out")
        build = ["build", "--method", "io", "--selection", "random", "--shots", "2", "--check", "0", "--out", out]
        subprocess.run([*program, *build, *options], check=True, capture_output=True)
        served.asked.clear()
        evaluate = [*program, "evaluate", out, "--limit", "30", "--in-flight", "3", *options]
        with subprocess.Popen(evaluate, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
            children.append(child)
            assert child.stderr is not None
            for line in child.stderr:
                if "finishing what is in hand" in line:
                    noticed.set()
            assert child.wait(240) == 130 and noticed.is_set()
        noticed.set()
        first = len(served.asked)
        subprocess.run(evaluate, check=True, capture_output=True)
    asked = [str(body["messages"]) for body in served.asked]
    assert first < 30 and len(asked) == len(set(asked)) == 30
