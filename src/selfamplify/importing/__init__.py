"""Prompts of other tools: what a file holds, and the same prompt as one of ours."""
