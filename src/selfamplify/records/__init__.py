"""The records that flow forward, from a question to its judged answer.

Every record is frozen and holds plain data, so that it can be hashed, compared, and written as JSON. A record knows nothing of
models, files or tokens. A record that contradicts itself can't be made: it raises DataError.
"""

from .asked import Asked
from .chats import Chat, Decoding, Encoded, Generation, Message, NextToken
from .choices import AnswerStyle, Choice, Offered
from .explanations import DecisiveWords, Explanation, NamedWords, WrittenText
from .histories import Edit, Evidence, Imported, QuickCheck, Rival
from .layouts import Layout
from .prompts import Provenance, Shot, Usefulness
from .questions import Attributed, Counts, Prediction, Question, Verdict
from .responses import Outcome, Response
from .scored import Baseline, Cost, ScoredPairs, ScoredWords, Value

__all__ = [
    "AnswerStyle",
    "Asked",
    "Attributed",
    "Baseline",
    "Chat",
    "Choice",
    "Cost",
    "Counts",
    "DecisiveWords",
    "Decoding",
    "Edit",
    "Encoded",
    "Evidence",
    "Explanation",
    "Generation",
    "Imported",
    "Layout",
    "Message",
    "NamedWords",
    "NextToken",
    "Offered",
    "Outcome",
    "Prediction",
    "Provenance",
    "Question",
    "QuickCheck",
    "Response",
    "Rival",
    "ScoredPairs",
    "ScoredWords",
    "Shot",
    "Usefulness",
    "Value",
    "Verdict",
    "WrittenText",
]
