"""Coverage-guided fuzzing of what reads the data, replies and chat templates of others; see README.md."""
