"""``load_model`` loads what save_pretrained wrote, and refuses anything else in one line that says what to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from zoo import asked, save, tiny_model, tiny_module

from selfamplify import Decoding, LocalModel, SelfAmplifyError, load_model
from selfamplify.errors import ModelError, SettingsError
from selfamplify.models.loading import as_model


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tiny_model(), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return shutil.copytree(saved, tmp_path / "tiny")


def refusal(kind: type[SelfAmplifyError], name: Any, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        load_model(name, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def edit_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text())
    change(config)
    file.write_text(json.dumps(config))


def test_saved_model_answers_as_before(saved: Path) -> None:
    original, loaded = tiny_model(), load_model(saved, device="cpu")
    chats, labels = asked()
    assert loaded.name == "tiny"
    assert loaded.context == original.context == 512
    assert loaded.fingerprint == original.fingerprint
    assert loaded.next_token(chats, labels) == original.next_token(chats, labels)
    assert loaded.generate(chats, Decoding(5), [0] * 3) == original.generate(chats, Decoding(5), [0] * 3)


def test_fingerprint_does_not_depend_on_the_folder(saved: Path, folder: Path) -> None:
    assert load_model(folder).fingerprint == load_model(str(saved)).fingerprint


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_weights_have_the_requested_dtype(saved: Path, dtype: Any) -> None:
    model = load_model(saved, dtype=dtype)
    assert str(model.module.dtype) == f"torch.{dtype}"
    assert model.last_logits([[1, 2, 3]], 0).dtype == torch.float32


def test_logging_settings_of_transformers_are_restored(saved: Path) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load_model(saved)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere", "some/where/deep"])
def test_missing_folder_is_refused(name: str) -> None:
    assert "or a hub name such as org/model" in refusal(ModelError, name)


def test_folder_without_a_config_is_refused(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert "has no config.json" in refusal(ModelError, folder)


@pytest.mark.parametrize("text", ["{", "[]", "7", ""])
def test_damaged_config_is_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    assert "download or save the model again" in refusal(ModelError, folder)


def test_pickled_weights_are_refused(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert "pytorch_model.bin are never read" in refusal(ModelError, folder)


def test_code_from_the_model_folder_is_never_run(folder: Path) -> None:
    (folder / "modeling.py").write_text("raise SystemExit('this code was run')\n")
    foreign = {"model_type": "foreign", "auto_map": {"AutoConfig": "modeling.C", "AutoModelForCausalLM": "modeling.M"}}
    edit_config(folder, lambda config: config.update(foreign))
    assert "auto_map" in refusal(ModelError, folder)
    edit_config(folder, lambda config: config.update(model_type="llama"))
    assert type(load_model(folder).module).__module__.startswith("transformers.")


def test_folder_without_a_tokenizer_is_refused(folder: Path) -> None:
    for file in folder.glob("token*"):
        file.unlink()
    assert "tokenizer.save_pretrained" in refusal(ModelError, folder)


def test_missing_weights_are_refused(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "model.layers.1.mlp.up_proj.weight missing" in refusal(ModelError, folder)


def test_truncated_weights_are_refused(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    assert "could not be loaded" in refusal(ModelError, folder)


def test_a_misspelt_name_is_told_the_name_that_was_probably_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "did you mean 'smollm2'? If not, give a local folder" in refusal(ModelError, "smoll2")


@pytest.mark.long
@pytest.mark.parametrize(
    "change",
    [{"hidden_size": 36}, {"hidden_size": "many"}, {"model_type": "t5"}, {"model_type": "unheard"}, {"vocab_size": 10}],
    ids=str,
)
def test_config_that_does_not_fit_the_weights_is_refused(folder: Path, change: dict[str, Any]) -> None:
    edit_config(folder, lambda config: config.update(change))
    assert refusal(ModelError, folder)


def test_unknown_dtype_is_refused(saved: Path) -> None:
    for dtype in ("int4", torch.bfloat16):
        assert '`dtype="float32"`, `dtype="bfloat16"`' in refusal(SettingsError, saved, dtype=dtype)


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "cuda:x", "meta"])
def test_unusable_device_is_refused(saved: Path, device: str) -> None:
    message = refusal(SettingsError, saved, device=device)
    assert f'`device="{device}"`' in message and 'use `device="' in message


@pytest.mark.parametrize("name", ["batch_tokens", "window"])
@pytest.mark.parametrize("value", [0, -1, 0.5, "64"])
def test_invalid_number_is_refused(saved: Path, name: str, value: object) -> None:
    message = refusal(SettingsError, saved, **{name: value})
    assert message.startswith(f"`{name}=") and "at least 1" in message


@pytest.mark.parametrize("name", [None, 7, "", " "])
def test_invalid_name_is_refused(name: object) -> None:
    assert 'load_model("org/model")' in refusal(SettingsError, name)


def test_model_argument_is_a_model_a_name_or_a_folder(saved: Path) -> None:
    model = tiny_model()
    assert as_model(model) is model
    assert as_model(saved).fingerprint == as_model(str(saved)).fingerprint == model.fingerprint


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        (LocalModel, "The judge is the class LocalModel"),
        (tiny_module("llama"), "The judge is a LlamaForCausalLM without its tokenizer"),
        (None, "The judge is None"),
        (lambda chat: "A", "The judge is <function"),
    ],
    ids=["class", "module", "none", "function"],
)
def test_model_argument_that_is_not_a_model_is_refused(wrong: object, shown: str) -> None:
    with pytest.raises(SettingsError) as caught:
        as_model(wrong, "judge")
    assert str(caught.value).startswith(shown) and "use `load_model(" in str(caught.value)
