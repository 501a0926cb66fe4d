"""Explaining any answer to any chat prompt: which words make a model give it. No task is needed."""
