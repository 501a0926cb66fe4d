"""What a loss of power may leave of a folder: a recorder of changes (C), and the states that they may end in (Python)."""
