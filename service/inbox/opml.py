"""Lists of feeds as OPML, in and out: how feed readers exchange them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from service.errors import InputError
from service.inbox.records import Feed

_MOST = 5_000
"""Feeds of one file that are taken."""


def read(data: bytes) -> list[tuple[str, str]]:
    """Return address and name of each feed of an OPML file. Raises InputError."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as problem:
        raise InputError("inbox.broken_opml", "no OPML: its XML cannot be read") from problem
    found: dict[str, str] = {}
    for outline in root.iter("outline"):
        url = (outline.get("xmlUrl") or "").strip()
        if url.lower().startswith(("http://", "https://")):
            # A feed that is in several folders is taken once, with its first name.
            found.setdefault(url, " ".join((outline.get("text") or outline.get("title") or "").split())[:200])
    if not found:
        raise InputError("inbox.opml_empty", "no feed in it: an OPML file names them as xmlUrl")
    return [*found.items()][:_MOST]


def write(feeds: Sequence[Feed]) -> str:
    """Return an OPML file of the feeds; folders and sitemaps are no feeds, and are left out."""
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = "Warta"
    body = ElementTree.SubElement(root, "body")
    for feed in feeds:
        if feed.kind == "feed":
            ElementTree.SubElement(body, "outline", type="rss", text=feed.label, xmlUrl=feed.url)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"
