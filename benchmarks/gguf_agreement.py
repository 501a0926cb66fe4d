"""Whether a GGUF file is read as llama.cpp reads it: ``python -m benchmarks.gguf_agreement --sst2 FILE --arc FILE``.

Questions of SST-2 and ARC are put through the chat template. Compared with llama.cpp's server on the same file: the text of the
prompt (where the file has a template), its tokens, the most probable next token, and the log-probabilities of llama.cpp's five
best tokens. llama.cpp rounds the activations that it multiplies quantised weights by to 8 bits, so these differ a little. Needs
llama.cpp's program ``llama-server`` (``--llama-server PATH``); without it, the benchmark ends with a line that says so.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import httpx2

from selfamplify import LocalModel, Question, load_model, load_task
from selfamplify.models.local.chat import render
from selfamplify.models.local.origin import local_path
from selfamplify.prompting.chats import request
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Chat

from .machine import heading

_BEST = 5
_PATIENCE = 120.0


@dataclass(frozen=True)
class Agreement:
    """What was found for one prompt; ``apart`` is the largest difference of the five best log-probabilities, in nats."""

    text: bool | None
    tokens: bool
    best: bool
    apart: float
    length: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2", help="a GGUF file, or the name of one")
    parser.add_argument("--sst2", type=Path, required=True, help="a file of SST-2")
    parser.add_argument("--arc", type=Path, required=True, help="a file of ARC")
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--llama-server", default="llama-server")
    arguments = parser.parse_args()
    program = shutil.which(arguments.llama_server)
    if program is None:
        sys.exit(f"There is no {arguments.llama_server}; build llama.cpp's server, and give its path: --llama-server PATH")
    path, model = local_path(arguments.model), load_model(arguments.model, dtype="float32", device="cpu")
    half = arguments.prompts // 2
    asked = {
        "SST-2": [*load_task("file", arguments.sst2).test][:half],
        "ARC": [*load_task("arc_challenge", arguments.arc).test][: arguments.prompts - half],
    }
    print(
        f"{heading(1)}\n\n| {model.name} | prompts | tokens each | same text | same tokens | same best | apart, median | most |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with serving(program, str(path)) as client:
        for name, questions in asked.items():
            print(f"| {name} | {_row([_agreement(model, client, _chat(question)) for question in questions])} |", flush=True)


def _row(found: list[Agreement]) -> str:
    text = "no template" if found[0].text is None else f"{mean(bool(each.text) for each in found):.0%}"
    apart = [each.apart for each in found]
    return (
        f"{len(found)} | {mean(each.length for each in found):.0f} | {text} | {mean(each.tokens for each in found):.0%} | "
        f"{mean(each.best for each in found):.0%} | {median(apart):.3f} | {max(apart):.3f}"
    )


def _chat(question: Question) -> Chat:
    return request(OURS, OURS.answer_instruction(question.labels), question)


def _agreement(model: LocalModel, client: httpx2.Client, chat: Chat) -> Agreement:
    """One prompt, with our tokens given to both."""
    text, encoded = render(model.tokenizer, chat), model.encode(chat)
    ids = [*encoded.prefix, *encoded.suffix]
    turns = [{"role": turn.role, "content": turn.content} for turn in chat.messages]
    templated = _asked(client, "/apply-template", {"messages": turns})["prompt"] if model.tokenizer.chat_template else None
    tokens = _asked(client, "/tokenize", {"content": text, "add_special": False, "parse_special": True})["tokens"]
    body = {"prompt": ids, "n_predict": 1, "n_probs": _BEST, "temperature": 0.0, "cache_prompt": False}
    best = _asked(client, "/completion", body)["completion_probabilities"][0]["top_logprobs"]
    ours = model.last_logits([ids], 0)[0, -1].log_softmax(-1)
    apart = max(abs(float(ours[each["id"]]) - each["logprob"]) for each in best)
    same = None if templated is None else templated == text
    return Agreement(same, tokens == ids, int(ours.argmax()) == best[0]["id"], apart, len(ids))


def _asked(client: httpx2.Client, path: str, body: dict[str, object]) -> dict[str, Any]:
    return client.post(path, json=body).raise_for_status().json()


@contextmanager
def serving(program: str, path: str, slots: int = 1, context: int = 4096) -> Iterator[httpx2.Client]:
    """llama.cpp's server on a file, once it answers; its context is divided among the slots."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "-m", path, "--port", str(port), "-c", str(context), "-np", str(slots), "-t", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=_PATIENCE) as client:
                _wait(client, process)
                yield client
        finally:
            process.terminate()


def _wait(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.5)
    sys.exit("llama-server did not start; run it by hand to see why.")


if __name__ == "__main__":
    main()
