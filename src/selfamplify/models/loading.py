"""The model that an argument stands for."""

from pathlib import Path

import torch

from ..errors import SettingsError
from ..text.lines import one_line, shortened
from .model import AbstractLanguageModel


def as_model(model: object, what: str = "model") -> AbstractLanguageModel:
    """The model that an argument stands for: a model as it is, or the model of a name or a folder.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        A model, or what ``load_model`` takes as a name.
    what : str, default "model"
        What the argument is called in an error.

    Returns
    -------
    AbstractLanguageModel

    Raises
    ------
    SettingsError
        If ``model`` is anything else, such as a class, a module of transformers, or None.
    ModelError
        If the named model can't be loaded.
    """
    if isinstance(model, AbstractLanguageModel):
        return model
    if isinstance(model, str | Path):
        from .local.load import load_model  # heavy: transformers, which models on a server do without

        return load_model(model)
    if isinstance(model, torch.nn.Module):
        raise SettingsError(
            f"The {what} is a {type(model).__name__} without its tokenizer; save both with `save_pretrained(folder)`, and use "
            f'`load_model("folder")`.'
        )
    shown = f"the class {model.__name__}" if isinstance(model, type) else shortened(one_line(repr(model)), 60)
    raise SettingsError(f'The {what} is {shown}, which is not a model; use `load_model("org/model")`, or give the name itself.')
