"""A folder in the layout of a data set on the Hugging Face hub: https://huggingface.co/docs/hub/datasets-cards."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, final

from ..prompting.prompt_file import FILE_NAME
from ..text.lines import counted
from .bundle import lines
from .exporter import AbstractExporter, Export, Messages

CARD = "README.md"
MESSAGES, SHOTS, QUESTIONS = "messages", "shots", "questions"
"""The parts of the data set, which users name when they load it."""


@final
@dataclass(frozen=True)
class Card(AbstractExporter):
    """README.md with a data set card, prompt.json, and the turns, shots and questions as JSON lines in data/."""

    name: ClassVar[str] = "card"
    package: ClassVar[str | None] = "datasets"

    def files(self, export: Export) -> dict[str, str]:
        data = {MESSAGES: lines(export.messages(export.slot)), SHOTS: lines(_shots(export))}
        data |= {QUESTIONS: lines(export.rows)} if export.questions else {}
        data = {name: content for name, content in data.items() if content}
        return {
            CARD: _card(export, list(data)),
            FILE_NAME: export.prompt.as_json(),
            **{f"data/{name}.jsonl": content for name, content in data.items()},
        }

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return [f"hf upload {export.title} {quote(str(folder))} --repo-type dataset --private"]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        with TemporaryDirectory() as cache:
            rows = import_module("datasets").load_dataset(str(folder), MESSAGES, split="train", cache_dir=cache).to_list()
        last = max(place for place, turn in enumerate(rows) if turn["role"] == "user")
        asked = rows[last]["content"]
        return [
            [*rows[:last], {"role": "user", "content": asked.replace(export.slot, text)}, *rows[last + 1 :]] for text in texts
        ]


def _shots(export: Export) -> list[dict[str, Any]]:
    prompt = export.prompt
    return [
        {
            "id": shot.question.id,
            "question": prompt.shown(shot.question),
            "choices": [asdict(choice) for choice in shot.question.choices],
            "answer": shot.question.answer,
            "reply": shot.reply,
        }
        for shot in prompt.shots
    ]


def _card(export: Export, parts: Sequence[str]) -> str:
    """README.md: the front matter that the hub reads, and what a person wants to know."""
    header = import_module("huggingface_hub").DatasetCardData(
        pretty_name=export.title,
        tags=["few-shot", "prompt", "rationales", "selfamplify"],
        task_categories=["text-classification" if export.prompt.answer_style == "label" else "multiple-choice"],
        configs=[
            {"config_name": part, "data_files": [{"split": _split(part), "path": f"data/{part}.jsonl"}]}
            | ({"default": True} if part == MESSAGES else {})
            for part in parts
        ],
    )
    sections = {
        "How it was made": _made(export),
        "How well it does": _evidence(export),
        "The prompt": _fenced("\n\n".join(f"{turn['role']}: {turn['content']}" for turn in export.messages(export.slot))),
        "How to use it": _use(export, parts),
    }
    body = "\n".join(f"## {title}\n\n{text}\n" for title, text in sections.items())
    shots = counted(len(export.prompt.shots), "shot")
    opening = f"A prompt of chat turns with {shots}, written by selfamplify. {_cell(export.slot)} stands for the question."
    return f"---\n{header.to_yaml()}\n---\n\n# {export.title}\n\n{opening}\n\n{body}"


def _split(part: str) -> str:
    return "test" if part == QUESTIONS else "train"


def _made(export: Export) -> str:
    """A table of the provenance."""
    made, decoding = export.prompt.provenance, export.prompt.decoding
    rows = {"method": export.prompt.method}
    if made:
        counts = f"{made.counts.asked} asked: {made.counts.success} right, {made.counts.error} wrong"
        rows |= {"explainer": made.engine or made.explainer or "none", "task": made.task, "model": made.model}
        rows |= {"selection": f"{made.selection} ({counts})", "seed": str(made.seed), "selfamplify": made.selfamplify}
    temperature = export.settings["temperature"]
    rows |= {
        "decoding": f"temperature {temperature}, {decoding.max_new_tokens} tokens at most",
        "SHA-256": export.prompt.digest(),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in rows.items())])


def _evidence(export: Export) -> str:
    """What was measured, if the prompt carries it."""
    found = export.prompt.evidence
    if found is None:
        return "The prompt carries no measurement of its accuracy; `selfamplify evaluate` measures it."
    return (
        f"{found.accuracy:.1%} of {counted(found.test_questions, 'test question')} right (95 % interval {found.low:.1%} to "
        f"{found.high:.1%}). It was chosen among {counted(found.arms, 'candidate')} by {found.validation_questions} other "
        f"questions.\n\n"
        f"{_fenced(found.conclusion)}"
    )


def _use(export: Export, parts: Sequence[str]) -> str:
    """Code that loads the parts, and asks."""
    loaded = "\n".join(f'{part} = load_dataset("USER/{export.title}", "{part}", split="{_split(part)}")' for part in parts)
    asked = f'turns = [turn | {{"content": turn["content"].replace({export.slot!r}, question)}} for turn in {MESSAGES}]'
    code = f"from datasets import load_dataset\n\n{loaded}\nquestion = ...\n{asked}"
    return (
        f"```python\n{code}\n```\n\nReplies are read by the label that they name: "
        f"{', '.join(f'{label} is {name}' for label, name in map(_cells, export.prompt.label_map.items()))}. "
        f"`selfamplify.Prompt.load` reads {FILE_NAME}, which has everything."
    )


def _cells(pair: tuple[str, str]) -> tuple[str, str]:
    return _cell(pair[0]), _cell(pair[1])


def _cell(text: str) -> str:
    """A text as code in a table."""
    plain = re.sub(r"[`|\s]+", " ", text)
    return f"`{plain}`"


def _fenced(text: str) -> str:
    """A text between fences that are longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
