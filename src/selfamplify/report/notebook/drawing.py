"""Which function draws each kind of record in a notebook."""

from markupsafe import Markup

from ...evaluation.result import Result
from ...prompting.prompt import Prompt
from ...records import DecisiveWords, NamedWords, Question, ScoredPairs, ScoredWords, Shot, WrittenText
from ...runs.table import Table
from ...tasks.task import Task
from .explanations import explanation
from .prompts import prompt, shot
from .questions import question, task
from .results import result, table


def drawn(record: object) -> str:
    """The HTML of a record. Raises TypeError for a kind that has none."""
    return str(_drawn(record))


def _drawn(record: object) -> Markup:
    match record:
        case Question():
            return question(record)
        case Task():
            return task(record)
        case ScoredWords() | ScoredPairs() | DecisiveWords() | NamedWords() | WrittenText():
            return explanation(record)
        case Shot():
            return shot(record)
        case Prompt():
            return prompt(record)
        case Result():
            return result(record)
        case Table():
            return table(record)
    raise TypeError(f"{type(record).__name__} has no drawing")
