"""Boilerplate inside a paragraph: links, advertisements and initials among or after its sentences.

What is between two sentences is taken if it can be nothing else; where it ends is sought with care, and where
that cannot be told the paragraph stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from service.intake.linefeatures import key

# After a sentence, or where the paragraph begins.
_AFTER = r"(?:(?<=[.!?…\"”’)\]])\s+|^)"
# What follows is a sentence, or nothing.
_MORE = r"(?=[\"“‘(]?[A-Z0-9]|$)"
# "(Baca juga: Harga beras naik)", "[Lihat: ...]". The white space before it is taken from its first sign
# only, or a long run of it would be tried from each.
_BRACKETED = re.compile(
    r"(?<!\s)\s*+(?:\((?:baca|simak|lihat)(?:\s(?:juga|pula))?\s?:[^()]{1,200}(?:\([^()]{1,60}\)[^()]{0,100})?\)"
    r"|\[(?:baca|simak|lihat)(?:\s(?:juga|pula))?\s?:[^\[\]]{1,200}\])",
    re.IGNORECASE,
)
# "ADVERTISEMENT SCROLL TO CONTINUE WITH CONTENT", "IKLAN".
_ADVERT = re.compile(
    _AFTER + r"(?:(?:ADVERTISEMENT|Advertisement)(?:\s+SCROLL\sTO\s(?:CONTINUE|RESUME)\s(?:WITH\s)?CONTENT)?"
    r"|SCROLL\sTO\s(?:CONTINUE|RESUME)\s(?:WITH\s)?CONTENT|IKLAN)(?:\s+|$)" + _MORE
)
# "[Gambas:Video 20detik]", which Detik's pages leave where a film was.
_VIDEO = re.compile(r"(?<!\s)\s*+\[Gambas:[^\]]{1,80}\]")
# "Baca juga: ", "SIMAK JUGA VIDEO: " and then a headline, whose end must be found.
_LINK = re.compile(
    _AFTER
    + r"(?:Baca|BACA|Simak|SIMAK|Lihat|LIHAT)\s(?:[Jj]uga|JUGA|[Pp]ula|PULA)(?:\s[Vv]ideo)?\s?:\s*(?=\S)"
)
_TOKEN = re.compile(r"\S+")
# Words that headlines write small.
_SMALL = frozenset(
    [
        "di",
        "ke",
        "dari",
        "dan",
        "yang",
        "untuk",
        "pada",
        "dengan",
        "dalam",
        "atau",
        "saat",
        "usai",
        "oleh",
        "agar",
        "demi",
        "bagi",
        "para",
        "tak",
        "ini",
        "itu",
        "soal",
        "hingga",
        "tapi",
        "jadi",
        "akan",
        "bisa",
        "vs",
    ]
)
_ENDS = re.compile(r"[.!?][\"”’)]*$")
# A quick look: most paragraphs hold none of them, and are done.
_SIGNS = re.compile(r"(?i)juga\s?:|baca\s?:|pula\s?:|advertisement|scroll\sto|iklan|gambas")
# Behind the last sentence: "(dek/fra)", "(***)", "[ABC/de]".
_INITIALS = re.compile(
    r"(?<=[.!?\"”’])\s?([(\[](?:[a-z]{2,5}|[a-zA-Z]{2,8}(?:[/-][a-zA-Z0-9]{2,8}){1,3}|\*{1,3}|[A-Z]{2,4}/[a-z]{2,8})[)\]])$"
)
_LONGEST = 160


def without(paragraph: str, links: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return ``paragraph`` without what is glued into it, and what that was: text and kind.

    ``links`` are the keys of the headlines that the page has elsewhere.
    """
    if not _SIGNS.search(paragraph):
        return paragraph, []
    taken: list[tuple[str, str]] = []
    for pattern, kind in ((_BRACKETED, "read-also"), (_VIDEO, "video"), (_ADVERT, "advertisement")):
        paragraph = _cut(paragraph, pattern, kind, taken)
    while found := _LINK.search(paragraph):
        end = _link_end(paragraph, found.end(), links)
        # Rather a link that stays than a sentence that goes.
        if end < 0:
            break
        taken.append((paragraph[found.start() : end].strip(), "read-also"))
        paragraph = _joined(paragraph[: found.start()], paragraph[end:])
    return paragraph, taken


def _cut(paragraph: str, pattern: re.Pattern[str], kind: str, taken: list[tuple[str, str]]) -> str:
    while found := pattern.search(paragraph):
        rest = _joined(paragraph[: found.start()], paragraph[found.end() :])
        # A paragraph that is nothing else is left to those who judge whole lines.
        if not rest:
            break
        taken.append((found[0].strip(), kind))
        paragraph = rest
    return paragraph


def _joined(before: str, after: str) -> str:
    before, after = before.rstrip(), after.lstrip()
    gap = "" if not before or not after or after[0] in ".,;:!?" else " "
    return before + gap + after


def _link_end(text: str, start: int, links: Collection[str]) -> int:
    """Return where the headline that begins at ``start`` ends; -1 if that cannot be told."""
    rest = text[start : start + _LONGEST * 2]
    for known in links:
        # Short ones, such as "video", begin many a headline.
        if key(rest).startswith(known) and len(known) > 20 and (end := _through(rest, known)) > 0:
            return start + end
    tokens = list(_TOKEN.finditer(rest))
    # Words of the headline so far that have a capital letter or are figures.
    titled = 0
    for i, token in enumerate(tokens):
        word = token[0].strip("\"'“”‘’().,:;!?")
        following = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if _ENDS.search(token[0]) and titled >= 2:
            return start + token.end()
        # A capital before a small word that headlines do not write small: a sentence has begun.
        begins = word[:1].isupper() and following[:1].islower() and following.strip(".,") not in _SMALL
        if titled >= 3 and begins and not token[0].endswith(","):
            return start + token.start()
        # Headlines of links have capitals; in small letters no end can be seen but the paragraph's.
        if word[:1].islower() and word not in _SMALL:
            return start + len(rest) if len(rest) == len(text) - start and len(rest) <= _LONGEST else -1
        titled += word[:1].isupper() or word[:1].isdigit()
    return start + len(rest) if len(rest) == len(text) - start and len(rest) <= _LONGEST else -1


def _through(rest: str, known: str) -> int:
    """Return where in ``rest`` the words of ``known`` end."""
    for token in _TOKEN.finditer(rest):
        if key(rest[: token.end()]) == known:
            return token.end()
    return -1


def initials(paragraph: str) -> tuple[str, str]:
    """Return ``paragraph`` without the reporters' initials after its last full stop, and these."""
    found = _INITIALS.search(paragraph[-40:])
    if not found:
        return paragraph, ""
    return paragraph[: len(paragraph) - len(paragraph[-40:]) + found.start()].rstrip(), found[1]
