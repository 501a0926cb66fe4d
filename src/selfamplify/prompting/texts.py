"""The texts of a prompt that may be edited by hand, what differs between two versions of them, and how they are read back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import ndiff

Turns = list[dict[str, str]]
"""Chat messages, as ``Prompt.context`` has them."""


@dataclass(frozen=True)
class ShotTexts:
    """The texts of a shot, with its number in the prompt before it was edited, from 1."""

    number: int
    question: str
    choices: tuple[str, ...]
    reply: str


@dataclass(frozen=True)
class Texts:
    """The texts of a prompt."""

    instruction: str
    system: str
    prefill: str
    shots: tuple[ShotTexts, ...]

    def named(self) -> dict[str, str]:
        """All texts by what a person calls them, such as ``"reply of shot 2"``."""
        found = {"instruction": self.instruction, "system turn": self.system, "start of every reply": self.prefill}
        for shot in self.shots:
            found[f"question of shot {shot.number}"] = shot.question
            found |= {f"choice {place} of shot {shot.number}": text for place, text in enumerate(shot.choices, 1)}
            found[f"reply of shot {shot.number}"] = shot.reply
        return found


def changed_parts(before: Texts, after: Texts) -> tuple[str, ...]:
    """What differs, by name; none if the texts are the same."""
    old, new = before.named(), after.named()
    kept = [shot.number for shot in after.shots]
    parts = [name for name, text in new.items() if old[name] != text]
    parts += [f"shot {shot.number} removed" for shot in before.shots if shot.number not in kept]
    return (*parts, *(["order of the shots"] if kept != sorted(kept) else []))


def differences(before: Texts, after: Texts) -> Iterator[str]:
    """The changed lines of each text, below its name: ``- `` before what was taken out, ``+ `` before what was put in."""
    old, new = before.named(), after.named()
    for part in changed_parts(before, after):
        yield part
        if part in new:
            lines = ndiff(old[part].splitlines(), new[part].splitlines())
            yield from (f"  {line}" for line in lines if line.startswith(("- ", "+ ")))


def read_back(texts: Texts, turns: Turns, edited: Turns, turns_of: Callable[[Texts], Turns]) -> Texts | None:
    """The texts whose turns are ``edited``, where each turn that differs from ``turns`` is that of one text with a change.

    None if turns were added, taken out or given another role, or if it is not clear which text a change belongs to.
    """
    if [turn.get("role") for turn in edited] != [turn["role"] for turn in turns]:
        return None
    for place, (old, new) in enumerate(zip(turns, edited, strict=True)):
        if old == new:
            continue
        wanted = [*edited[: place + 1], *turns[place + 1 :]]
        found = [own for own in _candidates(texts, place, old["content"], new["content"]) if turns_of(own) == wanted]
        if len(set(found)) != 1:
            return None
        texts, turns = found[0], wanted
    return texts


def _candidates(texts: Texts, place: int, old: str, new: str) -> Iterator[Texts]:
    """The texts with a change in one of those that the turn at a place is made of."""
    number = place - bool(texts.system)
    if number < 0:
        yield replace(texts, system=new)
        return
    shot = texts.shots[number // 2]
    if number % 2:
        yield _with_shot(texts, number // 2, replace(shot, reply=new))
        return
    if number == 0:
        yield from (replace(texts, instruction=part) for part in _changed(texts.instruction, old, new))
    for part in _changed(shot.question, old, new):
        yield _with_shot(texts, number // 2, replace(shot, question=part))
    for which, choice in enumerate(shot.choices):
        for part in _changed(choice, old, new):
            own = (*shot.choices[:which], part, *shot.choices[which + 1 :])
            yield _with_shot(texts, number // 2, replace(shot, choices=own))


def _with_shot(texts: Texts, place: int, shot: ShotTexts) -> Texts:
    return replace(texts, shots=(*texts.shots[:place], shot, *texts.shots[place + 1 :]))


def _changed(part: str, old: str, new: str) -> Iterator[str]:
    """What a part of the old text became, if nothing around it changed: one for each place where the part is."""
    start = old.find(part)
    while start >= 0:
        head, tail = old[:start], old[start + len(part) :]
        if len(new) >= len(head) + len(tail) and new.startswith(head) and new.endswith(tail):
            yield new[len(head) : len(new) - len(tail)]
        start = old.find(part, start + 1) if part else -1


def earlier_instructions(turns: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Every beginning of the first user turn that may be an instruction."""
    first = next((turn["content"] for turn in turns if turn.get("role") == "user"), "")
    lines = first.split("\n")
    yield from ("\n".join(lines[:count]) for count in range(len(lines)))
