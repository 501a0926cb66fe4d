"""Installs the wheel of dist/ into an empty environment of every Python that is here, and runs it there.

``make test-dist`` runs this as ``python tests/tools/installed.py dist [PYTHON …]``. Versions are those of constraints.txt. pip
also resolves all extras, without installing them.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
COMPILED = {"smollm2"}
"""Extras that pip can't resolve without building llama-cpp-python."""
COMMANDS = (
    ["--version"],
    ["list"],
    [
        "compare",
        "--task",
        "planted_arc",
        "--methods",
        "self_topk",
        "--select",
        "error",
        "--shots",
        "2",
        "--limit",
        "20",
        "--out",
        "run",
    ],
    ["report", "run"],
)


def main(dist: str, *pythons: str) -> None:
    [wheel] = Path(dist).resolve().glob("*.whl")
    here = [each for each in pythons or PYTHONS if works(each)]
    if missing := [each for each in pythons or PYTHONS if each not in here]:
        print(f"not here: {', '.join(missing)}", flush=True)
    if not here or (pythons and missing):
        sys.exit("error: nothing was tested with a missing Python; name those that are here: make test-dist PYTHONS=python3.11")
    for python in here:
        with TemporaryDirectory() as folder:
            tested(python, wheel, Path(folder))
        print(f"{python}: installed, and ran {len(COMMANDS)} commands", flush=True)


def works(python: str) -> bool:
    """Whether this interpreter is here; a name on the path may stand for a version that is not installed."""
    return (
        shutil.which(python) is not None
        and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
    )


def tested(python: str, wheel: Path, folder: Path) -> None:
    """Install the wheel and run the commands, in a folder without the sources."""
    done(folder, [python, "-m", "venv", "env"])
    programs = folder / "env" / "bin"
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt")]
    done(folder, [*install, str(wheel)])
    done(folder, [str(programs / "python"), "-m", "pip", "check"])
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = sorted(tomllib.load(file)["project"]["optional-dependencies"].keys() - COMPILED)
    done(folder, [*install, "--dry-run", f"{wheel}[{','.join(extras)}]"])
    for command in COMMANDS:
        done(folder, [str(programs / "selfamplify"), *command])


def done(folder: Path, command: Sequence[str]) -> None:
    """Run a command there; a failure ends the program with what it printed."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    ran = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"error: {' '.join(command)}\n{ran.stdout}{ran.stderr}")


if __name__ == "__main__":
    main(*sys.argv[1:])
