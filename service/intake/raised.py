"""Raised and lowered figures: the numbers of notes, powers and formulas, as characters of their own.

A note's number written as ``5\N{SUPERSCRIPT ONE}`` is told apart from the figure before it; units, formulas
(m\N{SUPERSCRIPT TWO}, CO\N{SUBSCRIPT TWO}) are written so anyway.
"""

from __future__ import annotations

import re

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

# Every run is bounded: a text of tags that never close is not read again from each of them.
_INSIDE = (
    r"\s{0,20}(?:<a\b[^<>]{0,500}>\s{0,20})?[\[(]?\s{0,20}(\d{1,3}(?:\s?,\s?\d{1,3})*)"
    r"\s{0,20}[\])]?\s{0,20}(?:</a\s{0,20}>\s{0,20})?"
)
# ``<sup>2</sup>``, ``<sup><a href="#n1">[1]</a></sup>``, ``<sup>1,3</sup>``.
_RAISED = re.compile(rf"<sup\b[^<>]{{0,500}}>{_INSIDE}</sup\s{{0,20}}>", re.IGNORECASE)
_LOWERED = re.compile(r"<sub\b[^<>]{0,500}>\s{0,20}(\d{1,3})\s{0,20}</sub\s{0,20}>", re.IGNORECASE)
# A link to a note of the same page, its number in brackets or alone right behind a word.
_LINKED = re.compile(
    r"""<a\b[^<>]{0,500}\bhref\s{0,20}=\s{0,20}["']?#[^<>]{0,500}>\s{0,20}\[\s{0,20}(\d{1,3})\s{0,20}\]\s{0,20}</a\s{0,20}>"""
    r"""|(?<=[\w.,;:!?"”’)])<a\b[^<>]{0,500}\bhref\s{0,20}=\s{0,20}["']?#[^<>]{0,500}>\s{0,20}(\d{1,3})\s{0,20}</a\s{0,20}>""",
    re.IGNORECASE,
)


def at(source: str, place: int) -> str:
    """Return what the tag that begins at ``place`` of HTML holds if it is a raised or lowered number; else
    nothing.
    """
    for pattern, table in ((_RAISED, SUPERSCRIPTS), (_LOWERED, SUBSCRIPTS), (_LINKED, SUPERSCRIPTS)):
        if found := pattern.match(source, place):
            return next(group for group in found.groups() if group).translate(table)
    return ""


def written(source: str) -> str:
    """Return HTML with its raised and lowered numbers as characters."""
    if "<" not in source:
        return source
    source = _RAISED.sub(lambda found: found[1].translate(SUPERSCRIPTS), source)
    source = _LOWERED.sub(lambda found: found[1].translate(SUBSCRIPTS), source)
    return _LINKED.sub(lambda found: (found[1] or found[2]).translate(SUPERSCRIPTS), source)
