"""The public names: a list, so that a change of it is seen."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import selfamplify

PUBLIC = """
amplify AnswerAttribution attribute attribution_table
AutoCot build catalogue Choice ClusteredAutoCot coloured_question Columns compare comparison_table Decoding DeepLift
DEFAULT evaluate explain_all Explanation explanation_table FeatureAblation find_profile GradientXActivation InputOutput
IntegratedGradients KernelShap KernelShapCaptum layout_for Lime Limits load_model load_server load_task LocalModel
make_explainer make_method measure PAPER Plan preset PRESETS Profile Prompt Question RandomWords responses_side_by_side Result
Sample ScriptedModel select SelfAmplify SelfAmplifyError SelfExp SelfTopk ServerModel Session ShapleyValues
ShapleyValueSampling Store Table Task terminal_progress worked_question ZeroShot ZeroShotCot
""".split()


def stubbed() -> list[str]:
    text = Path(selfamplify.__file__ or "").with_suffix(".pyi").read_text()
    return [alias.asname or "" for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) for alias in node.names]


def test_public_names_are_those_of_the_stub():
    assert sorted(stubbed()) == sorted(vars(selfamplify)["__all__"])
    missing = set(PUBLIC) - set(stubbed())
    assert not missing, "removing a public name breaks users; say so in the changelog"


@pytest.mark.parametrize("name", sorted(stubbed()))
def test_public_name_resolves_and_is_documented(name: str):
    found = getattr(selfamplify, name)
    assert name in dir(selfamplify)
    assert found.__doc__


def test_errors_share_one_root():
    from selfamplify import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, selfamplify.SelfAmplifyError) for kind in kinds)


def test_importing_the_package_does_not_wait_for_torch():
    code = "import sys, selfamplify, selfamplify.cli; sys.exit(bool({'torch', 'transformers', 'scipy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
