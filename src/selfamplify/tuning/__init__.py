"""Which prompt is best for a model and its questions."""
