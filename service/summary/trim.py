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
from service.summary.facts import abbreviates
from service.summary.verbs import is_verb
from service.translation.normalise import split_dateline

_OPENING = re.compile(
    r"(?:Selain itu|Sementara itu|Lebih lanjut|Lebih jauh|Tak hanya itu|Tidak hanya itu|Di samping itu"
    r"|Selanjutnya|(?:Dalam|Pada) kesempatan (?:itu|ini|tersebut|yang sama)),\s"
)
_OPENING_ENGLISH = re.compile(
    r"(?:In addition|Besides that|Besides|Meanwhile|Furthermore|Further|Moreover|Additionally|Also"
    r"|Apart from that|Not only that|Next|Then|Afterwards|On (?:that|this|the same) occasion"
    r"|At the same time)"
    r"(?: to (?:that|this))?,\s"
)
_SAY = "kata|ujar|ucap|tutur|jelas|tegas|imbuh|tambah|papar|ungkap|terang|sebut|pungkas|lanjut"
_SAYS = "said|says|explained|added|stated|stressed|continued|noted|concluded|told"
_DAYS = "Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu"
_ENGLISH_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
# The speaker may have words of his own before the tail, as few as will do: ``, kata Budi kepada wartawan di
# Jakarta, Senin (3/4).``, of which the tail begins with "kepada". No quotation mark within, or a second
# quotation would be cut away.
_SAID = re.compile(
    rf"[,\"”]\s?(?:{_SAY})(?:nya)?(?: [^\"“”]{{2,90}}?)??"
    r"(?P<tail>,? (?:(?:ke)?pada (?:wartawan|media|awak media|[A-Z])"
    r"|(?:saat|ketika|usai|sebelum|setelah) [a-z]"
    r"|dalam (?:keterangan|pernyataan|siaran)|(?:melalui|lewat) (?:keterangan|pesan|siaran)|di [A-Z]"
    rf"|pada (?:{_DAYS})|(?:{_DAYS})\b|dikutip|dilansir|seperti di)[^\"“”]{{0,200}})\.?\Z"
)
# English has either order: ``, said Budi to reporters on Monday.`` and ``, Budi told reporters.``
_SAID_ENGLISH = re.compile(
    rf"[,\"”]\s?(?:(?:{_SAYS})(?: [^\"“”]{{2,90}}?)??|[^\"“”,.]{{2,90}}? (?:{_SAYS}))"
    r"(?P<tail>,? (?:to (?:reporters|journalists|the media|[A-Z])|reporters|when |while "
    r"|in (?:a|an|his|her|their|its) |in [A-Z]|at |on |through |via |after |before |during "
    r"|as quoted|quoted|as reported"
    rf"|(?:{_ENGLISH_DAYS})\b)[^\"“”]{{0,220}})\.?\Z"
)
# ``, seperti dikutip dari Antara, Senin.``
_SOURCED = re.compile(
    r"(?P<tail>,? (?:seperti )?(?:dikutip|dilansir|sebagaimana dikutip|demikian dikutip)(?: dari)?"
    r" [^\"“”,]{2,60}(?:, [^\"“”,]{3,30})?)\.?\Z"
)
# ``, as quoted from Antara, Monday.``
_SOURCED_ENGLISH = re.compile(
    r"(?P<tail>,? (?:as |was |is )?(?:quoted|reported|cited)(?: (?:from|by|in))?"
    r" [^\"“”,]{2,60}(?:, [^\"“”,]{3,30})?)\.?\Z"
)
# `` (BMKG)``; no bracket in a bracket.
_BRACKET = re.compile(r"\s\(([^()]{1,60})\)")
# ``, yang berada di lereng gunung, ``; from eight characters, and with no comma, bracket or quotation mark
# inside.
_CLAUSE = re.compile(r", yang ([^,()\"“”]{8,90}),(?= )")
_CLAUSE_ENGLISH = re.compile(r", (?:which|who|whose) ([^,()\"“”]{8,110}),(?= )")
# A figure or a negation: a sentence without one says something else.
_MATTERS = re.compile(
    r"\d|\b(?:tidak|tak|bukan|belum|tanpa|hanya|not|no|never|without|only)\b|n't", re.IGNORECASE
)
_NAMED = re.compile(r"\b[A-Z]")
# A clause that goes on to a list or a purpose does not end at the next comma.
_GOES_ON = re.compile(r"\b(?:untuk|dan|atau|serta|to|and|or|as well)\b")
# Directly behind the clause, `` was`` or `` also announced``: the clause stood between subject and verb.
_VERB_ENGLISH = re.compile(
    r" (?:also |then |later |now |still )?(?:is|was|are|were|has|have|had|will|would|can|could|must|may"
    r"|said|did|does|[a-z]{2,20}ed)\b"
)
_SHORT_FORM = re.compile(r"[A-Za-z][\w./-]{1,20}")
_REACH = 8
"""Words before a bracket among which the one is that an acronym begins with."""
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
        # Each rule by itself: one that cuts too deep is undone, and the next still has its try.
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
    """Leave out where, when and to whom it was said; the speaker stays."""
    # The two languages have to have it by the same rule, or what is cut might not be the same.
    for here, there in ((_SAID, _SAID_ENGLISH), (_SOURCED, _SOURCED_ENGLISH)):
        ours = here.search(text.source, max(0, len(text.source) - _TAIL_REACH))
        theirs = there.search(text.target, max(0, len(text.target) - _TAIL_REACH))
        if ours and theirs:
            return _without(text, "attribution", ours.span("tail"), theirs.span("tail"))
    return text


def _brackets(text: Trimmed, kept: frozenset[str]) -> Trimmed:
    """Trim brackets with a short form of what stands before them; they answer to one another by their
    order.
    """
    # The first five, from the last to the first, so that a cut does not change the numbers of those to come.
    # They are looked for anew each time, because it moves what stands behind.
    for nth in range(4, -1, -1):
        ours, theirs = list(_BRACKET.finditer(text.source)), list(_BRACKET.finditer(text.target))
        if len(ours) != len(theirs) or nth >= len(ours):
            continue
        inside = (ours[nth][1], theirs[nth][1])
        needed = any(_MATTERS.search(words) or words.lower() in kept for words in inside)
        if not needed and _abbreviates(inside[0], text.source[: ours[nth].start()]):
            text = _without(text, "bracket", ours[nth].span(), theirs[nth].span())
    return text


def _abbreviates(inside: str, before: str) -> bool:
    """Return whether a bracket holds the short form of the words before it, and no role, party or
    translation.
    """
    initials = {word.lstrip("\"“‘'(")[:1].lower() for word in before.split()[-_REACH:]}
    short = _SHORT_FORM.fullmatch(inside) is not None and inside[0].lower() in initials
    return short and _is_short(inside, before)


def _is_short(inside: str, before: str) -> bool:
    return sum(map(str.isupper, inside)) > 1 or abbreviates(inside, before[-120:])


def _clause(text: Trimmed, _: frozenset[str]) -> Trimmed:
    """Leave out the only relative clause between commas, where it names and counts nothing."""
    ours, theirs = list(_CLAUSE.finditer(text.source)), list(_CLAUSE_ENGLISH.finditer(text.target))
    # With two, which answers to which would be a guess.
    if len(ours) != 1 or len(theirs) != 1:
        return text
    inside = (ours[0][1], theirs[0][1])
    if any(rule.search(words) for words in inside for rule in (_MATTERS, _NAMED, _GOES_ON)):
        return text
    # The sentence's own verb has to follow, within two words in Indonesian, or the commas were those of a
    # list.
    after = text.source[ours[0].end() :].split(maxsplit=2)[:2]
    if not any(map(is_verb, after)) or not _VERB_ENGLISH.match(text.target, theirs[0].end()):
        return text
    return _without(text, "clause", ours[0].span(), theirs[0].span())


_RULES: tuple[_Rule, ...] = (_dateline, _opening, _attribution, _brackets, _clause)


def _without(text: Trimmed, kind: str, ours: tuple[int, int], theirs: tuple[int, int]) -> Trimmed:
    cut = Cut(kind, text.source[slice(*ours)].strip(" ,"), text.target[slice(*theirs)].strip(" ,"))
    return Trimmed(_rest(text.source, *ours), _rest(text.target, *theirs), (*text.cuts, cut))


def _rest(text: str, start: int, end: int) -> str:
    """Return the text without a piece: its first letter a capital, its full stop where it was."""
    rest = text[:start].rstrip() + (text[end:] if start else text[end:].lstrip())
    if not start and rest:
        rest = rest[0].upper() + rest[1:]
    if text.endswith(".") and rest and rest[-1].isalnum():
        rest += "."
    return rest
