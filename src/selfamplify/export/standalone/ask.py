"""Asks questions with the prompt beside this file, on any server that speaks OpenAI's interface. Written by selfamplify.

    python ask.py "a question"                      one question, with its choices as the prompt writes them
    python ask.py --file questions.jsonl            many; prints the accuracy if the file has the answers

Needs Python 3.10 and httpx, or its successor httpx2 (pip install httpx). The environment
variable OPENAI_BASE_URL has the server, such as http://localhost:8000/v1, and OPENAI_API_KEY its key, if it needs one.
The prompt is messages.json, for the chat interface, or prompt.txt, a text for the completions interface. Lines of a file need a
question only; choices are then read from it as from a question of the command line. An answer is a choice's label or text.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

try:
    import httpx
except ImportError:
    try:
        import httpx2 as httpx
    except ImportError:
        raise SystemExit("error: ask.py needs httpx; install it with: pip install httpx") from None

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from prompting import Prompt  # noqa: E402

_TRIES, _TIMEOUT, _LONGEST_WAIT = 5, 300.0, 60.0


def request(prompt: Prompt, text: str) -> tuple[str, dict[str, Any]]:
    """What is asked, below the server's address, and the body that asks a question."""
    settings = {name: prompt.settings[name] for name in ("model", "temperature", "max_tokens")}
    if not isinstance(prompt.turns, str):
        return "chat/completions", settings | {"messages": prompt.messages(text)}
    stop = {"stop": prompt.settings["stop"]} if prompt.settings["stop"] else {}
    return "completions", settings | stop | {"prompt": prompt.text(text), "add_special_tokens": False}


def post(client: httpx.Client, place: str, body: dict[str, Any]) -> str:
    """The reply to a request; a server that is busy or breaks off is asked again."""
    wait, failed = 0.0, ""
    for attempt in range(_TRIES):
        time.sleep(wait)
        wait = 0.5 * 2**attempt
        try:
            answer = client.post(place, json=body)
        except httpx.TransportError as error:
            failed = f"no answer from {client.base_url} ({error}); check the server and OPENAI_BASE_URL."
            continue
        if answer.status_code < 400:
            return said(answer)
        if answer.status_code < 500 and answer.status_code not in (408, 429):
            lacks_path = answer.status_code == 404 and client.base_url.path == "/"
            meant = f"; OPENAI_BASE_URL usually ends in /v1: {client.base_url}v1" if lacks_path else ""
            raise SystemExit(f"error: the server refuses the request ({answer.status_code}): {answer.text[:300]}{meant}")
        failed = f"{client.base_url} failed {_TRIES} times, last with status {answer.status_code}: {answer.text[:300]}"
        wait = max(wait, wanted_wait(answer))
    raise SystemExit(f"error: {failed}")


def wanted_wait(answer: httpx.Response) -> float:
    """How many seconds a busy server asks to wait, or until which time; 0 if it says neither, and a minute at most."""
    wanted = answer.headers.get("Retry-After", "")
    try:
        seconds = float(wanted)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(wanted).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(_LONGEST_WAIT, max(0.0, seconds))


def said(answer: httpx.Response) -> str:
    """What the model wrote."""
    try:
        choice = answer.json()["choices"][0]
        return (choice["message"].get("content") if "message" in choice else choice["text"]) or ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise SystemExit(f"error: the server's answer has no reply in it: {answer.text[:300]}") from None


def answered(prompt: Prompt, client: httpx.Client, asked: list[dict[str, Any]], at_once: int) -> Iterator[dict[str, Any]]:
    """Each question with its reply and the label that it names, in order."""

    def one(row: dict[str, Any]) -> dict[str, Any]:
        reply = post(client, *request(prompt, row["question"]))
        return row | {"reply": reply, "label": prompt.label(reply, row)}

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(one, asked)


def main() -> None:
    """Ask one question, or those of a file."""
    parser = argparse.ArgumentParser(description="Asks questions with the prompt beside this file.")
    parser.add_argument("question", nargs="?", help="a question, with its choices as the prompt writes them")
    parser.add_argument("--file", type=Path, help="questions as JSON lines, such as questions.jsonl")
    parser.add_argument("--model", help="what the server calls the model")
    parser.add_argument("--limit", type=int, help="ask only the first so many questions")
    parser.add_argument("--at-once", type=int, default=8, help="requests in flight (default: 8)")
    parser.add_argument("--out", type=Path, help="write the replies and labels here, as JSON lines")
    chosen = parser.parse_args()
    if (chosen.question is None) == (chosen.file is None):
        parser.error("give either a question or --file")
    if chosen.question is not None and not chosen.question.strip():
        parser.error("the question is empty")
    prompt = Prompt.of(HERE)
    if chosen.model:
        prompt = replace(prompt, settings=prompt.settings | {"model": chosen.model})
    try:
        asked = prompt.rows(chosen.file, chosen.limit) if chosen.file else [prompt.row(chosen.question)]
    except OSError as error:
        raise SystemExit(f"error: {chosen.file} can't be read ({error.strerror}); give a file of questions.") from None
    except UnicodeDecodeError:
        raise SystemExit(f"error: {chosen.file} is not UTF-8; save it in that encoding.") from None
    except ValueError as error:
        raise SystemExit(f"error: {chosen.file}: {error}.") from None
    key = os.environ.get("OPENAI_API_KEY", "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = os.environ.get("OPENAI_BASE_URL", "")
    if not address:
        raise SystemExit(
            "error: no server is named; set OPENAI_BASE_URL, as in: export OPENAI_BASE_URL=http://localhost:8000/v1 "
            "(OpenAI's own: https://api.openai.com/v1)"
        )
    with httpx.Client(base_url=address.rstrip("/") + "/", headers=headers, timeout=_TIMEOUT) as client:
        found = []
        for row in answered(prompt, client, asked, chosen.at_once):
            found.append(row)
            if chosen.file is None:
                print(f"{row['reply']}\n\nlabel: {prompt.called(row['label'])}")
    if chosen.out:
        chosen.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
    judged = [row for row in found if row.get("answer") is not None]
    if judged:
        right, unread = sum(row["label"] == row["answer"] for row in judged), sum(row["label"] is None for row in judged)
        print(f"{right} of {len(judged)} right ({right / len(judged):.1%}); {unread} without a label")


if __name__ == "__main__":
    main()
