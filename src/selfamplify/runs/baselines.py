"""What a person must know about the baselines of a run's explanations."""

from collections.abc import Iterable
from warnings import warn

from ..errors import SelfAmplifyWarning
from ..prompting.prompt import Prompt
from ..records import Baseline, DecisiveWords, ScoredPairs, ScoredWords


def note_baselines(prompts: Iterable[Prompt]) -> None:
    """Warn, once for all prompts, if what stood for absent words tells the model something, such as that a turn ends."""
    used: dict[Baseline, dict[str, None]] = {}
    for prompt in prompts:
        for shot in prompt.shots:
            made = shot.explanation
            if isinstance(made, ScoredWords | ScoredPairs | DecisiveWords) and made.baseline and made.baseline.role:
                used.setdefault(made.baseline, {})[made.explainer] = None
    if used:
        said = "; ".join(f"{baseline} ({', '.join(names)})" for baseline, names in used.items())
        warn(
            f"Absent words were replaced by {said}. The explanations also measure what that token tells the model; use "
            f'`baseline="auto"`, which avoids such tokens.',
            SelfAmplifyWarning,
            stacklevel=3,
        )
