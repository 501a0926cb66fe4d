"""The search space of a race, and the arms in it: each is one way to make a prompt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import product
from typing import Any

from ..arguments import check_seed, check_whole
from ..errors import SettingsError
from ..methods.making import check_settings, make_method, settings_for
from ..methods.selection import SelectionName, check_selection
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT
from ..prompting.wording import Order
from ..text.lines import argument
from .arm import Arm, Style

PLAIN, BARE = "io", "zero_shot"
"""The competitors that every arm must beat: plain shots, and no shots."""


@dataclass(frozen=True)
class SearchSpace:
    """All arms that may be raced: every combination of these settings, and zero-shot.

    All methods with the first value of each setting come first, then those with one other value, and so on: a small budget
    races only the first ones.

    Parameters
    ----------
    methods : tuple of str
        Explainers and competitors; IO is always among them.
    selections : tuple of {"error", "success", "random"}
        By default error and success.
    seeds : tuple of int
        Each draws other shots, by default 0, 1 and 2.
    shots : tuple of int
        Shots per prompt (n), by default 8 and 4.
    keywords : tuple of int
        Keywords per rationale (k), by default 6 and 3.
    steps : tuple of int
        Steps per rationale (p), by default 3.
    orders : tuple of {"xry", "xyr"}
        By default rationales before the answer, and after it.
    answer_styles : tuple of {"auto", "letter", "label", "text"}
        By default auto, the style that suits the task.
    instructions : tuple of str or None
        Instructions in your own words; None, the default, is the profile's.
    settings : mapping
        Settings of explainers and competitors, for those that have them; by default none.

    Raises
    ------
    SettingsError
        For an unknown name, a value of a wrong type, an empty tuple, or a setting that no method has.
    """

    methods: tuple[str, ...] = (PLAIN, "deep_lift", "self_exp", "self_topk", "auto_cot")
    selections: tuple[SelectionName, ...] = ("error", "success")
    seeds: tuple[int, ...] = (0, 1, 2)
    shots: tuple[int, ...] = (8, 4)
    keywords: tuple[int, ...] = (6, 3)
    steps: tuple[int, ...] = (3,)
    orders: tuple[Order, ...] = ("xry", "xyr")
    answer_styles: tuple[Style, ...] = ("auto",)
    instructions: tuple[str | None, ...] = (None,)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.name == "settings":
                continue
            values = getattr(self, each.name)
            if not isinstance(values, tuple | list) or not values:
                raise SettingsError(f"{argument(each.name, values)} is not a tuple of values; leave it out for the default.")
        for name in ("shots", "keywords", "steps"):
            for value in getattr(self, name):
                check_whole(name, value, 1, getattr(SearchSpace, name)[0])
        for seed in self.seeds:
            check_seed(seed)
        for selection in self.selections:
            check_selection(selection, self.shots[0])
        for order, style, instruction in product(self.orders, self.answer_styles, self.instructions):
            replace(DEFAULT, order=order, answer_style=style, instruction=instruction)  # which checks them
        check_settings(self.methods, self.settings)

    @staticmethod
    def of(model: AbstractLanguageModel, **given: Any) -> "SearchSpace":
        """The arms for a model, with the settings that are given: without gradients, kernel_shap replaces deep_lift."""
        methods = tuple("kernel_shap" if name == "deep_lift" else name for name in SearchSpace.methods)
        usual: dict[str, Any] = {} if model.label_value == "logit" else {"methods": methods}
        return SearchSpace(**(usual | given))

    def arms(self) -> list[Arm]:
        """The arms, IO and zero-shot first; each once."""
        found = list(dict.fromkeys(self._products()))
        plain = next(arm for arm in found if arm.method == PLAIN)
        first = [plain, replace(plain, method=BARE, selection="", shots=0, seed=0)]
        return [*first, *(arm for arm in found if arm not in first)]

    def _products(self) -> Iterator[Arm]:
        methods = tuple(dict.fromkeys((PLAIN, *(name for name in self.methods if name != BARE))))
        axes: dict[str, tuple[Any, ...]] = {
            "method": methods,
            "order": self.orders,
            "seed": self.seeds,
            "selection": self.selections,
            "keywords": self.keywords,
            "steps": self.steps,
            "shots": self.shots,
            "answer_style": self.answer_styles,
            "instruction": self.instructions,
        }
        places = product(*(range(len(axis)) for axis in axes.values()))
        for place in sorted(places, key=lambda place: (sum(place[1:]), place[1:], place[0])):
            arm = Arm(**{name: axis[index] for (name, axis), index in zip(axes.items(), place, strict=True)})
            makes = make_method(arm.method).makes
            yield replace(
                arm,
                settings=tuple(sorted(settings_for(arm.method, self.settings).items())),
                keywords=arm.keywords if makes == "keywords" else None,
                steps=arm.steps if makes == "steps" else None,
                order=arm.order if makes else "xry",
            )
