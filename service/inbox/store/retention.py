"""How long articles are kept, and in how much room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from service.errors import UsageError
from service.inbox.store.database import Database
from service.inbox.store.stories import Stories

if TYPE_CHECKING:
    from sqlalchemy import Connection

_AT_ONCE = 500
_DAY = 86_400.0
_REMEMBERED = 180 * _DAY
"""How long the address of a deleted article is remembered."""


class Retention:
    """Deletes articles, by age, by room, or as the reader says."""

    def __init__(self, database: Database, stories: Stories) -> None:
        self._database = database
        self._stories = stories

    def keep(self) -> tuple[float, float]:
        """Return for how many days articles are kept, and in how many megabytes."""
        with self._database.reading() as connection:
            found = {
                str(r[0]): str(r[1])
                for r in self._database.rows(connection, "select name, value from warta_settings")
            }
        return float(found.get("keep_days", 90)), float(found.get("keep_megabytes", 500))

    def set_keep(self, days: float | None, megabytes: float | None) -> None:
        """Set how long, and in how much room, articles are kept. Raises UsageError."""
        with self._database.writing() as connection:
            for name, value in (("keep_days", days), ("keep_megabytes", megabytes)):
                if value is None:
                    continue
                if value <= 0:
                    raise UsageError("inbox.retention", "days and megabytes must be above 0")
                query = (
                    "insert into warta_settings values (:name, :value)"
                    " on conflict (name) do update set value = excluded.value"
                )
                self._database.rows(connection, query, name=name, value=str(value))

    def prune(self, now: float) -> int:
        """Delete what is older than is kept, then the oldest until the rest fits; return how many articles.

        Stories with a star stay, whatever their age.
        """
        days, megabytes = self.keep()
        with self._database.writing() as connection:
            # For so long a deleted article does not come back; kept for ever, the table would only grow.
            query = f"delete from warta_forgotten where at < {now - _REMEMBERED}"
            self._database.rows(connection, query)
        count = self._forget("a.published < :before", {"before": now - days * _DAY}, now)
        # A hundred at a time, until it fits.
        while self._used() > megabytes * 1e6:
            with self._database.reading() as connection:
                query = (
                    # The star of a story is asked of its first article.
                    "select a.id from warta_articles a join warta_articles s on s.id = a.story where"
                    " s.star = 0"
                    " order by a.published limit 100"
                )
                oldest = [int(row[0]) for row in self._database.rows(connection, query)]
            if not oldest:
                break
            count += self._forget(f"a.id in ({', '.join(map(str, oldest))})", {}, now)
        return count

    def _used(self) -> float:
        """Return the bytes of the words that are kept; a database file keeps its size when rows go."""
        query = (
            # 1000 for the rest of a row: headline, address, names, sketch.
            "select sum(length(text) + length(english_text) + length(reading) + length(findings) + 1000)"
            " from warta_articles"
        )
        with self._database.reading() as connection:
            # The index over the words takes about as much again.
            return 2.0 * float(self._database.rows(connection, query)[0][0] or 0)

    def forget(self, *, before: float = 0.0, feed: int = 0, id: int = 0, now: float) -> int:
        """Delete articles: older ones, those of a feed, or one story; return how many.

        They do not come back while their feed lists them.
        """
        # With nothing asked for it means all articles.
        conditions, values = ["1 = 1"], dict[str, object]()
        for condition, name, value in (
            ("a.published < :before", "before", before),
            ("a.feed = :feed", "feed", feed),
            ("a.story = :story", "story", id),
        ):
            if value:
                conditions.append(condition)
                values[name] = value
        # Asked for by name, so a star does not keep them.
        return self._forget(" and ".join(conditions), values, now, starred=True)

    def _forget(
        self, condition: str, values: Mapping[str, object], now: float, *, starred: bool = False
    ) -> int:
        stay = (
            ""
            if starred
            else " and not exists (select 1 from warta_articles s where s.id = a.story and s.star = 1)"
        )
        with self._database.writing() as connection:
            query = f"select a.id, a.address from warta_articles a where {condition}{stay}"
            rows = self._database.rows(connection, query, **values)
            # In the same transaction: an article that is gone but not remembered would be taken once more.
            self._remember(connection, [str(row[1]) for row in rows], now)
            for row in rows:
                query = "select address from warta_copies where article = :id"
                self._remember(
                    connection, [str(c[0]) for c in self._database.rows(connection, query, id=row[0])], now
                )
            self._delete(connection, [int(row[0]) for row in rows])
        return len(rows)

    def _remember(self, connection: Connection, addresses: Sequence[str], now: float) -> None:
        query = "insert into warta_forgotten values (:address, :now) on conflict do nothing"
        self._database.many(connection, query, [{"address": address, "now": now} for address in addresses])

    def remove_feed(self, id: int) -> int:
        """Delete a feed with its articles; return how many those were."""
        with self._database.writing() as connection:
            query = "select id from warta_articles where feed = :id"
            rows = self._database.rows(connection, query, id=id)
            self._delete(connection, [int(row[0]) for row in rows])
            self._database.rows(connection, "delete from warta_feeds where id = :id", id=id)
        return len(rows)

    def _delete(self, connection: Connection, ids: Sequence[int]) -> None:
        stories = set[int]()
        # By parts, since a statement's length has a limit. The ids are integers of our own, so they may stand
        # in it.
        for start in range(0, len(ids), _AT_ONCE):
            some = ", ".join(map(str, ids[start : start + _AT_ONCE]))
            query = f"select distinct story from warta_articles where id in ({some})"
            stories |= {int(row[0]) for row in self._database.rows(connection, query)}
            self._database.rows(connection, f"delete from warta_articles where id in ({some})")
        self._stories.relead(connection, stories)
