"""Names: the package's own, those of plug-ins, and unknown ones."""

import sys
from dataclasses import is_dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from small import Run, scripted, talker, task

from selfamplify import Plan, Profile, catalogue, compare, load_task, make_method
from selfamplify.errors import SettingsError
from selfamplify.explain.explainer import AbstractExplainer
from selfamplify.export.exporter import AbstractExporter
from selfamplify.methods.making import method_names
from selfamplify.methods.method import AbstractMethod
from selfamplify.methods.qualifying import AbstractSelection
from selfamplify.methods.self_amplify import SelfAmplify
from selfamplify.models.local.named import NamedModel
from selfamplify.names import NAMES, Kind, find, registered, unknown_name
from selfamplify.tasks.source import AbstractSource
from selfamplify.tracking.tracker import AbstractTracker

KINDS: dict[Kind, type] = {
    "model": NamedModel,
    "task": AbstractSource,
    "explainer": AbstractExplainer,
    "selection": AbstractSelection,
    "competitor": AbstractMethod,
    "preset": Plan,
    "profile": Profile,
    "tracker": AbstractTracker,
    "exporter": AbstractExporter,
}
PLUGIN = '''
from dataclasses import dataclass
from selfamplify.export.exporter import AbstractExporter
from selfamplify.explain.explainer import AbstractExplainer
from selfamplify.records import ScoredWords
from selfamplify.tasks.source import AbstractSource

@dataclass(frozen=True)
class Longest(AbstractExplainer):
    """The longest words."""
    name = "longest"
    at_most: int = 9

    def explain(self, model, question, wording, seed):
        words = question.render().split()
        return ScoredWords(question.id, self.name, tuple(words), tuple(float(len(word)) for word in words))

@dataclass(frozen=True)
class Faulty(AbstractExplainer):
    name = "faulty"

    def explain(self, model, question, wording, seed):
        raise ZeroDivisionError("oops")

@dataclass(frozen=True)
class Exiting(AbstractExplainer):
    name = "exiting"

    def explain(self, model, question, wording, seed):
        raise SystemExit(0)

class NoDataclass:
    pass

no_class = 7

class Unmakeable(AbstractSource):
    """A task that lacks what is abstract."""
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An installed distribution with explainers and tasks, most of them broken."""
    (tmp_path / "longest_words.py").write_text(PLUGIN)
    (tmp_path / "longest_words_leaving.py").write_text("import sys\nsys.exit(0)\n")
    info = tmp_path / "longest_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: longest-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        dedent("""
        [selfamplify.explainers]
        longest = longest_words:Longest
        faulty = longest_words:Faulty
        broken = longest_words_missing:Broken
        classless = longest_words:NoDataclass
        kernel_shap = longest_words:Longest
        number = longest_words:no_class
        exiting = longest_words:Exiting
        leaving = longest_words_leaving:Leaving

        [selfamplify.tasks]
        number = longest_words:no_class
        unmakeable = longest_words:Unmakeable
        leaving = longest_words_leaving:Leaving
        """)
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("longest_words", None)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, named in NAMES.items() for name in named])
def test_every_name_stands_for_an_object_of_its_kind_that_calls_itself_so(kind: Kind, name: str):
    found = find(kind, name)
    assert issubclass(found, KINDS[kind]) if isinstance(found, type) else isinstance(found, KINDS[kind])
    assert not isinstance(found, type) or is_dataclass(found)
    assert getattr(found, "name", name) == name
    summary = NAMES[kind][name].summary
    assert summary[0].isupper() and summary[-1] in '.?"' and "\n" not in summary


def test_catalogue_has_every_name_with_its_summary():
    listed = catalogue()
    assert {kind: set(named) for kind, named in listed.items()} == {f"{kind}s": set(registered(kind)) for kind in NAMES}
    assert all(summary for named in listed.values() for summary in named.values())


@pytest.mark.usefixtures("plugin")
def test_plugin_is_found_listed_and_used(tmp_path: Path):
    assert "longest" in method_names()
    assert catalogue()["explainers"]["longest"] == "from longest-words"
    table = compare(scripted(talker), task(), Plan(("longest",), ("random",), shots=2), tmp_path / "run")
    assert [row.explainer for row in table.rows] == [None, "longest"]
    made = make_method("longest", settings={"at_most": 3})
    assert "at_most=3" in repr(made)
    with pytest.raises(SettingsError, match="longest has no setting 'samples'; it has: at_most"):
        make_method("longest", settings={"samples": 3})


@pytest.mark.usefixtures("plugin")
def test_own_names_win_over_plugins():
    made = make_method("kernel_shap")
    assert isinstance(made, SelfAmplify) and type(made.explainer).__name__ == "KernelShap"
    assert registered("explainer")["kernel_shap"] == "selfamplify"


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken", r"\(longest_words_missing:Broken\) can't be imported: No module"),
        ("classless", "AbstractExplainer"),
        ("number", "AbstractExplainer"),
        ("leaving", r"can't be imported: it calls sys.exit\(0\); fix or uninstall it"),
    ],
)
def test_plugin_that_can_not_be_used_is_refused_before_any_work(name: str, reason: str):
    with pytest.raises(SettingsError, match=f"'{name}'.*{reason}"):
        make_method(name)
    with pytest.raises(SettingsError, match=f"'{name}'.*{reason}"):
        Plan((name,))


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("name", "reason"),
    [("number", "is not an AbstractSource"), ("unmakeable", "can't be made: .*abstract"), ("leaving", r"sys.exit\(0\)")],
)
def test_task_of_a_plugin_that_can_not_be_used_is_refused(name: str, reason: str):
    with pytest.raises(SettingsError, match=reason):
        load_task(name)


@pytest.mark.usefixtures("plugin")
def test_plugin_that_ends_the_program_is_an_error_of_the_command(run: Run):
    code, _, err = run("build", "--task", "planted_arc", "--method", "leaving", "--out", "nowhere")
    assert code == 2 and "'leaving' (longest_words_leaving:Leaving) can't be imported" in err and err.count("error:") == 1
    code, _, err = run("data", "nothing", "--task", "leaving")
    assert code == 2 and "sys.exit(0)" in err


def test_a_command_that_is_ended_from_inside_has_failed(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.catalogue", lambda: sys.exit(0))
    code, _, err = run("list")
    assert code == 1 and "unexpected SystemExit: 0" in err


@pytest.mark.usefixtures("plugin")
def test_explainer_that_ends_the_program_fails_its_row(tmp_path: Path):
    table = compare(scripted(talker), task(), Plan(("exiting", "random"), ("random",), shots=2), tmp_path / "run")
    assert [row.explainer or row.method for row in table.rows] == ["io", "random"]
    assert "SystemExit: it calls sys.exit(0)" in table.failed["exiting-random-k6-seed0"]


@pytest.mark.usefixtures("plugin")
def test_plugin_that_raises_fails_its_row_and_not_the_run(tmp_path: Path):
    table = compare(scripted(talker), task(), Plan(("faulty", "random"), ("random",), shots=2), tmp_path / "run")
    assert [row.explainer or row.method for row in table.rows] == ["io", "random"]
    assert list(table.failed) == ["faulty-random-k6-seed0"]
    assert "ZeroDivisionError: oops" in table.failed["faulty-random-k6-seed0"]


@pytest.mark.long
@given(name=st.text(max_size=20), kind=st.sampled_from(sorted(NAMES)))
def test_unknown_names_are_refused_with_a_known_one(name: str, kind: Kind):
    assume(name not in registered(kind))
    with pytest.raises(SettingsError) as error:
        find(kind, name)
    assert any(f"'{known}'?" in str(error.value) or f" {known}" in str(error.value) for known in registered(kind))


def test_unknown_names_bring_the_nearest_or_all():
    assert "did you mean 'cat'?" in str(unknown_name("thing", "cta", ["cat", "dog"]))
    assert "use one of: cat, dog." in str(unknown_name("thing", "xyz", ["dog", "cat"]))
