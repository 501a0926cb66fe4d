"""The prompt in this folder as a task of Inspect: inspect eval task.py. Written by selfamplify."""

import sys
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, GenerateConfig
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from prompting import Prompt  # noqa: E402

PROMPT = Prompt.of(HERE)
ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


@task
def selfamplify(questions: str = "questions.jsonl") -> Task:
    """The questions of a file in this folder, asked by the prompt."""
    return Task(
        dataset=MemoryDataset([sample(row) for row in PROMPT.rows(HERE / questions)]),
        solver=generate(),
        scorer=named_label(),
        config=GenerateConfig(temperature=PROMPT.settings["temperature"], max_tokens=PROMPT.settings["max_tokens"]),
    )


def sample(row: dict[str, Any]) -> Sample:
    """A question: all turns, and its true label."""
    turns: list[ChatMessage] = [ROLES[turn["role"]](content=turn["content"]) for turn in PROMPT.messages(row["question"])]
    return Sample(id=row["id"], input=turns, target=row["answer"], metadata={"choices": row["choices"]})


@scorer(metrics=[accuracy(), stderr()])
def named_label() -> Scorer:
    """Whether a reply names the true label."""

    async def score(state: TaskState, target: Target) -> Score:
        reply = state.output.completion
        label = PROMPT.label(reply, {"choices": state.metadata["choices"]})
        return Score(value=CORRECT if label == target.text else INCORRECT, answer=label or "none", explanation=reply)

    return score
