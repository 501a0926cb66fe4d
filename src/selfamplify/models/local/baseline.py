"""What stands for an absent token: a token that says as little as possible, or the mean of all embeddings."""

from collections.abc import Collection

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from ...errors import SettingsError
from ...records import Baseline
from ...records.scored import MEAN
from .token_text import SPACES

_DOCUMENT = frozenset({"<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>"})
"""Tokens that separate the texts of training data in the models that have them, whatever their tokenizer calls them."""
_MEAN_ROWS = 8192


def find_baseline(tokenizer: PreTrainedTokenizerBase, choice: str, pad: int, ends: Collection[int]) -> Baseline:
    """Return what a choice of baseline stands for.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerBase
        The model's tokenizer.
    choice : str
        ``"auto"``, ``"pad"``, ``"unk"``, ``"space"``, ``"mean"``, or the text of one token. ``"auto"`` is the first of these
        that exists and neither begins nor ends a turn or a text: a padding token of its own, a space, the unknown token, the
        mean.
    pad : int
        The id of the padding token, or of the one that serves as such.
    ends : collection of int
        The ids of the tokens that end a turn.

    Raises
    ------
    SettingsError
        If the tokenizer has no such token, or the text is not a single one.
    """
    named = {"pad": pad, "unk": tokenizer.unk_token_id, "space": _space(tokenizer)}
    if choice == "auto":
        chosen = [("space", named["space"]), ("unk", named["unk"])]
        if pad != tokenizer.unk_token_id:
            chosen.insert(0, ("pad", pad))
        made = (_made(tokenizer, name, token, ends) for name, token in chosen if isinstance(token, int))
        return next((each for each in made if not each.role), Baseline(MEAN))
    if choice == "mean":
        return Baseline(MEAN)
    token = named[choice] if choice in named else _single(tokenizer, choice)
    if not isinstance(token, int):
        raise SettingsError(f'The tokenizer has no token for `baseline="{choice}"`; use `baseline="auto"`.')
    return _made(tokenizer, choice, token, ends)


def mean_embedding(embedding: nn.Module, count: int) -> Float[Tensor, " embed"]:
    """Return the mean of what an embedding layer returns for the tokens below ``count``, in float32."""
    device = next(embedding.parameters()).device
    with torch.no_grad():
        parts = [
            embedding(torch.arange(start, min(start + _MEAN_ROWS, count), device=device)).float().sum(0)
            for start in range(0, count, _MEAN_ROWS)
        ]
    return torch.stack(parts).sum(0) / count


def _made(tokenizer: PreTrainedTokenizerBase, choice: str, token: int, ends: Collection[int]) -> Baseline:
    text = str(tokenizer.convert_ids_to_tokens(token))
    return Baseline(" " if choice == "space" else text, token, _role(tokenizer, token, text, ends))


def _role(tokenizer: PreTrainedTokenizerBase, token: int, text: str, ends: Collection[int]) -> str:
    roles = {
        "ends a turn": token in ends,
        "ends a text": token == tokenizer.eos_token_id,
        "begins a text": token == tokenizer.bos_token_id,
        "separates texts": text in _DOCUMENT,
    }
    return next((role for role, applies in roles.items() if applies), "")


def _space(tokenizer: PreTrainedTokenizerBase) -> int | None:
    vocabulary = tokenizer.get_vocab()
    return next((vocabulary[text] for text in SPACES if text in vocabulary), None)


def _single(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    ids = tokenizer.encode(text, add_special_tokens=False)
    found = ids[0] if len(ids) == 1 else tokenizer.get_vocab().get(text)
    if found is None:
        raise SettingsError(
            f"`baseline={text!r}` is {len(ids)} tokens of this model, not one; write the text of a single token, or one of: "
            f"auto, pad, unk, space, mean."
        )
    return int(found)
