"""One comparison of IO and two methods on a model that costs nothing, in a process of its own, for ``benchmarks.load``.

``python -m benchmarks.scripted_run QUESTIONS OUT [KILL_AT]`` prints what it measured as one line of JSON. QUESTIONS is a folder
that ``write_questions`` made. At unit KILL_AT the process kills itself.
"""

import json
import os
import resource
import signal
import sys
import time
import zlib
from pathlib import Path

from selfamplify import Chat, Plan, ScriptedModel, compare, load_task

METHODS = ("random", "self_topk")
_SHOTS = 4
_WORDS = (
    "river stone light force plant metal water planet engine market window garden letter silver forest island doctor winter "
    "summer bridge castle dragon farmer hunter kettle ladder mirror needle orange pencil"
).split()


def write_questions(folder: Path, count: int) -> None:
    """Write ``count`` test questions and 200 others into CSV files."""
    _write(folder / "train.csv", range(200))
    _write(folder / "test.csv", range(1000, 1000 + count))


def _write(file: Path, numbers: range) -> None:
    with file.open("w", encoding="utf-8") as opened:
        opened.write("question,A,B,C,D,answer\n")
        opened.writelines(f"{','.join(_row(number))}\n" for number in numbers)


def _row(number: int) -> list[str]:
    text = " ".join(_WORDS[(number * 7 + place * (1 + number % 5)) % len(_WORDS)] for place in range(25))
    choices = [_WORDS[(number + step) % len(_WORDS)] for step in (0, 3, 7, 11)]
    return [f"Question #{number}# of {text}?", *choices, "ABCD"[number % 4]]


def resident() -> float:
    """The memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def main(questions: str, out: str, kill_at: str | None = None) -> None:
    """Compare, and print what was measured."""
    start = time.perf_counter()
    task = load_task("file", Path(questions) / "train.csv", test_data=Path(questions) / "test.csv")
    read = time.perf_counter() - start
    units = len(task.test) * (1 + len(METHODS))
    marks = {max(1, units * share // 100): share for share in (10, 50, 100)}
    memory: dict[int, float] = {}
    first: list[float] = []
    answers = 0

    def say(chat: Chat) -> str:
        nonlocal answers
        if "keywords" in chat.prefill:
            return '"river", "stone", and "light"'
        if not chat.prefill:
            answers += 1
            first.append(time.perf_counter() - begun) if not first else None
            if answers in marks:
                memory[marks[answers]] = resident()
            if answers == int(kill_at or 0):
                os.kill(os.getpid(), signal.SIGKILL)
        return f"The answer is ({'ABCD'[zlib.crc32(chat.question.encode()) % 4]})"

    begun, cpu = time.perf_counter(), time.process_time()
    table = compare(ScriptedModel(say), task, Plan(METHODS, ("random",), shots=_SHOTS), out)
    found = {
        "read": read,
        "first": first[0] if first else None,
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "answers": answers,
        "memory": memory,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "digest": table.digest(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
