"""A model behind OpenAI-compatible servers."""
