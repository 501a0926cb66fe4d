"""The embedded default model: weights, tokenizer and card, as ``training/`` made them. Holds no code."""
