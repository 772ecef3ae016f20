"""What becomes of each line of a page: the labels weighed against the rules, doubt in favour of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.intake.linefeatures import key, reads_on
from service.intake.lines import BETWEEN, END, HEADLINE, TEXT, TOP, UNDER, Label, label
from service.intake.rules import rule_flags, rule_of

KEEP = 3.0
"""How many times as likely as text a line must be furniture before it is taken for that."""

INNER = 4.0
"""How many times again between two paragraphs."""

_LONGEST_TITLE = 200
_DOUBT = 0.02
"""What reads as news is taken only if it is less likely than this to be the article's own."""

_CERTAIN = frozenset(("advertisement", "video", "share"))
"""Kinds that a rule knows for sure, so that they are taken even from a text that is no page."""

_AROUND = 3
"""Lines of furniture around the body from which a text without a headline is a page."""

_RUNNING = 150
"""Characters of running text that such a page has at least."""

_SAID = re.compile(
    r"[\"“][^\"“”]{12,}[,.!?]?[\"”],?\s(?:\w+\s){0,3}?(?:kata|ujar|jelas|tutur|ucap|ungkap|tegas|imbuh|tambah|terang|"
    r"papar|sebut|lanjut|cetus|tulis|pesan|kenang|demikian)(?:nya)?\b"
    r"|\b(?:mengatakan|menjelaskan|menyebut(?:kan)?|menyatakan|menuturkan|mengungkapkan|menegaskan|menambahkan|"
    r"menilai|berkata|kata|ujar)(?:,|\sbahwa|\skepada)?\s?[:,]?\s?[\"“]"
)
_DATELINE = re.compile(r"(?:[A-Z][\w.]{2,30},?\s){1,4}?(?:\([^()]{2,40}\)\s?)?[-–—]{1,2}\s(?=[\"“A-Z])")
_SENTENCES = re.compile(r"[a-z0-9\"”)]{2}[.!?][\"”’)]*\s+[\"“‘(]*[A-Z]")
_STOP = re.compile(r"[.!?…][\"'”’)\]]*$")
_FACT = re.compile(r"[A-Z][^:.!?]{1,28}:\s\S.{0,90}$")
_BYLINES = frozenset(
    "penulis editor reporter pewarta sumber foto teks tag tags topik baca juga baca juga lihat juga fotografer "
    "redaktur kontributor penyunting oleh topics keywords".split()
) | {"baca juga", "lihat juga", "simak juga", "kata kunci"}
_NO_HEADLINE = re.compile(r"(?i)^(?:no(?:mor)?\s?[:.]|©|copyright|foto\s?:)|\w{3}\.$|\bhttps?:")
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
    labels = label(lines, apart, rule_flags(lines), KEEP, INNER)
    rules = _sure_rules(lines)
    reasons = [_reason(line, l, rule) for line, l, rule in zip(lines, labels, rules, strict=True)]
    for i in _facts(lines, labels):
        reasons[i] = ""
    title = () if titled else _title(lines, labels, reasons)
    reasons = _without_leftovers(lines, labels, reasons, title)
    around = sum(1 for l, reason in zip(labels, reasons, strict=True) if reason and l.part in (TOP, UNDER, END))
    text = sum(len(line) for line, l in zip(lines, labels, strict=True) if l.part == TEXT and reads_on(line))
    page = titled or bool(title) or (around >= _AROUND and text >= _RUNNING)
    if not page:
        reasons = [rule if rule in _CERTAIN else "" for rule in rules]
    roles = tuple(_role(line, l) for line, l in zip(lines, labels, strict=True))
    return Judged(tuple(reasons), tuple(title), page, roles)


def _without_leftovers(
    lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str], title: Sequence[int]
) -> list[str]:
    """``reasons`` with none for the headline; what was taken for it too and says the same is one again."""
    wanted = key(" ".join(lines[i] for i in title))
    done = list(reasons)
    for i, found in enumerate(labels):
        if i in title:
            done[i] = ""
        elif found.part == HEADLINE and wanted and key(lines[i]).startswith(wanted):
            done[i] = "title-again"
    return done


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


def _facts(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """The lines of a box of facts among the text: labels with values, some of which can be no byline."""
    run: list[int] = []
    for i in range(len(lines) + 1):
        inside = i < len(lines) and labels[i].part in (TEXT, BETWEEN) and (found := _FACT.match(lines[i]))
        if inside and found:
            run.append(i)
            continue
        names = {lines[j].partition(":")[0].strip().casefold() for j in run}
        if len(run) >= 3 and len(names) == len(run) and len(names - _BYLINES) * 2 >= len(run):
            yield from run
        run = []


def _title(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> tuple[int, ...]:
    """The lines of the headline; none where what the labels say can be none, which is better than a wrong one."""
    found = [i for i, l in enumerate(labels) if l.part == HEADLINE]
    if not found:
        return ()
    run = [found[0]]
    for i in found[1:]:
        if i == run[-1] + 1 and _goes_on(lines[run[-1]], lines[i]):
            run.append(i)
    text = " ".join(lines[i] for i in run)
    body = [lines[i] for i, l in enumerate(labels) if l.part == TEXT and not reasons[i]]
    if not _can_be_headline(text, sum(map(len, body))) or not _of_this_body(text, lines, run, body):
        return ()
    return tuple(run if len(run) > 1 else [_without_site(run[0], lines)])


def _goes_on(line: str, following: str) -> bool:
    """Whether a headline broken over two lines goes on: in small letters, or set as the first is."""
    if following[0].islower():
        return True
    words, more = line.split(), following.split()
    first, second = ({w.casefold() for w in part} for part in (words, more))
    if len(first & second) * 2 >= min(len(first), len(second)):
        return False
    titled = [sum(w[0].isupper() or w[0].isdigit() for w in part) / len(part) for part in (words, more)]
    return min(titled) >= 0.6 and line.isupper() == following.isupper() and not _STOP.search(following)


def _can_be_headline(text: str, body: int) -> bool:
    return " " in text and len(text) <= _LONGEST_TITLE and len(text) < body and not _NO_HEADLINE.search(text)


def _of_this_body(text: str, lines: Sequence[str], run: Sequence[int], body: Sequence[str]) -> bool:
    """Whether the body speaks of what the headline does, or the page repeats it."""
    wanted = key(text)
    if any(key(line).startswith(wanted) for i, line in enumerate(lines) if i not in run):
        return True
    words = {word for word in wanted.split() if len(word) > 3}
    spoken = set(key(" ".join(body)).split())
    return len(words & spoken) >= max(1, len(words) // 5)


def _without_site(index: int, lines: Sequence[str]) -> int:
    """The copy of a headline that has no site's name after it, if there is one."""
    whole = key(lines[index])
    for i, line in enumerate(lines):
        part = key(line)
        if part != whole and whole.startswith(part + " ") and len(part) * 10 >= len(whole) * 6:
            return i
    return index


def _role(line: str, found: Label) -> str:
    """``subhead``, ``item`` of a list, or ``text``."""
    if found.part == TEXT and found.kind == "subhead":
        return "subhead"
    return "item" if _BULLET.match(line) and len(line) < 400 else "text"
