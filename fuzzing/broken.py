"""What a target raises when a promise is broken."""


class Broken(AssertionError):
    """Something was accepted, shown or done that must not be."""
