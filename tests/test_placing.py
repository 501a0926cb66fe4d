"""Large models: weights in fewer bits, spread or offloaded, by transformers' own means, on a CPU."""

from pathlib import Path

import pytest
import torch
from small import Run
from transformers import AutoModelForCausalLM
from zoo import HANDS, PLANT, asked

from selfamplify import DEFAULT, Decoding, LocalModel, demo, load_model, make_explainer
from selfamplify.errors import ModelError, SettingsError

FOLDER = Path(demo.__file__).parent


@pytest.fixture(scope="module")
def plain() -> LocalModel:
    return load_model()


@pytest.fixture(scope="module")
def offloaded(plain: LocalModel, tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    """The embedded model, all layers but the first offloaded to a folder."""
    layers = {f"model.layers.{number}": "disk" for number in range(1, len(plain.module.model.layers))}
    places = {"model.embed_tokens": "cpu", "model.layers.0": "cpu", "model.norm": "cpu", "model.rotary_emb": "cpu"}
    module = AutoModelForCausalLM.from_pretrained(
        FOLDER,
        dtype=torch.float32,
        device_map=places | layers | {"lm_head": "cpu"},
        offload_folder=tmp_path_factory.mktemp("offload"),
    )
    return LocalModel(module, plain.tokenizer, "offloaded")


@pytest.mark.parametrize("bits", ["8bit", "4bit"])
def test_quantized_weights_answer_and_explain_nearly_as_the_model(plain: LocalModel, bits: str) -> None:
    model = load_model(quantize=bits)
    kinds = {type(module).__name__ for module in model.module.modules()}
    assert kinds & {"Linear8bitLt", "Linear4bit"}
    assert model.fingerprint not in (plain.fingerprint, load_model(quantize="8bit" if bits == "4bit" else "4bit").fingerprint)
    assert model.fingerprint == load_model(quantize=bits).fingerprint
    chats, labels = asked()
    for one, other in zip(model.next_token(chats, labels), plain.next_token(chats, labels), strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=0.3 if bits == "8bit" else 3.0)
    assert all(text.text for text in model.generate(chats, Decoding(8), [0] * len(chats)))
    for name in ("kernel_shap", "deep_lift"):
        found = make_explainer(name, {}).explain(model, PLANT, DEFAULT.wording, 0)
        assert found.scores and any(found.scores)


def test_an_offloaded_model_answers_as_the_model_and_refuses_gradients(plain: LocalModel, offloaded: LocalModel) -> None:
    chats, labels = asked()
    for one, other in zip(offloaded.next_token(chats, labels), plain.next_token(chats, labels), strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-5)
    written = [model.generate(chats, Decoding(8, num_beams=2), [0] * len(chats)) for model in (plain, offloaded)]
    assert written[0] == written[1]
    assert offloaded.fingerprint == plain.fingerprint
    explained = make_explainer("kernel_shap", {"samples": 80})
    scores = [explained.explain(model, HANDS, DEFAULT.wording, 0).scores for model in (plain, offloaded)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    for name in ("deep_lift", "integrated_gradients", "gradient_x_activation", "deep_lift_captum"):
        with pytest.raises(ModelError, match="partly offloaded, and gradients need .*kernel_shap"):
            make_explainer(name, {}).explain(offloaded, HANDS, DEFAULT.wording, 0)


def test_a_device_map_places_the_model(plain: LocalModel) -> None:
    model = load_model(device_map="auto")
    chats, labels = asked()
    assert model.next_token(chats, labels) == plain.next_token(chats, labels)


def test_placings_that_can_not_be_are_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong, told in {
        ("--quantize", "2bit"): "can't be quantized to '2bit'; use --quantize 8bit or 4bit",
        ("--device-map", "everywhere"): "There is no device map 'everywhere'; use --device-map auto",
        ("--device-map", "auto", "--device", "cpu"): "A device map chooses the devices",
        ("--quantize", "4bit", "--server", "http://127.0.0.1:9"): "--quantize is about a model that is loaded here",
    }.items():
        code, _, err = run("build", *wrong, "--out", tmp_path / "x")
        assert code == 2 and told in err and err.count("error:") == 1, err
    monkeypatch.setattr("selfamplify.models.local.placing.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"accelerate is not installed; run: pip install 'selfamplify\[large\]'"):
        load_model(quantize="8bit")
