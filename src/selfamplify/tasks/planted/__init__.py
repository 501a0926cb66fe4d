"""Tasks that need no data: questions of a small invented world in which the deciding words are known."""
