"""Shorten a sentence by rule, in both languages at once, where nothing that matters is lost.

A piece is cut only where it is found in the Indonesian and in the English: a dateline, an opening such as
*Selain itu*, what stands behind the speaker's name (where, to whom, on which day it was said), a bracket
without a figure, and a relative clause without a name, figure or negation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from service.document import Cut
from service.translation.normalise import split_dateline

_OPENING = re.compile(
    r"(?:Selain itu|Sementara itu|Lebih lanjut|Lebih jauh|Tak hanya itu|Tidak hanya itu|Di samping itu"
    r"|Selanjutnya|(?:Dalam|Pada) kesempatan (?:itu|ini|tersebut|yang sama)),\s"
)
_OPENING_ENGLISH = re.compile(
    r"(?:In addition|Besides that|Besides|Meanwhile|Furthermore|Further|Moreover|Additionally|Also|Apart from that"
    r"|Not only that|Next|Then|Afterwards|On (?:that|this|the same) occasion|At the same time)"
    r"(?: to (?:that|this))?,\s"
)
_SPEAKERS = r"(?:[A-Z][\w.'’-]{0,30}|(?:yang |the |his |her )?[a-z]{2,20})(?:,? [A-Z][\w.'’-]{0,30}){0,8}"
_SAID = re.compile(
    r"(?:[,\"”]\s?)(?:kata|ujar|ucap|tutur|jelas|tegas|imbuh|tambah|papar|ungkap|terang|sebut|pungkas|lanjut)(?:nya)?"
    rf"(?: {_SPEAKERS})?(?P<tail>,? (?:kepada (?:wartawan|media|awak media)|saat (?:ditemui|dihubungi|dikonfirmasi)"
    r"|ketika (?:ditemui|dihubungi|dikonfirmasi)|dalam (?:keterangan|pernyataan|siaran)|melalui (?:keterangan|pesan)"
    r"|lewat (?:keterangan|pesan)|di [A-Z]|pada (?:Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu)"
    r"|(?:Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu)\b|dikutip|dilansir|seperti di)[^\"“”]{0,160})\.?\Z"
)
_SAID_ENGLISH = re.compile(
    r"(?:[,\"”]\s?)(?:(?:said|says|explained|added|stated|stressed|continued|noted|concluded|told)"
    rf"(?: {_SPEAKERS})?|(?:[Hh]e|[Ss]he|[Tt]hey|{_SPEAKERS}) (?:said|says|explained|added|stated|stressed|continued"
    r"|noted|concluded))"
    r"(?P<tail>,? (?:to (?:reporters|journalists|the media)|reporters|when |while |in (?:a|an|his|her|their|its) |in [A-Z]"
    r"|at |on |through |via |after |during |as quoted|quoted|as reported"
    r"|(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b)[^\"“”]{0,200})\.?\Z"
)
_SOURCED = re.compile(
    r"(?P<tail>,? (?:seperti )?(?:dikutip|dilansir|sebagaimana dikutip|demikian dikutip)(?: dari)? [^\"“”,]{2,60}"
    r"(?:, [^\"“”,]{3,30})?)\.?\Z"
)
_SOURCED_ENGLISH = re.compile(
    r"(?P<tail>,? (?:as |was |is )?(?:quoted|reported|cited)(?: (?:from|by|in))? [^\"“”,]{2,60}(?:, [^\"“”,]{3,30})?)\.?\Z"
)
_BRACKET = re.compile(r"\s\(([^()]{1,60})\)")
_CLAUSE = re.compile(r", yang ([^,()\"“”]{8,90}),(?= )")
_CLAUSE_ENGLISH = re.compile(r", (?:which|who|whose) ([^,()\"“”]{8,110}),(?= )")
_MATTERS = re.compile(r"\d|\b(?:tidak|tak|bukan|belum|tanpa|hanya|not|no|never|without|only)\b|n't")
_NAMED = re.compile(r"\b[A-Z]")
_TAIL_REACH = 420
"""Characters from the end of a sentence in which a speaker's tail is looked for."""
SHORTEST = 6
"""Words that a sentence keeps at least."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A sentence in both languages without its ``cuts``."""

    source: str
    target: str
    cuts: tuple[Cut, ...] = ()


_Rule = Callable[[Trimmed, frozenset[str]], Trimmed]


def trim(source: str, target: str, kept: frozenset[str] = frozenset()) -> Trimmed:
    """Return the sentence and its English without what can be spared.

    ``kept`` are words in lower case that other sentences use: an acronym among them stays where it is
    introduced.
    """
    done = Trimmed(source, target)
    for rule in _RULES:
        shorter = rule(done, kept)
        if min(len(shorter.source.split()), len(shorter.target.split())) >= SHORTEST:
            done = shorter
    return done


def _dateline(text: Trimmed, _: frozenset[str]) -> Trimmed:
    ours, theirs = split_dateline(text.source)[0], split_dateline(text.target)[0]
    return _without(text, "dateline", (0, len(ours)), (0, len(theirs))) if ours and theirs else text


def _opening(text: Trimmed, _: frozenset[str]) -> Trimmed:
    ours, theirs = _OPENING.match(text.source), _OPENING_ENGLISH.match(text.target)
    return _without(text, "opening", ours.span(), theirs.span()) if ours and theirs else text


def _attribution(text: Trimmed, _: frozenset[str]) -> Trimmed:
    """Where, when and to whom it was said; the speaker stays."""
    for here, there in ((_SAID, _SAID_ENGLISH), (_SOURCED, _SOURCED_ENGLISH)):
        ours = here.search(text.source, max(0, len(text.source) - _TAIL_REACH))
        theirs = there.search(text.target, max(0, len(text.target) - _TAIL_REACH))
        if ours and theirs:
            return _without(text, "attribution", ours.span("tail"), theirs.span("tail"))
    return text


def _brackets(text: Trimmed, kept: frozenset[str]) -> Trimmed:
    """Brackets without a figure; they answer to one another by their order."""
    for nth in range(4, -1, -1):
        ours, theirs = list(_BRACKET.finditer(text.source)), list(_BRACKET.finditer(text.target))
        if len(ours) != len(theirs) or nth >= len(ours):
            continue
        inside = (ours[nth][1], theirs[nth][1])
        if not any(_MATTERS.search(words) or words.lower() in kept for words in inside):
            text = _without(text, "bracket", ours[nth].span(), theirs[nth].span())
    return text


def _clause(text: Trimmed, _: frozenset[str]) -> Trimmed:
    """The only relative clause between commas, where it names and counts nothing."""
    ours, theirs = list(_CLAUSE.finditer(text.source)), list(_CLAUSE_ENGLISH.finditer(text.target))
    if len(ours) != 1 or len(theirs) != 1:
        return text
    inside = (ours[0][1], theirs[0][1])
    if any(_MATTERS.search(words) or _NAMED.search(words) for words in inside):
        return text
    return _without(text, "clause", ours[0].span(), theirs[0].span())


_RULES: tuple[_Rule, ...] = (_dateline, _opening, _attribution, _brackets, _clause)


def _without(text: Trimmed, kind: str, ours: tuple[int, int], theirs: tuple[int, int]) -> Trimmed:
    cut = Cut(kind, text.source[slice(*ours)].strip(" ,"), text.target[slice(*theirs)].strip(" ,"))
    return Trimmed(_rest(text.source, *ours), _rest(text.target, *theirs), (*text.cuts, cut))


def _rest(text: str, start: int, end: int) -> str:
    """The text without a piece: its first letter a capital, its full stop where it was."""
    rest = text[:start].rstrip() + (text[end:] if start else text[end:].lstrip())
    if not start and rest:
        rest = rest[0].upper() + rest[1:]
    if text.endswith(".") and rest and rest[-1].isalnum():
        rest += "."
    return rest
