"""The notebook in examples/ runs as it is, and its outputs are those that it shows."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "first_prompt.ipynb"


def outputs(file: Path) -> list[list[tuple[str, str]]]:
    """For each cell its outputs: of what kind they are, and their text without numbers, which depend on the machine."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return [[said for each in cell.get("outputs", []) for said in _said(each)] for cell in cells]


def _said(output: dict[str, Any]) -> list[tuple[str, str]]:
    if output["output_type"] == "stream":
        return [("stdout", _worded(output["text"]))] if output["name"] == "stdout" else []
    assert output["output_type"] == "execute_result", output
    return [(kind, _worded(text)) for kind, text in sorted(output["data"].items()) if kind == "text/plain"] + [
        (kind, "") for kind in output["data"]
    ]


def _worded(text: str | list[str]) -> str:
    """The first words of a text."""
    return re.sub(r"[\d.]+", "#", "".join(text))[:12]


def test_the_notebook_holds_outputs_of_every_kind_of_record():
    shown = [html for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] for html in cell.get("outputs", [])]
    drawn = ["".join(each["data"]["text/html"]) for each in shown if "text/html" in each.get("data", {})]
    assert len(drawn) >= 7 and any('title="+' in each for each in drawn) and any("±" in each for each in drawn)
    assert NOTEBOOK.stat().st_size < 200_000
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert "site-packages" not in text and "/home/" not in text


@pytest.mark.long
def test_the_notebook_runs(tmp_path: Path):
    missing = [name for name in ("nbconvert", "nbclient", "ipykernel") if find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: run `pip install nbconvert nbclient ipykernel`")
    patient = ["--ExecutePreprocessor.startup_timeout=300", "--ExecutePreprocessor.iopub_timeout=120"]
    written = ["--to", "notebook", "--output-dir", str(tmp_path)]
    command = [sys.executable, "-m", "nbconvert", "--execute", *patient, *written, str(NOTEBOOK)]
    done = subprocess.run(command, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    assert outputs(tmp_path / NOTEBOOK.name) == outputs(NOTEBOOK)
