"""``python -m fuzzing TARGET --seconds 1800``: fuzz a target with atheris, from its corpus."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

HERE = Path(__file__).parent
TARGETS = {"loaders": ["selfamplify.tasks", "selfamplify.text"], "recovery": ["selfamplify.answering", "selfamplify.text"],
           "rendering": ["selfamplify.models.local.chat", "jinja2"]}  # fmt: skip
"""For each target, the modules whose branches guide the search."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--found", type=Path, default=Path("runs/fuzzing"), help="where inputs with new coverage are kept")
    given = parser.parse_args()
    with atheris.instrument_imports(include=TARGETS[given.target]):  # pyright: ignore
        check = import_module(f"fuzzing.{given.target}").check

    def once(data: bytes) -> None:
        if len(data) > 2:
            check(data)

    own = given.found / given.target
    own.mkdir(parents=True, exist_ok=True)
    findings = HERE / "findings" / given.target
    findings.mkdir(parents=True, exist_ok=True)
    atheris.Setup(
        [sys.argv[0], str(own), str(HERE / "corpus" / given.target), f"-max_total_time={given.seconds}", "-timeout=60",
         "-rss_limit_mb=3000", "-max_len=4096", f"-artifact_prefix={findings}/", "-print_final_stats=1"],
        once,
    )  # fmt: skip
    atheris.Fuzz()


main()
