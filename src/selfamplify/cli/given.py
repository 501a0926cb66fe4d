"""A prompt of the user's own that a comparison is tested against."""

from pathlib import Path
from typing import TYPE_CHECKING

import selfamplify

from ..errors import SettingsError
from .screen import say, stderr

if TYPE_CHECKING:
    from ..runs.plan import Plan


def baseline(against: str, plan: "Plan") -> tuple[str, dict[str, "selfamplify.Prompt"]]:
    """The row that others are tested against, and the prompt that it is if ``against`` names a file, and no method.

    Says how the prompt was read. Raises SettingsError if ``against`` is neither.
    """
    from ..importing.reading import as_prompt
    from ..runs.comparison import BASE, names  # heavy
    from ..runs.tested import row_name

    methods = list(names((cell.method, plan.keywords_of(cell)) for cell in plan.cells()).values())
    if against in (BASE, *methods):
        return against, {}
    path = Path(against)
    if not path.exists():
        raise SettingsError(
            f"'{against}' is neither a method of this comparison ({', '.join(methods)}) nor a file or folder with a prompt; "
            f'use one of these, as in `against="{BASE}"`.'
        )
    prompt, name = as_prompt(path), row_name(path)
    say(f"{against} is the row {name} of the table", console=stderr)
    for note in prompt.imported.notes if prompt.imported else ():
        say(f"  {note}", console=stderr)
    return name, {name: prompt}
