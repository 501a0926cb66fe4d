"""The error that says why a row can't be used."""


class BadRow(ValueError):
    """Why one row can't be used."""
