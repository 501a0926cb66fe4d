"""What a person sees: tables, coloured words, progress."""
