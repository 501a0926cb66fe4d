"""Two-choice questions about the planted world, in the style of Snarks: which of two remarks is sarcastic?

An animal likes what its own category eats, seeks, steals, carries, guards or hides. It does not like what the other animal's
category does. Both remarks praise, or both complain. Praise of what the animal does not like is sarcasm, and so is a complaint
about what it likes. The question names no verb, and the tone decides which way the facts count, which takes one hop more than
``planted_arc``. Given both options, each is equally likely to be the right one.
"""

import random

from ...records import Choice, Question
from .world import CATEGORY_OF, FACTS, VERBS, Scene, in_order, meet

LABELS = ("A", "B")
PRAISES = ("lovely", "splendid", "wonderful", "perfect", "charming", "superb")
COMPLAINTS = ("awful", "dreadful", "horrible", "terrible", "nasty", "ghastly")
LIKED = tuple(verb for verb in VERBS if verb not in ("fear", "avoid"))
ASKING = "Which remark of {asked} is sarcastic?"


def snarks_scene(rng: random.Random, name: str, from_held_out: bool) -> Scene:
    """Draw a scene.

    Parameters
    ----------
    rng : random.Random
        The source of randomness.
    name : str
        The question's id.
    from_held_out : bool
        Whether the scene's (animal, verb) pair is one of the held-out quarter, or one of the others.

    Returns
    -------
    Scene
        The question, and what the world knows about it.
    """
    verb = rng.choice(LIKED)
    met = meet(rng, verb, frozenset((verb,)), from_held_out)
    liked, disliked = (FACTS[CATEGORY_OF[animal], verb] for animal in met.animals)
    tone = rng.choice((PRAISES, COMPLAINTS))
    noun = disliked if tone is PRAISES else liked
    said = dict(zip(rng.sample([liked, disliked], 2), rng.sample(tone, 2), strict=True))
    text = f"{met.described(rng)} {ASKING.format(asked=met.asked)}"
    options = [f"{remarked}, how {word}" for remarked, word in said.items()]
    choices = tuple(Choice(label, option) for label, option in zip(LABELS, options, strict=True))
    planted = (*in_order(met.chain, text), noun, said[noun])
    question = Question(name, text, choices, LABELS[list(said).index(noun)], planted)
    return Scene(question, met, verb, noun)
