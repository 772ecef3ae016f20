"""The records of the inbox: feeds, what they announce, and the articles that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("feed", "sitemap", "folder")
"""Where articles come from: an RSS, Atom or JSON feed, a sitemap, or a folder of files."""

EVERY, LEAST_EVERY = 1800.0, 60.0
"""How often a feed is asked for, in seconds: usually, and at the most often."""
CAP = 200
"""The articles that are taken from one feed in a day, unless something else is said."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A source that is followed. ``every`` is in seconds, ``due`` and ``checked`` in seconds since 1970.

    ``cap`` bounds the articles taken in a day; ``full`` has the page of each article fetched; ``whole`` has
    each article translated whole. ``etag`` and ``modified`` are what the site said, for the next request.
    ``state`` is ``on``, ``off`` (paused by the user) or ``gone`` (the site says that it is no more).
    """

    id: int
    url: str
    name: str = ""
    kind: str = "feed"
    every: float = EVERY
    cap: int = CAP
    full: bool = False
    whole: bool = False
    title: str = ""
    etag: str = ""
    modified: str = ""
    due: float = 0.0
    checked: float = 0.0
    failures: int = 0
    problem: str = ""
    state: str = "on"

    @property
    def label(self) -> str:
        """What the feed is called: by the user, by itself, else its address."""
        return self.name or self.title or self.url


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as a feed announces it. ``published`` is in seconds since 1970, 0 where it is not said."""

    url: str
    title: str
    text: str = ""
    author: str = ""
    published: float = 0.0


@dataclass(frozen=True, slots=True)
class Listing:
    """What a feed says at one moment. ``parts`` are further sitemaps that it names, newest first."""

    title: str
    entries: tuple[Entry, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """An article that is kept, with its English as far as it is made.

    ``state`` is ``new``, ``headline`` (headline and brief are translated), ``whole`` or ``failed``.
    ``english`` is the headline, ``brief`` one sentence, ``brief_at`` the sentence of ``text`` it translates
    (from 0; -1: none). ``findings`` are those of the translated sentences, each with ``at``, the sentence
    (-1: the headline). ``story`` is the first article of those that tell the same story.
    """

    id: int
    feed: int
    url: str
    title: str
    text: str
    author: str
    published: float
    fetched: float
    english: str
    brief: str
    brief_at: int
    english_text: str
    findings: tuple[Mapping[str, Any], ...]
    state: str
    problem: str
    story: int
    star: bool
    done: bool
    page: int
    page_problem: str


@dataclass(frozen=True, slots=True)
class Row:
    """A story as a list shows it: its first article, how many sources tell it, and what to look at."""

    id: int
    english: str
    brief: str
    title: str
    source: str
    feed: int
    url: str
    published: float
    marks: int
    differs: int
    sources: int
    star: bool
    done: bool
    state: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stories are wanted, newest first. Times are in seconds since 1970; 0 or empty: any.

    ``feed``, ``word`` (one that is watched) and ``name`` (of a person or place) narrow the list, and so do
    ``marked``, ``starred`` and ``open`` (not done). ``search`` is as in :mod:`service.inbox.query`.
    """

    since: float = 0.0
    until: float = 0.0
    search: str = ""
    feed: int = 0
    word: str = ""
    name: str = ""
    marked: bool = False
    starred: bool = False
    open: bool = False
    offset: int = 0
    limit: int = 100
