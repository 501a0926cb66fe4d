"""The command line: parses, calls, prints, and translates errors into options."""

from .app import main as main
