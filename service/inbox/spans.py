"""Moments and lengths of time as users write them: ``yesterday``, ``24h``, ``2026-11-23``, ``30m``."""

from __future__ import annotations

import re

from service.errors import UsageError
from service.inbox.dates import day_of, when

_SPAN = re.compile(r"([0-9]{1,6})\s?(s|m|h|d|w)?")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def seconds(text: str, unit: str = "s") -> float:
    """Return how long ``30m``, ``24h`` or ``7d`` is; a bare number is of ``unit``. Raises UsageError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if not found:
        raise UsageError(
            "inbox.no_length", "{text!r} is no length of time; write 30m, 24h, 7d or 2w", text=text
        )
    return int(found[1]) * _SECONDS[found[2] or unit]


def since(text: str, now: float) -> float:
    """Return the moment that a list begins with: a day, a length of time before ``now``, or "all" (0).

    Days begin at midnight in Jakarta. Raises UsageError.
    """
    named = {"today": 0, "yesterday": 1}
    word = text.strip().lower()
    if word in ("", "all"):
        return 0.0
    if word in named:
        return when(day_of(now - named[word] * 86_400.0), now)
    if _SPAN.fullmatch(word):
        return now - seconds(word, "h")
    if moment := when(word, now):
        return moment
    raise UsageError(
        "inbox.no_moment", "{text!r} is no moment; write yesterday, 24h, 7d or 2026-11-23", text=text
    )
