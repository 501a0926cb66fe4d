"""A GGUF file's settings: what transformers leaves out is refused if it changes the computation, and only then.

The settings are those that llama.cpp's convert_hf_to_gguf.py writes for each architecture, with small sizes.
"""

from pathlib import Path
from typing import Any

import pytest
from gguf_files import write_gguf, write_settings
from transformers import AutoConfig
from zoo import model_of

from selfamplify import SelfAmplifyWarning, load_model
from selfamplify.errors import ModelError
from selfamplify.models.local.gguf import checked
from selfamplify.models.local.gguf_settings import check_settings

pytest.importorskip("gguf", reason="the package gguf is not installed")
pytest.importorskip("accelerate", reason="the package accelerate is not installed")
pytestmark = pytest.mark.filterwarnings("error::selfamplify.SelfAmplifyWarning")

SIZES = {"context_length": 4096, "embedding_length": 64, "feed_forward_length": 128, "block_count": 6}
HEADS = SIZES | {"attention.head_count": 4, "attention.head_count_kv": 4}
RMS = HEADS | {"attention.layer_norm_rms_epsilon": 1e-6}
NORM = HEADS | {"attention.layer_norm_epsilon": 1e-5}
ROTARY = RMS | {"rope.dimension_count": 16, "rope.freq_base": 10000.0}
PHI3 = ROTARY | {"rope.scaling.original_context_length": 4096}
GEMMA2 = RMS | {"attention.key_length": 256, "attention.value_length": 256, "attention.sliding_window": 4096}
GEMMA3 = GEMMA2 | {"attention.sliding_window": 512, "rope.freq_base": 1e6}
EXPERTS = RMS | {"rope.freq_base": 1e6, "expert_count": 8, "expert_used_count": 2, "expert_feed_forward_length": 768}
QWEN35 = RMS | {"attention.key_length": 16, "attention.value_length": 16, "full_attention_interval": 4, "ssm.conv_kernel": 4}
LFM2 = RMS | {"attention.head_count_kv": [0, 0, 2, 0, 0, 2], "rope.freq_base": 1e6, "shortconv.l_cache": 3}


def check(path: Path, architecture: str, settings: dict[str, Any]) -> None:
    """Compare a file of these settings with the configuration that transformers makes of it."""
    write_settings(path, architecture, settings)
    config = AutoConfig.from_pretrained(path.parent, gguf_file=str(path), local_files_only=True)
    check_settings(checked(path), config)


@pytest.mark.parametrize(
    ("architecture", "settings", "refused"),
    [
        ("phi3", PHI3 | {"attention.sliding_window": 2047}, "phi3.attention.sliding_window = 2047"),
        ("llama", ROTARY | {"attention.sliding_window": 1024}, "llama.attention.sliding_window = 1024"),
        ("gemma3", GEMMA3 | {"rope.scaling.type": "linear", "rope.scaling.factor": 8.0}, "gemma3.rope.scaling.factor = 8.0"),
        ("gemma3", GEMMA3 | {"rope.freq_base_swa": 20000.0}, "gemma3.rope.freq_base_swa = 20000.0"),
        ("gemma3", GEMMA3 | {"attention.sliding_window_pattern": 3}, "gemma3.attention.sliding_window_pattern = 3"),
        (
            "gemma3",
            GEMMA3 | {"attention.sliding_window_pattern": [True] * 6},
            "gemma3.attention.sliding_window_pattern = [True",
        ),
        ("gemma2", GEMMA2 | {"final_logit_softcapping": 15.0}, "gemma2.final_logit_softcapping = 15.0"),
        ("gemma2", GEMMA2 | {"attention.key_length": 128}, "gemma2.attention.key_length = 128"),
        ("starcoder2", NORM | {"rope.freq_base": 999999.0}, "starcoder2.rope.freq_base = 999999.0"),
        ("nemotron", NORM | {"attention.layer_norm_epsilon": 1e-6}, "nemotron.attention.layer_norm_epsilon = 9.99"),
        ("llama", ROTARY | {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}, "llama.rope.scaling.type = yarn"),
        ("llama", ROTARY | {"rope.scale_linear": 4.0}, "llama.rope.scale_linear = 4.0"),
        ("llama", ROTARY | {"attention.causal": False}, "llama.attention.causal = False"),
        ("llama", ROTARY | {"residual_scale": 0.5}, "llama.residual_scale = 0.5"),
        ("llama", ROTARY | {"expert_count": 8, "expert_used_count": 2}, "llama.expert_used_count = 2"),
    ],
)
def test_setting_that_changes_the_answers_is_refused(
    architecture: str, settings: dict[str, Any], refused: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        check(tmp_path / "x.gguf", architecture, settings)
    message = str(caught.value)
    assert refused in message and "llama-server -m x.gguf), and use `load_server(" in message and "\n" not in message


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("llama", ROTARY | {"vocab_size": 2}),
        ("llama", ROTARY | {"rope.scaling.type": "none", "rope.scaling.factor": 1.0, "rope.scaling.finetuned": False}),
        ("llama", ROTARY | {"attention.causal": True, "residual_scale": 1.0, "expert_count": 0}),
        ("phi3", PHI3 | {"attention.sliding_window": 0}),  # Phi-4
        ("phi3", PHI3 | {"attention.sliding_window": 262144}),  # longer than the context: Phi-3-mini-128k
        ("gemma2", GEMMA2 | {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}),
        ("gemma3", GEMMA3),
        ("gemma3", GEMMA3 | {"rope.freq_base_swa": 10000.0, "attention.sliding_window_pattern": 6}),
        ("gemma3", GEMMA3 | {"attention.sliding_window_pattern": [True] * 5 + [False]}),
        ("qwen2", RMS | {"rope.freq_base": 1e6}),
        ("qwen3moe", EXPERTS | {"attention.key_length": 128, "attention.value_length": 128}),
        ("qwen2moe", EXPERTS | {"expert_shared_feed_forward_length": 5632}),
        ("stablelm", NORM | {"rope.dimension_count": 4, "use_parallel_residual": True}),
        ("nemotron", NORM | {"rope.dimension_count": 8, "rope.freq_base": 10000.0}),
        ("falcon", NORM | {"tensor_data_layout": "jploski"}),
        ("bloom", NORM),
        ("gpt2", NORM),
        ("lfm2", LFM2),
        (
            "qwen35",
            QWEN35
            | {"ssm.state_size": 16, "ssm.group_count": 4, "ssm.time_step_rank": 4, "ssm.inner_size": 64, "rope.freq_base": 1e7}
            | {"rope.dimension_sections": [2, 1, 1, 0], "rope.dimension_count": 4},
        ),
    ],
)
def test_setting_that_changes_nothing_is_accepted(architecture: str, settings: dict[str, Any], tmp_path: Path) -> None:
    check(tmp_path / "x.gguf", architecture, settings)


def test_setting_of_unknown_meaning_is_named(tmp_path: Path) -> None:
    path = write_gguf(model_of("llama"), tmp_path / "x.gguf", settings={"of_its_own": 0.5})
    with pytest.warns(SelfAmplifyWarning, match=r"llama.of_its_own = 0.5"):
        load_model(path)


def test_model_of_refused_settings_is_not_loaded(tmp_path: Path) -> None:
    scaled = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}
    with pytest.raises(ModelError, match=r"llama.rope.scaling.type = yarn, llama.rope.scaling.factor = 4.0"):
        load_model(write_gguf(model_of("llama"), tmp_path / "x.gguf", settings=scaled))
