"""Stores, fetchers and watchers over invented outlets."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eval.bench.news_site import Site, Story, serving, story
from service.inbox.fetcher import Fetcher, Manners
from service.inbox.records import Article, Entry, Feed, Wanted
from service.inbox.store import Prepared, Store, Taken, announced
from service.inbox.watch import Watcher
from service.intake.fetch import FetchLimits
from service.pipeline import Pipeline, build_pipeline
from service.runtime.sandbox import Sandbox
from service.settings import Settings

NOW = 1_795_000_000.0
"""18 November 2026."""


def entry(
    number: int, *, text: str | None = None, host: str = "kabar", at: float = NOW, title: str = ""
) -> Entry:
    """An invented article as a feed announces it."""
    made = story(number, at)
    return Entry(
        f"https://{host}.example{made.path}", title or made.title, made.text if text is None else text, "", at
    )


def take(store: Store, feed: Feed, entries: Sequence[Entry], now: float = NOW) -> Taken:
    """Keep announced articles as they are, as a fetch would."""
    fresh, left = store.arrivals.unknown(feed, entries, now)
    ready = [Prepared(each, announced(each), each.title, str(each.text)) for each in fresh]
    return store.arrivals.take(feed, ready, left, now)


def follow(store: Store, url: str = "https://kabar.example/rss", **values: object) -> Feed:
    """A feed that is followed."""
    return store.feeds.add(Feed(0, url, **values))  # type: ignore[arg-type]


def articles(store: Store) -> list[Article]:
    """Every kept article, by number."""
    rows = store.lists.rows(Wanted(limit=5000))[1]
    found = [member for row in rows for member in store.lists.story(row.id)[0]]
    return sorted(found, key=lambda article: article.id)


def titles(store: Store) -> list[str]:
    """The titles of every kept article, in the order in which they came."""
    return [article.title for article in articles(store)]


@dataclass
class Clock:
    """A clock that stands still until it is slept by; ``slept`` are the waits."""

    now: float = field(default_factory=time.time)
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Desk:
    """An inbox with a site of invented outlets before it."""

    site: Site
    store: Store
    box: Sandbox
    clock: Clock

    def fetcher(self, **manners: object) -> Fetcher:
        """A fetcher whose pauses take no time."""
        limits = FetchLimits(max_bytes=1_000_000, seconds=8.0)
        kept = Manners(**{"reach": self.site.reach, "limits": limits, **manners})  # type: ignore[arg-type]
        return Fetcher(self.store, self.box, kept, self.clock, self.clock.sleep)

    def stories(self, count: int, first: int = 0) -> list[Story]:
        """Invented articles, a minute apart, the newest first."""
        return [story(first + n, self.clock.now - 60 * n) for n in range(count)]

    def watcher(self, pipeline: Pipeline | None = None) -> Watcher:
        """A watcher that does not pause."""
        manners = Manners(pause=0.0, reach=self.site.reach)
        return Watcher(self.store, self.box, (lambda: pipeline) if pipeline else None, manners)

    def again(self, feed: Feed) -> Feed:
        """The feed as it is kept now."""
        return self.store.feeds.find(str(feed.id))


@contextmanager
def desk(home: Path, box: Sandbox) -> Iterator[Desk]:
    """A desk whose site and store end with the block."""
    with serving() as site:
        store = Store(str(home / "inbox.sqlite"))
        try:
            yield Desk(site, store, box, Clock())
        finally:
            store.close()


def echo(home: Path) -> Pipeline:
    """The pipeline of the echo model."""
    return build_pipeline(Settings(home, model="echo"), lambda _: None)
