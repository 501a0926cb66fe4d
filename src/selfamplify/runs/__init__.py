"""Run folders: building, evaluating and comparing prompts so that nothing is lost."""
