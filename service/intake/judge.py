"""What becomes of each line of a page: the labels weighed against the rules, doubt in favour of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.intake.linefeatures import key
from service.intake.lines import BETWEEN, END, HEADLINE, TEXT, TOP, UNDER, Label, label
from service.intake.rules import rule_flags, rule_of

KEEP = 3.0
"""How many times as likely as text a line must be furniture before it is taken for that."""

_LONGEST_TITLE = 200
_DOUBT = 0.02
"""What reads as news is taken only if it is less likely than this to be the article's own."""

_CERTAIN = frozenset(("advertisement", "video", "share"))
"""Kinds that a rule knows for sure, so that they are taken even from a text that is no page."""

_AROUND = 3
"""Lines of furniture around the body from which a text without a headline is a page."""

_SAID = re.compile(
    r"[\"“][^\"“”]{12,}[,.!?]?[\"”],?\s(?:\w+\s){0,3}?(?:kata|ujar|jelas|tutur|ucap|ungkap|tegas|imbuh|tambah|terang|"
    r"papar|sebut|lanjut|cetus|tulis|pesan|kenang|demikian)(?:nya)?\b"
    r"|\b(?:mengatakan|menjelaskan|menyebut(?:kan)?|menyatakan|menuturkan|mengungkapkan|menegaskan|menambahkan|"
    r"menilai|berkata|kata|ujar)(?:,|\sbahwa|\skepada)?\s?[:,]?\s?[\"“]"
)
_DATELINE = re.compile(r"(?:[A-Z][\w.]{2,30},?\s){1,4}?(?:\([^()]{2,40}\)\s?)?[-–—]{1,2}\s(?=[\"“A-Z])")
_SENTENCES = re.compile(r"[a-z0-9\"”)]{2}[.!?][\"”’)]*\s+[\"“‘(]*[A-Z]")
_STOP = re.compile(r"[.!?…][\"'”’)\]]*$")
_BULLET = re.compile(r"(?:[-–•·▪*›»→▸]|\d{1,2}[.)]|[a-z][.)])\s")


@dataclass(frozen=True, slots=True)
class Judged:
    """``reasons`` has a kind for each line that is set aside, else nothing; ``title`` the headline's lines.

    ``page`` says whether there is more than an article; ``roles`` what each line of text is.
    """

    reasons: tuple[str, ...]
    title: tuple[int, ...]
    page: bool
    roles: tuple[str, ...]


def judge(lines: Sequence[str], apart: Sequence[bool], *, titled: bool = False) -> Judged:
    """What becomes of a page's non-empty lines; ``titled`` if its headline is known from elsewhere."""
    labels = label(lines, apart, rule_flags(lines), KEEP)
    rules = _sure_rules(lines)
    reasons = [_reason(line, l, rule) for line, l, rule in zip(lines, labels, rules, strict=True)]
    title = () if titled else _title(lines, labels, reasons)
    for i in title:
        reasons[i] = ""
    around = sum(1 for l, reason in zip(labels, reasons, strict=True) if reason and l.part in (TOP, UNDER, END))
    page = titled or bool(title) or around >= _AROUND
    if not page:
        reasons = [rule if rule in _CERTAIN else "" for rule in rules]
    roles = tuple(_role(line, l) for line, l in zip(lines, labels, strict=True))
    return Judged(tuple(reasons), tuple(title), page, roles)


def _sure_rules(lines: Sequence[str]) -> list[str]:
    """The rule that takes each line; the name of one network alone is a share bar only beside another."""
    found = [rule_of(line) for line in lines]
    sure = []
    for i, (line, reason) in enumerate(zip(lines, found, strict=True)):
        neighbours = {*found[max(i - 1, 0) : i], *found[i + 1 : i + 2]}
        alone = reason == "share" and " " not in line and "share" not in neighbours
        sure.append("" if alone else reason)
    return sure


def _reason(line: str, found: Label, rule: str) -> str:
    """Why a line is set aside, or nothing."""
    if rule:
        return found.kind if found.part not in (TEXT, HEADLINE) else rule
    if found.part in (TEXT, HEADLINE):
        return ""
    if reads_as_news(line) and found.text > _DOUBT:
        return ""
    return found.kind


def reads_as_news(line: str) -> bool:
    """Whether a line is news by its form: a dateline, a quotation that somebody is said to have said, sentences."""
    if _DATELINE.match(line) and len(line) > 60:
        return True
    if not _STOP.search(line):
        return False
    return bool(_SAID.search(line)) or bool(_SENTENCES.search(line))


def _title(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> tuple[int, ...]:
    """The lines of the headline, if what the labels say can be one."""
    found = [i for i, l in enumerate(labels) if l.part == HEADLINE]
    if not found:
        return ()
    run = [i for i in found if i - found[0] == found.index(i)]
    text = " ".join(lines[i] for i in run)
    body = sum(len(lines[i]) for i, l in enumerate(labels) if l.part == TEXT and not reasons[i])
    fits = " " in text and len(text) <= _LONGEST_TITLE and body > len(text)
    return tuple(run) if fits else ()


def _role(line: str, found: Label) -> str:
    """``subhead``, ``item`` of a list, or ``text``."""
    if found.part == TEXT and found.kind == "subhead":
        return "subhead"
    return "item" if _BULLET.match(line) and len(line) < 400 else "text"
