"""Names: the package's own, those of plug-ins, and those that nobody knows."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest
from small import scripted, talker, task

from selfamplify import DEFAULT, Plan, catalogue, compare, make_method
from selfamplify.errors import SettingsError, unknown_name
from selfamplify.methods.making import method_names
from selfamplify.registry import find, registered

PLUGIN = '''
from dataclasses import dataclass
from selfamplify import Explanation
from selfamplify.explain import AbstractExplainer

@dataclass(frozen=True)
class Longest(AbstractExplainer):
    """The longest words."""
    name = "longest"
    at_most: int = 9

    def explain(self, model, question, wording, seed):
        words = question.render().split()
        return Explanation(question.id, self.name, tuple(words), tuple(float(len(word)) for word in words))

@dataclass(frozen=True)
class Faulty(AbstractExplainer):
    name = "faulty"

    def explain(self, model, question, wording, seed):
        raise ZeroDivisionError("oops")

class NoDataclass:
    pass
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An installed distribution with four explainers, two of them broken."""
    (tmp_path / "longest_words.py").write_text(PLUGIN)
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
        """)
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("longest_words", None)


@pytest.mark.usefixtures("plugin")
def test_plugin_is_found_listed_and_used(tmp_path: Path):
    assert "longest" in method_names()
    assert catalogue()["explainers"]["longest"] == "from longest-words"
    table = compare(Plan(("longest",), ("random",), shots=2), scripted(talker), task(), tmp_path / "run")
    assert [row.explainer for row in table.rows] == [None, "longest"]
    made = make_method("longest", 2, 3, DEFAULT, {"at_most": 3})
    assert "at_most=3" in repr(made)
    with pytest.raises(SettingsError, match="longest has no setting 'samples'; it has: at_most"):
        make_method("longest", 2, 3, DEFAULT, {"samples": 3})


@pytest.mark.usefixtures("plugin")
def test_own_names_win_over_plugins():
    assert type(make_method("kernel_shap", 6, 3, DEFAULT, {"samples": 99}).explainer).__name__ == "KernelShap"  # pyright: ignore
    assert registered("explainer", {"kernel_shap": 1})["kernel_shap"] == "selfamplify"


@pytest.mark.usefixtures("plugin")
def test_plugin_that_can_not_be_used_is_told_in_one_line():
    with pytest.raises(SettingsError, match=r"'broken' \(longest_words_missing:Broken\) can't be imported: No module"):
        make_method("broken", 6, 3, DEFAULT, {})
    with pytest.raises(SettingsError, match="no dataclass that extends AbstractExplainer"):
        make_method("classless", 6, 3, DEFAULT, {})
    with pytest.raises(SettingsError, match="can't be imported"):
        Plan(("broken",))


@pytest.mark.usefixtures("plugin")
def test_plugin_that_raises_fails_its_row_and_not_the_run(tmp_path: Path):
    table = compare(Plan(("faulty", "random"), ("random",), shots=2), scripted(talker), task(), tmp_path / "run")
    assert [row.explainer or row.method for row in table.rows] == ["io", "random"]
    assert list(table.failed) == ["faulty-random-k6-seed0"]
    assert "(ZeroDivisionError: oops); mend or" in table.failed["faulty-random-k6-seed0"]


def test_unknown_names_bring_the_nearest_or_all():
    assert str(unknown_name("thing", "cta", ["cat", "dog"])) == "There is no thing named 'cta'; did you mean 'cat'?"
    assert str(unknown_name("thing", "xyz", ["dog", "cat"])) == "There is no thing named 'xyz'; choose one of: cat, dog."
    with pytest.raises(SettingsError, match="no explainer named 'lim'; did you mean 'lime'"):
        find("explainer", "lim", {"lime": 1})
    assert find("explainer", "lime", {"lime": 1}) == 1
