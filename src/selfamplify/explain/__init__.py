"""Step 2 (section 3.3): why the answer of a question is y. One explainer per file."""
