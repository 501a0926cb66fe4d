"""An OpenAI-compatible endpoint that answers questions through a finished prompt, on the loaded model."""
