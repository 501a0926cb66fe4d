"""The letters of scripts without spaces between words, and ASCII in place of full-width forms and of the minus sign."""

UNSPACED = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9\U00020000-\U0003fffd"  # Han
    "\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001aff0-\U0001b16f"  # Japanese syllables
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"  # Thai, Lao
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa76\uaa7a-\uaa7f"  # Myanmar
)
"""The letters and marks of scripts without spaces, for a character class of a regular expression. Hangul has spaces."""
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3001: ",", 0x3002: ".", 0x2212: "-"}


def half_width(text: str) -> str:
    """Return the text with ASCII in place of full-width forms, the minus sign, and ideographic spaces, commas and full stops.

    The length does not change, so that spans of characters stay valid.
    """
    return text if text.isascii() else text.translate(_HALF_WIDTH)
