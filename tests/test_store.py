"""The store: kill -9 at any point, changed settings, a second process, damage, and full or read-only folders."""

import hashlib
import os
import random
import resource
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import left_behind, scripted, talker, task, wrong

from selfamplify import DEFAULT, PAPER, Plan, RandomWords, Run, ScriptedModel, Session, Store, Table, build, compare, evaluate
from selfamplify.errors import ModelError, RunError, SelectionError, SelfAmplifyWarning
from selfamplify.models.model import AbstractLanguageModel
from selfamplify.records import Chat, Decoding, Prediction
from selfamplify.runs import kept_settings
from selfamplify.runs.begun import begun
from selfamplify.runs.lock import check_writable
from selfamplify.tasks.loading import as_task
from selfamplify.work.stage import Stage
from selfamplify.work.store import AbstractStore, NoStore

PLAN = Plan(("auto_cot", "self_topk", "random"), shots=2)
TASK = task(30, 5)


def doubling(batch: int, log: list[int], fail_at: int | None = None) -> Stage[int, Prediction]:
    """A stage whose record of n contains 2 n; it is interrupted at the ``fail_at``-th item."""

    def compute(model: AbstractLanguageModel, items: Sequence[int]) -> Iterable[tuple[int, Prediction]]:
        for item in items:
            if fail_at is not None and len(log) >= fail_at:
                raise KeyboardInterrupt
            log.append(item)
        return enumerate(doubled(items))

    return Stage("doubling", Prediction, lambda item: [item], compute, batch)


def doubled(items: Iterable[int]) -> list[Prediction]:
    """The records that ``doubling`` makes."""
    return [Prediction(str(item), str(2 * item), None) for item in items]


def session(store: AbstractStore) -> Session:
    return Session(scripted(talker), store=store)


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=25), st.integers(1, 9), st.integers(1, 9), st.none() | st.integers(0, 20))
def test_records_are_the_same_whatever_the_batches_and_interruptions(
    items: list[int], first: int, second: int, fail_at: int | None
):
    with TemporaryDirectory() as folder:
        finished: list[int] = []
        try:
            with Store(folder) as store:
                for record in session(store).stream(doubling(first, [], fail_at), items):
                    finished.append(int(record.question_id))
        except KeyboardInterrupt:
            pass
        again: list[int] = []
        with Store(folder) as store:
            assert session(store).run(doubling(second, again), items) == doubled(items)
        assert not set(again) & set(finished), "a finished unit was computed again"
        assert max(Counter(again).values(), default=0) <= 1
        last: list[int] = []
        with Store(folder) as store:
            assert session(store).run(doubling(first, last), items) == doubled(items)
        assert last == []
    assert session(NoStore()).run(doubling(first, []), items) == doubled(items)


@pytest.mark.parametrize("taken", [1, 4, 9])
def test_only_the_batches_that_are_taken_are_computed(taken: int, tmp_path: Path):
    log: list[int] = []
    with Store(tmp_path) as store:
        records = session(store).stream(doubling(3, log), range(10))
        assert log == []
        assert [next(records) for _ in range(taken)] == doubled(range(taken))
        assert taken <= len(log) < taken + 3


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a forked process; returns its exit code, or minus the signal that ended it."""
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


def logging(*files: Path) -> Callable[[Chat], str]:
    """``talker``, which writes every chat that it answers into files, even if the process is killed right after."""

    def script(chat: Chat) -> str:
        for file in files:
            with file.open("a") as log:
                log.write(f"{chat.messages[-1].content!r} {len(chat.messages)} {chat.prefill!r}\n")
        return talker(chat)

    return script


def logged(*files: Path) -> ScriptedModel:
    return scripted(logging(*files))


def calls(file: Path) -> Counter[str]:
    return Counter(file.read_text().splitlines()) if file.exists() else Counter()


def run(folder: Path) -> Table:
    return compare(logged(folder / "calls"), TASK, PLAN, folder / "run")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], Counter[str], str]:
    """An uninterrupted run: the contents of its files, the chats that it asked, and its digest."""
    folder = tmp_path_factory.mktemp("whole")
    digest = run(folder).digest()
    return left_behind(folder / "run"), calls(folder / "calls"), digest


class DeadlyConnection(sqlite3.Connection):
    """A connection that kills its process before, inside or after the transaction ``number`` (counted from 0).

    It empties the file ``unfinished`` after every other transaction: what was asked so far is finished.
    """

    def __init__(self, file: str, *, point: str, number: int, unfinished: Path):
        super().__init__(file)
        self.point, self.left, self.unfinished = point, number, unfinished

    def __enter__(self) -> "DeadlyConnection":
        self.die("before")
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> Literal[False]:
        self.die("inside")  # the rows are written, and the transaction is open
        result = super().__exit__(kind, error, trace)
        self.die("after")
        self.unfinished.write_bytes(b"")
        self.left -= 1
        return result

    def die(self, point: str) -> None:
        if self.left == 0 and self.point == point:
            kill_myself()


@pytest.mark.long
def test_a_run_that_is_killed_at_any_transaction_continues_as_if_nothing_had_happened(whole, tmp_path: Path):
    expected, expected_calls, digest = whole
    number = 0
    for number in count():
        point = ("before", "inside", "after")[number % 3]
        folder = tmp_path / str(number)
        folder.mkdir()
        unfinished = folder / "unfinished"
        connect = partial(DeadlyConnection, point=point, number=number, unfinished=unfinished)

        def interrupted(folder: Path = folder, unfinished: Path = unfinished, connect: Callable = connect) -> None:
            sqlite3.connect = connect  # in the forked process only
            compare(logged(folder / "calls", unfinished), TASK, PLAN, folder / "run")

        ended = in_child(interrupted)
        if ended == 0:  # the run has no transaction of this number
            break
        assert ended == -signal.SIGKILL
        assert run(folder).digest() == digest
        assert left_behind(folder / "run") == expected
        again = calls(folder / "calls") - expected_calls
        assert again == (Counter() if point == "after" else calls(unfinished)), "a finished unit was computed again"
    assert number > 15, "too few transactions were tried"


@pytest.mark.long
@pytest.mark.parametrize("moment", ["results.json", "responses.jsonl", "auto_cot-error-k6-seed0.json"])
@pytest.mark.parametrize("point", ["part", "whole"])
def test_a_run_that_is_killed_while_it_writes_its_files_is_completed_without_any_work(
    whole, moment: str, point: str, tmp_path: Path
):
    expected, expected_calls, digest = whole
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


def test_a_run_that_is_killed_between_stages_continues(whole, tmp_path: Path):
    expected, expected_calls, digest = whole

    def interrupted() -> None:
        compare(
            logged(tmp_path / "calls"),
            TASK,
            PLAN,
            tmp_path / "run",
            progress=lambda what, done, total: kill_myself() if what.startswith("answering") else None,
        )

    assert in_child(interrupted) == -signal.SIGKILL
    assert run(tmp_path).digest() == digest
    assert left_behind(tmp_path / "run") == expected
    assert calls(tmp_path / "calls") == expected_calls


def test_a_finished_run_is_only_read(whole, tmp_path: Path):
    _, expected_calls, digest = whole
    assert run(tmp_path).digest() == run(tmp_path).digest() == Run(tmp_path / "run").table().digest() == digest
    assert calls(tmp_path / "calls") == expected_calls


@pytest.mark.parametrize("asked", [0, 40])
def test_a_model_that_fails_before_anything_is_finished_leaves_the_settings_free(tmp_path: Path, asked: int):
    def failing(chat: Chat) -> str:
        if model.answered > asked:
            raise ModelError("It is gone; start it again.")
        return talker(chat)

    model = scripted(failing)
    with pytest.raises(ModelError):
        compare(model, TASK, PLAN, tmp_path)
    if asked:
        with pytest.raises(RunError, match="other settings"):
            compare(scripted(talker), TASK, replace(PLAN, shots=3), tmp_path)
    else:
        assert compare(scripted(talker), TASK, replace(PLAN, shots=3), tmp_path).rows


def test_changed_settings_are_refused_with_the_difference(tmp_path: Path):
    folder = tmp_path / "run"
    run(tmp_path)
    before = (folder / "results.json").read_bytes()
    for changed, difference in [
        (lambda: compare(scripted(talker), TASK, Plan(PLAN.methods, shots=3), folder), "`shots=2` then, `shots=3` now"),
        (lambda: compare(scripted(talker, "else"), TASK, PLAN, folder), '`model="scripted"` then, `model="else"` now'),
        (
            lambda: compare(scripted(talker), TASK, PLAN, folder, profile=PAPER),
            '`profile="default"` then, `profile="paper"` now',
        ),
        (lambda: compare(scripted(talker), TASK.limited(3), PLAN, folder), "`limit=5` then, `limit=3` now"),
        (
            lambda: compare(scripted(talker), replace(TASK, test=TASK.test[::-1]), PLAN, folder),
            "other test questions (`test_data`",
        ),
    ]:
        with pytest.raises(RunError, match="other settings") as error:
            changed()
        assert difference in str(error.value)
        assert f'`out="{folder}-2"`' in str(error.value)
    assert (folder / "results.json").read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (
            {"decoding": replace(DEFAULT.decoding, do_sample=True, temperature=1.5)},
            "(`do_sample=False` then, `do_sample=True` ",
        ),
        ({"decoding": replace(DEFAULT.decoding, num_beams=2)}, "(`num_beams=1` then, `num_beams=2` now)"),
        ({"decoding": replace(DEFAULT.decoding, no_repeat_ngram_size=2)}, "(`no_repeat_ngram_size=0` then, "),
        ({"decoding": replace(DEFAULT.decoding, max_new_tokens=9)}, "(`max_new_tokens=300` then, `max_new_tokens=9` now)"),
        ({"reading": Decoding()}, "(a `profile` with another `reading`)"),
        ({"judged": True}, "(`judged=False` then, `judged=True` now)"),
        ({"baseline": "pad"}, '(`baseline="auto"` then, `baseline="pad"` now)'),
        ({"explainers": (("kernel_shap", "kernel_shap_captum"),)}, "(a `profile` with other `explainers`)"),
        ({"wording": replace(DEFAULT.wording, answer="It is ({label})")}, "(a `profile` with another `wording`)"),
        ({"instruction": "Choose."}, '(`instruction=None` then, `instruction="Choose."` now)'),
        ({"name": "mine", "judged": True, "baseline": "pad"}, '(`profile="default"` then, `profile="mine"` now)'),
    ],
)
def test_whatever_a_profile_holds_is_a_setting_of_the_folder(finished: Path, changed: dict[str, Any], difference: str):
    with pytest.raises(RunError, match="other settings") as error:
        compare(scripted(talker), TASK, PLAN, finished / "run", profile=replace(DEFAULT, **changed))
    assert difference in str(error.value)


def test_a_folder_from_before_decoding_and_wording_were_recorded_continues(finished: Path, tmp_path: Path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    made = begun(tmp_path / "run").settings["results"]
    for name in ("decoding", "reading", "judged", "baseline", "replaced_explainers", "wording_sha256"):
        del made[name]
    with sqlite3.connect(tmp_path / "run" / "run.sqlite") as file:
        kept_settings.keep(file, "results", made)
    file.close()
    asked = calls(tmp_path / "calls")
    assert run(tmp_path).digest() == Run(finished / "run").table().digest() and calls(tmp_path / "calls") == asked
    with pytest.raises(RunError, match="`judged=False` then"):
        compare(scripted(talker), TASK, PLAN, tmp_path / "run", profile=replace(DEFAULT, judged=True))


def test_an_unfinished_folder_continues_although_notes_on_the_data_are_worded_otherwise(tmp_path: Path):
    def stopping(chat: Chat) -> str:
        if model.answered > 60:
            raise ModelError("It is gone; start it again.")
        return talker(chat)

    before, now = (
        replace(TASK, notes=(note,)) for note in ("1 question repeats another one.", "Of 2 equal questions, 1 stays.")
    )
    model = scripted(stopping)
    with pytest.raises(ModelError):
        compare(model, before, PLAN, tmp_path / "run")
    finished = sum(begun(tmp_path / "run").units.values())
    again, anew = scripted(talker), scripted(talker)
    table = compare(again, now, PLAN, tmp_path / "run")
    assert table.digest() == compare(anew, now, PLAN, tmp_path / "new").digest()
    assert finished and again.answered < anew.answered
    assert table.settings["data_notes"] == list(now.notes)
    with pytest.raises(RunError, match="other training questions"):
        compare(again, replace(now, train=now.train[1:]), PLAN, tmp_path / "run")


@pytest.mark.long
def test_a_folder_with_other_settings_is_refused_before_a_model_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder, task = tmp_path / "run", as_task("planted_arc").limited(4)
    prompt = build("embedded", task, folder, method="random", selection="random", shots=2)
    evaluate("embedded", task, prompt, out=folder)
    compare("embedded", task, Plan(("random",), ("random",), shots=2), tmp_path / "grid")
    (tmp_path / "run-2").mkdir()

    def loaded(*given: object) -> None:
        raise AssertionError("a model was loaded")

    for where in ("build", "evaluate", "compare"):
        monkeypatch.setattr(f"selfamplify.runs.{where}.as_model", loaded)
    with pytest.raises(RunError, match="`shots=2` then, `shots=3` now.*run-3"):
        build("embedded", task, folder, method="random", selection="random", shots=3)
    with pytest.raises(RunError, match="`limit=4` then, `limit=3` now.*run-3"):
        evaluate("embedded", task.limited(3), prompt, out=folder)
    with pytest.raises(RunError, match="another prompt.*run-3"):
        evaluate("embedded", task, replace(prompt, instruction="Say it."), out=folder)
    with pytest.raises(RunError, match="`shots=2` then, `shots=1` now.*grid-2"):
        compare("embedded", task, Plan(("random",), ("random",), shots=1), tmp_path / "grid")


def test_settings_that_could_not_work_may_be_changed(tmp_path: Path):
    with pytest.raises(SelectionError):
        compare(scripted(wrong), TASK, Plan(("random",), ("success",), shots=2), tmp_path)
    assert len(compare(scripted(wrong), TASK, Plan(("random",), ("error",), shots=2), tmp_path).rows) == 2


def test_a_method_without_shots_asks_for_none(tmp_path: Path):
    model = scripted(talker)
    prompt = build(model, TASK, tmp_path, method="zero_shot", selection="error", shots=2)
    assert not prompt.shots and model.answered == 0 and not begun(tmp_path).units


def test_build_and_evaluate_share_a_folder_and_resume(tmp_path: Path):
    model = scripted(talker)
    prompt = build(model, TASK, tmp_path, method=RandomWords(), shots=2)
    result = evaluate(model, TASK, prompt, out=tmp_path, io=True)
    table, asked = Run(tmp_path).table(), model.answered
    assert build(model, TASK, tmp_path, method=RandomWords(), shots=2) == prompt == Run(tmp_path).prompt()
    assert evaluate(model, TASK, tmp_path, out=tmp_path, io=True) == result
    assert Run(tmp_path).table().digest() == table.digest()
    assert model.answered == asked, "finished work was done again"
    assert [row.method for row in table.rows] == ["io", "self_amplify"]
    assert table.rows[0].p_vs_io is None and table.rows[1].p_vs_io is not None
    assert result.io is not None and table.rows[1].p_vs_io == result.against(result.io).p
    assert len(Run(tmp_path).responses()) == 2 * len(TASK.test)


def test_evaluate_gives_the_same_result_with_and_without_a_folder(tmp_path: Path):
    model = scripted(talker)
    prompt = build(model, TASK, tmp_path, method="random", shots=2)
    for io in (False, True):
        plain = evaluate(model, TASK, prompt, io=io)
        kept = evaluate(model, TASK, prompt, io=io, out=tmp_path / str(io))
        assert plain.outcomes == kept.outcomes
        assert (plain.io is None) == (kept.io is None) == (not io)


def test_a_second_process_is_refused_with_the_number_of_the_first_and_a_stale_lock_is_taken_over(tmp_path: Path):
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with Store(tmp_path):
            os.write(ready[1], b"x")
            os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(RunError, match=f"in use by process {child}; wait for it, or use another `out`"):
        Store(tmp_path).__enter__()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (tmp_path / ".holder").exists()
    with Store(tmp_path) as store:
        assert session(store).run(doubling(2, []), [1]) == doubled([1])
    assert not (tmp_path / ".holder").exists()
    for end in (*ready, *go):
        os.close(end)


@pytest.mark.parametrize("bit", range(8))
def test_a_damaged_record_is_computed_again(bit: int, tmp_path: Path):
    log: list[int] = []
    with Store(tmp_path) as store:
        session(store).run(doubling(4, log), [7, 1234567, 8])
    data = bytearray((tmp_path / "run.sqlite").read_bytes())
    data[data.index(b'"1234567"') + 3] ^= 1 << bit
    (tmp_path / "run.sqlite").write_bytes(data)
    again: list[int] = []
    with Store(tmp_path) as store:
        assert session(store).run(doubling(4, again), [7, 1234567, 8]) == doubled([7, 1234567, 8])
    assert again == [1234567]


@pytest.mark.long
def test_no_flipped_bit_gives_a_wrong_record(tmp_path: Path):
    items = list(range(60))
    with Store(tmp_path / "good") as store:
        session(store).run(doubling(7, []), items)
    good = (tmp_path / "good" / "run.sqlite").read_bytes()
    draw = random.Random(0)
    refused = 0
    for number in range(150):
        folder = tmp_path / str(number)
        folder.mkdir()
        data = bytearray(good)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        (folder / "run.sqlite").write_bytes(data)
        try:
            with Store(folder) as store:
                assert session(store).run(doubling(7, []), items) == doubled(items)
        except RunError as error:
            refused += 1
            assert "run.sqlite" in str(error) and "`out`" in str(error) and "\n" not in str(error)
    assert refused < 30


def test_a_record_of_another_shape_is_computed_again(tmp_path: Path):
    with Store(tmp_path) as store:
        session(store).run(doubling(4, []), [1, 2])
    text = '{"other": 1}'
    with sqlite3.connect(tmp_path / "run.sqlite") as file:
        digest = hashlib.sha256(text.encode()).hexdigest()
        changed = file.execute("UPDATE units SET record = ?, checksum = ?", (text, digest)).rowcount
    file.close()
    again: list[int] = []
    with Store(tmp_path) as store:
        assert session(store).run(doubling(4, again), [1, 2]) == doubled([1, 2])
    assert changed == 2 and again == [1, 2]


def test_a_file_that_is_not_a_database_and_a_folder_that_is_a_file_are_refused(tmp_path: Path):
    (tmp_path / "run.sqlite").write_text("This is no database at all, but a text of some length." * 30)
    with pytest.raises(RunError, match=r"run.sqlite is damaged, or not a store of this package \(.*\); use another `out`"):
        Store(tmp_path).__enter__()
    (tmp_path / "run.sqlite").unlink()
    with Store(tmp_path):  # the lock was released
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be written .*use another `out`"):
        Store(tmp_path / "file").__enter__()


def test_a_read_only_folder_is_refused(tmp_path: Path):
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
    assert in_child(refused) == 0  # now its files exist, and are read-only


def test_whether_a_folder_can_be_written_is_known_without_making_it(tmp_path: Path):
    new = tmp_path / "new" / "run"

    def refused() -> None:
        os.setuid(65534)
        with pytest.raises(RunError, match=r"new/run can't be written \(no right to write there\)"):
            check_writable(new)

    check_writable(new)
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match="not a folder"):
            check_writable(folder)
    if os.getuid() != 0:
        pytest.skip("needs root, to become a user without rights")
    tmp_path.chmod(0o555)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    assert in_child(refused) == 0 and not new.parent.exists()


def test_a_full_disk_stops_the_run_with_a_remedy_and_the_run_can_continue(whole, tmp_path: Path):
    expected, _, digest = whole

    def starved() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000))
        with pytest.raises(RunError, match="can't be written .*free some space"):
            compare(scripted(talker), TASK, PLAN, tmp_path / "run")

    assert in_child(starved) == 0
    assert sqlite3.connect(tmp_path / "run" / "run.sqlite").execute("SELECT count(*) FROM units").fetchone()[0] > 0
    assert run(tmp_path).digest() == digest
    assert left_behind(tmp_path / "run") == expected


@pytest.mark.parametrize("trouble", [RunError("gone"), KeyboardInterrupt()])
def test_records_that_came_before_an_error_are_kept_whatever_their_order(trouble: BaseException, tmp_path: Path):
    log: list[int] = []

    def stage(limit: int) -> Stage[int, Prediction]:
        def compute(model: AbstractLanguageModel, items: Sequence[int]) -> Iterator[tuple[int, Prediction]]:
            for place in reversed(range(len(items))):
                if len(log) == limit:
                    raise trouble
                log.append(items[place])
                yield place, doubled(items)[place]

        return Stage("doubling", Prediction, lambda item: [item], compute, 100)

    with Store(tmp_path) as store, pytest.raises(type(trouble)):
        session(store).run(stage(4), range(10))
    assert log == [9, 8, 7, 6]
    with Store(tmp_path) as store:
        assert session(store).run(stage(100), range(10)) == doubled(range(10))
    assert sorted(log) == list(range(10))


@pytest.mark.parametrize("made", [0, 2])
def test_fewer_records_than_items_are_an_error(made: int, tmp_path: Path):
    stage: Stage[int, Prediction] = Stage(
        "idling",
        Prediction,
        lambda item: [item],
        lambda model, items: [(place, doubled([0])[0]) for place in range(made)],
        5,
    )
    with Store(tmp_path) as store:
        for kept in (store, NoStore()):
            with pytest.raises(ValueError, match=f"{made} records for 3 items"):
                session(kept).run(stage, range(3))


def damage(folder: Path, table: str, place: int, bit: int = 1) -> None:
    """Flip a bit in the text of a settings row, as it lies in the file."""
    with sqlite3.connect(folder / "run.sqlite") as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        value = file.execute(f"SELECT value FROM {table} WHERE what = 'results'").fetchone()[0]
        spoilt = bytearray(value.encode())
        spoilt[place % len(spoilt)] ^= bit
        file.execute(f"UPDATE {table} SET value = CAST(? AS TEXT) WHERE what = 'results'", (bytes(spoilt),))
    file.close()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    run(folder)
    return folder


@pytest.mark.long
@given(
    table=st.sampled_from(["settings", "spare_settings"]), place=st.integers(0, 5000), bit=st.sampled_from([1, 2, 16, 64, 128])
)
@settings(max_examples=15)
def test_a_damaged_copy_of_the_settings_costs_nothing(finished: Path, table: str, place: int, bit: int):
    with TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copytree(finished, folder, dirs_exist_ok=True)
        damage(folder / "run", table, place, bit)
        before = calls(folder / "calls")
        assert run(folder).digest() == Run(finished / "run").table().digest()
        assert calls(folder / "calls") == before, "nothing is asked again"
        assert begun(folder / "run").settings == begun(finished / "run").settings
        with pytest.raises(RunError, match="other settings"):
            compare(scripted(talker), TASK, Plan(PLAN.methods, shots=3), folder / "run")


def test_settings_that_are_damaged_twice_are_taken_from_the_command_with_a_warning(finished: Path, tmp_path: Path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for place, table in enumerate(("settings", "spare_settings"), 7):
        damage(tmp_path / "run", table, place)
    assert "results" not in begun(tmp_path / "run").settings
    before = calls(tmp_path / "calls")
    with pytest.warns(SelfAmplifyWarning, match="settings of the results .* are damaged.*another `out`"):
        assert run(tmp_path).digest() == Run(finished / "run").table().digest()
    assert calls(tmp_path / "calls") == before
    run(tmp_path)  # they are in order again


def test_the_store_of_an_earlier_version_has_one_copy_of_the_settings(finished: Path, tmp_path: Path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    with sqlite3.connect(tmp_path / "run" / "run.sqlite") as file:
        file.execute("DROP TABLE spare_settings")
    file.close()
    assert begun(tmp_path / "run").settings == begun(finished / "run").settings
    with pytest.raises(RunError, match="`shots=2` then, `shots=3` now"):
        compare(scripted(talker), TASK, Plan(PLAN.methods, shots=3), tmp_path / "run")
    run(tmp_path)
