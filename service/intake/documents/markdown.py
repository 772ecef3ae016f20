"""Markdown: its text without the markup, and a document translated with the markup left as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from service.intake.documents.markup import Markup

_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(?:.*\n)*?\1[ \t]*(?:\n|\Z)")
# Lines are matched from their start and possessively, so that none is read twice, whatever runs it holds.
_FENCE = re.compile(r"\A[ \t>]*+(?:(?:[-*+]|\d{1,9}+[.)])[ \t]++)?(`{3,}+|~{3,}+)")
_DELIMITER = re.compile(r"\A[ \t>]*+\|?[ \t]*+:?-++:?[ \t]*+(?>(?:\|[ \t]*+:?-++:?[ \t]*+)*)\|?[ \t]*+\Z")
_RULE = re.compile(r"\A[ \t>]*+(?:=++|(?>(?:-[ \t]*+)+)|(?>(?:\*[ \t]*+){3,})|(?>(?:_[ \t]*+){3,}))\Z")
_UNDERLINE = re.compile(r"\A {0,3}+(?:=++|-++)[ \t]*+\Z")
_DEFINITION = re.compile(r"\A {0,3}+\[(?!\^)([^\]\n]++)\]:")
_ITEM = re.compile(r"\A(?:[-*+]|\d{1,9}[.)])[ \t]")
_PREFIX = re.compile(
    r"\A(?>(?:[ \t]*+>[ \t]?)*)[ \t]*+"
    r"(?>(?:(?:[-*+]|\d{1,9}+[.)])[ \t]++(?:\[[ xX]\][ \t]++)?|\[\^[^\]\n]++\]:[ \t]*+)*)"
    r"(?P<heading>\#{1,6}+(?:[ \t]++|\Z))?"
)
_CONTINUED = re.compile(r"\A(?>(?:[ \t]*+>[ \t]?)*)[ \t]*+")
_HTML = re.compile(r"\A[ \t]{0,3}+<[a-zA-Z/!?](?![^\s>]*+:)")
_CLOSING = re.compile(r"(?<![ \t])[ \t]++#++\Z")
_BAR = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(
    r"""(?P<code>(?P<ticks>(?<!`)`{1,9}(?!`))(?P<inner>.{1,2000}?)(?<!`)(?P=ticks)(?!`))
    |(?P<escape>\\[^\w\s])
    |(?P<image>!\[[^\[\]]{0,500}\](?:\((?>(?:[^()\\]|\\.|\([^()]*\)){0,2000})\)|\[[^\[\]]*\]))
    |(?P<note>\[\^[^\[\]]+\])
    |\[(?P<label>(?>(?:[^\[\]\\]|\\.|!\[[^\[\]]*\]\([^()]*\)){1,2000}))\]
      (?P<target>\((?>(?:[^()\\]|\\.|\([^()]*\)){0,2000})\)|\[[^\[\]]*\])?
    |(?P<url><[a-zA-Z][\w+.-]*:[^<>\s]*>|\bhttps?://[^\s<>]*[^\s<>.,;:!?'")\]*_])
    |(?P<tag></?[a-zA-Z][^<>]*+>|<!--.{0,2000}?-->)
    |(?P<strong>\*\*|__|~~)(?=\S)(?P<bold>.{1,1000}?)(?<=\S)(?P=strong)
    |(?<![\w*_])(?P<light>[*_])(?=[^\s*_])(?P<italic>[^*_]{1,1000}?)(?<=\S)(?P=light)(?![\w*_])""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 8


def read(text: str) -> str:
    """Return the text without markup, a blank line between paragraphs."""
    return "\n\n".join(parse(text).paragraphs)


def parse(text: str) -> Markup:
    """Return the blocks. Front matter, code, HTML blocks, link targets and definitions are not among them.

    A translated paragraph comes out on one line, so that no word can begin a line as markup.
    """
    markup = Markup(lambda new: new)
    front = _FRONT.match(text)
    if front:
        markup.end(front[0])
        text = text[front.end() :]
    lines = text.split("\n")
    labels = frozenset(m[1].casefold() for line in lines if (m := _DEFINITION.match(line)))
    _Lines(markup, lines, labels).feed()
    return markup


class _Lines:
    """The lines of a document, one after the other."""

    def __init__(self, markup: Markup, lines: Sequence[str], labels: frozenset[str]) -> None:
        self._markup = markup
        self._lines = lines
        self._labels = labels
        self._fence = ""
        self._html = self._table = self._list = False
        self._tail: str | None = None

    def feed(self) -> None:
        for number, line in enumerate(self._lines):
            end = "" if number == len(self._lines) - 1 else "\n"
            following = self._lines[number + 1] if end else ""
            if self._verbatim(line):
                if self._tail is not None and _UNDERLINE.fullmatch(line):
                    self._markup.heading()
                self._close()
                self._markup.end(line + end)
            elif "|" in line and (self._table or _is_delimiter(following)):
                self._table = True
                self._close()
                self._cells(line)
                self._markup.end(end)
            else:
                self._prose(line, end)
        self._close()

    def _close(self) -> None:
        """End the paragraph that is open, if one is."""
        self._markup.end(self._tail or "")
        self._tail = None

    def _verbatim(self, line: str) -> bool:
        """Return whether a line holds no text of the author's."""
        blank = not line.strip(" \t>")
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and not line[fence.end() :].strip("`~ \t"):
                self._fence = ""
            return True
        if fence:
            self._fence = fence[1]
            return True
        if blank:
            self._html = self._table = False
            return True
        if line.lstrip()[:1] and not line.startswith((" ", "\t")):
            self._list = bool(_PREFIX.match(line) and _ITEM.match(line))
        if self._tail is None and not self._list and line.startswith(("    ", "\t")):
            return True
        if self._tail is None and _HTML.match(line):
            self._html = True
        delimiter = _RULE.match(line) or (self._table and _is_delimiter(line))
        return bool(self._html or delimiter or _DEFINITION.match(line))

    def _prose(self, line: str, end: str) -> None:
        match = _PREFIX.match(line)
        prefix = match[0] if match else ""
        plain = _CONTINUED.match(line)
        if self._tail is not None and plain and plain[0] == prefix:
            self._markup.inline(self._tail + prefix, space=True, instead="")
        else:
            self._close()
            self._markup.end(prefix)
        heading = bool(match and match["heading"])
        if heading:
            self._markup.heading()
        rest = line[len(prefix) :]
        body = rest.rstrip(" \t")
        if heading:
            body = _CLOSING.sub("", body)
        hard = rest.endswith("  ") or body.endswith("\\")
        body = body.removesuffix("\\") if hard else body
        self._inline(body)
        tail = rest[len(body) :] + end
        if heading or hard:
            self._markup.end(tail)
            self._tail = None
        else:
            self._tail = tail

    def _cells(self, line: str) -> None:
        at = 0
        for bar in _BAR.finditer(line):
            self._cell(line[at : bar.start()])
            self._markup.end("|")
            at = bar.end()
        self._cell(line[at:])

    def _cell(self, cell: str) -> None:
        body = cell.strip()
        lead = len(cell) - len(cell.lstrip())
        self._markup.end(cell[:lead])
        self._inline(body)
        self._markup.end(cell[lead + len(body) :])

    def _inline(self, text: str, depth: int = 0) -> None:
        at = 0
        for match in _INLINE.finditer(text) if depth < _DEEPEST else _nothing():
            self._text(text[at : match.start()])
            self._mark(match, depth + 1)
            at = match.end()
        self._text(text[at:])

    def _text(self, raw: str) -> None:
        if raw:
            self._markup.text(raw, raw)

    def _mark(self, match: re.Match[str], depth: int) -> None:
        markup, whole = self._markup, match[0]
        if match["code"] or match["url"]:
            edge = match["ticks"] or ""
            markup.open(edge, "code", fixed=True)
            self._text(match["inner"] or whole)
            markup.close(edge, "code")
        elif match["label"]:
            self._link(match, depth)
        elif match["strong"] or match["light"]:
            edge = match["strong"] or match["light"]
            markup.open(edge, f"{edge}{depth}")
            self._inline(match["bold"] or match["italic"], depth)
            markup.close(edge, f"{edge}{depth}")
        elif match["escape"]:
            self._text(whole)
        else:
            markup.inline(whole)

    def _link(self, match: re.Match[str], depth: int) -> None:
        """Add a link; one that is named by its own text gets its name written out when that changes."""
        label, target = match["label"], match["target"] or ""
        if not target and label.casefold() not in self._labels:
            self._text("[")
            self._inline(label, depth)
            self._text("]")
            return
        self._markup.open("[", f"link{depth}")
        self._inline(label, depth)
        named = f"][{label}]" if target in ("", "[]") else None
        self._markup.close("]" + target, f"link{depth}", instead=named)


def _nothing() -> Iterator[re.Match[str]]:
    return iter(())


def _is_delimiter(line: str) -> bool:
    return "-" in line and "|" in line and _DELIMITER.match(line) is not None
