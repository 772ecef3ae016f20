"""A headline for an article that came without one, from the English of its first sentence."""

from __future__ import annotations

import re

LONGEST = 14
SHORTEST = 5

_DATELINE = re.compile(r"^[A-Z][A-Za-z .,/'()-]{1,60}?\s[–—-]{1,2}\s")
_WHEN = re.compile(
    r",? (?:on|this|last) (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b.*\Z|\s?\([\d/. ]+\)", re.S
)
_CLAUSE = re.compile(r"[,;:]\s|\s[–—]\s|\s(?:which|who|after|because|while|although)\s")


def headline(lead: str) -> str:
    """Return the lead without dateline and day, up to the first clause end that leaves five words; at most
    14.
    """
    text = _WHEN.sub("", _DATELINE.sub("", lead.strip())).strip()
    for clause in _CLAUSE.finditer(text):
        before = len(text[: clause.start()].split())
        if before >= SHORTEST:
            text = text[: clause.start()] if before <= LONGEST else text
            break
    words = text.split()
    cut = " ".join(words[:LONGEST]) + ("…" if len(words) > LONGEST else "")
    return cut.rstrip(".,;: ")
