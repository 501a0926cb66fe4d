"""Repeating the road over a grid, and remembering what was done."""

from .build import build
from .compare import compare
from .measure import measure
from .plan import PRESETS, Cell, Plan, preset
from .results import Row, Table, load_responses
from .store import Store

__all__ = ["PRESETS", "Cell", "Plan", "Row", "Store", "Table", "build", "compare", "load_responses", "measure", "preset"]
