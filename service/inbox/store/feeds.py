"""The feeds that are followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.errors import UsageError
from service.inbox.records import KINDS, LEAST_EVERY, Feed
from service.inbox.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FEED = (
    "id, url, name, kind, every, cap, full_text, whole, title, etag, modified, due, checked, failures,"
    " problem,"
    " state"
)


class Feeds:
    """The feeds of an inbox. Every method raises StoreError where its database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, feed: Feed) -> Feed:
        """Keep a new feed and return it with its number. Raises UsageError for one that is there already."""
        if feed.kind not in KINDS:
            raise UsageError(
                "inbox.kind",
                "unknown kind {kind!r}; there are: {known}",
                kind=feed.kind,
                known=", ".join(KINDS),
            )
        if feed.every < LEAST_EVERY:
            raise UsageError(
                "inbox.often",
                "a feed is asked for every {seconds} seconds at the most often",
                seconds=f"{LEAST_EVERY:g}",
            )
        if feed.cap < 1:
            raise UsageError("inbox.cap", "at least one article a day must be allowed")
        with self._database.writing() as connection:
            found = self._database.rows(
                connection,
                "insert into warta_feeds (url, name, kind, every, cap, full_text, whole, title, due)"
                " values (:url, :name, :kind, :every, :cap, :full, :whole, :title, 0)"
                # No row comes back where the address is there already. Asking first would leave a gap for a
                # second process.
                " on conflict (url) do nothing returning id",
                url=feed.url, name=feed.name, kind=feed.kind, every=feed.every, cap=feed.cap,
                full=int(feed.full), whole=int(feed.whole), title=feed.title,
            )  # fmt: skip
        if not found:
            raise UsageError("inbox.followed", "is followed already", at=feed.url)
        return replace(feed, id=int(found[0][0]))

    def all(self) -> list[Feed]:
        """Return every feed, in the order in which they were added."""
        with self._database.reading() as connection:
            return [
                _feed(row)
                for row in self._database.rows(connection, f"select {_FEED} from warta_feeds order by id")
            ]

    def find(self, named: str) -> Feed:
        """Return the feed of that number, name or address. Raises UsageError."""
        found = [f for f in self.all() if named in (str(f.id), f.name, f.url)]
        if not found:
            raise UsageError("inbox.no_feed", "there is no feed {name!r}; see `warta feeds list`", name=named)
        return found[0]

    def set_state(self, id: int, state: str) -> None:
        """Turn a feed ``on`` or ``off``; one turned on is due at once."""
        with self._database.writing() as connection:
            query = (
                "update warta_feeds set state = :state, due = 0, failures = 0, problem = '' where id = :id"
            )
            self._database.rows(connection, query, id=id, state=state)

    def put_off(self, feed: Feed) -> None:
        """Keep what a request said of a feed apart from its articles: when it is due, what went wrong."""
        with self._database.writing() as connection:
            self.note(connection, feed)

    def note(self, connection: Connection, feed: Feed) -> None:
        """Do the same within a transaction."""
        # An address that another feed has already stays as it is.
        self._database.rows(
            connection,
            "update warta_feeds set title = :title, etag = :etag, modified = :modified, due = :due,"
            " checked = :checked, failures = :failures, problem = :problem, state = :state,"
            " url = case when exists (select 1 from warta_feeds o where o.url = :url) then url else :url end"
            " where id = :id",
            id=feed.id, url=feed.url, title=feed.title, etag=feed.etag, modified=feed.modified, due=feed.due,
            checked=feed.checked, failures=feed.failures, problem=feed.problem, state=feed.state,
        )  # fmt: skip


def _feed(row: Sequence[Any]) -> Feed:
    id, url, name, kind, every, cap, full, whole, *rest = row
    return Feed(int(id), url, name, kind, float(every), int(cap), bool(full), bool(whole), *rest)
