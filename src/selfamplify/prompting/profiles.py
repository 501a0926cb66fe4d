"""How everything is said and decoded: our defaults, and the paper's settings (appendices A.2 and A.3)."""

from dataclasses import dataclass, replace

from ..errors import unknown_name
from ..records import Decoding
from .wording import APPENDIX, OURS, Wording


@dataclass(frozen=True)
class Profile:
    """One consistent way to speak to a model.

    ``decoding`` generates rationales and answers. ``reading`` decodes f(x) in step 1; None takes the arg max of the
    next-token distribution. ``explainers`` replaces explainers by name where the paper used another implementation.
    ``judged`` lets a judge model read the responses, instead of rules.
    """

    name: str
    wording: Wording
    decoding: Decoding
    reading: Decoding | None
    explainers: tuple[tuple[str, str], ...] = ()
    judged: bool = False

    def with_length(self, max_new_tokens: int | None) -> "Profile":
        """The same profile with other longest rationales and answers; None leaves them."""
        if max_new_tokens is None:
            return self
        return replace(self, decoding=replace(self.decoding, max_new_tokens=max_new_tokens))


_A2 = Decoding(max_new_tokens=300, do_sample=True, num_beams=2, no_repeat_ngram_size=2, early_stopping=True)

DEFAULT = Profile("default", OURS, Decoding(), None)
# The ban on repeated bigrams covers the prompt's own: behind "(" it would rule every label out.
_A2_READING = replace(_A2, max_new_tokens=1, no_repeat_ngram_size=0)
_CAPTUM = (("kernel_shap", "kernel_shap_captum"), ("deep_lift", "deep_lift_captum"))
PAPER = Profile("paper", APPENDIX, _A2, _A2_READING, _CAPTUM, judged=True)

PROFILES = {profile.name: profile for profile in (DEFAULT, PAPER)}


def find_profile(name: str) -> Profile:
    """The profile of that name. Raises SettingsError for an unknown one."""
    if name not in PROFILES:
        raise unknown_name("profile", name, PROFILES)
    return PROFILES[name]
