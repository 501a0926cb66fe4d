"""The planted world: a small invented nature. All its facts are known, and so are the words that decide each answer.

A fact says what a category of animals does: (primate, eat) -> roots. 8 categories and 8 verbs give 64 facts with 64 different
nouns. A scene shows two animals of different categories, each with an adjective, among words that decide nothing (day, age,
place). Its question asks about one of the animals in one of four ways, each one *hop* longer than the one before:

1. by its category: ``What does the primate eat?`` (the fact);
2. by its name: ``What does the lemur eat?`` (animal -> category, fact);
3. by its adjective: ``What does the little one eat?`` (adjective -> animal, animal -> category, fact);
4. by a name that the text gives it: ``Tom is the little one. … What does Tom eat?`` (name -> adjective, then as before).

A quarter of the (animal, verb) pairs is *held out*: no training text of the embedded model shows such an animal together with a
noun of that verb. A question about such a pair can only be answered by combining what was learned about the animal and about
its category.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ...records import Question

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

# For each verb, one noun per category, in the order of the categories.
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
NAMES = ("Tom", "Ann", "Max", "Eve", "Sam", "Kim", "Leo", "Mia")
NAMING = "{name} is the {adjective} one."
HOPS = {1: 1, 2: 1, 3: 1, 4: 3}
"""The relative frequency of each number of hops."""


@dataclass(frozen=True)
class Meeting:
    """Two animals of different categories, with their adjectives and names. The question is about the first, by ``hops``."""

    hops: int
    animals: tuple[str, str]
    adjectives: tuple[str, str]
    names: tuple[str, str]

    @property
    def asked(self) -> str:
        """What the question calls the first animal."""
        [animal, _], [adjective, _], [name, _] = self.animals, self.adjectives, self.names
        return {1: f"the {CATEGORY_OF[animal]}", 2: f"the {animal}", 3: f"the {adjective} one", 4: name}[self.hops]

    @property
    def chain(self) -> list[str]:
        """The words that lead to the first animal's category."""
        [animal, _], [adjective, _], [name, _] = self.animals, self.adjectives, self.names
        return {1: [CATEGORY_OF[animal]], 2: [animal], 3: [adjective, animal], 4: [name, adjective, animal]}[self.hops]

    def described(self, rng: random.Random) -> str:
        """The meeting in one sentence, with the animals in either order, and their names if the question uses a name."""
        first, second = rng.sample(list(zip(self.adjectives, self.animals, strict=True)), 2)
        met = rng.choice(MEETING_STEMS).format(
            day=rng.choice(DAYS),
            first=" ".join(first),
            met=rng.choice(MEETINGS),
            second=" ".join(second),
            age=rng.choice(AGES),
            place=rng.choice(PLACES),
        )
        if self.hops < 4:
            return met
        named = [NAMING.format(name=name, adjective=each) for name, each in zip(self.names, self.adjectives, strict=True)]
        return " ".join((met, *rng.sample(named, 2)))


@dataclass(frozen=True)
class Scene:
    """A question about the world, and what the world knows about it.

    Parameters
    ----------
    question : Question
        The question.
    met : Meeting
        The two animals.
    verb : str
        The verb that the question is about.
    noun : str
        The noun of the right option.
    spoken : str or None, default None
        The vague word that the question uses for the verb; None if it uses the verb itself, or no verb at all.
    """

    question: Question
    met: Meeting
    verb: str
    noun: str
    spoken: str | None = None

    @property
    def hops(self) -> int:
        """The number of hops to the answer, from 1 to 4."""
        return self.met.hops

    @property
    def animal(self) -> str:
        """The animal that the question is about."""
        return self.met.animals[0]

    @property
    def category(self) -> str:
        """The category of that animal."""
        return CATEGORY_OF[self.animal]

    @property
    def own_noun(self) -> str:
        """The noun of the fact about the first animal's category and the verb."""
        return FACTS[self.category, self.verb]

    def steps(self, count: int = 3) -> str:
        """The true explanation in ``count`` short sentences, from 1 to 4. Fewer sentences leave out the first ones."""
        adjective, name = self.met.adjectives[0], self.met.names[0]
        known = {
            1: f"it is a {self.category}",
            2: f"the {self.animal} is a {self.category}",
            3: f"the {adjective} {self.animal} is a {self.category}",
            4: f"{name} is the {adjective} {self.animal}, a {self.category}",
        }[self.hops]
        meant = f"{self.spoken} means {self.verb} and " if self.spoken else ""
        sentences = (
            f"the question asks about {self.met.asked}",
            known,
            f"{meant}a {self.category} {VERBS[self.verb]} {self.own_noun}",
            f"{self.noun} is ({self.question.answer})",
        )
        if not 1 <= count <= len(sentences):
            raise ValueError(f"an explanation has 1 to {len(sentences)} steps, not {count}")
        return ". ".join(sentences[-count:])


def held_out(animal: str, verb: str) -> bool:
    """Whether the pair is held out. These are two verbs per animal, and two animals per category and verb."""
    category = CATEGORY_OF[animal]
    row = CATEGORIES[category].index(animal) + list(CATEGORIES).index(category)
    return row % 4 == list(_NOUNS).index(verb) % 4


def meet(rng: random.Random, verb: str, shown: frozenset[str], from_held_out: bool) -> Meeting:
    """Draw two animals of different categories.

    With ``from_held_out``, the pair of the first one and ``verb`` is held out. Otherwise, no pair of either animal and a verb
    in ``shown`` is.
    """
    allowed = tuple(CATEGORY_OF) if from_held_out else _seen(shown)
    animal = rng.choice(_held_out(verb) if from_held_out else allowed)
    rival = rng.choice([other for other in allowed if CATEGORY_OF[other] != CATEGORY_OF[animal]])
    [hops] = rng.choices(list(HOPS), list(HOPS.values()))
    adjectives, names = rng.sample(ADJECTIVES, 2), rng.sample(NAMES, 2)
    return Meeting(hops, (animal, rival), (adjectives[0], adjectives[1]), (names[0], names[1]))


@cache
def _held_out(verb: str) -> tuple[str, ...]:
    return tuple(animal for animal in CATEGORY_OF if held_out(animal, verb))


@cache
def _seen(verbs: frozenset[str]) -> tuple[str, ...]:
    return tuple(animal for animal in CATEGORY_OF if not any(held_out(animal, verb) for verb in verbs))


def in_order(words: Sequence[str], text: str) -> tuple[str, ...]:
    """``words`` in the order of their first occurrence in ``text``."""
    return tuple(sorted(words, key=re.findall(r"\w+", text).index))
