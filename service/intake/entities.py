"""HTML entities, read whatever stands in them."""

from __future__ import annotations

import html
import re

# The standard library makes a number of the digits, and refuses to for more than a few thousand. No letter
# has a number of so many, and such a reference reads as U+FFFD, as the HTML standard has it.
_ENDLESS = re.compile(r"&#(?:[0-9]{1000,}+|[xX][0-9a-fA-F]{1000,}+);?")


def unescape(text: str) -> str:
    """Return ``text`` with its entities as the letters they stand for."""
    try:
        return html.unescape(text)
    except ValueError:
        return html.unescape(_ENDLESS.sub("\ufffd", text))
