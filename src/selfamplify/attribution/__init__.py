"""Which words of any chat prompt make a model give any answer: the explainers without a task."""
