"""How everything is worded and decoded: our defaults, and the paper's settings (appendices A.2 and A.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from ..arguments import check_whole
from ..errors import SettingsError
from ..names import unknown_name
from ..records import AnswerStyle, Decoding
from ..text.lines import argument
from ..text.stop_words import StopWords
from .wording import Order, Wording
from .wordings import APPENDIX, OURS, WORDINGS

ShotOrder = Literal["drawn", "shuffled", "similar"]
"""In which order shots are shown."""


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
    strict : bool
        Whether the model's own keywords must be words of the question, and its own explanations are cut to their number of
        sentences: by default True, in the paper's profile False.
    levelled : bool
        Whether f(x) of a classification is the label that is most probable relative to its average over training questions: by
        default True. Without, a small model gives one label nearly all answers, and success means nothing but that label.
    answer_style : {"auto", "letter", "label", "text"}
        How questions offer their choices and how answers are written (see ``AnswerStyle``): by default by the names of the
        labels where all questions have the same choices, else by letters, which the paper always uses.
    order : {"xry", "xyr"}
        Whether rationales come before the answer (the default, as in the paper) or after it.
    stop_words : {"none", "authors", "default"}
        Which words never become keywords: none, those of the paper's authors, or ours, the default.
    shot_order : {"drawn", "shuffled", "similar"}
        In which order shots are shown: as they were drawn (the default), shuffled by the seed, or for each test question with
        the most similar shot last (Liu et al. 2022, https://arxiv.org/abs/2101.06804).
    instruction : str, optional
        What opens every instruction in place of the wording's own preamble; by default None.
    system : str
        A system turn; by default none.

    Raises
    ------
    SettingsError
        For an unknown answer style, order, list of stop words or order of shots, and an instruction that is not a text.
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
    strict: bool = True
    levelled: bool = True
    answer_style: AnswerStyle | Literal["auto"] = "auto"
    order: Order = "xry"
    stop_words: StopWords = "default"
    shot_order: ShotOrder = "drawn"
    instruction: str | None = None
    system: str = ""

    def __post_init__(self) -> None:
        closed = {
            "answer_style": ("auto", *get_args(AnswerStyle)),
            "order": get_args(Order),
            "stop_words": get_args(StopWords),
            "shot_order": get_args(ShotOrder),
        }
        for name, known in closed.items():
            if getattr(self, name) not in known:
                raise SettingsError(f"`{name}={getattr(self, name)!r}` is invalid; use one of: {', '.join(known)}.")
        if not isinstance(self.instruction, str | None):
            raise SettingsError(
                f'{argument("instruction", self.instruction)} is not a text; use `instruction="Choose."`, or leave it out.'
            )

    def asking(self, style: AnswerStyle, answers: Sequence[str]) -> "Profile":
        """The profile for a task whose questions are asked in one style.

        Parameters
        ----------
        style : {"letter", "label", "text"}
            The style of its questions.
        answers : sequence of str
            What an answer may look like in that style; for texts, which differ from question to question, none.

        Returns
        -------
        Profile
            With the wording of that style, the instruction and the order. A text ends with the line that states such an answer.
            Answers that are no letters are compared as wholes in step 1, whatever ``reading`` says.
        """
        wording = self.wording if style == "letter" else WORDINGS[style]
        if self.instruction is not None:
            wording = wording.instructed(self.instruction)
        if self.order == "xyr":
            wording = wording.rationale_last()
        wording = replace(wording, system=self.system, stop_words=self.stop_words)
        asked = replace(self, wording=wording, answer_style=style)
        if style == "letter":
            return asked
        decoding = self.decoding
        if decoding.last_line:
            decoding = replace(decoding, last_line=_stated(answers))
        return replace(asked, reading=None, decoding=decoding)

    def with_length(self, max_new_tokens: int | None) -> "Profile":
        """The same profile with another limit of rationales and answers, in tokens; None leaves it."""
        if max_new_tokens is None:
            return self
        check_whole("max_new_tokens", max_new_tokens, 1, 300)
        return replace(self, decoding=replace(self.decoding, max_new_tokens=max_new_tokens))


_A2 = Decoding(max_new_tokens=300, do_sample=True, num_beams=2, no_repeat_ngram_size=2, early_stopping=True)

_STATED = r"\banswer is\b\W*[A-Z]\b|^\W*[A-Z]\W*$"
"""A line that states the answer: small models often go on for hundreds of tokens after it."""


def _stated(answers: Sequence[str]) -> str:
    """The same for one of these answers, in upper or lower case; for any words where none are given."""
    any_of = "|".join(map(re.escape, answers))
    return rf"(?i)\banswer is\b\W*(?:{any_of})(?!\w)|^\W*(?:{any_of})\W*$" if answers else r"(?i)\banswer is\b\W*\w"


DEFAULT = Profile("default", OURS, Decoding(last_line=_STATED), None)
# The ban on repeated bigrams covers those of the prompt: after "(" it would rule out every label.
_A2_READING = replace(_A2, max_new_tokens=1, no_repeat_ngram_size=0)
_CAPTUM = (("kernel_shap", "kernel_shap_captum"), ("deep_lift", "deep_lift_captum"))
PAPER = Profile(
    "paper",
    APPENDIX,
    _A2,
    _A2_READING,
    _CAPTUM,
    judged=True,
    balance=False,
    baseline="pad",
    strict=False,
    levelled=False,
    answer_style="letter",
)

PAPER_NO_BAN = replace(PAPER, name="paper-no-ban", decoding=replace(_A2, no_repeat_ngram_size=0))
"""The paper's without the ban on repeated bigrams. The ban reaches into the prompt: after eight shots of one format, hardly any
pair of words of that format may be written again."""

PROFILES = {profile.name: profile for profile in (DEFAULT, PAPER, PAPER_NO_BAN)}


def as_profile(profile: Profile | str) -> Profile:
    """The profile itself, or the one of that name. Raises SettingsError for an unknown name, or anything else."""
    if isinstance(profile, Profile):
        return profile
    if not isinstance(profile, str):
        raise SettingsError(f'A profile is a name or a Profile, not {profile!r}; write for example `profile="default"`.')
    if profile not in PROFILES:
        raise unknown_name("profile", profile, PROFILES)
    return PROFILES[profile]
