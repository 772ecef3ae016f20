"""From pasted text to an :class:`Article`: repaired, unwrapped, its title found, boilerplate aside.

What each line is :mod:`service.intake.judge` says; here the text is mended before, and put together after.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from service.document import Article, Furniture
from service.errors import InputError
from service.intake.credit import About, credits_of
from service.intake.glued import initials, without
from service.intake.judge import Judged, judge, runs_on
from service.intake.linefeatures import key
from service.intake.rules import rule_of
from service.text import segment

# Columns: text that mail or a terminal has wrapped is no wider than the first; a line that runs on and
# has at least the second is joined to the next even where no column of a wrap is found.
_WIDEST_WRAP = 120
_SURE_WRAP = 40

# Not str.splitlines, which also breaks at separators that stand within pasted lines.
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\u2028\u2029]")
# Soft hyphens, joiners, marks of direction, byte order marks: they hide in copied text and part words.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
# "JAKARTA, KOMPAS.com - ", "Bandung (ANTARA) – ".
_DATELINE = re.compile(r"[A-Z][\w .,'/()]{1,60}?\s?[-–—]{1,2}\s")
_OWN_LINE = re.compile(
    rf"{_DATELINE.pattern}"
    r"|[a-z0-9][\w-]{0,40}(?:\.[a-z]{2,12}){1,3}(?:,\s[\w ]{2,30})?\s?[-–—|]{1,2}\s"
    r"|(?:dr|drg|drh)\.\s[^.]{3,60}\d{4}$|(?:(?:oleh|by)\s)?(?:@\w{1,40}|\w{1,40}[_/]\w{1,40})$"
)
"""A dateline, be it of a site in small letters; a doctor's name with a date; by whom, as an account's name
or two desks: none goes on with the line above."""

_BY_NAME = re.compile(r"(?:oleh|by|teks|foto|naskah)(?:\s[A-Z][\w.'’-]*){1,4}$")
"""A byline in small letters, where no column of a wrap is known."""

_FULL_STOP = re.compile(r"[.,;:…–-][\"'”’)\]]*$")
_INNER_STOP = re.compile(r"[.?!]\s")
_LONGEST_TITLE = 160


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text: ``number`` in the original, whether a blank line stands before it."""

    text: str
    number: int
    apart: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph of the article, its ``role`` and the line it began with."""

    text: str
    role: str
    number: int
    apart: bool


def clean(
    raw: str,
    *,
    id: str = "",
    title: str | None = None,
    keep_furniture: bool = False,
    restored: Collection[int] = (),
    about: About | None = None,
) -> Article:
    """Return the article in ``raw``: text in paragraphs, title, and what was taken out with the reason.

    Without ``title``, and without one in ``about``, what a page's own data says, the headline is looked for
    among the lines. With ``keep_furniture`` nothing but the headline is taken out, and the lines whose
    numbers are in ``restored`` stay in any case. A text that is no page, with neither a headline nor
    boilerplate around it, comes back as it is. Raises :class:`InputError` when nothing is left.
    """
    lines = _unwrapped(_lines(raw))
    known = title if title is not None else (about.title if about and about.title else None)
    judged = judge([line.text for line in lines], [line.apart for line in lines], titled=bool(known))
    heading = repaired(known) if known is not None else " ".join(lines[i].text for i in judged.title)
    headline = judged.title or ((0,) if heading and lines and key(lines[0].text) == key(heading) else ())
    headline = headline if len(headline) < len(lines) else ()  # a text that is only a headline keeps it
    reasons = [""] * len(lines) if keep_furniture else _reasons(lines, judged, heading, headline)
    reasons = ["" if line.number in restored else r for line, r in zip(lines, reasons, strict=True)]
    parts = [
        _Part(line.text, role, line.number, line.apart)
        for i, (line, role, reason) in enumerate(zip(lines, judged.roles, reasons, strict=True))
        if not reason and i not in headline
    ]
    furniture = _named(lines, reasons)
    if judged.page and not keep_furniture:
        parts = _unglued(parts, furniture, restored)
    if not parts:
        raise InputError("input.no_article", "no article text in it")
    said = credits_of(_named(lines, judged.reasons), about)
    aside = tuple(sorted(furniture, key=lambda piece: piece.line))
    return Article(
        id, segment.split(_joined(parts)), heading, aside, *said, tuple(part.role for part in parts)
    )


def numbered(raw: str, wanted: Collection[str]) -> frozenset[int]:
    """Return the numbers of the lines of ``raw`` that are, or hold, one of the ``wanted`` texts, for
    ``restored``.
    """
    if not wanted:
        return frozenset()
    lines, known = [repaired(piece) for piece in _LINE_BREAK.split(raw)], frozenset(wanted)
    whole = {i for i, line in enumerate(lines) if line in known}
    # What is no line by itself was taken out of the middle of one: that line is named.
    lost = known - {lines[i] for i in whole}
    return frozenset(
        whole | {i for i, line in enumerate(lines) if any(text and text in line for text in lost)}
    )


def _named(lines: Sequence[_Line], reasons: Sequence[str]) -> list[Furniture]:
    return [
        Furniture(line.text, reason, line.number)
        for line, reason in zip(lines, reasons, strict=True)
        if reason
    ]


def _reasons(lines: Sequence[_Line], judged: Judged, heading: str, headline: Sequence[int]) -> list[str]:
    """Return why each line is set aside; further copies of the headline too, unless there is no other
    text.
    """
    reasons = list(judged.reasons)
    wanted = key(heading)
    text = [i for i, reason in enumerate(reasons) if not reason and i not in headline]
    copies = [i for i in text if wanted and key(lines[i].text) == wanted]
    if len(copies) < len(text):
        for i in copies:
            reasons[i] = "title-again"
    return reasons


def _unglued(parts: Sequence[_Part], furniture: list[Furniture], restored: Collection[int]) -> list[_Part]:
    """Return the paragraphs without what is glued into them, which is added to ``furniture``."""
    # Where a link that is glued into a paragraph ends, its headline elsewhere on the page tells.
    links = {key(piece.text) for piece in furniture if piece.reason in ("related", "read-also", "teaser")}
    kept = []
    for part in parts:
        text, taken = (part.text, []) if part.number in restored else without(part.text, links)
        furniture += [Furniture(piece, kind, part.number) for piece, kind in taken]
        kept.append(replace(part, text=text))
    runs = [i for i, part in enumerate(kept) if runs_on(part.text)]
    # Initials stand behind the last paragraph, or the last that is running text, and only once.
    for i in [len(kept) - 1, *runs[-1:]] if kept else ():
        text, signed = initials(kept[i].text)
        if signed and kept[i].number not in restored:
            furniture.append(Furniture(signed, "initials", kept[i].number))
            kept[i] = replace(kept[i], text=text)
            break
    return kept


def _lines(raw: str) -> list[_Line]:
    """Return the lines that hold something, repaired."""
    lines: list[_Line] = []
    apart = False
    for number, piece in enumerate(_LINE_BREAK.split(raw)):
        if text := repaired(piece):
            lines.append(_Line(text, number, apart))
        apart = not text
    return lines


def repaired(line: str) -> str:
    """Return ``line`` without mojibake, control and zero-width characters; NFC; single spaces."""
    # Plain ASCII without an entity cannot be damaged so, and ftfy need not be imported for it.
    if not line.isascii() or "&" in line:
        line = _mended(line)
    kept = _INVISIBLE.sub("", line)
    if not kept.isprintable():
        # Control characters that are white space, such as a tab, become a space below.
        kept = "".join(c for c in kept if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join(kept.split())


def _mended(line: str) -> str:
    import ftfy

    # Quotes and full-width letters are the author's choice; the rest is damage.
    config = ftfy.TextFixerConfig(uncurl_quotes=False, fix_character_width=False, fix_latin_ligatures=False)
    return ftfy.fix_text(line, config)


def _unwrapped(lines: Sequence[_Line]) -> list[_Line]:
    """Return ``lines`` with those joined that only a fixed column broke apart."""
    if len(lines) < 2:
        return [*lines]
    pairs = [(a, b) for a, b in pairwise(lines) if not b.apart]
    lengths = sorted(len(line.text) for line in lines)
    # Of the longest lines one in fifty is left out: an address is not wrapped and may be as long as it likes.
    width = lengths[len(lengths) * 49 // 50] if lengths else 0
    inside = [_forced(a, b, width) for a, b in pairs if _runs_on(a, b)]
    # Of the breaks inside sentences four in five must have come where the next word had no room.
    fixed = width <= _WIDEST_WRAP and len(inside) > 1 and sum(inside) * 5 >= len(inside) * 4
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not line.apart and _belongs(groups[-1][-1], line, width if fixed else 0):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_Line(_glued(group), group[0].number, group[0].apart) for group in groups]


def _belongs(line: _Line, following: _Line, width: int) -> bool:
    """Return whether ``following`` continues ``line``; ``width`` is the column of the wrap, 0 for none."""
    if rule_of(line.text) or rule_of(following.text) or _OWN_LINE.match(following.text):
        return False
    if not width and _BY_NAME.match(following.text):
        return False
    if _runs_on(line, following) and (width or len(line.text) >= _SURE_WRAP):
        return True
    return bool(width) and _forced(line, following, width)


def _runs_on(line: _Line, following: _Line) -> bool:
    """Return whether a sentence runs over the break: no mark at the end, lower case after it."""
    return (line.text[-1].isalnum() or line.text[-1] in ',-–)”"') and following.text[0].islower()


def _forced(line: _Line, following: _Line, width: int) -> bool:
    """Return whether the first word of ``following`` had no room left on ``line``."""
    return len(line.text) + 1 + len(following.text.split(" ", 1)[0]) > width  # one for the space


def _glued(group: Sequence[_Line]) -> str:
    """Return the lines of one paragraph; a word broken at its hyphen (``anak-/anak``) gets no space."""
    parts = [group[0].text]
    for line, following in pairwise(group):
        hyphen = line.text[-1] == "-" and line.text[-2:-1].isalpha() and following.text[0].islower()
        parts += [following.text] if hyphen else [" ", following.text]
    return "".join(parts)


def is_headline(line: str, rest: int) -> bool:
    """Return whether a first line, with ``rest`` characters of text after it, looks like a headline."""
    if len(line) > _LONGEST_TITLE or " " not in line or rest <= len(line):
        return False
    return not (_FULL_STOP.search(line) or _DATELINE.match(line) or _INNER_STOP.search(line))


def _joined(body: Sequence[_Part]) -> str:
    """Return the paragraphs as they stood: one line break, or a blank line where there was one."""
    return body[0].text + "".join(("\n\n" if line.apart else "\n") + line.text for line in body[1:])
