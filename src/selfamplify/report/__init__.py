"""What a person sees: tables, coloured words, progress."""

from .catalogue import catalogue
from .progress import terminal_progress
from .responses import responses_side_by_side
from .tables import comparison_table
from .words import attribution_table, coloured_question, explanation_table
from .worked import worked_question

__all__ = [
    "attribution_table",
    "catalogue",
    "coloured_question",
    "comparison_table",
    "explanation_table",
    "responses_side_by_side",
    "terminal_progress",
    "worked_question",
]
