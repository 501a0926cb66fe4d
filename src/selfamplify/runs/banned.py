"""What a person must know about replies that could not be written like the shots, since pairs of words were banned."""

import os
from collections.abc import Iterable
from warnings import warn

from ..errors import SelfAmplifyWarning
from ..evaluation.result import Result
from ..prompting.prompt import Prompt

_SHARE = 0.5
"""A note is given if so large a share of the replies begin otherwise than the shots."""


def note_banned(answered: Iterable[tuple[str, Prompt, Result]]) -> None:
    """Warn, once for all results, if the ban on repeated n-grams keeps replies from beginning as the shots' replies do."""
    said = [line for name, prompt, result in answered if (line := _banned(name, prompt, result))]
    if said:
        more = f"; the same holds for {len(said) - 1} more" if len(said) > 1 else ""
        warn(
            f"{said[0]}{more}: this decoding bans word sequences that are in the prompt already "
            f"(no_repeat_ngram_size), the shots' format included; a prompt that is built with "
            f'`profile="paper-no-ban"` does without the ban.',
            SelfAmplifyWarning,
            stacklevel=3,
        )


def _banned(name: str, prompt: Prompt, result: Result) -> str | None:
    common = os.path.commonprefix([shot.reply for shot in prompt.shots])
    opening = " ".join(common.split()[:3])
    written = [response.text for response in result.responses if response.text]
    if not prompt.decoding.no_repeat_ngram_size or len(prompt.shots) < 2 or not opening or prompt.prefill:
        return None
    other = sum(not " ".join(text.split()).startswith(opening) for text in written)
    if other <= _SHARE * len(written):
        return None
    return f'{other} of {len(written)} replies of {name} do not begin with "{opening} …", as all shots do'
