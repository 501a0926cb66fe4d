"""A model, a task, an explainer, a method and a profile may be given by name or as an instance; nothing else is accepted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import misuses
import pytest
import torch
from misuses import WRONG, Call
from small import scripted, talker, task

import selfamplify
from selfamplify import (
    PAPER,
    InputOutput,
    KernelShap,
    LocalModel,
    Plan,
    Profile,
    Prompt,
    RandomWords,
    SelfAmplify,
    Task,
    amplify,
    attribute,
    build,
    compare,
    evaluate,
)
from selfamplify.errors import SettingsError
from selfamplify.explain.making import as_explainer
from selfamplify.methods.making import as_method
from selfamplify.models.loading import as_model
from selfamplify.prompting.profiles import as_profile
from selfamplify.tasks.loading import as_task

SCRIPTED, SMALL = scripted(talker), task()
CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "model": as_model,
    "task": as_task,
    "explainer": as_explainer,
    "method": as_method,
    "profile": as_profile,
}


@pytest.fixture(autouse=True)
def own_checks(monkeypatch: pytest.MonkeyPatch):
    """Let the package check arguments itself: the run-time type checks of all other tests would come first."""
    for function in (*CONVERSIONS.values(), amplify, attribute, build, compare, evaluate):
        monkeypatch.setitem(vars(function), "__no_type_check__", True)


@pytest.mark.parametrize(
    ("what", "given", "kind"),
    [
        ("model", "embedded", LocalModel),
        ("task", "planted_snarks", Task),
        ("explainer", "kernel_shap", KernelShap),
        ("method", "kernel_shap", SelfAmplify),
        ("method", "io", InputOutput),
        ("method", RandomWords(), SelfAmplify),
        ("profile", "paper", Profile),
    ],
)
def test_a_name_stands_for_an_instance(what: str, given: object, kind: type):
    assert isinstance(CONVERSIONS[what](given), kind)


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("model", SCRIPTED),
        ("task", SMALL),
        ("explainer", KernelShap(samples=350)),
        ("method", SelfAmplify(keywords=4)),
        ("profile", PAPER.with_length(7)),
    ],
)
def test_an_instance_stands_for_itself(what: str, given: object):
    assert CONVERSIONS[what](given) is given


NONSENSE = [7, None, b"embedded", ["kernel_shap"], object(), {"name": "io"}]
CLASSES = {"model": LocalModel, "task": Task, "explainer": KernelShap, "method": SelfAmplify, "profile": Profile}


@pytest.mark.parametrize("what", CONVERSIONS)
@pytest.mark.parametrize("given", NONSENSE, ids=lambda given: type(given).__name__)
def test_anything_else_is_refused_with_what_to_write(what: str, given: object):
    with pytest.raises(SettingsError) as error:
        CONVERSIONS[what](given)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300
    assert str(error.value).count("`") >= 2, "the error must show, in backticks, what to write"


@pytest.mark.parametrize("what", CONVERSIONS)
def test_a_class_is_refused_by_its_name(what: str):
    with pytest.raises(SettingsError, match=CLASSES[what].__name__) as error:
        CONVERSIONS[what](CLASSES[what])
    assert str(error.value).count("`") >= 2


@pytest.mark.parametrize(
    ("what", "given", "near"),
    [
        ("task", "snark", "snarks"),
        ("explainer", "kernelshap", "kernel_shap"),
        ("method", "auto-cot", "auto_cot"),
        ("profile", "papr", "paper"),
    ],
)
def test_a_misspelt_name_brings_the_nearest(what: str, given: str, near: str):
    with pytest.raises(SettingsError, match=f"no {what} named '{given}'; did you mean '{near}'"):
        CONVERSIONS[what](given)


def test_a_module_without_its_tokenizer_is_not_a_model():
    with pytest.raises(SettingsError, match="Linear.*tokenizer"):
        as_model(torch.nn.Linear(2, 2))


PROMPT = Prompt("zero_shot", "Choose.", (), SMALL.label_map)
CALLS: dict[str, Callable[..., object]] = {
    "amplify": lambda folder, **given: amplify(
        **{"model": SCRIPTED, "task": SMALL, "explainer": "random", "selection": "random", "shots": 2} | given
    ),
    "build": lambda folder, **given: build(
        **{"model": SCRIPTED, "task": SMALL, "out": folder, "method": "random", "selection": "random", "shots": 2} | given
    ),
    "evaluate": lambda folder, **given: evaluate(**{"model": SCRIPTED, "task": SMALL, "prompt": PROMPT} | given),
    "compare": lambda folder, **given: compare(
        **{"model": SCRIPTED, "task": SMALL, "plan": Plan(("random",), ("random",), shots=2), "out": folder} | given
    ),
}
ARGUMENTS = [
    (call, argument)
    for call, arguments in {
        "amplify": ("model", "task", "explainer", "profile"),
        "build": ("model", "task", "method", "profile"),
        "evaluate": ("model", "task", "judge", "profile"),
        "compare": ("model", "task", "judge", "profile"),
    }.items()
    for argument in arguments
]


@pytest.mark.parametrize("call", CALLS)
def test_the_calls_are_valid_without_a_wrong_argument(call: str, tmp_path: Path):
    assert CALLS[call](tmp_path) is not None


@pytest.mark.parametrize(("call", "argument"), ARGUMENTS)
@pytest.mark.parametrize("wrong", [7, Task, "class"], ids=["number", "another class", "class"])
def test_every_function_refuses_a_wrong_argument(call: str, argument: str, wrong: object, tmp_path: Path):
    given = CLASSES["model" if argument == "judge" else argument] if wrong == "class" else wrong
    before = SCRIPTED.answered
    with pytest.raises(SettingsError) as error:
        CALLS[call](tmp_path, **{argument: given})
    assert "\n" not in str(error.value) and str(error.value).count("`") >= 2
    assert SCRIPTED.answered == before, "arguments must be checked before any work"


def test_names_and_instances_give_the_same_prompt():
    named = amplify(SCRIPTED, SMALL, "random", selection="random", shots=2, profile="default")
    made = amplify(SCRIPTED, SMALL, RandomWords(), selection="random", shots=2, profile=selfamplify.DEFAULT)
    assert named.digest() == made.digest()


def test_a_prompt_may_be_its_folder_or_file(tmp_path: Path):
    file = PROMPT.save(tmp_path)
    whole = evaluate(SCRIPTED, SMALL, PROMPT)
    for given in (tmp_path, str(tmp_path), file):
        assert evaluate(SCRIPTED, SMALL, given).outcomes == whole.outcomes
    for wrong in (7, Prompt, None):
        with pytest.raises(SettingsError) as error:
            evaluate(SCRIPTED, SMALL, wrong)  # pyright: ignore[reportArgumentType]
        assert str(error.value).count("`") >= 2


def test_a_plan_may_be_the_name_of_a_preset(tmp_path: Path):
    with pytest.raises(SettingsError, match="did you mean 'table1'"):
        compare(SCRIPTED, SMALL, "tabel1", tmp_path)
    for wrong in (7, Plan, None):
        with pytest.raises(SettingsError) as error:
            compare(SCRIPTED, SMALL, wrong, tmp_path)  # pyright: ignore[reportArgumentType]
        assert str(error.value).count("`") >= 2


@pytest.mark.parametrize("call, remedy", [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_plain_argument_of_the_wrong_kind_is_refused_with_what_to_write(call: Call, remedy: str, tmp_path: Path):
    with pytest.raises(SettingsError) as error:
        call(tmp_path)
    text = str(error.value)
    assert remedy in text and "\n" not in text and len(text) < 300
    assert not misuses.SCRIPTED.answered, "the model was asked"
