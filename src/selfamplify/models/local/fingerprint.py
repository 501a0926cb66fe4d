"""What the answers of a local model depend on besides the prompt, as one line of text."""

import hashlib
import json
import platform
from typing import Any

import torch
import transformers
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from .placing import weights

_IGNORED = ("_name_or_path", "architectures", "dtype", "transformers_version")
"""Where and by which version a model was saved does not change its answers; settings such as rope_theta do."""


def fingerprint(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, also: tuple[Any, ...]) -> str:
    """The hash of weights, tokenizer, settings, chat template and ``also``; then dtype, kind of device, and versions."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights(module).items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy())
    digest.update(tokenizer.backend_tokenizer.to_str().encode())  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
    settings = {key: value for key, value in module.config.to_dict().items() if key not in _IGNORED}
    digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    digest.update(repr((tokenizer.chat_template, *also)).encode())
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, {platform.machine()}"
    return f"sha256:{digest.hexdigest()} {module.dtype} {module.device.type} ({versions})"
