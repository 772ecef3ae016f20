"""What a web page's own data says of its article: JSON-LD, OpenGraph and other meta elements, ``h1``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from service.intake.compression import need
from service.intake.credit import About
from service.intake.entities import unescape

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ARTICLE = re.compile(r"\A(?:[A-Za-z]{0,60}Article|[A-Za-z]{0,60}Posting|Report)\Z")
_DEPTH = 6
_DOMAIN_END = re.compile(r"(?>(?:\.\w++)*)")
_SHORT = re.compile(r"(?:T00:00:00(?:\.0+)?(?:Z|[+-]\d\d:?\d\d)?)\Z")


def of_page(text: str) -> About:
    """Return what the page's data says, each field from the first source that has it. Raises InputError
    without lxml.
    """
    try:
        from lxml import etree, html
    except ImportError as error:
        raise need(error, "documents", "lxml") from error
    try:
        tree = html.document_fromstring(
            text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8")
        )
    except (etree.ParserError, ValueError):
        return About()
    data = next(_articles(tree), {})
    meta = _meta(tree)
    site = _name(data.get("publisher")) or meta.get("og:site_name", "")
    heads = [_plain("".join(map(str, h.itertext()))) for h in tree.iter("h1")]
    heads = [head for head in dict.fromkeys(heads) if " " in head]
    titles = (
        _plain(data.get("headline")),
        meta.get("og:title", ""),
        heads[0] if len(heads) == 1 else "",
        meta.get("twitter:title", ""),
    )
    title = next((_without_site(t, site, heads) for t in titles if t), "")
    byline = _name(data.get("author")) or meta.get("author", "") or meta.get("article:author", "")
    published = (
        _plain(data.get("datePublished")) or meta.get("article:published_time", "") or meta.get("date", "")
    )
    return About(title, "" if "://" in byline else byline, _SHORT.sub("", published), site)


def _articles(tree: Element) -> Iterator[dict[str, object]]:
    """Yield the articles that the page's JSON-LD describes."""
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            found = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        yield from _of_kind(found, 0)


def _of_kind(value: object, depth: int) -> Iterator[dict[str, object]]:
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value[:100]:
            yield from _of_kind(item, depth + 1)
    elif isinstance(value, dict):
        kinds = value.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and _ARTICLE.match(kind) for kind in kinds):
            yield value
        yield from _of_kind(value.get("@graph"), depth + 1)


def _meta(tree: Element) -> dict[str, str]:
    """Return the first content of each named meta element."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = (element.get("property") or element.get("name") or "").lower()
        if name and (content := _plain(element.get("content"))):
            found.setdefault(name, content)
    return found


def _name(value: object) -> str:
    """Return the name of a person or a publisher; of several, all."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_name, value[:5])))
    if isinstance(value, dict):
        return _plain(value.get("name"))
    return _plain(value)


def _plain(value: object) -> str:
    return " ".join(unescape(value).split())[:500] if isinstance(value, str) else ""


def _without_site(title: str, site: str, heads: list[str]) -> str:
    """Return ``title`` without the site's name after it; the page's ``h1`` shows where the title ends."""
    for head in heads:
        if title.startswith(head) and len(head) > 15:
            return head
    if site:
        at = title.lower().rfind(site.lower())
        before = title[: max(at, 0)].rstrip()
        if before[-1:] in tuple("-–—|:•»") and _DOMAIN_END.fullmatch(title, at + len(site)):
            head = before[:-1].rstrip()
            return head if len(head) >= 10 else title
    return title
