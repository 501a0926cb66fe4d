"""Four-choice questions about the planted world, in the style of ARC: what does this animal eat, fear, carry, …?

Half of the questions name the verb. The others ask what an animal *needs* or *wants*. By a convention, one of these two words
means to eat and the other means to carry. The text does not state the convention; only answered questions show it.

The four options are the nouns of both animals' categories for two verbs. Given the options, each of the four is equally likely
to be the right one: neither the options alone nor the stem of another question gives the answer away.
"""

import random
from collections.abc import Mapping

from ...records import Choice, Question
from .world import CATEGORY_OF, FACTS, VERBS, Meeting, Scene, in_order, meet

LABELS = ("A", "B", "C", "D")
CONVENTIONS = ({"need": "eat", "want": "carry"}, {"need": "carry", "want": "eat"})
VAGUE = 0.5
"""The share of questions that use a word of the convention."""
ASKING = "What does {asked} {verb}?"


def arc_scene(
    rng: random.Random,
    name: str,
    from_held_out: bool,
    convention: Mapping[str, str] = CONVENTIONS[0],
    vague: float = VAGUE,
) -> Scene:
    """Draw a scene.

    Parameters
    ----------
    rng : random.Random
        The source of randomness.
    name : str
        The question's id.
    from_held_out : bool
        Whether the scene's (animal, verb) pair is one of the held-out quarter, or one of the others.
    convention : mapping of str to str
        For each of the two vague words, the verb that it means.
    vague : float, default 0.5
        The share of questions, from 0 to 1, that use a vague word instead of the verb.

    Returns
    -------
    Scene
        The question, and what the world knows about it.
    """
    spoken = rng.choice(list(convention if rng.random() < vague else VERBS))
    verb = convention.get(spoken, spoken)
    other = rng.choice([each for each in (CONVENTIONS[0].values() if spoken in convention else VERBS) if each != verb])
    met = meet(rng, verb, frozenset((verb, other)), from_held_out)
    noun = FACTS[CATEGORY_OF[met.animals[0]], verb]
    text = f"{met.described(rng)} {ASKING.format(asked=met.asked, verb=spoken)}"
    options = _options(rng, met, (verb, other))
    choices = tuple(Choice(label, option) for label, option in zip(LABELS, options, strict=True))
    planted = (*in_order([*met.chain, spoken], text), noun)
    question = Question(name, text, choices, LABELS[options.index(noun)], planted)
    return Scene(question, met, verb, noun, spoken if spoken in convention else None)


def _options(rng: random.Random, met: Meeting, verbs: tuple[str, str]) -> list[str]:
    return rng.sample([FACTS[CATEGORY_OF[animal], verb] for animal in met.animals for verb in verbs], 4)
