"""Asks questions by the prompt in messages.json, on any server that speaks OpenAI's chat interface. Written by selfamplify.

    python ask.py "a question"                      one question, with its choices as the prompt writes them
    python ask.py --file questions.jsonl            many; prints the accuracy if the file has the answers

Needs Python 3.10 and httpx, or its successor httpx2 (pip install httpx). The environment
variable OPENAI_BASE_URL has the server, such as http://localhost:8000/v1 (default: OpenAI's own), and OPENAI_API_KEY its key.
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

    chat: list[dict[str, str]]
    settings: dict[str, Any]

    @staticmethod
    def of(folder: Path) -> "Asker":
        """What the files of a folder say."""
        chat, settings = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in ("messages.json", "settings.json")
        )
        return Asker(chat, settings)

    def messages(self, text: str) -> list[dict[str, str]]:
        """The turns that ask a question; its text takes the place of the slot in the last turn of the user."""
        last = max(place for place, turn in enumerate(self.chat) if turn["role"] == "user")
        asked = self.chat[last] | {"content": self.chat[last]["content"].replace(self.settings["slot"], text)}
        return [*self.chat[:last], asked, *self.chat[last + 1 :]]

    def body(self, text: str) -> dict[str, Any]:
        """The request of a question."""
        settings = {name: self.settings[name] for name in ("model", "temperature", "max_tokens")}
        return settings | {"messages": self.messages(text)}

    def row(self, text: str) -> dict[str, Any]:
        """A question of the command line: its choices are the prompt's labels, or those written as (A) … (B) … or - … lines."""
        style, labels = self.settings["answer_style"], self.settings["labels"]
        if style == "label":
            choices = list(labels.items())
        elif style == "letter":
            choices = re.findall(r"\((\w{1,2})\) (.*?)(?= \(\w{1,2}\) |\Z)", text, re.DOTALL)
        else:
            choices = [(chr(ord("A") + place), each) for place, each in enumerate(re.findall(r"^- (.+)$", text, re.MULTILINE))]
        return {"question": text, "choices": [{"label": label, "text": said} for label, said in choices]}


def post(client: httpx.Client, body: dict[str, Any]) -> str:
    """The reply to a request; a server that is busy or breaks off is asked again."""
    for attempt in range(_TRIES):
        try:
            answer = client.post("chat/completions", json=body)
        except httpx.TransportError as error:
            if attempt == _TRIES - 1:
                raise SystemExit(f"error: {client.base_url} does not answer ({error}); set OPENAI_BASE_URL.") from None
        else:
            if answer.status_code < 400:
                return answer.json()["choices"][0]["message"].get("content") or ""
            if answer.status_code < 500 and answer.status_code not in (408, 429):
                raise SystemExit(f"error: the server refuses the request ({answer.status_code}): {answer.text[:300]}")
        time.sleep(min(30.0, 0.5 * 2**attempt))
    raise SystemExit(f"error: {client.base_url} does not answer after {_TRIES} tries.")


def answered(asker: Asker, client: httpx.Client, rows: list[dict[str, Any]], at_once: int) -> Iterator[dict[str, Any]]:
    """Each question with its reply and the label that it names, in order."""

    def one(row: dict[str, Any]) -> dict[str, Any]:
        reply = post(client, asker.body(row["question"]))
        return row | {"reply": reply, "label": label(reply, row, asker.settings)}

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(one, rows)


def main() -> None:
    """Ask one question, or those of a file."""
    parser = argparse.ArgumentParser(description="Asks questions by the prompt in messages.json.")
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
        asker = Asker(asker.chat, asker.settings | {"model": chosen.model})
    lines = chosen.file.read_text(encoding="utf-8").splitlines() if chosen.file else []
    rows = [json.loads(line) for line in lines if line.strip()][: chosen.limit] if chosen.file else [asker.row(chosen.question)]
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
