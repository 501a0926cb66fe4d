"""Tasks: labelled questions, split into a pool to take shots from and questions to test on."""
