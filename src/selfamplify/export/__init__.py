"""Finished prompts for other tools: an exporter per file."""
