"""A headline for an article that came without one, from the English of its first sentence."""

from __future__ import annotations

import re

LONGEST = 14
SHORTEST = 5
_REACH = 300
"""Characters in which a first clause ends: a longer one is cut at its words all the same."""

_DATELINE = re.compile(r"^[A-Z][A-Za-z .,/'()-]{1,60}?\s[–—-]{1,2}\s")
# "As reported by The Sun, Reddy ...", "However, this time ..."
_SOURCE = re.compile(
    r"^(?:(?:As )?(?:[Rr]eported|[Qq]uoted|[Cc]ited) (?:by|from|in) [^,]{2,40}|However|Meanwhile|Moreover"
    r"|In addition|In fact), "
)
# " on Monday ...", ", last Friday ...", " (23/11/2026)".
_WHEN = re.compile(
    r",? (?:on|this|last) (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b.*\Z|\s?\([\d/. ]+\)", re.S
)
# ", ", "; ", " - " as a dash, " after ".
_CLAUSE = re.compile(r"[,;:]\s|\s[–—]\s|\s(?:after|because|while|although)\s")
# What says something: "will", "was", "appealed". Not a sentence without one, as one cut before an apposition.
_SAYS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|must|may|did|does|said|says|told|won|lost|beat|took"
    r"|gave|made|came|went|held|hit|fell|rose|found|left|led|began|became|met|died|set|put|got|saw|sent|ran"
    # Not "the stranded animal".
    r"|(?<![Tt]he )(?<![Aa] )(?<![Aa]n )[a-z]{3,}ed)\b"
)
# "Having won the title, ...", "In the appeal, ...": the sentence itself only begins behind the comma.
_OPENS = re.compile(
    r"(?:[A-Z][a-z]+ing|After|Although|As|At|Because|Before|Besides|During|For|From|If|In|On|Since|Through"
    r"|When|While|With|According)\b"
)
# What leads on to something, at the end of what is cut short.
_LEADS_ON = re.compile(
    r"(?<![\s,;:–—-])(?:[\s,;:–—-]{1,4}(?:a|an|the|his|her|its|their|of|to|in|on|at|by|for|from|with|as|and|or|but|that|who|which|than"
    r"|into|about|against|between|over|being|is|are|was|were|be|has|have|had|will|two|this|these)){1,14}[\s,;:–—-]{0,4}\Z"
)


def headline(lead: str) -> str:
    """Return the lead without dateline, source and day, up to its first clause end, or its first 14 words.

    A clause ends nowhere that leaves fewer than five words, no verb, or a quotation open.
    """
    text = _WHEN.sub("", _SOURCE.sub("", _DATELINE.sub("", lead.strip()))).strip()
    text = text[:1].upper() + text[1:]
    for clause in () if _OPENS.match(text) else _CLAUSE.finditer(text, 0, _REACH):
        before = text[: clause.start()]
        # Before the first comma: a verb behind it may be one of an apposition.
        says = _SAYS.search(before.partition(", ")[0])
        if len(before.split()) >= SHORTEST and says and not _is_open(before):
            text = before
            break
    words = text.split()
    if len(words) <= LONGEST:
        return text.rstrip(".,;: ")
    return _LEADS_ON.sub("", " ".join(words[:LONGEST])).rstrip(".,;: ") + "…"


def _is_open(text: str) -> bool:
    """Return whether a quotation or a bracket begins in a text and does not end in it."""
    return text.count('"') % 2 == 1 or text.count("“") > text.count("”") or text.count("(") > text.count(")")
