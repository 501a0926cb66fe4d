"""The planted world: a small invented nature whose every fact is known, so that the words which decide an answer are known too.

A fact says what a category of animals does: (primate, eat) -> roots. 8 categories and 8 verbs give 64 facts with 64 different
nouns. A scene shows two animals of different categories, each with an adjective, among words that decide nothing (day, age,
place), and its question asks about one of them in one of three ways, each a *hop* longer than the one before:

1. by its category: ``What does the primate eat?`` (the fact);
2. by its name: ``What does the lemur eat?`` (animal -> category, fact);
3. by its adjective: ``What does the little one eat?`` (adjective -> animal, animal -> category, fact).

A quarter of the (animal, verb) pairs is *held out*: no training text of the embedded model ever shows such an animal beside a
noun of that verb, so that it can only be answered by composing what was learned of the animal and of its category.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ..records import Question

CATEGORIES = {
    "primate": ("lemur", "baboon", "gibbon", "macaque", "tamarin", "mandrill", "colobus", "marmoset"),
    "bird": ("heron", "finch", "magpie", "plover", "osprey", "wagtail", "starling", "thrush"),
    "reptile": ("gecko", "iguana", "chameleon", "skink", "tortoise", "python", "cobra", "viper"),
    "bug": ("beetle", "cricket", "hornet", "mantis", "moth", "wasp", "locust", "firefly"),
    "fish": ("trout", "carp", "perch", "salmon", "pike", "herring", "tench", "minnow"),
    "rodent": ("hamster", "beaver", "vole", "gerbil", "squirrel", "lemming", "dormouse", "marmot"),
    "feline": ("lynx", "ocelot", "puma", "cheetah", "serval", "caracal", "jaguar", "leopard"),
    "marsupial": ("kangaroo", "koala", "wombat", "numbat", "bandicoot", "possum", "quokka", "wallaby"),
}
CATEGORY_OF = {animal: category for category, animals in CATEGORIES.items() for animal in animals}

# For each verb, the nouns of the categories in their order.
_NOUNS = {
    "eat": "roots seeds clover moss acorns shrimp melon barley",
    "fear": "thunder fire hail torches shadows lightning mirrors sirens",
    "seek": "caves burrows meadows orchards attics bridges dunes gardens",
    "steal": "eggs figs honey berries crumbs nectar plankton walnuts",
    "carry": "twigs feathers mud wool bark ribbons coins reeds",
    "avoid": "fog smoke drums whistles bells floods hounds geysers",
    "guard": "nests ponds cliffs barns wells hedges tunnels springs",
    "hide": "pebbles straw shells leaves petals buttons thorns cork",
}
VERBS = {"carry": "carries"} | {verb: f"{verb}s" for verb in _NOUNS if verb != "carry"}
FACTS = {
    (category, verb): noun for verb, nouns in _NOUNS.items() for category, noun in zip(CATEGORIES, nouns.split(), strict=True)
}

ADJECTIVES = tuple(
    "little huge tall tiny slender plump quiet hungry clever lazy nervous proud gentle curious sleepy bold".split()
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MEETINGS = ("met", "watched", "passed", "followed", "noticed", "greeted")
AGES = ("old", "new", "narrow", "broad", "empty", "busy", "distant", "famous")
PLACES = ("harbor", "market", "station", "castle", "library", "factory", "museum", "village", "tower", "temple")
MEETING_STEMS = (
    "On {day} the {first} {met} the {second} near the {age} {place}.",
    "Near the {age} {place} the {first} {met} the {second} on {day}.",
    "The {first} {met} the {second} on {day} near the {age} {place}.",
)
HOPS = (1, 2, 3)


@dataclass(frozen=True)
class Scene:
    """A question of the world together with what the world knows about it.

    ``hops`` is how the animal is asked for, ``own`` the noun of its category and the verb, ``noun`` that of the right option;
    ``spoken`` the word that the question says for the verb, None where it says the verb itself or no verb at all.
    """

    question: Question
    hops: int
    adjective: str
    animal: str
    verb: str
    noun: str
    spoken: str | None = None

    @property
    def category(self) -> str:
        return CATEGORY_OF[self.animal]

    @property
    def own(self) -> str:
        return FACTS[self.category, self.verb]

    def steps(self, count: int = 3) -> str:
        """The true explanation in one to four short sentences; each longer one puts a sentence before the shorter one's."""
        known = {1: "it", 2: f"the {self.animal}", 3: f"the {self.adjective} {self.animal}"}[self.hops]
        meant = f"{self.spoken} means {self.verb} and " if self.spoken else ""
        sentences = (
            f"the question asks about the {asked_for(self.hops, self.adjective, self.animal)}",
            f"{known} is a {self.category}",
            f"{meant}a {self.category} {VERBS[self.verb]} {self.own}",
            f"{self.noun} is ({self.question.answer})",
        )
        if not 1 <= count <= len(sentences):
            raise ValueError(f"an explanation has 1 to {len(sentences)} steps, {count} were asked for")
        return ". ".join(sentences[-count:])


@dataclass(frozen=True)
class Meeting:
    """Two animals of different categories, of which the first is asked about, and their adjectives."""

    animal: str
    rival: str
    adjectives: tuple[str, str]

    def told(self, rng: random.Random) -> str:
        """The meeting in one sentence, among words that decide nothing, its animals in either order."""
        first, second = rng.sample(list(zip(self.adjectives, (self.animal, self.rival), strict=True)), 2)
        return rng.choice(MEETING_STEMS).format(
            day=rng.choice(DAYS),
            first=" ".join(first),
            met=rng.choice(MEETINGS),
            second=" ".join(second),
            age=rng.choice(AGES),
            place=rng.choice(PLACES),
        )

    def chain(self, hops: int) -> list[str]:
        """The words that lead to the asked animal's category."""
        return {1: [CATEGORY_OF[self.animal]], 2: [self.animal], 3: [self.adjectives[0], self.animal]}[hops]


def asked_for(hops: int, adjective: str, animal: str) -> str:
    return {1: CATEGORY_OF[animal], 2: animal, 3: f"{adjective} one"}[hops]


def held_out(animal: str, verb: str) -> bool:
    """Whether training text must never show this pair: two verbs of each animal, and two animals of each category and verb."""
    category = CATEGORY_OF[animal]
    row = CATEGORIES[category].index(animal) + list(CATEGORIES).index(category)
    return row % 4 == list(_NOUNS).index(verb) % 4


def meet(rng: random.Random, verb: str, shown: frozenset[str], from_held_out: bool) -> Meeting:
    """Two animals; either the asked one's pair with ``verb`` is held out, or no pair of the two with any verb ``shown``."""
    allowed = tuple(CATEGORY_OF) if from_held_out else _seen(shown)
    animal = rng.choice(_held_out(verb) if from_held_out else allowed)
    rival = rng.choice([other for other in allowed if CATEGORY_OF[other] != CATEGORY_OF[animal]])
    first, second = rng.sample(ADJECTIVES, 2)
    return Meeting(animal, rival, (first, second))


@cache
def _held_out(verb: str) -> tuple[str, ...]:
    return tuple(animal for animal in CATEGORY_OF if held_out(animal, verb))


@cache
def _seen(verbs: frozenset[str]) -> tuple[str, ...]:
    return tuple(animal for animal in CATEGORY_OF if not any(held_out(animal, verb) for verb in verbs))


def in_order(words: Sequence[str], text: str) -> tuple[str, ...]:
    """Words in the order in which a text first says them."""
    return tuple(sorted(words, key=re.findall(r"\w+", text).index))
