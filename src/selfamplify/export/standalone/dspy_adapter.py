"""The prompt in this folder as a DSPy module that sends exactly its turns. Written by selfamplify.

from adapter import Answer
dspy.configure(lm=dspy.LM("openai/MODEL", api_base="http://localhost:8000/v1", api_key="none"))
Answer()(question="a question, with its choices as the prompt writes them")

python adapter.py "a question"      asks one question; OPENAI_BASE_URL and OPENAI_API_KEY are the server's
python adapter.py                   evaluates on questions.jsonl, or on another file (--file)
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from prompting import Prompt  # noqa: E402


class Turns(dspy.Adapter):
    """Sends the turns of a prompt in place of DSPy's own, and takes the whole reply as the output field."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__()
        self.prompt = prompt

    def format(self, signature: Any, demos: list[dict[str, Any]], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """The turns that ask a question; demos are left out, since the prompt has its own."""
        return self.prompt.messages(inputs["question"])

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """The reply; which label it names depends on the choices, which an adapter does not know here."""
        return dict.fromkeys(signature.output_fields, completion)


class Answer(dspy.Module):
    """Answers a question by the prompt of a folder."""

    def __init__(self, folder: Path = HERE) -> None:
        super().__init__()
        self.prompt = Prompt.of(folder)
        self.adapter = Turns(self.prompt)
        how = {name: self.prompt.settings[name] for name in ("temperature", "max_tokens")}
        self.ask = dspy.Predict("question -> reply", **how)

    def forward(self, question: str, choices: list[dict[str, str]] | None = None) -> dspy.Prediction:
        """Its ``reply``, the ``answer`` that this names (the label of a choice, or None), and the ``text`` of that choice.

        Choices are ``{"label": …, "text": …}``; without them, those are taken that the question's text lists.
        """
        row = self.prompt.row(question) if choices is None else {"question": question, "choices": choices}
        try:
            with dspy.context(adapter=self.adapter):
                reply = self.ask(question=question).reply
        except AdapterParseError:  # the model said nothing
            reply = ""
        label = self.prompt.label(reply, row)
        text = next((choice["text"] for choice in row["choices"] if choice["label"] == label), None)
        return dspy.Prediction(reply=reply, answer=label, text=text)

    def examples(self, file: Path, limit: int | None = None) -> list[dspy.Example]:
        """The questions of a file, such as questions.jsonl."""
        return [dspy.Example(**row).with_inputs("question", "choices") for row in self.prompt.rows(file, limit)]


def right(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> bool:
    """Whether the label is the true one: a metric for DSPy."""
    return example.answer == prediction.answer


def main() -> None:
    """Ask one question, or evaluate on a file of questions."""
    parser = argparse.ArgumentParser(description="Asks one question through DSPy, or those of a file, and prints the accuracy.")
    parser.add_argument("question", nargs="?", help="a question, with its choices as the prompt writes them")
    parser.add_argument("--model", help="what the server calls the model")
    parser.add_argument("--file", type=Path, default=HERE / "questions.jsonl", help="default: questions.jsonl in this folder")
    parser.add_argument("--limit", type=int, help="ask only the first so many questions")
    chosen = parser.parse_args()
    server = os.environ.get("OPENAI_BASE_URL")
    if not server:
        parser.error(
            "no server is named; set OPENAI_BASE_URL, as in: export OPENAI_BASE_URL=http://localhost:8000/v1 "
            "(OpenAI's own: https://api.openai.com/v1)"
        )
    answer = Answer()
    model, key = chosen.model or answer.prompt.settings["model"], os.environ.get("OPENAI_API_KEY") or "none"
    dspy.configure(lm=dspy.LM(f"openai/{model}", api_base=server, api_key=key, cache=False))
    if chosen.question:
        found = answer(question=chosen.question)
        print(f"{found.reply}\n\nlabel: {found.answer or 'none'}")
        return
    asked = answer.examples(chosen.file, chosen.limit)
    results = dspy.Evaluate(devset=asked, metric=right, num_threads=8, max_errors=1)(answer).results
    count, unread = sum(bool(score) for *_, score in results), sum(found.answer is None for _, found, _ in results)
    print(f"{count} of {len(asked)} right ({count / len(asked):.1%}); {unread} without a label")


if __name__ == "__main__":
    main()
