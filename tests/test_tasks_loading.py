"""Loading tasks by name, their sizes and limits, and what a task refuses to be made of."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import LETTERS, question, scripted, task

from selfamplify import Choice, Columns, Plan, Question, Task, compare, load_task, write_report
from selfamplify.errors import DataError, SelfAmplifyError, SettingsError
from selfamplify.report.tables import title
from selfamplify.tasks.loading import as_task
from selfamplify.tasks.public import SNARKS
from selfamplify.tasks.task import label_space

PLUGIN = '''
from dataclasses import dataclass
from selfamplify import Choice, Question
from selfamplify.tasks.source import AbstractSource, Reading

@dataclass(frozen=True, kw_only=True)
class Greetings(AbstractSource):
    """What to say to a guest."""
    guests: int = 4

    def load(self, data, test_data, seed):
        choices = Choice("A", "hello"), Choice("B", "bye")
        return Reading(tuple(Question(str(guest), f"Guest {guest}?", choices, "A") for guest in range(self.guests)))

PARTY = Greetings(guests=6)
SOMETHING_ELSE = print
'''


Install = Callable[..., None]
"""Installs a distribution with one module, for one test; its arguments are the module's source, and targets by task name."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    def call(source: str, **targets: str) -> None:
        (tmp_path / "more_tasks.py").write_text(source)
        info = tmp_path / "more_tasks-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more-tasks\nVersion: 1.0\n")
        points = "\n".join(f"{name} = more_tasks:{target}" for name, target in targets.items())
        (info / "entry_points.txt").write_text(f"[selfamplify.tasks]\n{points}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    yield call
    sys.modules.pop("more_tasks", None)


@pytest.fixture
def questions_file(tmp_path: Path) -> Path:
    """Twelve questions."""
    path = tmp_path / "questions.csv"
    path.write_text("question,choices,answer\n" + "".join(f"Q{n}?,yes|no,{'yes' if n % 2 else 'no'}\n" for n in range(12)))
    return path


@pytest.fixture
def test_file(tmp_path: Path) -> Path:
    """Twelve other questions."""
    path = tmp_path / "test.csv"
    path.write_text("question,choices,answer\n" + "".join(f"T{n}?,yes|no,{'yes' if n % 2 else 'no'}\n" for n in range(12)))
    return path


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_any_test_size_splits_one_file(tmp_path_factory: pytest.TempPathFactory, test_size: int, seed: int):
    path = tmp_path_factory.getbasetemp() / "any_size.csv"
    path.write_text("question,choices,answer\n" + "".join(f"Q{n}?,yes|no,{'yes' if n % 2 else 'no'}\n" for n in range(13)))
    loaded = load_task("file", path, test_size=test_size, split_seed=seed)
    assert (len(loaded.train), len(loaded.test)) == (13 - test_size, test_size)
    assert len({asked.text for asked in (*loaded.train, *loaded.test)}) == 13
    assert loaded == load_task("file", path, test_size=test_size, split_seed=seed)


def test_test_size_takes_the_first_questions_of_a_test_file(questions_file: Path, test_file: Path):
    whole = load_task("file", questions_file, test_data=test_file)
    assert len(whole.test) == 12
    part = load_task("file", str(questions_file), test_data=str(test_file), test_size=3)
    assert (part.train, part.test) == (whole.train, whole.test[:3])


def test_test_size_out_of_range_names_one_in_range(questions_file: Path, test_file: Path):
    with pytest.raises(DataError, match="12 good questions, .* `test_size=11`"):
        load_task("file", questions_file, test_size=12)
    with pytest.raises(DataError, match="12 test questions, .* `test_size=12`"):
        load_task("file", questions_file, test_data=test_file, test_size=13)
    with pytest.raises(SettingsError, match="`test_size=0`.*at least 1"):
        load_task("file", questions_file, test_size=0)


def test_one_question_can_not_be_split(tmp_path: Path):
    path = tmp_path / "one.csv"
    path.write_text("question,choices,answer\na,x|y,x\n")
    with pytest.raises(DataError, match="1 distinct good question,"):
        load_task("file", path)


@given(st.integers(-3, 9))
def test_limit_keeps_the_first_test_questions(limit: int):
    whole = task(4, 6)
    if 1 <= limit <= 6:
        limited = whole.limited(limit)
        assert (limited.train, limited.test, limited.label_map) == (whole.train, whole.test[:limit], whole.label_map)
    else:
        with pytest.raises(SelfAmplifyError, match="`limit=6`"):
            whole.limited(limit)


def test_no_limit_is_the_task_itself():
    assert (whole := task()).limited(None) is whole


@pytest.mark.parametrize(("train", "test"), [(0, 3), (3, 0), (0, 0)])
def test_a_side_without_questions_is_refused(train: int, test: int):
    with pytest.raises(DataError, match="at least one"):
        task(train, test)


@given(st.sets(st.sampled_from("ABC"), max_size=2))
def test_a_label_map_that_lacks_a_used_label_is_refused(labels: set[str]):
    with pytest.raises(DataError, match="label_map lacks"):
        Task("small", (question(1),), (question(2),), {label: label for label in labels})


@given(st.lists(st.integers(2, 26), min_size=2, max_size=5))
def test_the_label_space_covers_all_labels_in_use(counts: list[int]):
    asked = [question(n, [f"choice {n} {i}" for i in range(count)], "A") for n, count in enumerate(counts)]
    assert "".join(label_space(asked)) == LETTERS[: max(counts)]
    assert Task("small", tuple(asked[1:]), (asked[0],), label_space(asked)).labels == tuple(label_space(asked))


def test_repr_of_a_task_is_one_short_line_with_the_counts():
    shown = repr(load_task("planted_arc"))
    assert len(shown) < 120 and "planted_arc" in shown and shown.count("2000 questions") == 2 and "'D'" in shown
    assert "<1 question>" in repr(task(1, 2))


def test_repr_of_questions_stays_as_prompts_recorded_it():
    """Digests of it tell whether a prompt was built on the same questions."""
    asked = Question("q1", "Who?", (Choice("A", "me"), Choice("B", "you")), "B")
    assert repr((asked,)) == (
        "(Question(id='q1', text='Who?', choices=(Choice(label='A', text='me'), Choice(label='B', text='you')), "
        "answer='B', planted=()),)"
    )


def test_as_many_questions_as_in_the_paper_are_split_off_a_large_file(tmp_path: Path):
    path = tmp_path / "many.csv"
    path.write_text("question,choices,answer\n" + "".join(f"Q{n}?,yes|no,{'yes' if n % 2 else 'no'}\n" for n in range(400)))
    sizes = {name: len(load_task(name, path).test) for name in ("arc_challenge", "snarks", "commonsenseqa", "file")}
    assert sizes == {"arc_challenge": 350, "snarks": 145, "commonsenseqa": 200, "file": 200}


def test_a_task_is_used_as_it_is_or_loaded_by_its_name():
    assert as_task(whole := task()) is whole
    assert as_task("planted_arc") == load_task("planted_arc")
    with pytest.raises(SettingsError, match="did you mean 'planted_arc'"):
        as_task("planted_ark")


@pytest.mark.parametrize("value", [SNARKS, type(SNARKS), Path("questions.csv"), "questions.csv", None, 3, ["snarks"]], ids=repr)
def test_anything_else_is_refused_with_what_to_write(value: object):
    with pytest.raises(SettingsError, match=r"`load_task\(\"file\", \"questions.csv\"\)`") as caught:
        as_task(value)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


def test_a_path_in_place_of_a_name_is_refused_with_what_to_write():
    code = "from pathlib import Path; from selfamplify import load_task; load_task(Path('questions.csv'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # without the tests' type checks
    assert '`load_task("file", "questions.csv")`' in done.stderr.splitlines()[-1]


def test_a_file_in_place_of_a_name_is_refused_with_what_to_write(questions_file: Path):
    with pytest.raises(SettingsError, match='`task="file"` with `data="questions.csv"`'):
        load_task("questions.csv")


def test_unsuitable_arguments_are_refused_with_what_to_write(questions_file: Path):
    with pytest.raises(SettingsError, match="did you mean 'snarks'"):
        load_task("snark")
    with pytest.raises(SettingsError, match='`data="questions.csv"`'):
        load_task("file")
    with pytest.raises(SettingsError, match='`task="file"`'):
        load_task("snarks", questions_file, columns=Columns("a", "b"))
    for name in ("planted_arc", "planted_snarks"):
        with pytest.raises(SettingsError, match='makes its own questions.*`task="file"`'):
            load_task(name, questions_file)


def test_paths_that_are_no_files_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="There is no file .*nowhere.csv"):
        load_task("arc_challenge", tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="is a folder"):
        load_task("file", tmp_path)


def test_other_packages_add_tasks_as_classes_or_instances(install: Install):
    install(PLUGIN, greetings="Greetings", party="PARTY", other="SOMETHING_ELSE")
    loaded = load_task("greetings")
    assert (len(loaded.train), len(loaded.test), loaded.label_map) == (2, 2, {"A": "hello", "B": "bye"})
    assert len(load_task("party").test) == 3
    with pytest.raises(SettingsError, match="'other' is not an AbstractSource"):
        load_task("other")


def test_other_packages_can_not_replace_a_task_of_this_one(install: Install, questions_file: Path):
    install(PLUGIN, snarks="Greetings")
    assert load_task("snarks", questions_file).test == load_task("file", questions_file).test


def test_the_tasks_of_the_guide_load(install: Install, questions_file: Path):
    guide = (Path(__file__).parents[1] / "docs" / "write-your-own.md").read_text()
    section = guide.partition("## A task")[2].partition("\n## ")[0]
    code = "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
    install(code, **dict(re.findall(r'^(\w+) = "my_package:(\w+)"$', section, re.MULTILINE)))
    sums = load_task("sums")
    assert (len(sums.train), len(sums.test), sums.labels) == (51, 30, ("A", "B"))
    assert load_task("arc_easy", questions_file).test == load_task("file", questions_file).test


@given(st.integers(0, 2**32))
def test_copies_in_either_file_never_break_a_task(tmp_path_factory: pytest.TempPathFactory, seed: int):
    """Whatever the copies, a task has both sides, apart from each other, or loading it says why not."""
    path = tmp_path_factory.getbasetemp() / "copies.csv"
    rows = [f"Q{seed >> shift & 3}?,{'yes|no' if seed >> shift & 4 else 'no|yes'},yes\n" for shift in range(0, 30, 3)]
    path.write_text("question,choices,answer\n" + "".join(rows))
    try:
        loaded = load_task("file", path, split_seed=seed)
    except SelfAmplifyError as error:
        assert isinstance(error, DataError)
    else:
        assert not {asked.text for asked in loaded.train} & {asked.text for asked in loaded.test}
        assert replace(loaded) == loaded


def test_loading_imports_no_heavy_package():
    heavy = {"torch", "numpy", "transformers", "datasets", "pyarrow"}
    code = f"import sys, selfamplify.tasks.loading; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_a_file_of_ones_own_is_called_by_its_name(tmp_path: Path):
    path = tmp_path / "mails.csv"
    path.write_text("text,label\n" + "".join(f"mail {n},{('good', 'bad')[n % 2]}\n" for n in range(12)))
    assert load_task("file", path).source == "mails.csv" and load_task("planted_arc").source == ""
    table = compare(scripted(lambda _: "good"), load_task("file", path), Plan(("io",), ("random",), shots=2), tmp_path / "run")
    assert title(table).startswith("mails.csv · ") and "of mails.csv on" in repr(table)
    assert {row.task for row in table.rows} == {"file"}
    page = write_report(tmp_path / "run").read_text()
    assert "<title>mails.csv · scripted</title>" in page and "test questions of mails.csv" in page
