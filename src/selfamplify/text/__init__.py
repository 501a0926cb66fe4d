"""Words, keywords and lines of text: nothing here knows a model."""
