"""From a file to rows: formats, encodings, separators, headers."""
