"""Makes the embedded model: tokenizer, curriculum, trainer. A development tool, not part of the installed package."""
