"""Large models on a CPU: weights in fewer bits, spread over devices or offloaded, by transformers' own means."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM
from zoo import HANDS, PLANT, asked

from selfamplify import DEFAULT, Decoding, LocalModel, ScoredWords, demo, load_model, make_explainer
from selfamplify.errors import ModelError, SettingsError

FOLDER = Path(demo.__file__).parent


@pytest.fixture(scope="module")
def plain() -> LocalModel:
    return load_model()


@pytest.fixture(scope="module")
def offloaded(plain: LocalModel, tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    """The embedded model, with all layers but the first offloaded to a folder."""
    layers = {f"model.layers.{number}": "disk" for number in range(1, len(plain.module.model.layers))}
    places = {"model.embed_tokens": "cpu", "model.layers.0": "cpu", "model.norm": "cpu", "model.rotary_emb": "cpu"}
    module = AutoModelForCausalLM.from_pretrained(
        FOLDER,
        dtype=torch.float32,
        device_map=places | layers | {"lm_head": "cpu"},
        offload_folder=tmp_path_factory.mktemp("offload"),
    )
    return LocalModel(module, plain.tokenizer, "offloaded")


@pytest.mark.long
@pytest.mark.parametrize(("bits", "others"), [("8bit", "4bit"), ("4bit", "8bit")])
def test_quantized_model_answers_and_explains_nearly_like_the_original(plain: LocalModel, bits: Any, others: Any) -> None:
    model = load_model(quantize=bits)
    kinds = {type(module).__name__ for module in model.module.modules()}
    assert kinds & {"Linear8bitLt", "Linear4bit"}
    assert model.fingerprint not in (plain.fingerprint, load_model(quantize=others).fingerprint)
    assert model.fingerprint == load_model(quantize=bits).fingerprint
    chats, labels = asked()
    for one, other in zip(model.next_token(chats, labels), plain.next_token(chats, labels), strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=0.3 if bits == "8bit" else 3.0)
    assert all(text.text for text in model.generate(chats, Decoding(8), [0] * len(chats)))
    for name in ("kernel_shap", "deep_lift"):
        found = make_explainer(name, {}).explain(model, PLANT, DEFAULT.wording, 0)
        assert isinstance(found, ScoredWords) and any(found.scores)


@pytest.mark.long
def test_offloaded_model_answers_like_the_original_and_refuses_gradients(plain: LocalModel, offloaded: LocalModel) -> None:
    chats, labels = asked()
    for one, other in zip(offloaded.next_token(chats, labels), plain.next_token(chats, labels), strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-5)
    written = [model.generate(chats, Decoding(8, num_beams=2), [0] * len(chats)) for model in (plain, offloaded)]
    assert written[0] == written[1]
    assert offloaded.fingerprint == plain.fingerprint
    explainer = make_explainer("kernel_shap", {"samples": 80})
    one, other = (explainer.explain(model, HANDS, DEFAULT.wording, 0) for model in (plain, offloaded))
    assert isinstance(one, ScoredWords) and isinstance(other, ScoredWords)
    assert one.scores == pytest.approx(other.scores, abs=1e-3)
    for name in ("deep_lift", "integrated_gradients", "gradient_x_activation", "deep_lift_captum"):
        with pytest.raises(ModelError, match="partly offloaded, and gradients need .*kernel_shap"):
            make_explainer(name, {}).explain(offloaded, HANDS, DEFAULT.wording, 0)


def test_model_with_a_device_map_answers_like_the_original(plain: LocalModel) -> None:
    model = load_model(device_map="auto")
    chats, labels = asked()
    assert model.next_token(chats, labels) == plain.next_token(chats, labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantize": "2bit"}, '`quantize="2bit"` is not supported; use `quantize="8bit"` or `quantize="4bit"`'),
        ({"device_map": "everywhere"}, '`device_map="everywhere"` is not supported; use `device_map="auto"`'),
        ({"device_map": {"": "cpu"}}, "is not supported"),
        ({"device_map": "auto", "device": "cpu"}, 'leave `device="cpu"` or `device_map="auto"` out'),
    ],
    ids=str,
)
def test_invalid_placement_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_model(**options)
    assert message in str(caught.value)


def test_missing_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(SettingsError, match=r"accelerate is not installed; run: pip install 'selfamplify\[large\]'"):
        load_model(quantize="8bit")
