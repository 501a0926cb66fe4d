"""Model folders that would never finish loading, or whose prompts change from day to day."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from zoo import save, tiny_model

from selfamplify import load_model
from selfamplify.errors import ModelError, SettingsError
from selfamplify.models.local.chat import render
from selfamplify.models.local.load import load_tokenizer
from selfamplify.models.local.model import LocalModel
from selfamplify.models.local.trial import TooLong, limited
from selfamplify.records import Chat, Message

PLAIN = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}A:{% endif %}"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model's folder."""
    return save(tiny_model(), tmp_path_factory.mktemp("sound"))


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "model"))


def changed(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def with_template(folder: Path, template: str) -> None:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    changed(folder / "tokenizer_config.json", chat_template=template)


@pytest.mark.parametrize(
    "loop",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    ],
)
def test_a_template_without_an_end_is_refused(folder: Path, loop: str):
    with_template(folder, loop + PLAIN)
    for load in (load_model, load_tokenizer):
        with pytest.raises(ModelError, match="chat template of model is not finished after 200,000 steps"):
            load(folder)


def test_steps_are_counted():
    def endless() -> None:
        while True:
            pass

    with pytest.raises(TooLong), limited(1000):
        endless()


def test_templates_that_end_are_left_alone(folder: Path):
    for template in (PLAIN, "{% for a in range(2000) %}{% endfor %}" + PLAIN, "{{ raise_exception('no') }}", "{{ 1 / 0 }}"):
        with_template(folder, template)
        load_model(folder)


@pytest.mark.parametrize("name", ["num_hidden_layers", "n_layer"])
def test_more_layers_than_weights_are_refused_before_they_are_built(folder: Path, name: str):
    changed(folder / "config.json", **{name: 100_000})
    with pytest.raises(ModelError, match=r"config.json names 100,000 layers, and the weights hold \d+ tensors; download"):
        load_model(folder)


def test_weights_that_are_no_weights_are_refused(folder: Path):
    changed(folder / "config.json", num_hidden_layers=100_000)
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="model.safetensors can't be read .*; download or save the model again"):
        load_model(folder)


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("levels", [101, 100_000])
def test_a_deeply_nested_file_is_refused(folder: Path, name: str, levels: int):
    (folder / name).write_text('{"a":' * levels + "1" + "}" * levels)
    try:
        load_model(folder)
    except (ModelError, SettingsError) as error:
        assert "\n" not in str(error)
    else:
        assert levels == 101 and name != "config.json", "a harmless depth of a file of others"


def test_the_day_does_not_change_a_prompt(folder: Path, monkeypatch: pytest.MonkeyPatch):
    import transformers.utils.chat_template_utils as templates

    llama = "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    with_template(folder, llama + "Today is {{ date_string }}, a {{ strftime_now('%A') }}.\n" + PLAIN)
    chat = Chat((Message("user", "Which?"),))
    found: list[tuple[str, str]] = []
    for day in (1, 2):

        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime(2031, 1, day)  # noqa: B023 - used before the next round

        monkeypatch.setattr(templates, "datetime", Clock)
        model = load_model(folder)
        assert isinstance(model, LocalModel)
        found.append((model.fingerprint, model.encode(chat).digest))
        assert render(model.tokenizer, chat).startswith("Today is 26 Jul 2024, a Friday.\n")
    assert found[0] == found[1]
