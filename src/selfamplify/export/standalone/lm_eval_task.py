"""What selfamplify.yaml refers to: the questions, the shots, and how a reply is judged. Written by selfamplify."""

import sys
from pathlib import Path
from typing import Any

import datasets

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from prompting import Prompt  # noqa: E402

PROMPT = Prompt.of(HERE)


def document(row: dict[str, Any]) -> dict[str, Any]:
    """A question as the harness has it: fields that it uses as they are, since templates would be rendered."""
    turns = PROMPT.messages(row["question"])
    system = turns[0]["content"] if turns[0]["role"] == "system" else ""
    begun = turns.pop()["content"] if turns[-1]["role"] == "assistant" else ""
    asked = {"question": turns[-1]["content"], "system": system, "prefill": begun, "reply": ""}
    return {"id": row["id"], "choices": row["choices"], "answer": row["answer"]} | asked


def documents(file: str = "questions.jsonl", **_: Any) -> dict[str, datasets.Dataset]:
    """The questions of a file in this folder."""
    return {"test": datasets.Dataset.from_list([document(row) for row in PROMPT.rows(HERE / file)])}


def shots() -> list[dict[str, Any]]:
    """The turns before the question, in pairs; the first one begins with the instruction."""
    turns = [turn["content"] for turn in PROMPT.messages("") if turn["role"] != "system"]
    count = (len(turns) - 1) // 2  # a last turn of the assistant, which is a prefill, has no pair of its own
    pairs = zip(turns[: 2 * count : 2], turns[1 : 2 * count : 2], strict=True)
    return [{"question": asked, "reply": said, "prefill": ""} for asked, said in pairs]


def judged(doc: dict[str, Any], results: list[str | None]) -> dict[str, float]:
    """Whether a reply names the true label (acc), and whether it names none (unparsed)."""
    label = PROMPT.label(results[0], doc)
    return {"acc": float(label == doc["answer"]), "unparsed": float(label is None)}
