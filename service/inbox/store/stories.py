"""Articles that tell one story, found as they come and kept under the first of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from service.inbox.grouping import Member, compare
from service.inbox.shingles import alike, shingles
from service.inbox.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SAME_STORY, _SAME_FEED = 0.4, 0.8
"""From which likeness articles tell one story; in one feed texts share standing phrases."""
_APART = 3 * 86_400.0
"""The seconds between two articles beyond which they are no copies of one story."""
_LARGEST_STORY = 12
"""Members of a story that are compared sentence by sentence."""


class Stories:
    """Which articles tell one story. Each method works within a transaction of its caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def story_of(
        self, connection: Connection, id: int, feed: int, sketch: frozenset[int], made: Sequence[int]
    ) -> int:
        """Return the story that an article tells too, 0 for none."""
        if not made:
            return 0
        pairs = {f"b{band}": value for band, value in enumerate(made)}
        # One band in common makes a candidate, which is then compared exactly.
        same = " or ".join(f"(b.band = {band} and b.value = :b{band})" for band in range(len(made)))
        rows = self._database.rows(
            connection,
            "select distinct a.id, a.story, a.feed, a.text from warta_bands b join warta_articles a"
            f" on a.id = b.article, warta_articles n where n.id = :id and a.id <> :id and ({same})"
            f" and abs(a.published - n.published) < {_APART}",
            id=id, **pairs,
        )  # fmt: skip
        best, story = 0.0, 0
        for row in rows:
            share = alike(sketch, shingles(str(row[3])))
            if share >= (_SAME_FEED if int(row[2]) == feed else _SAME_STORY) and share > best:
                best, story = share, int(row[1])
        return story

    def compare(self, connection: Connection, story: int) -> None:
        """Count where the figures of a story's articles differ."""
        found = compare(self.members(connection, story)).differences
        query = "update warta_articles set differs = :count where id = :story"
        self._database.rows(connection, query, count=len(found), story=story)

    def members(self, connection: Connection, story: int) -> list[Member]:
        query = "select id, title, text from warta_articles where story = :story order by id limit :most"
        rows = self._database.rows(connection, query, story=story, most=_LARGEST_STORY)
        return [Member(int(row[0]), str(row[1]), str(row[2])) for row in rows]

    def relead(self, connection: Connection, stories: Iterable[int]) -> None:
        """Give stories whose first article left them another first one, with its marks of the reader."""
        for story in set(stories) - {0}:
            # An article that came after the mark lacks it, hence the most of all.
            query = "select min(id), max(star), max(done) from warta_articles where story = :story"
            first, star, done = self._database.rows(connection, query, story=story)[0]
            if first is None:
                continue
            if int(first) != story:
                query = "update warta_articles set story = :first where story = :story"
                self._database.rows(connection, query, first=first, story=story)
                query = "update warta_articles set star = :star, done = :done where id = :first"
                self._database.rows(connection, query, star=star, done=done, first=first)
            self.compare(connection, int(first))
