"""Answering (section 3.4): the questions asked after a prompt, and the labels read from the responses."""
