"""Feeds and pages asked for politely: conditionally, one request at a time per host, with pauses.

Only public addresses are reached, as in :mod:`service.intake.fetch`; each hop of a redirect is a request of
its own, asked of robots.txt and paced like any other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.confined import read_document
from service.context import checkpoint
from service.document import Message
from service.errors import Cancelled, DeadlinePassed, InputError, StoreError, WartaError
from service.inbox import robots
from service.inbox.addresses import host_of
from service.inbox.feeds import listing
from service.inbox.prepare import prepared
from service.inbox.records import Entry, Feed, Listing
from service.inbox.store import Store, Taken
from service.intake import fetch as web
from service.intake.encoding import read_bytes
from service.intake.records import list_files
from service.version import __version__

if TYPE_CHECKING:
    from service.runtime.sandbox import Sandbox

USER_AGENT = f"warta/{__version__} (reader of feeds; robots.txt: {robots.AGENT})"
FEEDS = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9,"
    " */*;q=0.5"
)
_PARTS = 3
"""Sitemaps of an index that are read, the newest."""
_PERMANENT = (301, 308)
_DAY = 86_400.0
_WAIT_FIRST, _WAIT_MOST = 300.0, _DAY
_CLOCK_STEP = 2.0
"""How coarse the times of a file system may be, in seconds."""
_TRIES = 4
"""How often a page is asked for."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How sites are treated. Times in seconds.

    ``pause`` lies between two requests to a host, more where its robots.txt says so. ``robots_fresh`` is how
    long a robots.txt is believed, ``robots_failed`` after what time one that failed is asked for again.
    ``pages`` are fetched in one round. ``hosts`` are asked at once.
    """

    pause: float = 2.0
    robots_fresh: float = _DAY
    robots_failed: float = 3600.0
    pages: int = 100
    hosts: int = 4
    limits: web.FetchLimits = field(default_factory=web.FetchLimits)
    reach: web.Reach = field(default_factory=web.Reach)


MANNERS = Manners()


class HeldBack(InputError):
    """The site is not to be asked now; ``until`` is in seconds since 1970."""

    def __init__(
        self,
        said: str | Message | WartaError,
        text: str = "",
        /,
        *,
        until: float = 0.0,
        at: object = "",
        plural: str = "",
        **values: object,
    ) -> None:
        # An error is copied by its message alone; ``until`` then comes with its attributes.
        super().__init__(said, text, at=at, plural=plural, **values)
        self.until = until


class Forbidden(InputError):
    """The site's robots.txt forbids it."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer after redirects; ``moved`` is the new address where all of them were permanent."""

    answer: web.Answer
    moved: str = ""


class Fetcher:
    """Asks sites on behalf of a store. Safe from several threads: they take turns at a host."""

    def __init__(
        self,
        store: Store,
        box: Sandbox,
        manners: Manners = MANNERS,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._box = box
        self._manners = manners
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, threading.Lock] = {}
        self._next: dict[str, float] = {}

    def fetch(self, feed: Feed) -> Taken:
        """Ask for a feed and keep what is new. Raises InputError; what went wrong is noted with the feed."""
        now = self._clock()
        try:
            if feed.kind == "folder":
                return self._folder(feed, now)
            return self._asked(feed, now)
        # None of these is the feed's fault, so nothing is noted with it.
        except (Cancelled, DeadlinePassed, StoreError):
            raise
        except WartaError as problem:
            self._store.feeds.put_off(_failed(feed, problem, self._clock()))
            raise

    def page(self, id: int, url: str, title: str) -> None:
        """Fetch an article's page and keep its text. Raises InputError; what went wrong is noted with it."""
        try:
            found = self.get(url, {"Accept": ", ".join(web.TYPES)})
            if found.answer.status != 200:
                raise InputError(
                    "web.status", "the site answers {status}", at=url[:200], status=found.answer.status
                )
            if found.answer.type not in web.TYPES:
                raise InputError(
                    "web.type",
                    "{kind}, which is not read",
                    at=url[:200],
                    kind=found.answer.type[:60] or Message("term", "of no type"),
                )
            name = web.TYPES[found.answer.type]
            text = read_document(self._box, found.answer.data, name, self._manners.limits.max_bytes)
            (article,) = prepared(self._box, [Entry(url, title, text)])
            if not article.text:
                raise InputError("input.no_article", "no article text in it", at=url[:200])
        except (Cancelled, DeadlinePassed, StoreError):
            raise
        except WartaError as problem:
            # A site that is held back was not asked for the page.
            asked = not isinstance(problem, HeldBack)
            tries = self._store.arrivals.page_tries(id) + asked
            due = max(self._clock() + _back_off(max(tries, 1)), getattr(problem, "until", 0.0))
            last = isinstance(problem, Forbidden) or tries >= _TRIES
            self._store.arrivals.page_failed(id, str(problem), due, asked=asked, last=last)
            raise
        self._store.arrivals.put_page(id, article.title, article.text)

    def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        """Return the answer for ``url``, redirects followed, each hop allowed by its site and paced.

        Raises HeldBack, Forbidden, InputError.
        """
        # One temporary redirect on the way and the old address is still the one to ask.
        permanent, here = True, url
        for _ in range(self._manners.limits.redirects + 1):
            self._permit(here)
            answer = self._once(here, headers)
            if not answer.location:
                return Fetched(answer, here if permanent and here != url else "")
            permanent = permanent and answer.status in _PERMANENT
            here = answer.location
        raise InputError(
            "web.redirects",
            "redirected more than {count} times",
            at=url[:200],
            count=self._manners.limits.redirects,
        )

    def _asked(self, feed: Feed, now: float) -> Taken:
        conditions = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified}
        headers = {"Accept": FEEDS, **{name: value for name, value in conditions.items() if value}}
        found = self.get(feed.url, headers)
        answer = found.answer
        feed = replace(feed, url=found.moved or feed.url, checked=now, due=now + feed.every)
        if answer.status == 304:
            self._store.feeds.put_off(replace(feed, failures=0, problem=""))
            return Taken()
        if answer.status == 410:
            self._store.feeds.put_off(
                replace(feed, state="gone", problem="the site says that it is gone (410)")
            )
            return Taken()
        if answer.status != 200:
            raise InputError(
                "web.status", "the site answers {status}", at=feed.url[:200], status=answer.status
            )
        said = listing(self._box, answer.data, answer.url, answer.fields.get("content-type", ""), now)
        said = self._with_parts(said, now)
        etag, modified = answer.fields.get("etag", ""), answer.fields.get("last-modified", "")
        # The validators are kept together with the articles: see Store.take.
        return self._taken(replace(feed, etag=etag[:500], modified=modified[:100]), said, now)

    def _with_parts(self, said: Listing, now: float) -> Listing:
        """Return a sitemap index with the entries of its newest parts."""
        entries = list(said.entries)
        for url in said.parts[:_PARTS]:
            answer = self.get(url, {"Accept": FEEDS}).answer
            if answer.status == 200:
                entries += listing(
                    self._box, answer.data, url, answer.fields.get("content-type", ""), now
                ).entries
        return replace(said, entries=tuple(entries))

    def _taken(self, feed: Feed, said: Listing, now: float) -> Taken:
        feed = replace(
            feed, title=said.title or feed.title, checked=now, due=now + feed.every, failures=0, problem=""
        )
        fresh, left = self._store.arrivals.unknown(feed, said.entries, now)
        checkpoint()
        return self._store.arrivals.take(feed, prepared(self._box, fresh), left, now)

    def _folder(self, feed: Feed, now: float) -> Taken:
        """Take what came into a folder; its ``etag`` is the moment when it was last looked through."""
        since = float(feed.etag or 0.0)
        found = Listing("", tuple(self._files(Path(feed.url), since)))
        return self._taken(replace(feed, etag=str(now)), found, now)

    def _files(self, folder: Path, since: float) -> Iterator[Entry]:
        """Yield the documents of a folder that came or changed since then.

        One that cannot be read is passed over until it changes.
        """
        if not folder.is_dir():
            raise InputError("file.no_folder", "{path} is not a folder", path=folder)
        for path in list_files(folder):
            if not isinstance(path, Path):
                continue
            try:
                about = path.stat()
                # A file that is moved here keeps the time of its words; that of its place is new.
                if max(about.st_mtime, about.st_ctime) < since - _CLOCK_STEP:
                    continue
                data = read_bytes(path, self._manners.limits.max_bytes)
                text = read_document(self._box, data, path.name, self._manners.limits.max_bytes)
                yield Entry(path.resolve().as_uri(), "", text, "", about.st_mtime)
            except (InputError, OSError):
                continue

    # Manners

    def _permit(self, url: str) -> None:
        """Raise Forbidden or HeldBack where a site does not want to be asked."""
        web.parse(url, self._manners.reach)
        host = host_of(url)
        until, text, at = self._store.hosts.of(host)
        if until > self._clock():
            wait = until - self._clock()
            raise HeldBack(
                "inbox.held_back",
                "asked not to be asked for another {count} second",
                plural="asked not to be asked for another {count} seconds",
                until=until,
                at=host,
                count=f"{wait:.0f}",
            )
        if not at or at + self._believed(text) < self._clock():
            text, at = self._robots(url), self._clock()
            self._store.hosts.put(host, 0.0, text, at)
        if text == robots.NOBODY:
            until = at + self._believed(text)
            raise HeldBack(
                "inbox.robots_failed",
                "its robots.txt fails: asked for again in {count} second",
                plural="its robots.txt fails: asked for again in {count} seconds",
                until=until,
                at=host,
                count=f"{until - self._clock():.0f}",
            )
        if not robots.allowed(text, url):
            raise Forbidden("inbox.forbidden", "the site's robots.txt forbids it", at=url[:200])
        with self._lock:
            # In the same table; no host has a space in its name.
            self._next[f"pause {host}"] = max(self._manners.pause, robots.delay(text))

    def _believed(self, text: str) -> float:
        """Return for how many seconds a robots.txt is believed."""
        return self._manners.robots_failed if text == robots.NOBODY else self._manners.robots_fresh

    def _robots(self, url: str) -> str:
        """Return the site's robots.txt: empty where there is none, one that allows nothing where the site
        fails."""
        here = robots.address(url)
        for _ in range(self._manners.limits.redirects + 1):
            answer = self._once(here, {"Accept": "text/plain, */*;q=0.5"}, empty=True)
            if not answer.location:
                break
            here = answer.location
        # A site that fails may have rules that cannot be read now, one that has no such file has none (RFC
        # 9309).
        if answer.status >= 500:
            return robots.NOBODY
        return answer.data[: robots.SIZE].decode("utf-8", "replace") if answer.status == 200 else ""

    def _once(self, url: str, headers: Mapping[str, str], *, empty: bool = False) -> web.Answer:
        """Send one request when its host's turn has come. 429 and 503 hold the host back for everybody."""
        host = host_of(url)
        with self._turn(host):
            try:
                answer = web.ask(
                    url, {"User-Agent": USER_AGENT, **headers}, self._manners.limits, self._manners.reach
                )
            except InputError as problem:
                # fetch.ask() takes an empty answer for an error; an empty robots.txt forbids nothing.
                if empty and problem.code == "input.empty":
                    return web.Answer(url, 404, {})
                raise
        if answer.status in (429, 503):
            now = self._clock()
            # A minute at least and a day at most, whatever the site says.
            until = now + min(max(_retry_after(answer, now), self._manners.pause, 60.0), _DAY)
            _, text, at = self._store.hosts.of(host)
            self._store.hosts.put(host, until, text, at)
            raise HeldBack(
                "inbox.asked_later",
                "the site answers {status}: asked again in {count} second",
                plural="the site answers {status}: asked again in {count} seconds",
                until=until,
                at=host,
                status=answer.status,
                count=f"{until - now:.0f}",
            )
        return answer

    @contextmanager
    def _turn(self, host: str) -> Iterator[None]:
        """Let one request to a host at a time through, each a pause after the last one."""
        with self._lock:
            lock = self._hosts.setdefault(host, threading.Lock())
        with lock:
            while (wait := self._next.get(host, 0.0) - self._clock()) > 0:
                # In steps of a second, so that a stop is noticed in the middle of a pause.
                checkpoint()
                self._sleep(min(wait, 1.0))
            try:
                yield
            finally:
                # From the end of a request, so that a slow site gets its pause too.
                with self._lock:
                    pause = self._next.get(f"pause {host}", self._manners.pause)
                    self._next[host] = self._clock() + pause


def _failed(feed: Feed, problem: WartaError, now: float) -> Feed:
    """Return the feed after a request that failed: asked again later each time, a day later at most."""
    failures = feed.failures + 1
    due = max(now + max(feed.every, _back_off(failures)), getattr(problem, "until", 0.0))
    return replace(feed, checked=now, failures=failures, problem=str(problem)[:300], due=due)


def _back_off(failures: int) -> float:
    # 5 minutes, 10, 20, ... a day; the exponent is bounded, for 2.0**1024 is an error.
    return min(_WAIT_FIRST * 2.0 ** min(failures - 1, 20), _WAIT_MOST)


def _retry_after(answer: web.Answer, now: float) -> float:
    """Return the seconds that a site asks for, as a number or a date; five minutes where it does not say."""
    said = answer.fields.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        made = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError):
        return _WAIT_FIRST
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp() - now


def by_host(feeds: Sequence[Feed]) -> list[list[Feed]]:
    """Return feeds in groups that ask one host each."""
    groups: dict[str, list[Feed]] = {}
    for feed in feeds:
        groups.setdefault(host_of(feed.url) or "files", []).append(feed)
    return [*groups.values()]
