"""SubRip and WebVTT: every cue keeps its timing and its place; sentences may run over several cues."""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from service.document import Finding
from service.intake.documents.blocks import PlacedFinding, Translate
from service.intake.documents.markup import Markup
from service.intake.entities import unescape

_CLOCK = r"((?:\d{1,6}+:)?\d{1,2}:\d{2}[.,]\d{1,3})"
_TIMES = rf"[ \t]*+{_CLOCK}[ \t]++-->[ \t]++{_CLOCK}[^\n]*+"
_TIMING = re.compile(rf"^{_TIMES}$", re.MULTILINE)
_BEGINS = re.compile(rf"\A(?:WEBVTT(?:[ \t\r\n]|\Z)|\s*+(?:\d++[ \t]*+\r?\n)?{_TIMES})")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*+>|<\d[\d:.]*>|\{\\[^{}\n]*+\}")
# White space at the ends of a line, tags not counted.
_SPACES = re.compile(r"^((?>(?:<[^<>/\n]*+>)*)) +|(?<! ) ++((?>(?:</[^<>\n]*+>)*))$", re.MULTILINE)
_NAME = re.compile(r"[a-z]+", re.I)
_ENDED = re.compile(r"""[.!?…]["'”’)\]]*\s*\Z|[♪\])]\s*\Z""")
_SPEAKER = re.compile(r"\A\s*+(?:[-–—]|\[|\(|♪)")
_BLANK = re.compile(r"\n[ \t]*(?:\n|\Z)")
_NUMBER = re.compile(r"\n\d++\Z")
_SPACE = re.compile(" ")
_PAUSE = 3.0
_MOST_CUES = 6


@dataclass(frozen=True, slots=True)
class _Cue:
    """What stands before a cue's text, its text, and when it is shown, in seconds."""

    head: str
    text: str
    start: float
    end: float


def is_subtitles(text: str) -> bool:
    """Return whether ``text`` begins as a WebVTT or SubRip file does."""
    return _BEGINS.match(text) is not None


def read(text: str) -> str:
    """Return what is said, a blank line where a sentence ends before a pause or another speaker."""
    return "\n\n".join(parse(text).paragraphs)


def translate(text: str, translation: Translate) -> tuple[str, list[PlacedFinding]]:
    """Return ``text`` with its cues in English, one for one, and what to look at."""
    markup = parse(text)
    findings = markup.translate(translation)
    cues, tail = _cues(markup.joined())
    pieces = []
    for number, (old, new) in enumerate(zip(_cues(text)[0], cues, strict=True), start=1):
        spoken = new.text if new.text == old.text else _SPACES.sub(r"\1\2", new.text)
        pieces += [new.head, _wrapped(spoken, 1 + old.text.count("\n") - spoken.count("\n"))]
        if _TAG.sub("", old.text).strip() and not _TAG.sub("", spoken).strip():
            findings.append(PlacedFinding(f"cue {number}", old.text.strip(), Finding("empty.cue")))
    return "".join([*pieces, tail]), findings


def _wrapped(text: str, lines: int) -> str:
    """Return the longest line of a cue in as many lines of about one length."""
    if lines < 2:
        return text
    longest = max(text.split("\n"), key=len)
    edges = [edge for match in _TAG.finditer(longest) for edge in match.span()]
    spaces = [m.start() for m in _SPACE.finditer(longest) if bisect_right(edges, m.start()) % 2 == 0]
    chosen: list[int] = []
    free = 0
    for number in range(1, lines):
        if free == len(spaces):
            break
        # Of the spaces that are left the nearest to an even share; the first of two as near.
        wanted = len(longest) * number // lines
        after = bisect_left(spaces, wanted, lo=free)
        nearest = spaces[max(after - 1, free) : after + 1]
        chosen.append(min(nearest, key=lambda space: abs(space - wanted)))
        free = bisect_right(spaces, chosen[-1])
    parts = [longest[a:b].strip() for a, b in zip([0, *chosen], [*chosen, len(longest)], strict=True)]
    return text.replace(longest, "\n".join(filter(None, parts)), 1)


def parse(text: str) -> Markup:
    """Return the cues in blocks that end where a sentence ends; header, notes and styles are left alone."""
    markup = Markup(
        lambda new: html.escape(new, quote=False) if text.startswith("WEBVTT") else new, "passage"
    )
    cues, tail = _cues(text)
    count = 0
    for number, cue in enumerate(cues):
        joined = number > 0 and _runs_on(cues[number - 1], cue) and count < _MOST_CUES
        count = count + 1 if joined else 1
        if joined:
            markup.inline(cue.head, space=True)
        else:
            markup.end(cue.head)
        _feed(markup, cue.text)
        markup.close("", "line")
    markup.end(tail)
    return markup


def _runs_on(last: _Cue, cue: _Cue) -> bool:
    ended = _ENDED.search(last.text) or _SPEAKER.match(cue.text)
    return not ended and 0 <= cue.start - last.end < _PAUSE and bool(last.text.strip())


def _feed(markup: Markup, text: str) -> None:
    """Feed a cue's text: tags are marks; a line break parts words, and is found anew in a translation."""
    markup.open("", "line", line=True)
    for number, line in enumerate(text.split("\n")):
        if number and _SPEAKER.match(line):
            markup.end("\n")
            markup.open("", "line", line=True)
        elif number:
            markup.inline("\n", space=True, instead="")
        at = 0
        for match in _TAG.finditer(line):
            _words(markup, line[at : match.start()])
            name = _NAME.search(match[0])
            if name is None or match[0][0] == "{":
                markup.inline(match[0])
            elif match[0].startswith("</"):
                markup.close(match[0], name[0].lower())
            else:
                markup.open(match[0], name[0].lower())
            at = match.end()
        _words(markup, line[at:])


def _words(markup: Markup, raw: str) -> None:
    if raw:
        markup.text(raw, unescape(raw))


def _cues(text: str) -> tuple[list[_Cue], str]:
    """Return the cues, and what follows the last one's text. A blank line or the next cue ends a text."""
    timings = list(_TIMING.finditer(text))
    cues: list[_Cue] = []
    at = 0
    for number, match in enumerate(timings):
        start = min(match.end() + 1, len(text))
        stop = timings[number + 1].start() if number + 1 < len(timings) else len(text)
        blank = _BLANK.search(text, match.end(), stop)
        end = max(blank.start(), start) if blank else start + _length(text[start:stop])
        cues.append(_Cue(text[at:start], text[start:end], _seconds(match[1]), _seconds(match[2])))
        at = end
    return cues, text[at:]


def _length(text: str) -> int:
    """Return characters of a cue's text, without white space and the next cue's number at its end."""
    spoken = text.rstrip()
    number = _NUMBER.search(spoken)
    return number.start() if number else len(spoken)


def _seconds(clock: str) -> float:
    hours, minutes, seconds = ["0", *clock.replace(",", ".").split(":")][-3:]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
