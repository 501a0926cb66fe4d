"""How a prompt asks and how its shots answer: a format per file."""
