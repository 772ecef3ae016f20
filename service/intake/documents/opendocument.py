"""OpenDocument text: read from its XML, and the same document in English.

Written as the text that the XML is: a paragraph is translated as HTML is, its spans and links are marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from service.errors import InputError
from service.intake.documents.archive import Archive
from service.intake.documents.blocks import (
    AS_EVER,
    How,
    PlacedFinding,
    Translate,
    in_one,
    together,
    translate_blocks,
)
from service.intake.documents.markup import Markup
from service.intake.documents.office import Properties, is_indonesian, parse_xml, serialised
from service.intake.documents.xmltext import Token, tokens, until_end, written
from service.text.words import listed

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_PREFIXES = {
    _TEXT[1:-1]: "text",
    _OFFICE[1:-1]: "office",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
}
_CONTENT, _STYLES, _META = "content.xml", "styles.xml", "meta.xml"
_PARAGRAPHS = listed("text:p text:h")
_MARKS = listed("text:span text:a text:meta")
_BREAKS = listed("text:tab text:line-break")
_DESCRIPTIONS = listed("svg:title svg:desc")
_UNREAD = listed("text:tracked-changes office:annotation text:note-citation")
_TITLES = re.compile(r"(?:Sub)?[Tt]itle|Heading(?:_20_\d{1,2})?")
# An instruction of ours, which nothing else in the text can look like: "<" is written otherwise there.
_HOLE = re.compile(r"<\?warta (\d{1,9})\?>")


def read(archive: Archive) -> str:
    """Return headings, paragraphs and tables, a blank line between; neither comments nor what was deleted."""
    _refuse_locked(archive)
    root = parse_xml(archive.read(_CONTENT), _CONTENT)
    body = _body(root)
    for unread in list(body.iter(_TEXT + "tracked-changes")):
        parent = unread.getparent()
        if parent is not None:
            parent.remove(unread)
    lines = (
        "".join(_lines(p))
        for p in body.iter(_TEXT + "p", _TEXT + "h")
        if next(p.iterancestors(_OFFICE + "annotation"), None) is None
    )
    return "\n\n".join(line for line in lines if line.strip())


def translate(
    archive: Archive, translation: Translate, how: How = AS_EVER
) -> tuple[bytes, list[PlacedFinding]]:
    """Return the document again, in English; tables, notes, headers, footers and the title included."""
    _refuse_locked(archive)
    parts = [name for name in (_CONTENT, _STYLES) if name in archive.names]
    roots = {name: parse_xml(archive.read(name), name) for name in parts}
    _body(roots.get(_CONTENT))
    titles = frozenset(title for root in roots.values() for title in _title_styles(root))
    read = [_Part(archive.read(name).decode("utf-8", "replace"), roots[name], titles, how) for name in parts]
    steps = [text.steps() for part in read for text in part.texts]
    findings = [finding for of_text in together(steps, in_one(translation)) for finding in of_text]
    changed = {name: part.joined().encode() for name, part in zip(parts, read, strict=True)}
    if _META in archive.names:
        root = parse_xml(archive.read(_META), _META)
        properties = Properties(root, described=how.attributes)
        changes, found = translate_blocks(properties.blocks(), translation)
        properties.put(changes)
        changed[_META] = serialised(root)
        findings += found
    return archive.copy(changed), findings


def _refuse_locked(archive: Archive) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in archive.names and b"encryption-data" in archive.read(manifest):
        raise InputError("document.locked", "password-protected")


def _body(root: Element | None) -> Element:
    body = None if root is None else root.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise InputError("document.no_text_part", "broken: it holds no text document")
    return body


def _title_styles(root: Element) -> Iterator[str]:
    """Yield the names of the styles of titles, and of those that are based on one."""
    for style in root.iter(_STYLE + "style"):
        names = [str(style.get(_STYLE + name, "")) for name in ("name", "parent-style-name")]
        if any(_TITLES.fullmatch(name) for name in names):
            yield names[0]


class _Part:
    """The XML of a part of the document, and what of it is translated.

    What stands inside a paragraph and has paragraphs of its own, as a note does, is a text by itself: the
    paragraph holds a mark in its place until both are translated.
    """

    def __init__(self, text: str, root: Element, titles: frozenset[str], how: How) -> None:
        self._names = _names(root)
        self._titles = titles
        self._how = how
        self.texts = [Markup(written)]
        self._feed(self.texts[0], (_harmless(token) for token in tokens(text.removeprefix("\ufeff"))))

    def joined(self) -> str:
        """Return the XML."""
        return self._filled(self.texts[0])

    def _filled(self, text: Markup) -> str:
        return _HOLE.sub(lambda hole: self._filled(self.texts[int(hole[1])]), text.joined())

    def _feed(self, markup: Markup, source: Iterator[Token]) -> None:
        """Take tokens to the end; paragraphs are blocks."""
        for token in source:
            name = self._name(token)
            if token.kind == "start" and name in _UNREAD:
                markup.end(token.raw + _rest(source, token.name))
            elif token.kind == "start" and name in _PARAGRAPHS:
                markup.end(self._english(token))
                if name == "text:h" or token.get(self._written("text:style-name")) in self._titles:
                    markup.heading()
                self._paragraph(markup, source, token.name)
            elif token.kind == "start" and name in _DESCRIPTIONS and self._how.attributes:
                markup.end(token.raw)
                self._paragraph(markup, source, token.name)
            else:
                markup.end(self._english(token))

    def _paragraph(self, markup: Markup, source: Iterator[Token], ends: str) -> None:
        """Take the tokens of a paragraph and its end."""
        empty = True
        for token in source:
            name = self._name(token)
            if token.kind == "end" and token.name == ends:
                markup.end(token.raw)
                return
            if token.kind == "text":
                markup.text(token.raw, token.plain)
                empty = empty and not token.plain.strip()
            elif name == "text:s":
                if empty:
                    markup.end(token.raw)
                else:
                    markup.inline(token.raw, space=True, instead="")
            elif name in _BREAKS:
                markup.end(token.raw)
                empty = True
            elif token.kind == "end":
                markup.close(token.raw, name)
            elif token.kind != "start":
                markup.inline(token.raw)
            elif name in _MARKS:
                markup.open(token.raw, name)
            elif name.startswith(("text:note", "draw:")) or name in _UNREAD:
                markup.inline(self._hole(token, source, name))
            else:
                # A page's number, a date or the like: computed, and to be left as it is.
                markup.open(token.raw, name, fixed=True)

    def _hole(self, token: Token, source: Iterator[Token], name: str) -> str:
        """Take an element with paragraphs of its own; return the mark that stands for it."""
        number = len(self.texts)
        inner = Markup(written, "note")
        self.texts.append(inner)
        inner.end(token.raw)
        if name in _UNREAD:
            inner.end(_rest(source, token.name))
        else:
            self._feed(inner, until_end(source, token.name))
        return f"<?warta {number}?>"

    def _name(self, token: Token) -> str:
        """Return a tag's name with the prefix that most documents use."""
        prefix, colon, local = token.name.rpartition(":")
        return f"{self._names.get(prefix, prefix)}{colon}{local}"

    def _written(self, name: str) -> str:
        """Return a name with the prefix that this document uses."""
        prefix, _, local = name.partition(":")
        own = next((mine for mine, usual in self._names.items() if usual == prefix), prefix)
        return f"{own}:{local}"

    def _english(self, token: Token) -> str:
        """Return a tag whose language, if it was Indonesian, is English."""
        language, country = self._written("fo:language"), self._written("fo:country")
        if token.kind in ("start", "empty") and language in token.raw and is_indonesian(token.get(language)):
            raw = token.having(language, "en")
            return Token(token.kind, raw, 0, token.name).having(country, "US")
        return token.raw


def _harmless(token: Token) -> Token:
    """Return a token that cannot be taken for a mark of ours."""
    if token.kind == "text" and token.raw.startswith("<!["):
        return Token("text", written(token.plain), token.start, plain=token.plain)
    return Token("other", "", token.start) if token.raw.startswith("<?warta") else token


def _names(root: Element) -> Mapping[str, str]:
    """Return the usual prefix of each prefix that the root declares."""
    return {prefix or "": _PREFIXES[space] for prefix, space in root.nsmap.items() if space in _PREFIXES}


def _lines(element: Element) -> Iterator[str]:
    """Yield the text of a paragraph; a paragraph inside it (a note, a frame) is one of its own."""
    yield element.text or ""
    for child in element:
        if child.tag == _TEXT + "s":
            count = child.get(_TEXT + "c", "1")
            yield " " * (min(int(count), 100) if count.isdecimal() and len(count) < 9 else 1)
        elif child.tag in (_TEXT + "tab", _TEXT + "line-break"):
            yield "\t" if child.tag == _TEXT + "tab" else "\n"
        elif child.tag not in (_TEXT + "p", _TEXT + "h", _TEXT + "note-citation", _OFFICE + "annotation"):
            yield from _lines(child)
        yield child.tail or ""


def _rest(source: Iterator[Token], name: str) -> str:
    """Return an element whose start was taken, up to its end, as it is written."""
    return "".join(token.raw for token in until_end(source, name))
