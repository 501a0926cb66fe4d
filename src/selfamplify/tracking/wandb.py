"""Logs a finished run in Weights & Biases: https://docs.wandb.ai."""

from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar, final

from .tracker import AbstractTracker, TrackedRun


@final
@dataclass(frozen=True)
class WandB(AbstractTracker):
    """Logs to the account that its client is signed in to, or, with the environment variable WANDB_MODE=offline, to a folder.

    Parameters
    ----------
    project : str
        The project that runs belong to; by default ``"selfamplify"``.
    """

    package: ClassVar[str] = "wandb"
    project: str = "selfamplify"

    def log(self, run: TrackedRun) -> str:
        client = import_module(self.package)
        with client.init(project=self.project, name=run.name, config=dict(run.settings)) as begun:
            begun.summary.update(dict(run.metrics))
            kept = client.Artifact(f"run-{begun.id}", type="selfamplify-run")
            for file in run.files:
                kept.add_file(str(file))
            begun.log_artifact(kept)
        return f"run {begun.id} of project {self.project}: {begun.dir if begun.offline else begun.url}"
