"""What a fetch brings: articles that are new, copies of known ones, and changed ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.inbox.addresses import canonical
from service.inbox.dates import day_of, when
from service.inbox.names import names
from service.inbox.records import Entry, Feed
from service.inbox.shingles import bands, digest, shingles, words
from service.inbox.store.database import Database
from service.inbox.store.feeds import Feeds
from service.inbox.store.retention import Retention
from service.inbox.store.stories import Stories
from service.inbox.store.words import Words
from service.inbox.watched import Watched

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TELLING = 12
"""The words from which two equal texts are the same article."""
_AT_ONCE = 500
_DAY = 86_400.0
_REVISIONS = 5
"""How often a changed article is taken anew."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An announced article after cleaning; ``announced`` is a sum over what the feed said of it."""

    entry: Entry
    announced: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a fetch brought: new articles, copies of known ones, changed ones, and those left for
    another day.
    """

    new: int = 0
    copies: int = 0
    changed: int = 0
    left: int = 0


class Arrivals:
    """Takes articles into an inbox, each once."""

    def __init__(
        self, database: Database, feeds: Feeds, stories: Stories, words: Words, retention: Retention
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._stories = stories
        self._words = words
        self._retention = retention

    def unknown(self, feed: Feed, entries: Iterable[Entry], now: float) -> tuple[list[Entry], int]:
        """Return the entries to take, oldest first: new or changed, within the day's cap; and how many are
        left.

        Left out are those that are kept already, were deleted, or are older than articles are kept.
        """
        oldest = now - self._retention.keep()[0] * _DAY
        dated = [_dated(entry, now) for entry in entries]
        # A feed may list an article twice, with another campaign's parameters.
        found = {canonical(entry.url): entry for entry in dated if entry.published >= oldest and entry.url}
        with self._database.reading() as connection:
            known = self._known(connection, feed, list(found))
            start = when(day_of(now), now)
            # By when it was fetched, since that is what the cap bounds, and by Jakarta's day.
            query = "select count(*) from warta_articles where feed = :feed and fetched >= :start"
            room = feed.cap - int(self._database.rows(connection, query, feed=feed.id, start=start)[0][0])
        fresh = [
            # Not known, or known with another sum. An empty one says: not again.
            (a, e)
            for a, e in found.items()
            if known.get(a, None) != _announced(e) and known.get(a) != ""
        ]
        changed = [entry for address, entry in fresh if address in known]
        # Where the day's room is short the newest are taken.
        new = sorted((e for a, e in fresh if a not in known), key=lambda entry: -entry.published)
        taken = new[: max(room, 0)]
        # Oldest first, so that numbers grow with time.
        return [*changed, *reversed(taken)], len(new) - len(taken)

    def _known(self, connection: Connection, feed: Feed, addresses: Sequence[str]) -> dict[str, str]:
        """Return the sum of what was announced of each kept address; empty for one that is not to be taken
        again.

        Two feeds of one site may describe an article differently: only the first of them changes it.
        """
        known: dict[str, str] = {}
        # Databases take only so many values in one statement.
        for start in range(0, len(addresses), _AT_ONCE):
            some = addresses[start : start + _AT_ONCE]
            names = {f"a{i}": address for i, address in enumerate(some)}
            marks = ", ".join(f":{name}" for name in names)
            said = f"case when feed = {feed.id} and revision < {_REVISIONS} then announced else '' end"
            # The later ones win: an article that is kept is told by its own sum.
            for query in (
                f"select address, '' from warta_forgotten where address in ({marks})",
                f"select address, '' from warta_copies where address in ({marks})",
                f"select address, {said} from warta_articles where address in ({marks})",
            ):
                known |= {str(row[0]): str(row[1]) for row in self._database.rows(connection, query, **names)}
        return known

    def take(self, feed: Feed, prepared: Sequence[Prepared], left: int, now: float) -> Taken:
        """Keep what a fetch brought, and ``feed`` as it is to be asked for next, all or nothing.

        Where articles are left for another day, the feed's validators are not kept: it is to be read again.
        """
        if left:
            feed = replace(feed, etag="", modified="")
        counts = {"new": 0, "copies": 0, "changed": 0}
        # Before the transaction, which keeps other writers waiting.
        sketches = [shingles(each.text) for each in prepared]
        with self._database.writing() as connection:
            watched = self._words.matcher(connection)
            for each, sketch in zip(prepared, sketches, strict=True):
                counts[self._take(connection, feed, each, sketch, watched, now)] += 1
            self._feeds.note(connection, feed)
        return Taken(left=left, **counts)

    def _take(
        self,
        connection: Connection,
        feed: Feed,
        each: Prepared,
        sketch: frozenset[int],
        watched: Watched,
        now: float,
    ) -> str:
        address, sum = canonical(each.entry.url), _digest(each.text)
        query = "select id from warta_articles where address = :address"
        # By its address first: only then are the same words at another address a copy.
        if found := self._database.rows(connection, query, address=address):
            self._change(connection, feed, int(found[0][0]), each, sketch, watched)
            return "changed"
        query = "select id from warta_articles where digest = :sum limit 1"
        if sum and (found := self._database.rows(connection, query, sum=sum)):
            self._database.rows(
                connection,
                "insert into warta_copies values (:address, :article, :feed, :url, :now) on conflict do"
                " nothing",
                address=address, article=found[0][0], feed=feed.id, url=each.entry.url, now=now,
            )  # fmt: skip
            return "copies"
        found = self._database.rows(
            connection,
            "insert into warta_articles (feed, address, url, announced, digest, title, text, author,"
            " published,"
            " fetched, page) values (:feed, :address, :url, :announced, :sum, :title, :text, :author,"
            " :published,"
            " :now, :page) returning id",
            feed=feed.id, address=address, url=each.entry.url, announced=each.announced, sum=sum,
            title=each.title, text=each.text, author=each.entry.author, published=each.entry.published,
            now=now,
            page=int(feed.full and feed.kind != "folder"),
        )  # fmt: skip
        self._derive(connection, int(found[0][0]), feed.id, each.title, each.text, sketch, watched)
        return "new"

    def _change(
        self,
        connection: Connection,
        feed: Feed,
        id: int,
        each: Prepared,
        sketch: frozenset[int],
        watched: Watched,
    ) -> None:
        """Take the new words of a known article; where its page is fetched, that is fetched again."""
        again = feed.full and feed.kind != "folder"
        self._database.rows(
            connection,
            "update warta_articles set title = :title, announced = :announced, revision = revision + 1,"
            # The revision counts up here, so that a feed which changes its text all the time is left alone in
            # the end.
            " state = 'new', tries = 0, page = :page, page_tries = 0, page_due = 0 where id = :id",
            id=id, title=each.title, announced=each.announced, page=int(again),
        )  # fmt: skip
        if not again:
            self._replace_text(connection, id, feed.id, each.title, each.text, sketch, watched)

    def _replace_text(
        self,
        connection: Connection,
        id: int,
        feed: int,
        title: str,
        text: str,
        sketch: frozenset[int],
        watched: Watched,
    ) -> None:
        self._database.rows(
            connection,
            "update warta_articles set text = :text, digest = :sum, state = 'new', english_text = '',"
            " reading = ''"
            " where id = :id",
            id=id, text=text, sum=_digest(text),
        )  # fmt: skip
        for table in ("bands", "hits", "names"):
            self._database.rows(connection, f"delete from warta_{table} where article = :id", id=id)
        before = int(
            self._database.rows(connection, "select story from warta_articles where id = :id", id=id)[0][0]
        )
        # Out of its story before that gets another first article, which must not be this one.
        self._database.rows(connection, "update warta_articles set story = 0 where id = :id", id=id)
        self._stories.relead(connection, {before})
        self._derive(connection, id, feed, title, text, sketch, watched)

    def _derive(
        self,
        connection: Connection,
        id: int,
        feed: int,
        title: str,
        text: str,
        sketch: frozenset[int],
        watched: Watched,
    ) -> None:
        """Keep what follows from an article's words: its story, its names, the watched words in it."""
        made = bands(sketch)
        # The first to tell a story gives it its number.
        story = self._stories.story_of(connection, id, feed, sketch, made) or id
        self._database.rows(
            connection, "update warta_articles set story = :story where id = :id", story=story, id=id
        )
        self._database.many(
            connection,
            "insert into warta_bands values (:band, :value, :id) on conflict do nothing",
            [{"band": band, "value": value, "id": id} for band, value in enumerate(made)],
        )
        self._database.many(
            connection,
            "insert into warta_names values (:name, :kind, :id) on conflict do nothing",
            [{"name": name, "kind": kind, "id": id} for name, kind in names(f"{title}\n{text}")],
        )
        self._words.hit(connection, id, f"{title}\n{text}", watched)
        if story != id:
            self._stories.compare(connection, story)

    def pages(self, now: float, limit: int) -> list[tuple[int, int, str, str]]:
        """Return number, feed, address and title of articles whose page is to be fetched now, newest
        first.
        """
        query = (
            "select a.id, a.feed, a.url, a.title from warta_articles a join warta_feeds f on f.id = a.feed"
            " where a.page = 1 and a.page_due <= :now and f.state = 'on' order by a.published desc limit"
            " :limit"
        )
        with self._database.reading() as connection:
            rows = self._database.rows(connection, query, now=now, limit=limit)
        return [(int(row[0]), int(row[1]), str(row[2]), str(row[3])) for row in rows]

    def put_page(self, id: int, title: str, text: str) -> None:
        """Keep the text of an article's page in place of what its feed said."""
        sketch = shingles(text)
        with self._database.writing() as connection:
            rows = self._database.rows(
                connection, "select feed, title from warta_articles where id = :id", id=id
            )
            if not rows:
                return
            # The feed's headline before the page's own, which often has the site's name in it.
            title = str(rows[0][1]) or title
            query = "update warta_articles set page = 2, page_problem = '', title = :title where id = :id"
            self._database.rows(connection, query, title=title, id=id)
            self._replace_text(
                connection, id, int(rows[0][0]), title, text, sketch, self._words.matcher(connection)
            )

    def page_failed(self, id: int, problem: str, due: float, *, asked: bool, last: bool) -> None:
        """Note why a page is not there; it is tried again when ``due``, unless that was the ``last`` time.

        Only what was ``asked`` of the site counts as a try.
        """
        with self._database.writing() as connection:
            query = (
                "update warta_articles set page = :page, page_problem = :problem, page_due = :due,"
                " page_tries = page_tries + :asked where id = :id"
            )
            self._database.rows(
                connection,
                query,
                id=id,
                page=3 if last else 1,
                problem=problem[:300],
                due=due,
                asked=int(asked),
            )

    def page_tries(self, id: int) -> int:
        """Return how often an article's page was asked for in vain."""
        with self._database.reading() as connection:
            rows = self._database.rows(
                connection, "select page_tries from warta_articles where id = :id", id=id
            )
        return int(rows[0][0]) if rows else 0


def announced(entry: Entry) -> str:
    """Return a sum over what a feed says of an article; another sum means that it has changed."""
    return digest((entry.title, entry.text))


_announced = announced


def _digest(text: str) -> str:
    """Return a sum over a text that is long enough to be known by it, else empty."""
    return digest((text,)) if len(words(text)) >= _TELLING else ""


def _dated(entry: Entry, now: float) -> Entry:
    """Return when an article was published; without a date, or with one of the future, now."""
    return entry if 0 < entry.published <= now + 3600 else replace(entry, published=now)
