"""Self-AMPLIFY: a small language model explains its own answers, and answers better with the explanations as rationales.

The public names are listed in ``__init__.pyi`` and loaded when they are first used, so that importing the package, and
``selfamplify --help``, do not wait for torch.
"""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("selfamplify")
