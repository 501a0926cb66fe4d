"""Where randomness comes from: one seed per draw, derived from the run's seed and what is drawn, not from the order of work."""

import hashlib


def derive(seed: int, *parts: str) -> int:
    """A seed (63 bits) for one draw, the same whatever was drawn before, and in every process."""
    digest = hashlib.sha256("\x1f".join([str(seed), *parts]).encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1
