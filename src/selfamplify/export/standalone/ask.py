"""Asks questions by the prompt beside this file, on any server that speaks OpenAI's interface. Written by selfamplify.

    python ask.py "a question"                      one question, with its choices as the prompt writes them
    python ask.py --file questions.jsonl            many; prints the accuracy if the file has the answers

Needs Python 3.10 and httpx, or its successor httpx2 (pip install httpx). The environment
variable OPENAI_BASE_URL has the server, such as http://localhost:8000/v1 (default: OpenAI's own), and OPENAI_API_KEY its key.
The prompt is messages.json, for the chat interface, or prompt.txt, a text for the completions interface. Lines of a file need a
question only; choices are then read from it as from a question of the command line.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import httpx
except ImportError:
    import httpx2 as httpx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from reading import label  # noqa: E402

_TRIES, _TIMEOUT = 5, 300.0


@dataclass(frozen=True)
class Asker:
    """The prompt, and how replies are made and read."""

    prompt: list[dict[str, str]] | str
    settings: dict[str, Any]

    @staticmethod
    def of(folder: Path) -> "Asker":
        """What the files of a folder say."""
        settings, text = json.loads((folder / "settings.json").read_text(encoding="utf-8")), folder / "prompt.txt"
        if text.is_file():
            return Asker(text.read_bytes().decode(), settings)  # read_text would change the ends of lines
        return Asker(json.loads((folder / "messages.json").read_text(encoding="utf-8")), settings)

    @property
    def place(self) -> str:
        """What is asked, below the server's address."""
        return "completions" if isinstance(self.prompt, str) else "chat/completions"

    def text(self, text: str) -> str:
        """The text that asks a question, which takes the place of the slot."""
        return str(self.prompt).replace(self.settings["slot"], text)

    def messages(self, text: str) -> list[dict[str, str]]:
        """The turns that ask a question; its text takes the place of the slot in the last turn of the user."""
        turns: Any = self.prompt
        last = max(place for place, turn in enumerate(turns) if turn["role"] == "user")
        asked = turns[last] | {"content": turns[last]["content"].replace(self.settings["slot"], text)}
        return [*turns[:last], asked, *turns[last + 1 :]]

    def body(self, text: str) -> dict[str, Any]:
        """The request of a question."""
        settings = {name: self.settings[name] for name in ("model", "temperature", "max_tokens")}
        if not isinstance(self.prompt, str):
            return settings | {"messages": self.messages(text)}
        stop = {"stop": self.settings["stop"]} if self.settings["stop"] else {}
        return settings | stop | {"prompt": self.text(text), "add_special_tokens": False}

    def row(self, text: str) -> dict[str, Any]:
        """A question of the command line: its choices are the prompt's labels, or those written as (A) … (B) … or - … lines."""
        style, labels = self.settings["answer_style"], self.settings["labels"]
        if style == "label":
            choices = list(labels.items())
        elif style == "letter":
            one = "|".join(map(re.escape, labels)) or r"\w{1,2}"
            choices = re.findall(rf"\(({one})\) (.*?)(?= \((?:{one})\) |\Z)", text, re.DOTALL)
        else:
            choices = [(chr(ord("A") + place), each) for place, each in enumerate(re.findall(r"^- (.+)$", text, re.MULTILINE))]
        return {"question": text, "choices": [{"label": label, "text": said} for label, said in choices]}


def post(client: httpx.Client, place: str, body: dict[str, Any]) -> str:
    """The reply to a request; a server that is busy or breaks off is asked again."""
    for attempt in range(_TRIES):
        try:
            answer = client.post(place, json=body)
        except httpx.TransportError as error:
            if attempt == _TRIES - 1:
                raise SystemExit(f"error: {client.base_url} does not answer ({error}); set OPENAI_BASE_URL.") from None
        else:
            if answer.status_code < 400:
                return said(answer)
            if answer.status_code < 500 and answer.status_code not in (408, 429):
                raise SystemExit(f"error: the server refuses the request ({answer.status_code}): {answer.text[:300]}")
        time.sleep(min(30.0, 0.5 * 2**attempt))
    raise SystemExit(f"error: {client.base_url} does not answer after {_TRIES} tries.")


def said(answer: httpx.Response) -> str:
    """What the model wrote."""
    try:
        choice = answer.json()["choices"][0]
        return (choice["message"].get("content") if "message" in choice else choice["text"]) or ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise SystemExit(f"error: the server's answer has no reply in it: {answer.text[:300]}") from None


def answered(asker: Asker, client: httpx.Client, rows: list[dict[str, Any]], at_once: int) -> Iterator[dict[str, Any]]:
    """Each question with its reply and the label that it names, in order."""

    def one(row: dict[str, Any]) -> dict[str, Any]:
        reply = post(client, asker.place, asker.body(row["question"]))
        return row | {"reply": reply, "label": label(reply, row, asker.settings)}

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(one, rows)


def read_rows(asker: Asker, file: Path, limit: int | None) -> list[dict[str, Any]]:
    """The questions of a file, which are the same whatever the ends of its lines are."""
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
    rows = [json.loads(line) for line in lines[:limit]]
    return [asker.row(row["question"]) | row for row in rows]


def main() -> None:
    """Ask one question, or those of a file."""
    parser = argparse.ArgumentParser(description="Asks questions by the prompt beside this file.")
    parser.add_argument("question", nargs="?", help="a question, with its choices as the prompt writes them")
    parser.add_argument("--file", type=Path, help="questions as JSON lines, such as questions.jsonl")
    parser.add_argument("--model", help="what the server calls the model")
    parser.add_argument("--limit", type=int, help="ask only the first so many questions")
    parser.add_argument("--at-once", type=int, default=8, help="requests in flight (default: 8)")
    parser.add_argument("--out", type=Path, help="write the replies and labels here, as JSON lines")
    chosen = parser.parse_args()
    if (chosen.question is None) == (chosen.file is None):
        parser.error("give a question, or --file")
    asker = Asker.of(HERE)
    if chosen.model:
        asker = Asker(asker.prompt, asker.settings | {"model": chosen.model})
    try:
        rows = read_rows(asker, chosen.file, chosen.limit) if chosen.file else [asker.row(chosen.question)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"{chosen.file} can't be read as JSON lines, each with a question ({error!r})")
    key = os.environ.get("OPENAI_API_KEY", "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    with httpx.Client(base_url=address.rstrip("/") + "/", headers=headers, timeout=_TIMEOUT) as client:
        found = []
        for row in answered(asker, client, rows, chosen.at_once):
            found.append(row)
            if chosen.file is None:
                print(f"{row['reply']}\n\nlabel: {row['label'] or 'none'}")
    if chosen.out:
        chosen.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
    judged = [row for row in found if "answer" in row]
    if judged:
        right, unread = sum(row["label"] == row["answer"] for row in judged), sum(row["label"] is None for row in judged)
        print(f"{right} of {len(judged)} right ({right / len(judged):.1%}); {unread} without a label")


if __name__ == "__main__":
    main()
