"""Files for other programs: one writer per kind, each a function of a finished table or of its answers."""
