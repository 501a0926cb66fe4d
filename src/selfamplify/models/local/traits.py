"""What a checkpoint says of itself: whether it can be run here, how far it sees, and which tokens pad and end."""

import inspect

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ...errors import ModelError


def check_architecture(module: PreTrainedModel, name: str) -> None:
    """Refuse what would not keep rows of a batch apart: state that is no keys and values, positions that can't be given."""
    taken = inspect.signature(module.forward).parameters
    missing = [key for key in ("position_ids", "past_key_values", "logits_to_keep") if key not in taken]
    kinds = set(getattr(module.config.get_text_config(decoder=True), "layer_types", None) or ())
    missing += sorted(kinds - {"full_attention", "sliding_attention", "global", "local"})
    if missing:
        raise ModelError(
            f"{name} is a {type(module).__name__}, which can't be run in batches behind a shared prefix "
            f"({', '.join(missing)}); use a decoder such as Llama, Mistral, Qwen, Gemma, Phi, GPT-2 or GPT-NeoX."
        )


def blank(tokenizer: PreTrainedTokenizerBase, name: str) -> int:
    """The id of the token that stands for an absent one."""
    for token in (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id):
        if isinstance(token, int):
            return token
    raise ModelError(f"The tokenizer of {name} has no padding token; set tokenizer.pad_token and save it again.")


def ends(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """The tokens that end a turn: those of the model's generation settings, or else the tokenizer's."""
    own = module.generation_config.eos_token_id if module.generation_config is not None else None
    own = tokenizer.eos_token_id if own is None else own
    if own is None:
        return ()
    return tuple(map(int, own)) if isinstance(own, list) else (int(own),)


def context(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens a prompt and what follows it may have together."""
    config = module.config.get_text_config(decoder=True)
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(positions or min(tokenizer.model_max_length, 1 << 20))
