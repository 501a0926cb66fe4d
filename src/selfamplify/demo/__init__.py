"""The embedded default model, as ``training/`` made it, with its card; and reviews to try other models on. Holds no code."""
