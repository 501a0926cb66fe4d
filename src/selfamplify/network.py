"""Whether the Hugging Face hub answers: without a network, what was downloaded before is used, and no time lost on retries."""

from collections.abc import Iterator
from contextlib import contextmanager


def hub_answers() -> bool:
    """One short request to the hub."""
    from huggingface_hub.constants import ENDPOINT  # heavy
    from huggingface_hub.utils import get_session

    try:
        get_session().head(ENDPOINT, timeout=5)
    except Exception:  # whatever is wrong with the network
        return False
    return True


@contextmanager
def datasets_offline(offline: bool) -> Iterator[None]:
    """The ``datasets`` library kept to its cache, inside, if ``offline``; it reads the two switches at every call."""
    import datasets.config  # heavy
    import huggingface_hub.constants as hub

    before = hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    if offline:
        hub.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
