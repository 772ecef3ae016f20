"""XML as it is written, tag by tag, so that what is not translated stays byte for byte.

What is cut here was parsed by :func:`service.intake.documents.office.parse_xml` before: it is well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from service.intake.documents.office import without_illegal
from service.intake.entities import unescape

_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<data>.*?)(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<![^>]*+(?:>|\Z)"""
    r"""|<(?P<end>/?)(?P<name>[^\s<>/"'=]++)(?P<rest>(?>(?:[^<>"']|"[^"]*"|'[^']*')*))>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""(?<=\s)(?P<name>[^\s=<>"'/]++)\s*+=\s*+(?:"(?P<a>[^"]*+)"|'(?P<b>[^']*+)')""")
_DECLARED = re.compile(r"""\A\s*+(<\?xml[^>]*?\bencoding\s*=\s*["'])[\w.-]+""")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: ``raw`` as written, from character ``start``.

    ``name`` is a tag's, with its prefix; a ``text`` reads as ``plain``; ``other`` is a comment and the like.
    """

    kind: Literal["start", "end", "empty", "text", "other"]
    raw: str
    start: int
    name: str = ""
    plain: str = ""

    @property
    def stop(self) -> int:
        """The character after the last."""
        return self.start + len(self.raw)

    def get(self, name: str) -> str:
        """Return an attribute by its name with its prefix, empty if there is none."""
        for found in _ATTRIBUTE.finditer(self.raw):
            if found["name"] == name:
                return unescape(found["a"] if found["b"] is None else found["b"])
        return ""

    def having(self, name: str, value: str) -> str:
        """Return the tag with an attribute changed or added."""
        said = f'{name}="{escape(value)}"'
        for found in _ATTRIBUTE.finditer(self.raw):
            if found["name"] == name:
                return self.raw[: found.start()] + said + self.raw[found.end() :]
        at = 1 + len(self.name)
        return f"{self.raw[:at]} {said}{self.raw[at:]}"


def tokens(text: str) -> Iterator[Token]:
    """Yield the tags, texts and the rest, in order: joined they are the text."""
    at = 0
    for match in _TOKEN.finditer(text):
        if at < match.start():
            yield _text(text[at : match.start()], at)
        at = match.end()
        if match["name"]:
            kind: Literal["start", "end", "empty"] = "start"
            if match["end"]:
                kind = "end"
            elif match["rest"].endswith("/"):
                kind = "empty"
            yield Token(kind, match[0], match.start(), match["name"])
        elif match["data"] is not None:
            yield Token("text", match[0], match.start(), plain=match["data"])
        else:
            yield Token("other", match[0], match.start())
    if at < len(text):
        yield _text(text[at:], at)


def until_end(source: Iterator[Token], name: str) -> Iterator[Token]:
    """Yield the tokens up to the end of an element whose start was taken."""
    depth = 1
    for token in source:
        yield token
        if token.name == name and token.kind in ("start", "end"):
            depth += 1 if token.kind == "start" else -1
            if not depth:
                return


def _text(raw: str, start: int) -> Token:
    return Token("text", raw, start, plain=unescape(raw))


def written(text: str) -> str:
    """Return ``text`` as XML."""
    return escape(without_illegal(text), quote=False)


def as_utf8(text: str) -> str:
    """Return a file of XML that says it is in UTF-8."""
    return _DECLARED.sub(r"\g<1>UTF-8", text, count=1)
