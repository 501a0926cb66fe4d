"""How everything is worded and decoded: our defaults, and the paper's settings (appendices A.2 and A.3)."""

from dataclasses import dataclass, replace

from ..arguments import check_whole
from ..errors import SettingsError
from ..names import unknown_name
from ..records import Decoding
from .wording import APPENDIX, OURS, Wording


@dataclass(frozen=True)
class Profile:
    """One consistent way to ask a model.

    Parameters
    ----------
    name : str
        What results call the profile.
    wording : Wording
        Every sentence that is said to the model.
    decoding : Decoding
        Generates rationales and answers.
    reading : Decoding, optional
        Decodes f(x) in step 1; None takes the arg max of the next-token distribution.
    explainers : tuple of (str, str)
        Names of explainers, each with the one that replaces it, if the paper used another implementation.
    judged : bool
        Whether a judge model reads the responses instead of rules; by default False.
    prefill : bool
        Whether every reply is begun with the first words of the shots' replies, such as ``The 6 keywords "``; by default False.
    balance : bool
        Whether shots are chosen so that their answers are as even over the labels as the qualified questions allow; by default
        True. The paper's are chosen without regard to their answers.
    baseline : str
        What explainers put in the place of absent words, if they leave that open: by default ``"auto"``, a token that says as
        little as possible. The paper's is ``"pad"``, the padding token, even where that ends a turn.
    """

    name: str
    wording: Wording
    decoding: Decoding
    reading: Decoding | None
    explainers: tuple[tuple[str, str], ...] = ()
    judged: bool = False
    prefill: bool = False
    balance: bool = True
    baseline: str = "auto"

    def with_length(self, max_new_tokens: int | None) -> "Profile":
        """The same profile with another limit of rationales and answers, in tokens; None leaves it."""
        if max_new_tokens is None:
            return self
        check_whole("max_new_tokens", max_new_tokens, 1, 300)
        return replace(self, decoding=replace(self.decoding, max_new_tokens=max_new_tokens))


_A2 = Decoding(max_new_tokens=300, do_sample=True, num_beams=2, no_repeat_ngram_size=2, early_stopping=True)

_STATED = r"\banswer is\b\W*[A-Z]\b|^\W*[A-Z]\W*$"
"""A line that states the answer: small models often go on for hundreds of tokens after it."""

DEFAULT = Profile("default", OURS, Decoding(last_line=_STATED), None)
# The ban on repeated bigrams covers those of the prompt: after "(" it would rule out every label.
_A2_READING = replace(_A2, max_new_tokens=1, no_repeat_ngram_size=0)
_CAPTUM = (("kernel_shap", "kernel_shap_captum"), ("deep_lift", "deep_lift_captum"))
PAPER = Profile("paper", APPENDIX, _A2, _A2_READING, _CAPTUM, judged=True, balance=False, baseline="pad")

PROFILES = {profile.name: profile for profile in (DEFAULT, PAPER)}


def as_profile(profile: Profile | str) -> Profile:
    """The profile itself, or the one of that name. Raises SettingsError for an unknown name, or anything else."""
    if isinstance(profile, Profile):
        return profile
    if not isinstance(profile, str):
        raise SettingsError(f'A profile is a name or a Profile, not {profile!r}; write for example `profile="default"`.')
    if profile not in PROFILES:
        raise unknown_name("profile", profile, PROFILES)
    return PROFILES[profile]
