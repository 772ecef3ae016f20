"""EPUB: the chapters in reading order, and the same book in English."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from service.document import Passage, SegmentTranslation
from service.errors import InputError
from service.intake.documents import html
from service.intake.documents.archive import Archive, Limits
from service.intake.documents.blocks import (
    AS_EVER,
    Block,
    How,
    PlacedFinding,
    Translate,
    together,
    translate_blocks,
)
from service.intake.documents.office import Properties, is_indonesian, parse_xml, serialised, without_illegal
from service.intake.documents.xmltext import as_utf8
from service.intake.encoding import decode

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_BODY = re.compile(r"\A.*?(?=<body\b)", re.DOTALL | re.IGNORECASE)
_CONTAINER = "META-INF/container.xml"
_FONT_ONLY = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
_CHAPTER, _CONTENTS = "application/xhtml+xml", "application/x-dtbncx+xml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read(archive: Archive, limits: Limits) -> str:
    """Return the text of every chapter of the spine. Raises InputError for a broken or protected book."""
    _refuse_locked(archive)
    package = _package(archive)
    names = _spine(package, parse_xml(archive.read(package), package), limits)
    chapters = [html.visible(_BODY.sub("", decode(archive.read(name)), count=1), xml=True) for name in names]
    return "\n\n".join(chapter for chapter in chapters if chapter.strip())


def translate(
    archive: Archive, limits: Limits, translation: Translate, how: How = AS_EVER
) -> tuple[bytes, list[PlacedFinding]]:
    """Return the book again, in English; its contents lists, its title and its language included.

    Each chapter is translated by itself. Raises InputError for a broken or protected book.
    """
    _refuse_locked(archive)
    package = _package(archive)
    root = parse_xml(archive.read(package), package)
    said = _Said(translation)
    made: dict[str, bytes] = {}
    findings: list[PlacedFinding] = []
    chapters = dict.fromkeys([*_spine(package, root, limits), *_items(package, root, _CHAPTER)])
    for number, name in enumerate((n for n in chapters if n in archive.names), start=1):
        made[name], found = _chapter(archive.read(name), said, how)
        findings += [replace(one, place=f"chapter {number}, {one.place}") for one in found]
    for name in _items(package, root, _CONTENTS):
        if name in archive.names:
            made[name] = _contents(parse_xml(archive.read(name), name), said)
    properties = Properties(root, described=how.attributes)
    changes, found = translate_blocks(properties.blocks(), said)
    properties.put(changes)
    if is_indonesian(root.get(_LANG, "")):
        root.set(_LANG, "en")
    return archive.copy({**made, package: serialised(root)}), findings + found


class _Said:
    """A translation that says of a heading what it said before, as contents lists repeat them."""

    def __init__(self, translation: Translate) -> None:
        self._translation = translation
        self._headings: dict[str, SegmentTranslation] = {}

    def __call__(self, passage: Passage) -> Iterable[SegmentTranslation]:
        known = [index for index, text in enumerate(passage.sentences) if text in self._headings]
        wanted = [index for index in range(len(passage.sentences)) if index not in frozenset(known)]
        rest = Passage(
            tuple(passage.sentences[index] for index in wanted),
            passage.context,
            frozenset(at for at, index in enumerate(wanted) if index in passage.headlines),
        )
        done = dict(zip(wanted, self._translation(rest) if wanted else (), strict=True))
        self._headings |= {passage.sentences[i]: part for i, part in done.items() if i in passage.headlines}
        return [
            done[index] if index in done else self._headings[text]
            for index, text in enumerate(passage.sentences)
        ]


def _chapter(data: bytes, translation: Translate, how: How) -> tuple[bytes, list[PlacedFinding]]:
    markup = html.parse(decode(data), xml=True)
    findings = together([markup.steps()], lambda passages: map(translation, passages))[0]
    text = as_utf8(without_illegal(markup.joined()))
    if how.attributes:
        text, more = html.translate_attributes(text, translation)
        findings += more
    return text.encode(), findings


def _contents(root: Element, translation: Translate) -> bytes:
    """Return the contents list of old readers, whose labels are plain texts."""
    labels = [label for label in root.iter("{*}text") if (label.text or "").strip()]
    changes, _ = translate_blocks([Block((label.text or "",), (), "", True) for label in labels], translation)
    for label, change in zip(labels, changes, strict=True):
        label.text = without_illegal(change.texts[0]) if change else label.text
    if is_indonesian(root.get(_LANG, "")):
        root.set(_LANG, "en")
    return serialised(root)


def _spine(package: str, root: Element, limits: Limits) -> list[str]:
    """Return the chapters in reading order; one that is named by several of its places stands once."""
    items = {item.get("id", ""): item.get("href", "") for item in root.iter("{*}item")}
    spine = [items.get(reference.get("idref", ""), "") for reference in root.iter("{*}itemref")]
    if len(spine) > limits.pages:
        raise InputError(
            "document.chapters", "a book of more than {count} chapters", count=f"{limits.pages:,}"
        )
    return list(dict.fromkeys(_member(package, href) for href in spine if href))


def _items(package: str, root: Element, kind: str) -> Iterator[str]:
    for item in root.iter("{*}item"):
        if item.get("media-type") == kind and item.get("href"):
            yield _member(package, item.get("href", ""))


def _package(archive: Archive) -> str:
    container = parse_xml(archive.read(_CONTAINER), _CONTAINER)
    paths = [found.get("full-path", "") for found in container.iter("{*}rootfile")]
    if not paths or not paths[0]:
        raise InputError("document.no_package", "broken: {name} names no package", name=_CONTAINER)
    return str(paths[0])


def _member(package: str, href: str) -> str:
    """Return the archive's name of what the package links to; names are only looked up in the archive."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(href.partition("#")[0])))


def _refuse_locked(archive: Archive) -> None:
    """Refuse protected text: books may scramble their fonts, and nothing else."""
    name = "META-INF/encryption.xml"
    encryption = archive.read(name) if name in archive.names else b""
    methods = encryption.count(b"EncryptionMethod ")
    if sum(encryption.count(method) for method in _FONT_ONLY) < methods:
        raise InputError("document.copy_locked", "password-protected or copy-protected")
