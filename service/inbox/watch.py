"""Rounds of the inbox: what is due is fetched, then pages, then English, then what is old goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from service.context import checkpoint
from service.document import Message
from service.errors import Cancelled, DeadlinePassed, StoreError, WartaError
from service.inbox import queue
from service.inbox.fetcher import MANNERS, Fetcher, Manners, by_host
from service.inbox.records import Feed
from service.inbox.store import Store, Taken
from service.messages import text
from service.pipeline import Pipeline

if TYPE_CHECKING:
    from service.runtime.sandbox import Sandbox

LONGEST_SLEEP = 60.0
"""Seconds between two looks at what is due: a feed may be added meanwhile, by another process."""
PRUNE_EVERY = 3600.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: feeds asked and failed, articles taken, pages fetched, articles translated."""

    feeds: int = 0
    failed: int = 0
    taken: Taken = field(default_factory=Taken)
    pages: int = 0
    headlines: int = 0
    whole: int = 0
    pruned: int = 0

    def __str__(self) -> str:
        parts = [text(_counted(said, count)) for said, count in self._counts() if count]
        return ", ".join(parts) or text(Message.of("round.nothing", "nothing new"))

    def _counts(self) -> list[tuple[Message, int]]:
        taken = self.taken
        return [
            (Message.of("round.asked", "{count} feed asked", plural="{count} feeds asked"), self.feeds),
            (Message.of("round.failed", "{count} failed"), self.failed),
            (Message.of("round.new", "{count} new article", plural="{count} new articles"), taken.new),
            (Message.of("round.copies", "{count} copy", plural="{count} copies"), taken.copies),
            (Message.of("round.changed", "{count} changed"), taken.changed),
            (Message.of("round.left", "{count} left for another day"), taken.left),
            (Message.of("round.pages", "{count} page", plural="{count} pages"), self.pages),
            (Message.of("round.headlines", "{count} headline", plural="{count} headlines"), self.headlines),
            (Message.of("round.whole", "{count} whole article", plural="{count} whole articles"), self.whole),
            (
                Message.of(
                    "round.pruned", "{count} old article deleted", plural="{count} old articles deleted"
                ),
                self.pruned,
            ),
        ]


def _counted(said: Message, count: int) -> Message:
    return replace(said, values=(("count", f"{count:,}"),))


class Watcher:
    """Does rounds over one store. ``pipeline`` is asked for when there is something to translate."""

    def __init__(
        self,
        store: Store,
        box: Sandbox,
        pipeline: Callable[[], Pipeline] | None,
        manners: Manners = MANNERS,
        say: Say = lambda _: None,
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._manners = manners
        self._say = say
        self._fetcher = Fetcher(store, box, manners)
        self._pruned = 0.0

    def once(self, feeds: Sequence[Feed] | None = None) -> Round:
        """Do one round over ``feeds``, else over those that are due. Raises StoreError, Cancelled.

        What fails with a single feed is said, noted with it, and stops nothing else. Where another process
        fetches already, only what is there is translated.
        """
        return self._round(feeds, enough=lambda: False)

    def _round(self, feeds: Sequence[Feed] | None, enough: Callable[[], bool]) -> Round:
        """Do one round; of what waits for its translation, as much as there is until ``enough``."""
        # Only for fetching: translating may be done by several processes, each in its own time.
        with self._store.database.only_fetcher() as mine:
            if not mine:
                self._say(text(Message.of("round.other", "another process fetches already")))
            done = self._fetched(self._due() if feeds is None else feeds) if mine else Round()
            done = replace(done, pages=self._pages() if mine else 0)
        if self._pipeline and any(self._store.english.waiting()):
            # A process that does not fetch has nothing to hurry back to.
            pipeline, enough = self._pipeline(), enough if mine else lambda: False
            done = replace(done, headlines=queue.headlines(self._store, pipeline, enough=enough))
            # After headlines that were broken off for a feed that is due, whole articles are left for later
            # too.
            if not (done.headlines and enough()):
                done = replace(done, whole=queue.whole(self._store, pipeline, enough=enough))
        return replace(done, pruned=self._prune())

    def forever(self, stop: threading.Event) -> None:
        """Do rounds until ``stop`` is set; one that fails as a whole is said, and the next tries again.

        Translating waits as soon as a feed is due: a feed keeps what it lists for hours only, the inbox keeps
        what waits for as long as need be.
        """
        while not stop.is_set():
            try:
                done = self._round(None, enough=lambda: bool(self._due()))
                # A round with nothing to say is not said.
                if done != Round():
                    self._say(str(done))
            except (Cancelled, DeadlinePassed):
                # Cancelled for this round only, unless it is the end.
                if stop.is_set():
                    return
            except WartaError as problem:
                self._say(" ".join(text(problem).split()))
            stop.wait(self._sleep())

    def _sleep(self) -> float:
        try:
            due = [feed.due for feed in self._store.feeds.all() if feed.state == "on"]
        except StoreError:
            return LONGEST_SLEEP
        # A second at least, or a feed that is due but refused would keep this turning.
        return min([LONGEST_SLEEP, *(max(moment - time.time(), 1.0) for moment in due)])

    def _due(self) -> list[Feed]:
        now = time.time()
        return [feed for feed in self._store.feeds.all() if feed.state == "on" and feed.due <= now]

    def _fetched(self, feeds: Sequence[Feed]) -> Round:
        """Fetch feeds, those of several hosts at once."""
        total = Round()
        lock = threading.Lock()

        def host(group: Sequence[Feed]) -> None:
            nonlocal total
            for feed in group:
                taken = self._fetch(feed)
                with lock:
                    total = _added(total, taken)

        groups = by_host(feeds)
        # A host's feeds one after the other, several hosts at once.
        with ThreadPoolExecutor(self._manners.hosts, "feeds") as pool:
            # A copy of the context for each, as one context runs in one thread at a time; in it is who asks,
            # for checkpoints.
            for future in [pool.submit(copy_context().run, host, group) for group in groups]:
                future.result()  # raises what stops the whole round
        return total

    def _fetch(self, feed: Feed) -> Taken | None:
        checkpoint()
        try:
            return self._fetcher.fetch(feed)
        except (Cancelled, DeadlinePassed, StoreError):
            raise
        except WartaError as problem:
            said = text(problem)
            self._say(said if said.startswith(feed.label) else f"{feed.label}: {said}")
            return None

    def _pages(self) -> int:
        """Fetch the pages that are wanted, the newest first; one failing stops no other."""
        count = 0
        for id, _, url, title in self._store.arrivals.pages(time.time(), self._manners.pages):
            checkpoint()
            try:
                self._fetcher.page(id, url, title)
                count += 1
            except (Cancelled, DeadlinePassed, StoreError):
                raise
            except WartaError as problem:
                self._say(text(problem))
        return count

    def _prune(self) -> int:
        if time.time() - self._pruned < PRUNE_EVERY:
            return 0
        self._pruned = time.time()
        return self._store.retention.prune(self._pruned)


def _added(total: Round, taken: Taken | None) -> Round:
    if taken is None:
        return replace(total, feeds=total.feeds + 1, failed=total.failed + 1)
    before = total.taken
    both = Taken(
        before.new + taken.new,
        before.copies + taken.copies,
        before.changed + taken.changed,
        before.left + taken.left,
    )
    return replace(total, feeds=total.feeds + 1, taken=both)
