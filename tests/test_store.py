"""The store: kill -9 at any point, other settings, a second process, damage, full and read-only folders."""

import os
import random
import resource
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import left_behind, scripted, talker, task, wrong

from selfamplify import PAPER, Plan, RandomWords, ScriptedModel, SelfAmplify, Store, Table, build, compare, measure
from selfamplify.errors import RunError, SelectionError
from selfamplify.records import Chat, Prediction
from selfamplify.work.memory import NoMemory, Stage

PLAN = Plan(("auto_cot", "self_topk", "random"), shots=2)
TASK = task(30, 5)


def doubling(batch: int, log: list[int], fail_at: int | None = None) -> Stage[int, Prediction]:
    """A stage whose record of n says 2 n; it raises at the ``fail_at``-th item."""

    def compute(items: Sequence[int]) -> Iterable[tuple[int, Prediction]]:
        for item in items:
            if fail_at is not None and len(log) >= fail_at:
                raise KeyboardInterrupt
            log.append(item)
        return enumerate([Prediction(str(item), str(2 * item), None) for item in items])

    return Stage("doubling", Prediction, lambda item: [item], compute, batch)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=25), st.integers(1, 9), st.integers(1, 9), st.none() | st.integers(0, 20))
def test_store_gives_the_same_records_whatever_the_batches_and_interruptions(
    items: list[int], first: int, second: int, fail_at: int | None
):
    expected = [Prediction(str(item), str(2 * item), None) for item in items]
    with TemporaryDirectory() as folder:
        log: list[int] = []
        finished: list[int] = []
        try:
            with Store(folder) as store:
                for record in store.stream(doubling(first, log, fail_at), items):
                    finished.append(int(record.question_id))
        except KeyboardInterrupt:
            pass
        again: list[int] = []
        with Store(folder) as store:
            assert store.recall(doubling(second, again), items) == expected
        assert not set(again) & set(finished), "a finished unit was computed again"
        assert max(Counter(again).values(), default=0) <= 1
        last: list[int] = []
        with Store(folder) as store:
            assert store.recall(doubling(first, last), items) == expected
        assert last == []


def test_store_computes_only_what_is_taken(tmp_path: Path):
    log: list[int] = []
    with Store(tmp_path) as store:
        records = store.stream(doubling(3, log), range(10))
        assert log == []
        next(records)
        assert log == [0, 1, 2]


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a forked process; its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def logged(file: Path) -> ScriptedModel:
    """``talker``, which writes down every chat that it answers, even if it is killed right after."""

    def script(chat: Chat) -> str:
        with file.open("a") as log:
            log.write(f"{chat.messages[-1].content!r} {len(chat.messages)} {chat.prefill!r}\n")
        return talker(chat)

    return scripted(script)


def calls(file: Path) -> Counter[str]:
    return Counter(file.read_text().splitlines()) if file.exists() else Counter()


def run(folder: Path) -> Table:
    return compare(PLAN, logged(folder / "calls"), TASK, folder / "run")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, object], Counter[str], str, int]]:
    """An uninterrupted run: what it leaves behind, its calls, its digest, and how often it commits."""
    folder = tmp_path_factory.mktemp("whole")
    commits: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        keep = Store.keep
        patch.setattr(
            Store, "keep", lambda store, stage, records: (keep(store, stage, records), commits.append(len(records)))[0]
        )
        digest = run(folder).digest()
    yield left_behind(folder / "run"), calls(folder / "calls"), digest, len(commits)


def die_at_commit(point: str, number: int, log: Path) -> None:
    """Make this process kill itself before, inside or after its ``number``-th commit, and mark finished commits in the log."""
    keep, count = Store.keep, [0]

    def keep_or_die(self: Store, stage: Stage[Any, Any], records: Mapping[Hashable, Any]) -> None:
        mine = count[0] == number
        count[0] += 1
        if mine and point == "before":
            kill_myself()
        if mine and point == "inside":  # the rows are written, the transaction is open
            self._file.set_trace_callback(lambda statement: kill_myself() if statement == "COMMIT" else None)
        keep(self, stage, records)
        if mine and point == "after":
            kill_myself()
        log.write_bytes(b"")  # what was called so far is finished

    Store.keep = keep_or_die  # pyright: ignore[reportAttributeAccessIssue]


def test_run_killed_at_any_commit_goes_on_as_if_nothing_had_happened(whole, tmp_path: Path):
    expected, expected_calls, digest, commits = whole
    assert commits > 15
    for number in range(commits):
        point = ("before", "inside", "after")[number % 3]
        folder = tmp_path / str(number)
        folder.mkdir()
        unfinished = folder / "unfinished"

        def interrupted(folder: Path = folder, unfinished: Path = unfinished, number: int = number, point: str = point) -> None:
            die_at_commit(point, number, unfinished)
            script = logged(folder / "calls")
            both = scripted(lambda chat: (logged(unfinished)._script(chat), script._script(chat))[1])
            compare(PLAN, both, TASK, folder / "run")

        assert in_child(interrupted) == -signal.SIGKILL
        assert run(folder).digest() == digest
        assert left_behind(folder / "run") == expected
        again = calls(folder / "calls") - expected_calls
        assert again == (Counter() if point == "after" else calls(unfinished)), "a finished unit was run again"


@pytest.mark.parametrize("moment", ["results.json", "responses.jsonl", "auto_cot-error-k6-seed0.json"])
@pytest.mark.parametrize("point", ["part", "whole"])
def test_run_killed_while_it_writes_its_files_is_mended_without_any_work(whole, moment: str, point: str, tmp_path: Path):
    expected, expected_calls, digest, _ = whole
    replace = Path.replace

    def replace_or_die(part: Path, target: Path) -> None:
        if Path(target).name == moment and point == "part":
            part.write_bytes(part.read_bytes()[:20])
            kill_myself()
        replace(part, target)
        if Path(target).name == moment:
            kill_myself()

    def interrupted() -> None:
        Path.replace = replace_or_die  # pyright: ignore[reportAttributeAccessIssue]
        run(tmp_path)

    assert in_child(interrupted) == -signal.SIGKILL
    before = calls(tmp_path / "calls")
    assert run(tmp_path).digest() == digest
    assert left_behind(tmp_path / "run") == expected
    assert calls(tmp_path / "calls") == expected_calls
    if moment != "auto_cot-error-k6-seed0.json":
        assert before == expected_calls


def test_run_killed_between_stages_goes_on(whole, tmp_path: Path):
    expected, expected_calls, digest, _ = whole

    def interrupted() -> None:
        compare(
            PLAN,
            logged(tmp_path / "calls"),
            TASK,
            tmp_path / "run",
            progress=lambda what, done, total: kill_myself() if what.startswith("answering") else None,
        )

    assert in_child(interrupted) == -signal.SIGKILL
    assert run(tmp_path).digest() == digest
    assert left_behind(tmp_path / "run") == expected
    assert calls(tmp_path / "calls") == expected_calls


def test_finished_run_is_recalled(whole, tmp_path: Path):
    _, expected_calls, digest, _ = whole
    assert run(tmp_path).digest() == run(tmp_path).digest() == Table.load(tmp_path / "run").digest() == digest
    assert calls(tmp_path / "calls") == expected_calls


def test_another_setting_is_refused_with_the_difference(tmp_path: Path):
    run(tmp_path)
    before = (tmp_path / "run" / "results.json").read_bytes()
    for changed, difference in [
        (lambda: compare(Plan(PLAN.methods, shots=3), scripted(talker), TASK, tmp_path / "run"), "shots: 2 -> 3"),
        (lambda: compare(PLAN, scripted(talker, "else"), TASK, tmp_path / "run"), 'model: "scripted" -> "else"'),
        (lambda: compare(PLAN, scripted(talker), TASK, tmp_path / "run", profile=PAPER), 'profile: "default" -> "paper"'),
        (lambda: compare(PLAN, scripted(talker), TASK.limited(3), tmp_path / "run"), "different test questions"),
    ]:
        with pytest.raises(RunError, match="other settings") as error:
            changed()
        assert difference in str(error.value)
        assert "another --out" in str(error.value)
    assert (tmp_path / "run" / "results.json").read_bytes() == before


def test_settings_that_could_not_work_may_be_changed(tmp_path: Path):
    with pytest.raises(SelectionError):
        compare(Plan(("random",), ("success",), shots=2), scripted(wrong), TASK, tmp_path)
    assert len(compare(Plan(("random",), ("error",), shots=2), scripted(wrong), TASK, tmp_path).rows) == 2


def test_build_and_measure_share_a_folder_and_resume(tmp_path: Path):
    model = scripted(talker)
    prompt = build(SelfAmplify(RandomWords()), model, TASK, tmp_path, shots=2)
    table = measure(prompt, model, TASK, tmp_path)
    asked = model.answered
    assert build(SelfAmplify(RandomWords()), model, TASK, tmp_path, shots=2) == prompt
    assert measure(prompt, model, TASK, tmp_path).digest() == table.digest()
    assert model.answered == asked
    assert [row.method for row in table.rows] == ["io", "self_amplify"]
    assert table.rows[0].p_vs_io is None and table.rows[1].p_vs_io is not None


def test_second_process_is_refused_and_told_of_the_first_and_a_stale_lock_is_taken_over(tmp_path: Path):
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with Store(tmp_path):
            os.write(ready[1], b"x")
            os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(RunError, match=f"in use by process {child}; wait for it, or use another --out"):
        Store(tmp_path).__enter__()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (tmp_path / ".holder").exists()
    with Store(tmp_path) as store:
        assert store.recall(doubling(2, []), [1])[0].text == "2"
    assert not (tmp_path / ".holder").exists()
    for end in (*ready, *go):
        os.close(end)


@pytest.mark.parametrize("bit", range(8))
def test_damaged_entry_is_computed_again(bit: int, tmp_path: Path):
    log: list[int] = []
    with Store(tmp_path) as store:
        wanted = store.recall(doubling(4, log), [7, 1234567, 8])
    data = bytearray((tmp_path / "run.sqlite").read_bytes())
    data[data.index(b'"1234567"') + 3] ^= 1 << bit
    (tmp_path / "run.sqlite").write_bytes(data)
    again: list[int] = []
    with Store(tmp_path) as store:
        assert store.recall(doubling(4, again), [7, 1234567, 8]) == wanted
    assert again == [1234567]


def test_no_flipped_bit_ever_gives_a_wrong_record(tmp_path: Path):
    items = list(range(60))
    with Store(tmp_path / "good") as store:
        wanted = store.recall(doubling(7, []), items)
    good = (tmp_path / "good" / "run.sqlite").read_bytes()
    draw = random.Random(0)
    told = 0
    for number in range(150):
        folder = tmp_path / str(number)
        folder.mkdir()
        data = bytearray(good)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        (folder / "run.sqlite").write_bytes(data)
        try:
            with Store(folder) as store:
                assert store.recall(doubling(7, []), items) == wanted
        except RunError as error:
            told += 1
            assert "run.sqlite" in str(error) and "--out" in str(error) and "\n" not in str(error)
    assert told < 30


def test_entry_of_another_shape_is_computed_again(tmp_path: Path):
    with Store(tmp_path) as store:
        wanted = store.recall(doubling(4, []), [1, 2])
        text = '{"other": 1}'
        with store._file:
            store._file.execute("UPDATE units SET record = ?, checksum = ?", (text, _sha(text)))
    with Store(tmp_path) as store:
        assert store.recall(doubling(4, []), [1, 2]) == wanted


def _sha(text: str) -> str:
    return __import__("hashlib").sha256(text.encode()).hexdigest()


def test_file_that_is_no_database_and_folder_that_is_a_file_are_refused(tmp_path: Path):
    (tmp_path / "run.sqlite").write_text("This is no database at all, but a text of some length." * 30)
    with pytest.raises(RunError, match=r"run.sqlite is damaged, or no store of this package \(.*\); use another --out"):
        Store(tmp_path).__enter__()
    (tmp_path / "run.sqlite").unlink()
    with Store(tmp_path):  # the lock was given back
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be written .*use another --out"):
        Store(tmp_path / "file").__enter__()


def test_read_only_folder_is_refused(tmp_path: Path):
    def refused() -> None:
        os.setuid(65534)
        with pytest.raises(RunError, match="can't be written"):
            Store(tmp_path).__enter__()

    if os.getuid() != 0:
        pytest.skip("needs root, to become a user without rights")
    tmp_path.chmod(0o555)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    assert in_child(refused) == 0
    with Store(tmp_path):
        pass
    assert in_child(refused) == 0  # its files are there now, and read-only


def test_full_disk_stops_the_run_with_a_remedy_and_the_run_can_go_on(whole, tmp_path: Path):
    expected, _, digest, _ = whole

    def starved() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (45_000, 45_000))
        with pytest.raises(RunError, match="can't be written .*make room"):
            compare(PLAN, scripted(talker), TASK, tmp_path / "run")

    assert in_child(starved) == 0
    assert sqlite3.connect(tmp_path / "run" / "run.sqlite").execute("SELECT count(*) FROM units").fetchone()[0] > 0
    assert run(tmp_path).digest() == digest
    assert left_behind(tmp_path / "run") == expected


@pytest.mark.parametrize("trouble", [RunError("gone"), KeyboardInterrupt()])
def test_what_came_before_an_error_is_kept_in_whatever_order_it_came(trouble: BaseException, tmp_path: Path):
    log: list[int] = []

    def stage(limit: int) -> Stage[int, Prediction]:
        def compute(items: Sequence[int]) -> Iterator[tuple[int, Prediction]]:
            for place in reversed(range(len(items))):
                if len(log) == limit:
                    raise trouble
                log.append(items[place])
                yield place, Prediction(str(items[place]), str(2 * items[place]), None)

        return Stage("doubling", Prediction, lambda item: [item], compute, 100)

    with Store(tmp_path) as store, pytest.raises(type(trouble)):
        store.recall(stage(4), range(10))
    assert log == [9, 8, 7, 6]
    with Store(tmp_path) as store:
        assert [record.text for record in store.recall(stage(100), range(10))] == [str(2 * item) for item in range(10)]
    assert sorted(log) == list(range(10))


def test_records_too_few_for_the_items_are_told(tmp_path: Path):
    lazy: Stage[int, Prediction] = Stage("idling", Prediction, lambda item: [item], lambda items: [], 5)
    with Store(tmp_path) as store, pytest.raises(ValueError, match="0 records came of 3 items"):
        store.recall(lazy, range(3))
    with pytest.raises(ValueError, match="0 records came of 3 items"):
        NoMemory().recall(lazy, range(3))
