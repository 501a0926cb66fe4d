"""Tasks that need no data: questions about a small invented world, with the words that decide each answer."""
