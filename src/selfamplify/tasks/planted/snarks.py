"""Two-choice questions of the planted world, in the style of Snarks: which of two remarks is sarcastic?

An animal likes what its own category eats, seeks, steals, carries, guards or hides, and doesn't like what the other animal's
category does. Both remarks praise, or both complain: praise of what it doesn't like is sarcasm, and so is a complaint about
what it likes. The question names no verb, and the facts must be turned by the tone, which takes a hop more than ``planted_arc``
does. Each option is as likely as the other given both.
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
    """A scene whose (animal, verb) pair is one of the held-out quarter, or one of the others; ``name`` is the question's id."""
    verb = rng.choice(LIKED)
    met = meet(rng, verb, frozenset((verb,)), from_held_out)
    own, foreign = (FACTS[CATEGORY_OF[animal], verb] for animal in met.animals)
    tone = rng.choice((PRAISES, COMPLAINTS))
    noun = foreign if tone is PRAISES else own
    said = dict(zip(rng.sample([own, foreign], 2), rng.sample(tone, 2), strict=True))
    text = f"{met.told(rng)} {ASKING.format(asked=met.asked)}"
    options = [f"{thing}, how {word}" for thing, word in said.items()]
    choices = tuple(Choice(label, option) for label, option in zip(LABELS, options, strict=True))
    planted = (*in_order(met.chain, text), noun, said[noun])
    question = Question(name, text, choices, LABELS[list(said).index(noun)], planted)
    return Scene(question, met, verb, noun)
