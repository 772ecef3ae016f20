"""An EPUB 3 book of chapters of XHTML, as small as the format allows."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape
from io import BytesIO

_CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="EPUB/package.opf"'
    ' media-type="application/oebps-package+xml"/></rootfiles></container>\n'
)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its name in the contents, and its body, well-formed XHTML."""

    name: str
    body: str


def book(title: str, chapters: Sequence[Chapter], made: datetime) -> bytes:
    """Return a book of ``chapters`` in English."""
    files = {"META-INF/container.xml": _CONTAINER, "EPUB/package.opf": _package(title, chapters, made)}
    links = "".join(
        f'<li><a href="{n}.xhtml">{escape(chapter.name)}</a></li>'
        for n, chapter in enumerate(chapters, start=1)
    )
    files["EPUB/nav.xhtml"] = _page(
        title, f'<nav epub:type="toc"><h1>{escape(title)}</h1><ol>{links}</ol></nav>'
    )
    for number, chapter in enumerate(chapters, start=1):
        files[f"EPUB/{number}.xhtml"] = _page(chapter.name, chapter.body)
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # It comes first and unpacked, so that a program knows the file by its first bytes.
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def _package(title: str, chapters: Sequence[Chapter], made: datetime) -> str:
    # The same digest is the same book to a reading program, however often it is made.
    id = blake2b(f"{title}{made.isoformat()}".encode(), digest_size=16).hexdigest()
    moment = made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    numbers = range(1, len(chapters) + 1)
    items = "".join(f'<item id="c{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
    spine = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0"'
        ' unique-identifier="id" xml:lang="en"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:warta:{id}</dc:identifier><dc:title>{escape(title)}</dc:title>'
        f'<dc:language>en</dc:language><meta property="dcterms:modified">{moment}</meta></metadata><manifest>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        f"{items}</manifest><spine>{spine}</spine></package>\n"
    )


def _page(title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"'
        ' xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en"><head>'
        f"<title>{escape(title)}</title></head><body>{body}</body></html>\n"
    )
