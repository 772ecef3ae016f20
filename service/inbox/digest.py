"""A digest: the stories of some days, with their sources, marks and links, as one file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote
from xml.etree import ElementTree

from service.document import Finding
from service.escape import markdown_line
from service.findings import CHECKS
from service.inbox.dates import JAKARTA, day_of
from service.inbox.grouping import Difference, Place
from service.inbox.records import Article, Wanted
from service.inbox.store import Store

MOST = 2_000
"""Stories of one digest."""
_DIFFERENCES, _FINDINGS = 10, 5
"""Of one story that are shown."""
_ENOUGH = 8
"""Words by which a sentence is found on its page."""
# What XML 1.0 cannot hold: most control characters, halves of pairs, two that are no characters.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a story is told: the feed's name, the article's address, and how many sentences it adds."""

    name: str
    url: str
    adds: int = 0


CAVEAT = "Sentences without a mark can be wrong too: each was translated by a program."
"""What every digest ends with."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story as the digest tells it.

    ``findings`` say what is to be checked in its English; ``doubted`` counts sentences that are likely wrong
    though nothing was found in them. ``tellers`` are the articles that ``differences`` speak of, by number.
    """

    id: int
    day: str
    published: float
    title: str
    english: str
    brief: str
    findings: tuple[str, ...]
    doubted: int
    differences: tuple[Difference, ...]
    tellers: Mapping[int, Source]
    sources: tuple[Source, ...]
    words: tuple[str, ...]
    star: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """``words`` are the watched ones with the number of the digest's stories that have them."""

    made: float
    stories: tuple[Told, ...]
    words: Mapping[str, int]

    @property
    def days(self) -> Mapping[str, Sequence[Told]]:
        """The stories of each day, the newest day first."""
        found: dict[str, list[Told]] = {}
        for story in self.stories:
            found.setdefault(story.day, []).append(story)
        return found


def collect(store: Store, wanted: Wanted, now: float, most: int = MOST) -> Digest:
    """Return the digest of the wanted stories, newest first, ``most`` at most."""
    feeds = {feed.id: feed.label for feed in store.feeds.all()}
    told: list[Told] = []
    counts: dict[str, int] = {}
    for row in store.lists.stories(wanted):
        if len(told) >= most:
            break
        sources, differences = [Source(row.source, row.url)], tuple[Difference, ...]()
        tellers: dict[int, Source] = {}
        if row.sources > 1:
            members, copies, compared = store.lists.story(row.id)
            # Only the first members of a large story are compared; the others add nothing that is known.
            added = [0, *map(len, compared.added)] + [0] * len(members)
            sources = [Source(_name(feeds, m), m.url, n) for m, n in zip(members, added, strict=False)]
            tellers = {m.id: source for m, source in zip(members, sources, strict=True)}
            sources += [Source(name, url) for _, url, name in copies]
            differences = compared.differences
        for word in row.words:
            counts[word] = counts.get(word, 0) + 1
        article = store.lists.article(row.id) if row.marks else None
        told.append(
            Told(
                row.id, day_of(row.published), row.published, row.title, row.english or row.title, row.brief,
                _found(article) if article else (), row.marks - len(article.findings) if article else 0,
                differences, tellers, tuple(sources), row.words, row.star,
            )
        )  # fmt: skip
    return Digest(now, tuple(told), counts)


def _found(article: Article) -> tuple[str, ...]:
    """Return what was found in an article's English, in English, each with where it was found."""
    lines = []
    for each in article.findings:
        at, code = int(each["at"]), str(each["code"])
        place = "headline" if at < 0 else "brief" if at == article.brief_at else f"sentence {at + 1}"
        # What an earlier version of the program could find may have no words any more.
        if code in CHECKS:
            lines.append(f"{place}: {Finding(code, tuple(each['values'].items()))}")
    return tuple(lines)


def _name(feeds: Mapping[int, str], article: Article) -> str:
    return feeds.get(article.feed, "")


def as_markdown(digest: Digest) -> str:
    """Return the digest as Markdown; what is not ours in it stays text."""
    lines = [f"# Indonesian news, {_span(digest)}", ""]
    if digest.words:
        counted = ", ".join(f"{markdown_line(word)} {count}" for word, count in digest.words.items())
        lines += [f"Watched words: {counted}", ""]
    for day, stories in digest.days.items():
        lines += [f"## {day}", ""]
        for story in stories:
            lines += [f"### {'★ ' if story.star else ''}{markdown_line(story.english)}", ""]
            lines += [markdown_line(story.brief), ""] if story.brief else []
            lines += [f"*{markdown_line(story.title)}*", ""] if story.title != story.english else []
            lines += [f"- {markdown_line(line)}" for line in _notes(story)]
            lines += [f"- {markdown_line(source.name)}{_linked_to(source)}" for source in story.sources]
            lines.append("")
    return "\n".join([*lines, f"*{CAVEAT}*", ""])


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:17px/1.55 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.7rem}h2{border-bottom:1px solid;margin-top:2.5rem}"
    "h3{margin:1.6rem 0 .2rem;font-size:1.15rem}p{margin:.3rem 0}.id{font-style:italic;opacity:.75}"
    "ul{margin:.3rem 0;padding-left:1.2rem;font-size:.9rem}"
)


def as_html(digest: Digest) -> str:
    """Return the digest as one HTML file that loads nothing."""
    title = f"Indonesian news, {_span(digest)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>\n{_body(digest, title)}"
        "</main></body></html>\n"
    )


def _body(digest: Digest, title: str) -> str:
    """Return the digest's blocks, well-formed enough for XHTML too."""
    parts = [f"<h1>{escape(title)}</h1>\n"]
    if digest.words:
        counted = ", ".join(f"{escape(word)} {count}" for word, count in digest.words.items())
        parts.append(f"<p>Watched words: {counted}</p>\n")
    for day, stories in digest.days.items():
        parts.append(f"<section><h2>{day}</h2>\n")
        parts += [_story(story) for story in stories]
        parts.append("</section>\n")
    parts.append(f"<p>{CAVEAT}</p>\n")
    return "".join(parts)


def _story(story: Told) -> str:
    notes = "".join(f"<li>{line}</li>" for line in _html_notes(story))
    sources = "".join(f"<li>{_link(source)}{_adds(source)}</li>" for source in story.sources)
    star = "★ " if story.star else ""
    brief = f"<p>{escape(story.brief)}</p>" if story.brief else ""
    original = f'<p class="id" lang="id">{escape(story.title)}</p>' if story.title != story.english else ""
    head = f"<h3>{star}{escape(story.english)}</h3>"
    return f"<article>{head}{brief}{original}<ul>{notes}{sources}</ul></article>\n"


def _link(source: Source) -> str:
    if not _linked(source.url):
        return escape(source.name)
    return f'<a href="{escape(source.url, quote=True)}">{escape(source.name)}</a>'


def _linked_to(source: Source) -> str:
    """Return the rest of a source's line in Markdown."""
    return f"{_adds(source)}: <{source.url}>" if _linked(source.url) else ""


def _linked(url: str) -> bool:
    """Return whether an address may be a link: of the web, and with nothing that ends a link in Markdown."""
    # Feeds are written by strangers: ``javascript:`` must not become a link.
    return url.lower().startswith(("http://", "https://")) and not set(url) & set("<> \n\r")


def _adds(source: Source) -> str:
    return f", adds {source.adds} {_sentences(source.adds)}" if source.adds else ""


def _sentences(count: int) -> str:
    return "sentence" if count == 1 else "sentences"


def _notes(story: Told) -> Iterator[str]:
    yield from _marks(story)
    for found in story.differences[:_DIFFERENCES]:
        sides = ((found.figures, found.one), (found.others, found.other))
        yield "figures differ: " + " and ".join(
            f"{', '.join(figures)} ({_teller(story, place).name}, {_where(place)}: “{place.text}”)"
            for figures, place in sides
        )
    if story.words:
        yield f"watched: {', '.join(story.words)}"


def _html_notes(story: Told) -> Iterator[str]:
    """Yield the notes as HTML, in which figures that differ lead to the sentences they stand in."""
    yield from map(escape, _marks(story))
    for found in story.differences[:_DIFFERENCES]:
        sides = ((found.figures, found.one), (found.others, found.other))
        yield "figures differ: " + " and ".join(
            f"<b>{escape(', '.join(figures))}</b> ({_sentence_link(_teller(story, place), place)}:"
            f' <q lang="id">{escape(place.text)}</q>)'
            for figures, place in sides
        )
    if story.words:
        yield escape(f"watched: {', '.join(story.words)}")


def _marks(story: Told) -> Iterator[str]:
    for line in story.findings[:_FINDINGS]:
        yield f"to check in the English: {line}"
    if (more := len(story.findings) - _FINDINGS) > 0:
        yield f"and {more} more to check"
    if story.doubted:
        yield f"to check in the English: {story.doubted} more {_sentences(story.doubted)} likely wrong"


def _teller(story: Told, place: Place) -> Source:
    return story.tellers.get(place.article, story.sources[0])


def _where(place: Place) -> str:
    return "headline" if place.sentence < 0 else f"sentence {place.sentence + 1}"


def _sentence_link(source: Source, place: Place) -> str:
    """Return a link to a sentence: a text fragment, by which browsers find the words on a page."""
    name = f"{escape(source.name)}, {_where(place)}"
    if not _linked(source.url):
        return name
    start = " ".join(place.text.split()[:_ENOUGH])
    # A hyphen is of the fragment's own syntax.
    spot = quote(start, safe="").replace("-", "%2D")
    return f'<a href="{escape(source.url.partition("#")[0], quote=True)}#:~:text={spot}">{name}</a>'


def _span(digest: Digest) -> str:
    days = [*digest.days]
    if not days:
        return day_of(digest.made)
    return days[0] if len(days) == 1 else f"{days[-1]} to {days[0]}"


def as_atom(digest: Digest, title: str = "Indonesian news in English", id: str = "urn:warta:digest") -> str:
    """Return the stories as an Atom feed in English (RFC 4287)."""
    # Else every element is written as ns0:entry, which some readers do not take.
    ElementTree.register_namespace("", _ATOM)
    root = _element(None, "feed", "", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    newest = max((story.published for story in digest.stories), default=digest.made)
    for name, text in (("id", id), ("title", _xml(title)), ("updated", _moment(newest))):
        _element(root, name, text)
    _element(_element(root, "author", ""), "name", "Warta")
    _element(root, "generator", "Warta")
    for story in digest.stories:
        entry = _element(root, "entry", "")
        # An entry's number is this inbox's own: the address of the article is the same for everybody.
        _element(
            entry, "id", story.sources[0].url if _linked(story.sources[0].url) else f"urn:warta:{story.id}"
        )
        _element(entry, "title", _xml(story.english))
        _element(entry, "updated", _moment(story.published))
        _element(entry, "published", _moment(story.published))
        for source in story.sources:
            if _linked(source.url):
                _element(entry, "link", "", {"rel": "alternate" if source is story.sources[0] else "related",
                                             "href": source.url, "title": _xml(source.name)})  # fmt: skip
        for word in story.words:
            _element(entry, "category", "", {"term": _xml(word)})
        _element(entry, "content", _xml(_story(story)), {"type": "html"})
    # "unicode" gives a string without a declaration.
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _element(
    parent: ElementTree.Element | None, name: str, text: str, fields: Mapping[str, str] | None = None
) -> ElementTree.Element:
    tag = f"{{{_ATOM}}}{name}"
    made = ElementTree.Element(tag) if parent is None else ElementTree.SubElement(parent, tag)
    made.text = text or None
    for key, value in (fields or {}).items():
        made.set(key, value)
    return made


def _xml(text: str) -> str:
    """Return ``text`` without the characters that XML cannot hold."""
    return _NO_XML.sub("", text)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_epub(digest: Digest) -> bytes:
    """Return the digest as an EPUB 3 book, a chapter a day."""
    from service.inbox.epub import Chapter, book

    title = f"Indonesian news, {_span(digest)}"
    chapters = [
        Chapter(
            f"{day} ({len(stories)})", f"<h1>{day}</h1>\n" + "".join(_xml(_story(story)) for story in stories)
        )
        for day, stories in digest.days.items()
    ]
    made = datetime.fromtimestamp(digest.made, JAKARTA)
    # A book without a chapter is not valid.
    return book(title, chapters or [Chapter(title, f"<h1>{escape(title)}</h1>")], made)


FORMATS: Mapping[str, Callable[[Digest], str | bytes]] = {
    "html": as_html,
    "markdown": as_markdown,
    "atom": as_atom,
    "epub": as_epub,
}
