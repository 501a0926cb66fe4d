"""Readers: from files and the Hugging Face hub to rows, and from rows to questions."""
