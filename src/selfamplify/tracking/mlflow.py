"""Logs a finished run in MLflow: https://mlflow.org/docs/latest/ml/tracking/."""

from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar, final

from .tracker import AbstractTracker, TrackedRun

_LONGEST = 6000
"""The most characters of a parameter that MLflow keeps."""


@final
@dataclass(frozen=True)
class MLflow(AbstractTracker):
    """Logs to the place that the environment variable MLFLOW_TRACKING_URI names, or to MLflow's own default.

    Parameters
    ----------
    experiment : str
        The experiment that runs belong to; by default ``"selfamplify"``.
    """

    package: ClassVar[str] = "mlflow"
    experiment: str = "selfamplify"

    def log(self, run: TrackedRun) -> str:
        client = import_module(self.package)
        client.set_experiment(self.experiment)
        with client.start_run(run_name=run.name) as begun:
            client.log_params({name: str(value)[:_LONGEST] for name, value in run.settings.items()})
            client.log_metrics(dict(run.metrics))
            for file in run.files:
                client.log_artifact(str(file))
        return f"run {begun.info.run_id} of experiment {self.experiment} at {client.get_tracking_uri()}"
