"""Answering (section 3.4): the questions asked behind a prompt, and the labels read from the responses."""
