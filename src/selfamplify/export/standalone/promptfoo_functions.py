"""What promptfooconfig.json refers to: the questions, the turns that ask them, and how a reply is judged.

Written by selfamplify. A test of your own has the variable ``question``, with the choices as the prompt writes them, and may
have ``answer``, the right one's label or text.
"""

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from prompting import Prompt  # noqa: E402

PROMPT = Prompt.of(HERE)


def questions(config: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """A test for each question: its number only, since promptfoo changes some texts in variables."""
    asked = PROMPT.rows(HERE / "questions.jsonl")
    return [{"description": row["question"], "vars": {"number": number}} for number, row in enumerate(asked)]


def row(variables: dict[str, Any]) -> dict[str, Any]:
    """The question of a test."""
    if "number" in variables:
        return PROMPT.rows(HERE / "questions.jsonl")[int(variables["number"])]
    return PROMPT.completed({"question": variables["question"], "answer": variables.get("answer") or None})


def messages(context: dict[str, Any]) -> list[dict[str, str]]:
    """The turns that ask the question of a test."""
    return PROMPT.messages(row(context["vars"])["question"])


def named_label(output: str, context: dict[str, Any]) -> dict[str, Any]:
    """Whether a reply names the true label; of a question without one, whether it names any."""
    asked = row(context["vars"])
    label = PROMPT.label(output, asked)
    right = label == asked["answer"] if "answer" in asked else label is not None
    return {"pass": right, "score": float(right), "reason": f"the reply names {label or 'no label'}"}
