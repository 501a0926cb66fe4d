"""``check_task``: no question may hold a control token of the model."""

from pathlib import Path

from ..models.loading import as_model
from ..tasks.control_tokens import without_control_tokens
from ..tasks.loading import as_task
from ..tasks.task import Task


def check_task(task: object, model: object, judge: object = None, *, skip_bad: bool = False) -> Task:
    """Check that no question of a task holds a control token of a model, such as ``</s>`` or ``<|im_end|>``.

    Such a token would end or forge a turn of the chat. ``amplify``, ``build``, ``compare`` and ``evaluate`` check it first, so
    that this function is needed only to leave such questions out. For a model given by name, only its tokenizer is loaded. If
    the tokenizer is not known, as for a model on a server, nothing is checked.

    Parameters
    ----------
    task : Task or str
        The task, or the name of one that needs no file.
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes as a name.
    judge : AbstractLanguageModel, str or Path, optional
        A judge, which reads the questions too.
    skip_bad : bool, default False
        Whether to leave such questions out and list them in ``Task.skipped``, rather than raise an error.

    Returns
    -------
    Task
        The task itself, or a copy without these questions. The other questions keep their side and their order.

    Raises
    ------
    DataError
        If a question holds a control token. The error lists 20 such rows at most, by file and line, or by the question's id.
    SettingsError
        If ``task``, ``model`` or ``judge`` is something else.
    ModelError
        If the tokenizer of the named model can't be loaded.
    """
    questions = as_task(task)
    for asked, what in ((model, "model"), *([(judge, "judge")] if judge is not None else [])):
        if isinstance(asked, str | Path):
            tokens, name = _named(asked)
        else:
            loaded = as_model(asked, what)
            tokens, name = loaded.control_tokens, loaded.name
        remedy = f"check_task(task, {what}, skip_bad=True)"
        questions = without_control_tokens(questions, tokens, name, None if skip_bad else remedy)
    return questions


def _named(model: str | Path) -> tuple[frozenset[str], str]:
    """The control tokens of a model that is given by name, and what it is called."""
    from ..models.local.chat import control_tokens  # heavy: transformers
    from ..models.local.load import load_tokenizer
    from ..models.local.origin import label

    return control_tokens(load_tokenizer(model)), label(model)
