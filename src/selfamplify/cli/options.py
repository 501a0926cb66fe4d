"""The options that several commands share: the wording, the explainer, and the run."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import typer

from ..errors import SettingsError
from ..prompting.profiles import Profile, as_profile
from ..runs.lock import check_writable
from ..text.lines import argument


def _folder(text: str) -> Path:
    """The folder of an option. Raises SettingsError for an empty text, which would be the current folder."""
    if not text:
        raise SettingsError('`out=""` names no folder; use `out="runs/mine"`, or `out="."` for the current one.')
    return Path(text)


def _named(text: str) -> Path:
    """The path of an argument. Raises SettingsError for an empty text, which would be the current folder."""
    if not text:
        raise SettingsError("The path is empty; name a run folder, such as runs/mine.")
    return Path(text)


def path_argument(metavar: str, help: str) -> Any:
    """An argument that names a run folder, or a file of one."""
    return typer.Argument(parser=_named, metavar=metavar, help=help)


def _writable(out: Path | None) -> Path | None:
    """The folder. Raises RunError if it can't be written, before anything is loaded."""
    if out is not None:
        check_writable(out)
    return out


def out_option(help: str, callback: Callable[[Path | None], Path | None] | None = None) -> Any:
    """``--out`` for a folder."""
    return typer.Option("--out", parser=_folder, metavar="<path>", callback=callback, help=help)


_OUT = out_option("The run folder. The same command, run again, continues an interrupted run.", _writable)
Out = Annotated[Path, _OUT]
OptionalOut = Annotated[Path | None, _OUT]
NewFolder = Annotated[Path, out_option("The folder to write prompt.json to. It must not contain one yet.")]
Seed = Annotated[int, typer.Option("--seed", help="Random seed: decides which shots are drawn, and what explainers sample.")]
ReplySeed = Annotated[int, typer.Option("--seed", help="Random seed of replies that are sampled; others do not depend on it.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Number of test questions to ask. Default: all.")]
Judge = Annotated[
    str | None, typer.Option("--judge", help="A model that reads the answers from the responses. Default: rules read them.")
]
Decide = Annotated[
    Literal["generate", "likelihood"],
    typer.Option(
        "--decide",
        help="What decides an answer: the text that the model writes (generate), or the most probable label (likelihood).",
    ),
]
Calibrate = Annotated[
    Literal["off", "content_free", "batch"],
    typer.Option(
        "--calibrate",
        help="With --decide likelihood: correct for labels that are probable whatever the question is, as measured without a "
        "question (content_free) or after training questions (batch).",
    ),
]
SelfConsistency = Annotated[
    int,
    typer.Option(
        "--self-consistency",
        min=1,
        help="Number of replies to sample for each question; the most frequent label wins. Default: 1, without sampling.",
    ),
]
Temperature = Annotated[
    float | None, typer.Option("--temperature", help="With --self-consistency: the temperature of these replies. Default: 0.7.")
]
KeepRationales = Annotated[
    Literal["all", "useful"],
    typer.Option(
        "--keep-rationales",
        help="Which shots are used: all, or only those whose rationales turn a wrong answer into the right one (useful). "
        "Default: all.",
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        "--against", help="The row of the table that the others are tested against. Default: that of the comparison, or io."
    ),
]
DropShots = Annotated[
    bool, typer.Option("--drop-shots", help="Drop shots from prompts that do not fit into the model's context window.")
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option("--max-new-tokens", min=1, help="Longest rationale or answer, in tokens. Default: set by the profile."),
]
ReplyLength = Annotated[
    int | None,
    typer.Option(
        "--max-new-tokens", min=1, help="Longest reply, in tokens. Default: the prompt's own limit; without a prompt: 300."
    ),
]


@dataclass(frozen=True)
class StyleOptions:
    """How the model is asked."""

    panel: ClassVar[str] = "Wording and decoding"

    profile: Annotated[
        str, typer.Option("--profile", help="Wording and decoding: default, paper (as in the paper), or paper-no-ban.")
    ] = "default"
    max_new_tokens: MaxNewTokens = None
    answer_style: Annotated[
        Literal["auto", "letter", "label", "text"] | None,
        typer.Option(
            "--answer-style",
            help="How an answer is written: as a letter such as (A), as the name of its label, or as the text of its choice. "
            "Default: auto, which is label names if all questions have the same choices, and letters otherwise.",
        ),
    ] = None
    instruction: Annotated[
        str | None,
        typer.Option(
            "--instruction",
            help='The task in your own words, such as "Is the review negative or positive?". Default: our wording.',
        ),
    ] = None
    system: Annotated[str | None, typer.Option("--system", help="A system turn before everything else.")] = None
    order: Annotated[
        Literal["xry", "xyr"] | None,
        typer.Option(
            "--order", help="Where rationales stand: before the answer (xry, the default) or after it (xyr). tune tries both."
        ),
    ] = None
    shot_order: Annotated[
        Literal["drawn", "shuffled", "similar"],
        typer.Option(
            "--shot-order",
            help="The order of the shots: as drawn, shuffled, or with the shot most similar to the question last (similar).",
        ),
    ] = "drawn"
    stop_words: Annotated[
        Literal["none", "authors", "default"],
        typer.Option("--stop-words", help="Which words never become keywords: none, those of the paper's authors, or ours."),
    ] = "default"
    prefill: Annotated[
        bool, typer.Option("--prefill", help="Begin every reply with the first words of the shots' replies.")
    ] = False
    balance: Annotated[
        bool | None,
        typer.Option(
            "--balance/--no-balance",
            help="Choose shots whose answers are spread evenly over the labels. Default: yes; with --profile paper: no.",
        ),
    ] = None

    def check_without_shots(self) -> None:
        """Raise SettingsError for an option that is about shots or replies, for commands that ask with neither."""
        given = {"prefill": self.prefill, "balance": self.balance is not None, "shot_order": self.shot_order != "drawn"}
        for name, is_given in given.items():
            if is_given:
                example = argument(name, getattr(self, name))
                raise SettingsError(f"{example} is for prompts with shots, and none is made here; leave it out.")

    def find(self) -> Profile:
        """The profile, with what was asked for besides."""
        profile = as_profile(self.profile).with_length(self.max_new_tokens)
        balance = profile.balance if self.balance is None else self.balance
        return replace(
            profile,
            prefill=self.prefill or profile.prefill,
            balance=balance,
            answer_style=self.answer_style or profile.answer_style,
            instruction=self.instruction or profile.instruction,
            system=self.system or profile.system,
            order=self.order or profile.order,
            shot_order=self.shot_order,
            stop_words=self.stop_words,
        )


@dataclass(frozen=True)
class EngineOptions:
    """Settings of explainers and competitors; one that a method does not have is refused."""

    panel: ClassVar[str] = "Method"

    samples: Annotated[
        int | None,
        typer.Option("--samples", min=1, help="Evaluations per question, for explainers that sample, such as kernel_shap."),
    ] = None
    value: Annotated[
        str | None,
        typer.Option(
            "--value", help="What the scores explain: logit, logprob or margin. Default: depends on the answers and the model."
        ),
    ] = None
    absent: Annotated[
        str | None,
        typer.Option("--absent", help="How a word is made absent: mask (replaced) or delete (removed). Default: mask."),
    ] = None
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            help="What is put in the place of an absent word: auto, pad, unk, space, mean, or the text of one token. "
            "Default: auto, which never takes a token that ends a turn or a text; with --profile paper: pad.",
        ),
    ] = None
    stop_when_settled: Annotated[
        float | None,
        typer.Option(
            "--stop-when-settled",
            help="For kernel_shap: stop once the keywords are settled with this confidence, such as 0.95. Default: never.",
        ),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other setting of the explainer or the competitor, such as permutations=50. May be repeated."
        ),
    ] = None

    def given(self) -> dict[str, Any]:
        """The settings that were given, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "settings"}
        return {name: setting for name, setting in named.items() if setting is not None} | dict(map(_pair, self.settings or ()))


@dataclass(frozen=True)
class RationaleOptions:
    """How long a rationale is."""

    panel: ClassVar[str] = "Method"

    keywords: Annotated[int, typer.Option("--keywords", min=1, help="Number of keywords per rationale (k).")] = 6
    steps: Annotated[int, typer.Option("--steps", min=1, help="Number of steps per rationale of self_exp (p).")] = 3


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        example = name if name.isidentifier() else "permutations"
        raise SettingsError(f"'{text}' is not a setting with a value; write for example `{example}=50`.")
    return name, value


def names(text: str) -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text.split(",") if part.strip()]


def listed(text: str | None, name: str, example: str) -> tuple[str, ...] | None:
    """The names in an option, for the parameter ``name``; None without the option. Raises SettingsError if it has none."""
    found = None if text is None else tuple(names(text))
    if found == ():
        raise SettingsError(
            f"{argument(name, text)} names nothing; write for example {argument(name, (example,))}, or leave it out."
        )
    return found


def numbers(text: str | None, name: str) -> tuple[int, ...] | None:
    """A comma-separated list of whole numbers, for the parameter ``name``; None without the option."""
    if text is None:
        return None
    try:
        found = tuple(int(part) for part in names(text))
    except ValueError:
        found = ()
    if not found:
        example = (0, 1, 2) if name == "seeds" else (4, 8)
        raise SettingsError(f"'{text}' is not a list of whole numbers; write for example {argument(name, example)}.")
    return found
