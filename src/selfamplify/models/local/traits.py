"""What a checkpoint's configuration says: whether it can be run here, its context, and its padding and end tokens."""

import inspect

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ...errors import ModelError


def check_architecture(module: PreTrainedModel, name: str) -> None:
    """Raise ModelError for a model that can't keep the rows of a batch apart.

    That is a model whose state is more than keys and values, or that does not accept positions.
    """
    accepted = inspect.signature(module.forward).parameters
    missing = [key for key in ("position_ids", "past_key_values", "logits_to_keep") if key not in accepted]
    kinds = set(getattr(module.config.get_text_config(decoder=True), "layer_types", None) or ())
    missing += sorted(kinds - {"full_attention", "sliding_attention", "global", "local"})
    if missing:
        raise ModelError(
            f"{name} is a {type(module).__name__}, which can't be run in batches that share a prefix "
            f"({', '.join(missing)}); use a decoder such as Llama, Mistral, Qwen, Gemma, Phi, GPT-2 or GPT-NeoX."
        )


def blank(tokenizer: PreTrainedTokenizerBase, name: str) -> int:
    """The id of the token with which rows are padded."""
    for token in (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id):
        if isinstance(token, int):
            return token
    raise ModelError(f"The tokenizer of {name} has no padding token; set `tokenizer.pad_token`, and save the tokenizer again.")


def ends(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, template_end: int | None) -> tuple[int, ...]:
    """The ids of the tokens that end a turn: those of the model's generation settings, or else the tokenizer's.

    The token that the chat template writes after a reply (``template_end``) is always one of them, since the settings of some
    checkpoints name another.
    """
    own = module.generation_config.eos_token_id if module.generation_config is not None else None
    own = tokenizer.eos_token_id if own is None else own
    named = own if isinstance(own, list) else [own]
    return tuple(dict.fromkeys(int(token) for token in (*named, template_end) if token is not None))


def context(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """The largest number of tokens that a prompt and its continuation may have together."""
    config = module.config.get_text_config(decoder=True)
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(positions or min(tokenizer.model_max_length, 1 << 20))
