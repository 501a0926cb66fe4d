"""Registers the prompt of prompt.json in MLflow's prompt registry, or a new version of it. Written by selfamplify.

    python register.py

Needs MLflow 3 (made for 3.17): pip install mlflow. The environment variable MLFLOW_TRACKING_URI names the registry. Afterwards,
mlflow.genai.load_prompt(…).format(question="…") returns the turns that ask a question.
"""

import json
from pathlib import Path
from typing import Any

import mlflow


def register(folder: Path) -> Any:
    """The new version of the prompt."""
    return mlflow.genai.register_prompt(**json.loads((folder / "prompt.json").read_text(encoding="utf-8")))


if __name__ == "__main__":
    made = register(Path(__file__).resolve().parent)
    print(f'registered; load it with mlflow.genai.load_prompt("prompts:/{made.name}/{made.version}")')
