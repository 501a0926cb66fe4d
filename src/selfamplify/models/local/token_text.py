"""The text of a single token."""

from transformers import PreTrainedTokenizerBase

SPACES = ("▁", "Ġ", " ")
"""How vocabularies write a space: SentencePiece's, those of bytes, and those of plain characters."""


def token_text(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """Return the text of a token as it stands within a text: SentencePiece decodes a first word without the space before it."""
    text = str(tokenizer.decode([token]))
    spaced = str(tokenizer.convert_ids_to_tokens(token)).startswith(SPACES)
    return f" {text.lstrip(' ')}" if spaced else text
