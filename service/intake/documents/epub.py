"""EPUB: the chapters in reading order."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

from service.errors import InputError
from service.intake.documents import html
from service.intake.documents.archive import Archive, Limits
from service.intake.documents.office import parse_xml
from service.intake.encoding import decode

_BODY = re.compile(r"\A.*?(?=<body\b)", re.DOTALL | re.IGNORECASE)
_CONTAINER = "META-INF/container.xml"
_FONT_ONLY = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")


def read(archive: Archive, limits: Limits) -> str:
    """Return the text of every chapter of the spine. Raises InputError for a broken or protected book."""
    if "META-INF/encryption.xml" in archive.names:
        _refuse_protected(archive.read("META-INF/encryption.xml"))
    package = _package(archive)
    root = parse_xml(archive.read(package), package)
    items = {item.get("id", ""): item.get("href", "") for item in root.iter("{*}item")}
    spine = [items.get(reference.get("idref", ""), "") for reference in root.iter("{*}itemref")]
    if len(spine) > limits.pages:
        raise InputError(
            "document.chapters", "a book of more than {count} chapters", count=f"{limits.pages:,}"
        )
    # A chapter that is named by several of its places is read once.
    names = dict.fromkeys(_member(package, href) for href in spine if href)
    chapters = [html.visible(_BODY.sub("", decode(archive.read(name)), count=1)) for name in names]
    return "\n\n".join(chapter for chapter in chapters if chapter.strip())


def _package(archive: Archive) -> str:
    container = parse_xml(archive.read(_CONTAINER), _CONTAINER)
    paths = [found.get("full-path", "") for found in container.iter("{*}rootfile")]
    if not paths or not paths[0]:
        raise InputError("document.no_package", "broken: {name} names no package", name=_CONTAINER)
    return str(paths[0])


def _member(package: str, href: str) -> str:
    """Return the archive's name of what the package links to; names are only looked up in the archive."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(href.partition("#")[0])))


def _refuse_protected(encryption: bytes) -> None:
    """Refuse protected text: books may scramble their fonts, and nothing else."""
    methods = encryption.count(b"EncryptionMethod ")
    if sum(encryption.count(method) for method in _FONT_ONLY) < methods:
        raise InputError("document.copy_locked", "password-protected or copy-protected")
