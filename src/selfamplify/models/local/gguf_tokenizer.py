"""The tokenizer and the chat template of a GGUF file, by transformers; it divides some texts otherwise than llama.cpp does."""

import json
from warnings import warn

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ...errors import SelfAmplifyWarning
from .gguf import GgufFile

_SPACE = "\u2581"
_SINGLE_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2")
_AS_GPT2 = ("gpt-2", "phi-2", "jais", "mpt", "olmo", "trillion", "granite-docling", "gigachat", "mellum", "modern-bert")
"""Names of divisions in llama.cpp's src/llama-vocab.cpp: GPT-2's with every digit apart, and GPT-2's."""


def read_tokenizer(file: GgufFile) -> PreTrainedTokenizerBase:
    """The tokenizer of a GGUF file, with the file's chat template; a warning names a division of texts that was guessed."""
    # AutoTokenizer makes the same one, and parses the whole file for it.
    given = {"gguf_file": str(file.path), "local_files_only": True}
    made = PreTrainedTokenizerFast.from_pretrained(file.path.parent, **given)  # nosec B615 # a local file
    tokenizer = _within(made, file.settings["tokenizer.ggml.tokens"])
    kind = file.settings.get("tokenizer.ggml.model")
    if kind == "gpt2":
        _divide(file, tokenizer)
    elif kind == "llama" and not file.architecture.startswith("gemma"):
        _begin(file, tokenizer)
    return tokenizer


def _within(tokenizer: PreTrainedTokenizerFast, tokens: int) -> PreTrainedTokenizerFast:
    """The tokenizer without tokens that the model has no embedding for: transformers adds GPT-2's ``<|endoftext|>`` to all."""
    if len(tokenizer) <= tokens:
        return tokenizer
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    backend["added_tokens"] = [token for token in backend["added_tokens"] if token["id"] < tokens]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(backend)),
        chat_template=tokenizer.chat_template,
        **{name: token for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)},
    )


def _begin(file: GgufFile, tokenizer: PreTrainedTokenizerFast) -> None:
    """Let a SentencePiece tokenizer put a space before a text and after every control token, or nowhere, as the file says.

    transformers puts one before the text alone, so that "hello" after ``<s>`` would be other tokens than in llama.cpp.
    """
    spaced = file.settings.get("tokenizer.ggml.add_space_prefix", True)
    written = [normalizers.Replace(" ", _SPACE)]
    backend = tokenizer.backend_tokenizer
    backend.normalizer = normalizers.Sequence([normalizers.Prepend(_SPACE), *written] if spaced else written)  # pyright: ignore[reportAttributeAccessIssue]
    backend.pre_tokenizer = None  # pyright: ignore[reportAttributeAccessIssue]


def _divide(file: GgufFile, tokenizer: PreTrainedTokenizerFast) -> None:
    """Let a byte-level tokenizer divide a text into words as the file says; where transformers knows no way, it takes GPT-2's.

    The difference is small and silent: SmolLM2 reads "\\n\\n2" as two tokens, and as three if digits stay with what is before.
    """
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    division = file.settings.get("tokenizer.ggml.pre")
    if division in _SINGLE_DIGITS:
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    elif division not in (*GGUF_PRE_TOKENIZER_SPLITS, *_AS_GPT2):
        warn(
            f"{file.path.name} divides texts into words in a way that transformers does not know ({division}), so GPT-2's is "
            f"used and some tokens may differ from llama.cpp's (llama-server -m {file.path.name}).",
            SelfAmplifyWarning,
            stacklevel=2,
        )
