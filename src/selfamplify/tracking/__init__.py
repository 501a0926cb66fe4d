"""Finished runs in trackers of experiments: a tracker per file."""
