"""The public names: one complete list, so that no name appears or disappears unnoticed; and their documentation."""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import selfamplify
from selfamplify import errors

PUBLIC = """
AbstractAttribution AbstractDifferentiableModel AbstractExplainer AbstractExporter AbstractFormat AbstractGame AbstractGradient
AbstractLanguageModel AbstractMethod AbstractPerturbation AbstractSelection AbstractSource AbstractStore AbstractTracker
AbstractWriting Agreement AmplifyProxy AnswerAttribution AnswerFormat Arm AttnLrp Attribution AutoCot Baseline Budget Cell Chat
Choice ClusteredAutoCot Columns Comparison ContextError Cost Counterfactual Counts DEFAULT DataError DecisiveFormat
DecisiveWords Decoding DeepLift DeepLiftCaptum Difference Edit Encoded Estimate Evidence Explanation ExplanationError Export
Faithfulness FeatureAblation Figure Generation GradientXActivation Imported InputOutput IntegratedGradients Interval KernelShap
KernelShapCaptum KeywordFormat Layout LeftOut Lime Limits LocalModel Measures Message ModelError NamedWords NextToken
NotFiniteError Outcome Overview PAPER PRESETS PairFormat Plan Prediction Profile Prompt Provenance Question QuickCheck Raced
RandomWords Reading ReplicatedModel Response Result Rival Row Run RunError Sample ScoredPairs ScoredWords ScriptedModel
SearchSpace SelectionError SelfAmplify SelfAmplifyError SelfAmplifyWarning SelfExp SelfTopk ServerModel Session SettingsError
ShapleyInteractions ShapleyValueSampling ShapleyValues Shot StepFormat Store Table Task ThoughtFormat TokenGame TrackedRun
Tuning Unit UsefulRationales Usefulness Wording Work WrittenText ZeroShot ZeroShotCot amplify asking attribute
attribution_table build catalogue check_task coloured_question compare comparison_table contrast default_explainers estimate
estimate_table evaluate explain_all explanation_table export faithfulness faithfulness_tables import_prompt layout_for
load_model load_replicas load_server load_task log_run make_explainer make_explainers make_method overview precision_at_k
preset responses_side_by_side select terminal_progress tune tuning_table with_marks worked_question write_files write_report
""".split()
"""Adding or removing a name here is a change for users: say so in the changelog."""
_SECTION = re.compile(r"^(\w[\w ]*)\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", re.MULTILINE | re.DOTALL)


def stubbed() -> list[str]:
    """The names that the stub exports."""
    text = Path(selfamplify.__file__ or "").with_suffix(".pyi").read_text()
    return [alias.asname or "" for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) for alias in node.names]


def sections(documented: Any) -> dict[str, str]:
    """The sections of a numpy-style docstring."""
    return {title: text for title, text in _SECTION.findall(inspect.getdoc(documented) or "")}


def described(text: str) -> set[str]:
    """The names that a section describes: ``name : type``, ``first, second : type``, or ``name`` alone on its line."""
    lines = re.findall(r"^(\*{0,2}\w+(?:, *\*{0,2}\w+)*)(?: ?:.*)?$", text, re.MULTILINE)
    return {name.strip(" *") for line in lines for name in line.split(",")}


def parameters(called: Any) -> set[str]:
    """The parameters with which something is called; none for what can't be called by its users."""
    if isinstance(called, type) and (issubclass(called, BaseException) or called.__init__ is object.__init__):
        return set()
    return {name for name in inspect.signature(called).parameters if not name.startswith("_")} - {"kind"}


def test_public_names_are_those_of_the_list():
    assert len(set(PUBLIC)) == len(PUBLIC)
    assert sorted(stubbed()) == sorted(PUBLIC)
    assert sorted(vars(selfamplify)["__all__"]) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_can_be_imported_and_is_listed(name: str):
    assert getattr(selfamplify, name) is not None
    assert name in dir(selfamplify)


DOCUMENTED = [name for name in PUBLIC if inspect.isfunction(found := getattr(selfamplify, name)) or isinstance(found, type)]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_parameter_is_documented(name: str):
    found = getattr(selfamplify, name)
    summary = (inspect.getdoc(found) or "").partition("\n")[0]
    assert found.__doc__ and summary.endswith("."), "a docstring begins with one line that ends in a full stop"
    missing = parameters(found) - described(sections(found).get("Parameters", ""))
    assert not missing


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if inspect.isfunction(getattr(selfamplify, name))])
def test_results_and_errors_of_functions_are_documented(name: str):
    function = inspect.unwrap(getattr(selfamplify, name))
    written = sections(function)
    if inspect.signature(function).return_annotation not in (None, inspect.Signature.empty):
        assert {"Returns", "Yields"} & written.keys()
    if raised := errors_raised(function):
        assert raised <= described(written.get("Raises", ""))


def errors_raised(function: Any) -> set[str]:
    """The errors that a function itself raises by name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return {each.func.id for each in raised if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)} & {
        *vars(errors), "ValueError", "TypeError",
    }  # fmt: skip


def test_every_error_is_exported_and_has_one_root():
    known = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    kinds = {name: kind for name, kind in known.items() if not issubclass(kind, Warning)}
    assert len(kinds) == 9
    for name, kind in kinds.items():
        assert issubclass(kind, selfamplify.SelfAmplifyError)
        assert getattr(selfamplify, name) is kind


def test_the_version_is_that_of_the_installed_package():
    assert selfamplify.__version__ == version("selfamplify")


def test_importing_the_package_does_not_wait_for_torch():
    code = "import sys, selfamplify, selfamplify.cli; sys.exit(bool({'torch', 'transformers', 'scipy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.long
def test_asking_a_server_does_not_wait_for_transformers():
    code = (
        "import sys, selfamplify as s; s.build, s.compare, s.evaluate, s.faithfulness, s.tune, s.estimate, s.load_server; "
        "s.make_method('kernel_shap', 3, 3, s.DEFAULT, {}); sys.exit('transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
