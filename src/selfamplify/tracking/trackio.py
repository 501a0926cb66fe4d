"""Logs a finished run in Trackio: https://huggingface.co/docs/trackio."""

from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar, final

from .tracker import AbstractTracker, TrackedRun


@final
@dataclass(frozen=True)
class Trackio(AbstractTracker):
    """Logs to Trackio's database on this machine; ``trackio show`` draws it.

    Parameters
    ----------
    project : str
        The project that runs belong to; by default ``"selfamplify"``.
    """

    package: ClassVar[str] = "trackio"
    project: str = "selfamplify"

    def log(self, run: TrackedRun) -> str:
        client = import_module(self.package)
        begun = client.init(project=self.project, name=run.name, config=dict(run.settings), embed=False)
        try:
            client.log(dict(run.metrics))
            kept = client.Artifact(f"run-{begun.id}", type="selfamplify-run")
            for file in run.files:
                kept.add_file(str(file))
            client.log_artifact(kept)
        finally:
            client.finish()
        return f"run {begun.name} of project {self.project}; look at it with: trackio show --project {self.project}"
