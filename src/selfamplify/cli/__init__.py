"""The command line: parses, calls, prints."""

from .app import main as main
