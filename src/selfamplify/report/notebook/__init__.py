"""What a notebook shows of tasks, questions, explanations, prompts and results: HTML without scripts or style sheets."""
