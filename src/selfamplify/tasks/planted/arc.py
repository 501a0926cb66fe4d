"""Four-choice questions of the planted world, in the style of ARC: what does this animal eat, fear, carry, …?

Half of the questions name the verb. The others ask what an animal *needs* or *wants*, and a convention, which the text does not
tell and only answered questions show, says which of the two words means to eat and which to carry.

The four options are the nouns of both animals' categories for two verbs. Each of the four is equally likely to be the right one
given the options: neither the options alone nor the stem of another question give the answer away.
"""

import random
from collections.abc import Mapping

from ...records import Choice, Question
from .world import CATEGORY_OF, FACTS, VERBS, Meeting, Scene, in_order, meet

LABELS = ("A", "B", "C", "D")
CONVENTIONS = ({"need": "eat", "want": "carry"}, {"need": "carry", "want": "eat"})
VAGUE = 0.5
ASKING = "What does {asked} {verb}?"


def arc_scene(
    rng: random.Random,
    name: str,
    from_held_out: bool,
    convention: Mapping[str, str] = CONVENTIONS[0],
    vague: float = VAGUE,
) -> Scene:
    """A scene whose (animal, verb) pair is one of the held-out quarter, or one of the others; ``name`` is the question's id.

    A share ``vague`` of the questions says a word of the ``convention`` for the verb.
    """
    spoken = rng.choice(list(convention if rng.random() < vague else VERBS))
    verb = convention.get(spoken, spoken)
    other = rng.choice([each for each in (CONVENTIONS[0].values() if spoken in convention else VERBS) if each != verb])
    met = meet(rng, verb, frozenset((verb, other)), from_held_out)
    noun = FACTS[CATEGORY_OF[met.animals[0]], verb]
    text = f"{met.told(rng)} {ASKING.format(asked=met.asked, verb=spoken)}"
    options = _options(rng, met, (verb, other))
    choices = tuple(Choice(label, option) for label, option in zip(LABELS, options, strict=True))
    planted = (*in_order([*met.chain, spoken], text), noun)
    question = Question(name, text, choices, LABELS[options.index(noun)], planted)
    return Scene(question, met, verb, noun, spoken if spoken in convention else None)


def _options(rng: random.Random, met: Meeting, verbs: tuple[str, str]) -> list[str]:
    return rng.sample([FACTS[CATEGORY_OF[animal], verb] for animal in met.animals for verb in verbs], 4)
