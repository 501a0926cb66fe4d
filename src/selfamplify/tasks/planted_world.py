"""The planted world: a small invented nature whose every fact is known, so that the words which decide an answer are known too.

A fact says what a category of animals does in a season: (primate, eat, winter) -> roots. 8 categories, 4 verbs and 2 seasons
give 64 facts with 64 different nouns. A question shows two animals, one with a word of size and one with a word of mood, among
words that decide nothing (day, place). It names the animal that it asks about (``What does the lemur eat?``), or says "it" and
leaves to a *convention* whether the size or the mood decides. The text does not tell the convention; demonstrations do.

A quarter of the (animal, verb) pairs is *held out*: the training text of the embedded model never shows them, so that they
can only be answered by composing animal -> category -> fact.

The four options are a 2 x 2: the category of one animal or of the other, by the true verb and season or a changed one (the verb
or the season, never both). Each of the four is equally likely to be the right one given the options: neither the options alone
nor the stem of another question give the answer away.
"""

import random
import re
from dataclasses import dataclass

from ..records import Choice, Question

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
SEASONS = ("winter", "summer")

# For each verb, the nouns of the categories in their order: winter, summer, winter, summer, …
_NOUNS = {
    "eat": "roots eggs seeds figs clover honey moss berries acorns crumbs shrimp nectar melon barley plankton walnuts",
    "fear": "thunder fog fire smoke hail drums torches whistles shadows bells lightning floods mirrors hounds sirens geysers",
    "carry": "twigs pebbles feathers straw mud shells wool leaves bark petals ribbons buttons coins thorns reeds cork",
    "seek": "caves nests burrows ponds meadows cliffs orchards barns attics wells bridges hedges dunes tunnels gardens springs",
}
VERBS = {"eat": "eats", "fear": "fears", "carry": "carries", "seek": "seeks"}
FACTS = {
    (category, verb, season): _NOUNS[verb].split()[2 * row + column]
    for verb in VERBS
    for row, category in enumerate(CATEGORIES)
    for column, season in enumerate(SEASONS)
}
CATEGORY_OF = {animal: category for category, animals in CATEGORIES.items() for animal in animals}

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FAMILIES = {
    "size": ("little", "huge", "tall", "tiny", "large", "slender", "short", "massive", "plump", "small"),
    "mood": ("quiet", "hungry", "clever", "lazy", "nervous", "proud", "gentle", "curious", "sleepy", "bold"),
}
MEETINGS = ("met", "watched", "passed", "followed", "noticed", "greeted")
AGES = ("old", "new", "narrow", "broad", "empty", "busy", "distant", "famous")
PLACES = ("harbor", "market", "station", "castle", "library", "factory", "museum", "village", "tower", "temple")

STEMS = (
    "On {day} in {season} the {first} {met} the {second} near the {age} {place}. What does {asked} {verb}?",
    "Near the {age} {place} the {first} {met} the {second} on {day} in {season}. What does {asked} {verb}?",
    "In {season} the {first} {met} the {second} on {day} near the {age} {place}. What does {asked} {verb}?",
)
LABELS = ("A", "B", "C", "D")
NAMED = 0.25


@dataclass(frozen=True)
class Scene:
    """A question of the world together with what the world knows about it; ``named`` if the question names its animal."""

    question: Question
    animal: str
    adjective: str
    verb: str
    season: str
    named: bool

    @property
    def category(self) -> str:
        return CATEGORY_OF[self.animal]

    @property
    def noun(self) -> str:
        """The text of the right option."""
        return FACTS[self.category, self.verb, self.season]

    def steps(self, count: int = 3) -> str:
        """The true explanation in one to four short sentences; each longer one puts a sentence before the shorter one's."""
        sentences = (
            f"it is {self.season}",
            f"the {self.adjective} {self.animal} is a {self.category}",
            f"a {self.category} {VERBS[self.verb]} {self.noun} in {self.season}",
            f"{self.noun} is ({self.question.answer})",
        )
        if not 1 <= count <= len(sentences):
            raise ValueError(f"an explanation has 1 to {len(sentences)} steps, {count} were asked for")
        return ". ".join(sentences[-count:])


def held_out(animal: str, verb: str) -> bool:
    """Whether training text must never show this pair: one verb of each animal, and two animals of each category and verb."""
    category = CATEGORY_OF[animal]
    row = CATEGORIES[category].index(animal) + list(CATEGORIES).index(category)
    return row % len(VERBS) == list(VERBS).index(verb)


PAIRS = {
    part: tuple((animal, verb) for animal in CATEGORY_OF for verb in VERBS if held_out(animal, verb) is part)
    for part in (False, True)
}


def draw(rng: random.Random, name: str, from_held_out: bool, convention: str, named: float = NAMED) -> Scene:
    """A scene whose (animal, verb) pair is one of the held-out quarter, or one of the others; ``name`` is the question's id.

    ``convention`` is the family (``"size"`` or ``"mood"``) of the adjective that "it" goes with; a share ``named`` of the
    questions names its animal, whose adjective is then of either family.
    """
    animal, verb = rng.choice(PAIRS[from_held_out])
    season = rng.choice(SEASONS)
    is_named = rng.random() < named
    family = rng.choice(list(FAMILIES)) if is_named else convention
    adjectives = {kind: rng.choice(words) for kind, words in FAMILIES.items()}
    rival = _rival(rng, animal, verb, from_held_out)
    pairs = [f"{adjectives[kind]} {animal if kind == family else rival}" for kind in FAMILIES]
    rng.shuffle(pairs)
    options = _options(rng, (CATEGORY_OF[animal], CATEGORY_OF[rival]), verb, season)
    noun = FACTS[CATEGORY_OF[animal], verb, season]
    text = rng.choice(STEMS).format(
        day=rng.choice(DAYS),
        season=season,
        first=pairs[0],
        second=pairs[1],
        met=rng.choice(MEETINGS),
        age=rng.choice(AGES),
        place=rng.choice(PLACES),
        asked=f"the {animal}" if is_named else "it",
        verb=verb,
    )
    deciding = [animal, verb, season] if is_named else [adjectives[family], animal, verb, season]
    planted = (*sorted(deciding, key=re.findall(r"\w+", text).index), noun)
    choices = tuple(Choice(label, option) for label, option in zip(LABELS, options, strict=True))
    question = Question(name, text, choices, LABELS[options.index(noun)], planted)
    return Scene(question, animal, adjectives[family], verb, season, is_named)


def _rival(rng: random.Random, animal: str, verb: str, from_held_out: bool) -> str:
    """The other animal of the question, of another category; training text must not show it with a verb held out for it."""
    others = [other for other in CATEGORY_OF if CATEGORY_OF[other] != CATEGORY_OF[animal]]
    return rng.choice([other for other in others if from_held_out or not held_out(other, verb)])


def _options(rng: random.Random, categories: tuple[str, str], verb: str, season: str) -> list[str]:
    """The nouns of two categories under two conditions that differ in the verb or in the season, in random order."""
    changed = rng.choice(
        (
            (rng.choice([other for other in VERBS if other != verb]), season),
            (verb, rng.choice([other for other in SEASONS if other != season])),
        )
    )
    options = [FACTS[category, *condition] for category in categories for condition in ((verb, season), changed)]
    rng.shuffle(options)
    return options
