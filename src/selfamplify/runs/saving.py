"""From answered cells to responses.jsonl."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..text.files import write_whole
from ..text.lines import sha256
from .responses import FILE_NAME
from .rows import Finished


def save_responses(folder: Path, finished: Sequence[Finished], name: str = FILE_NAME) -> str:
    """Write responses.jsonl, or a file of another name; returns the digest of its text."""
    lines: list[dict[str, object]] = []
    for item in finished:
        judged = zip(item.result.questions, item.result.responses, item.result.outcomes, strict=True)
        for question, response, outcome in judged:
            line: dict[str, object] = {
                "cell": str(item.cell),
                "question": question.render(),
                **asdict(outcome),
                "text": response.text,
            }
            if response.log_probabilities:
                line["log_probabilities"] = response.log_probabilities
            if response.votes:
                line |= {"votes": response.votes, "unparsed_votes": response.unparsed_votes}
            if question.answer_style == "label":
                line["names"] = dict(zip(question.labels, question.answers, strict=True))
            lines.append(line)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_whole(folder / name, text)
    return sha256(text)
