"""``selfamplify list``: every name that the other commands take."""

from typing import Annotated

import typer

import selfamplify

from .screen import print_json, say


def listing(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead: each kind, name and summary.")] = False,
) -> None:
    """List the names of all models, tasks, explainers, selections, competitors, presets, profiles, trackers and
    exporters."""
    catalogue = selfamplify.catalogue()
    if as_json:
        print_json(catalogue)
        return
    for kind, entries in catalogue.items():
        say(kind, "bold")
        for name, summary in entries.items():
            say(f"  {name:<24} {summary}")
