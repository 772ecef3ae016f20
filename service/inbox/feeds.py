"""What a feed says: RSS, Atom, JSON Feed and sitemaps, however broken, as a :class:`Listing`.

:func:`listing` runs its work in a confined process (:mod:`service.runtime.sandbox`): a feed is untrusted
input, and a parser that does not end is stopped there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from service.errors import InputError
from service.extras import lacks
from service.inbox.dates import when
from service.inbox.records import Entry, Listing
from service.intake.compression import is_packed
from service.intake.documents import html
from service.intake.documents.archive import Limits, unpack
from service.intake.entities import unescape

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from service.runtime.sandbox import Sandbox

MOST = 1000
"""Entries of one feed that are looked at."""
_TITLE, _TEXT, _URL = 500, 200_000, 4096
_UNPACKED = 50_000_000


def listing(box: Sandbox, data: bytes, url: str, type: str, now: float) -> Listing:
    """Return what the feed at ``url`` says, read in a confined process. Raises InputError for no feed.

    ``type`` is its Content-Type field as it came; ``now`` in seconds since 1970.
    """
    found = box.run(".inbox.feeds:read", data, url, type, now)
    return Listing(found["title"], tuple(Entry(**each) for each in found["entries"]), tuple(found["parts"]))


def read(data: bytes, url: str, type: str, now: float) -> dict[str, Any]:
    """Return a :class:`Listing` as JSON values. Raises InputError for what is no feed."""
    if is_packed(data):
        data = unpack(data, Limits(_UNPACKED))
    # Behind a byte order mark and white space, with which feeds often begin, against the standard.
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:4000]
    if start.startswith(b"{"):
        found = _json_feed(data, url, now)
    elif b"<urlset" in start or b"<sitemapindex" in start:
        found = _sitemap(data, now)
    else:
        found = _feed(data, url, type, now)
    # One for each address.
    kept = {entry.url: entry for entry in found.entries if _is_web(entry.url)}
    return asdict(Listing(_line(found.title), tuple([*kept.values()][:MOST]), found.parts))


def _feed(data: bytes, url: str, type: str, now: float) -> Listing:
    try:
        import feedparser
    except ImportError as error:
        raise InputError(
            "inbox.feeds_need", "feeds: {reason}", reason=lacks(error, "inbox", "feedparser")
        ) from error
    # The type may name the encoding; the location is what relative links start from.
    headers = {"content-type": type, "content-location": url} if type else {"content-location": url}
    # As a stream: a text it would take for a URL or a file's name, and open that.
    found = feedparser.parse(BytesIO(data), response_headers=headers)
    if not found.get("version") and not found.entries:
        raise InputError("inbox.no_feed_format", "no feed: neither RSS, Atom, JSON Feed nor a sitemap")
    # More than are kept, as some have no address, or one that another has.
    entries = [_entry(item, url, now) for item in found.entries[: 2 * MOST]]
    return Listing(str(found.feed.get("title", "")), tuple(entries))


def _entry(item: Mapping[str, Any], base: str, now: float) -> Entry:
    contents = [str(part.get("value", "")) for part in item.get("content", ())]
    # Feeds put the article into one or the other; the longer one is more of it.
    text = max([*contents, str(item.get("summary", ""))], key=len)
    dated = next((str(item[key]) for key in ("published", "updated", "created") if item.get(key)), "")
    link = str(item.get("link") or "")
    # RSS without a link often has the address as its guid.
    if not link and _is_web(str(item.get("id", ""))):
        link = str(item["id"])
    return Entry(
        urljoin(base, link.strip())[:_URL] if link else "",
        _line(str(item.get("title", ""))),
        _plain(text),
        _line(str(item.get("author", ""))),
        when(dated, now),
    )


def _json_feed(data: bytes, url: str, now: float) -> Listing:
    """Read a JSON Feed (https://www.jsonfeed.org/version/1.1/)."""
    try:
        found = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as problem:
        raise InputError("inbox.broken_json", "no feed: JSON that cannot be read") from problem
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise InputError("inbox.json_items", "no feed: JSON without a list of items")
    return Listing(_text_of(found, "title"), tuple(_json_entries(found["items"], url, now)))


def _json_entries(items: list[object], base: str, now: float) -> Iterator[Entry]:
    for item in items[: 2 * MOST]:
        if not isinstance(item, dict):
            continue
        authors = item.get("authors")
        names = authors if isinstance(authors, list) else [item.get("author")]
        text = _text_of(item, "content_text") or _plain(_text_of(item, "content_html"))
        link = _text_of(item, "url") or _text_of(item, "id")
        yield Entry(
            urljoin(base, link.strip())[:_URL] if link else "",
            _line(_text_of(item, "title")),
            (text or _text_of(item, "summary"))[:_TEXT],
            _line(", ".join(_text_of(name, "name") for name in names if isinstance(name, dict))),
            when(_text_of(item, "date_published") or _text_of(item, "date_modified"), now),
        )


def _text_of(item: Mapping[str, object], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _sitemap(data: bytes, now: float) -> Listing:
    """Read a sitemap, or an index of them, with the news extension where there is one."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        # No DTD, so no entities that grow to gigabytes or read local files.
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as problem:
        raise InputError("inbox.broken_sitemap", "no sitemap: its XML cannot be read") from problem
    found: list[tuple[float, Entry]] = []
    for node in root:
        said = _said(node)
        moment = when(said.get("publication_date") or said.get("lastmod", ""), now)
        found.append(
            (moment, Entry(said.get("loc", "")[:_URL], _line(said.get("title", "")), "", "", moment))
        )
    # Newest first, so that of an index the newest parts are read.
    found.sort(key=lambda pair: -pair[0])
    entries = tuple(entry for _, entry in found)
    if root.tag.endswith("sitemapindex"):
        return Listing("", (), tuple(entry.url for entry in entries if _is_web(entry.url)))
    return Listing("", entries)


def _said(node: Element) -> dict[str, str]:
    """Return what a sitemap says of a page itself and of its news, by element; the first of a name counts.

    Extensions say the same names of a page's images and videos, which have addresses and titles of their own.
    """
    said: dict[str, str] = {}
    # By their names alone: the namespace of the news extension is written in several ways.
    news = (child for child in node if child.tag.rpartition("}")[2] == "news")
    for child in chain(node, *news):
        said.setdefault(child.tag.rpartition("}")[2], (child.text or "").strip())
    return said


def _plain(markup: str) -> str:
    """Return the text of a piece of HTML, or of a text that only looks like one."""
    return html.visible(markup[: 4 * _TEXT])[:_TEXT] if "<" in markup or "&" in markup else markup[:_TEXT]


def _line(text: str) -> str:
    """Return a title in one line: feeds escape markup in it once, and sometimes twice."""
    plain = html.visible(unescape(text)) if "<" in text or "&" in text else text
    return " ".join(plain.split())[:_TITLE]


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))
