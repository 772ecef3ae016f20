"""Places in a program's texts that it fills as it runs: ``{name}``, ``%s``, ``%(n)d``, ``:name``."""

from __future__ import annotations

import re

BRACED = r"(?:\{\{[^{}\n]{1,100}\}\}|[$%#]?\{[^{}\n]{0,100}\})"
"""``{name}``, ``{0}``, ``{{ name }}``, ``%{name}``, ``${name}``."""
PRINTED = r"%(?:\(\w{1,40}\))?(?:\d{1,2}\$)?[-+#]?\d{0,3}(?:\.\d{1,3})?(?:ll|[hlz])?[sdiufgxc@]"
"""``%s``, ``%1$d``, ``%(name)s``, ``%.2f``."""

# ":name" where no letter, colon or slash stands before it: not in "http://x" or "10:30".
_ANY = re.compile(rf"{BRACED}|(?<![\d%]){PRINTED}|%%|(?<![\w:/]):[a-z][a-z_]{{1,40}}(?![\w:])")
_COLON = re.compile(r"(?<![\w:/{]):[a-z][a-z_]{1,40}(?![\w:}])")
_HELD = re.compile(r"\{(:[a-z][a-z_]{1,40})\}")


def placeholders(text: str) -> list[str]:
    """Return the placeholders of a text, in order."""
    return _ANY.findall(text)


def held(text: str) -> str:
    """Return ``text`` with all placeholders in a form in which they pass an engine, in braces."""
    return _COLON.sub(lambda found: f"{{{found[0]}}}", text)


def released(text: str) -> str:
    """Return what :func:`held` was given."""
    return _HELD.sub(lambda found: found[1], text)
