"""What differs between the settings with which a run was begun and those of now, by the names of the arguments."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from ..text.lines import argument, one_line, shortened

_HASHES = {
    "model_fingerprint": "another `model`, or other weights, `dtype` or `device`",
    "training_questions_sha256": "other training questions (`data`, `split_seed`, `test_size`, `skip_bad`)",
    "test_questions_sha256": "other test questions (`test_data`, `data`, `split_seed`, `limit`)",
    "prompt_sha256": "another prompt",
    "prompts_sha256": "other `prompts`",
    "arms": "other arms (`methods`, `selections`, `shots`, `keywords`, `steps`, `seeds`, `settings`)",
    "edited": "a prompt that was edited by hand",
    "marked_words_sha256": "other `marks`",
    "reading": "a `profile` with another `reading`",
    "replaced_explainers": "a `profile` with other `explainers`",
    "wording_sha256": "a `profile` with another `wording`",
}
"""What it means that a hash, or another value that nobody gave as it is, differs."""
_OF_PROFILE = ("decoding", "reading", "judged", "baseline", "replaced_explainers", "wording_sha256")
"""What else a profile holds; a run that was begun before it was recorded continues."""
_FOLLOW = {
    "test_count": ("test_questions_sha256", "marked_words_sha256"),
    "profile": _OF_PROFILE,
    "answer_style": ("decoding", "reading", "wording_sha256"),
    "training_questions_sha256": ("decoding", "rows_left_out", "attributed"),
    **dict.fromkeys(("order", "instruction", "system", "stop_words"), ("wording_sha256",)),
}
"""What differs wherever a setting does, and is not named besides it."""
_SAID = ("data_notes", "source")
"""What is kept for those who read the record: in other words it changes nothing, and the digests say what was read."""
_ARGUMENTS = {"test_count": "limit", "rows_left_out": "skip_bad", "attributed": "attribute"}
"""Settings that follow from an argument of another name."""


def settings_of(made: Any) -> dict[str, Any]:
    """A method or an explainer as plain settings: its name and its fields; of a class of another kind, its repr.

    A method with an explainer has the explainer's name, as in tables.
    """
    if not is_dataclass(made) or isinstance(made, type):
        return {"method": repr(made)}
    own = {"method": getattr(made, "name", type(made).__name__)} | asdict(made)
    if isinstance(own.pop("explainer", None), dict):
        own = own | settings_of(getattr(made, "explainer", None)) | {key: own[key] for key in own if key != "method"}
    return json.loads(json.dumps(own, default=repr))


def changes(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """A line for each setting that differs, with both values; of hashes, what must have changed."""
    if made.get("command") != wanted.get("command"):
        return [f"by another command: {made.get('command')} then, {wanted.get('command')} now"]
    made = {name: wanted[name] for name in _OF_PROFILE if name in wanted} | dict(made)
    following = {name for key, names in _FOLLOW.items() if made.get(key) != wanted.get(key) for name in names}
    made, wanted = ({key: own for key, own in each.items() if key not in following} for each in (made, wanted))
    return list(dict.fromkeys(_changes(made, wanted)))


def _changes(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    if made.get("method") != wanted.get("method"):  # whose settings are others, too
        made, wanted = ({"method": settings.get("method")} for settings in (made, wanted))
    if made.get("explainers") != wanted.get("explainers"):
        made, wanted = ({**settings, "explainer_settings": None} for settings in (made, wanted))
    for key in sorted(made.keys() | wanted.keys()):
        old, new = made.get(key), wanted.get(key)
        if old == new or key in _SAID:
            continue
        if key in _HASHES:
            yield _HASHES[key]
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(old, new)
        elif key == "selfamplify":
            yield f"version {old} of selfamplify then, {new} now"
        else:
            name = _ARGUMENTS.get(key, key)
            yield f"{_shown(name, old)} then, {_shown(name, new)} now"


def _shown(name: str, value: Any) -> str:
    """An argument as errors show it, on one line; a long value is cut, which is then no Python any more."""
    written = argument(name, tuple(value) if isinstance(value, list) else value)
    return written if len(written) <= 100 else f"`{name}` {shortened(one_line(str(value)), 80)}"
