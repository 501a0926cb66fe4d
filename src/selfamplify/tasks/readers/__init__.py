"""From files and the hub to rows, and from rows to questions."""
