"""Lists of stories, by what the reader wants to see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.errors import UsageError
from service.inbox import query as searching
from service.inbox.grouping import Story, compare
from service.inbox.records import Article, Row, Wanted
from service.inbox.store.database import Database
from service.inbox.store.stories import Stories

if TYPE_CHECKING:
    from sqlalchemy import Connection

_AT_ONCE = 500
_MARKED = "(a.marks > 0 or a.differs > 0)"
ARTICLE = (
    "id, feed, url, title, text, author, published, fetched, english, brief, brief_at, english_text,"
    " findings,"
    " state, problem, story, star, done, page, page_problem"
)
"""The columns that :func:`article_of` takes."""


class Lists:
    """What an inbox shows."""

    def __init__(self, database: Database, stories: Stories) -> None:
        self._database = database
        self._stories = stories

    def rows(self, wanted: Wanted) -> tuple[int, list[Row]]:
        """Return how many stories are wanted, and those from ``offset`` on, newest first."""
        where, values = self._where(wanted)
        with self._database.reading() as connection:
            total = int(
                self._database.rows(connection, f"select count(*) from warta_articles a {where}", **values)[
                    0
                ][0]
            )
            found = self._database.rows(
                connection,
                "select a.id, a.english, a.brief, a.title, a.feed, a.url, a.published, a.marks,"
                " a.differs, a.star,"
                " a.done, a.state, f.name, f.title, f.url, (select count(*) from warta_articles m"
                " where m.story = a.id) + (select count(*) from warta_copies c join warta_articles m"
                " on m.id = c.article where m.story = a.id) from warta_articles a join warta_feeds f on"
                " f.id = a.feed"
                f" {where} order by a.published desc, a.id desc limit :limit offset :offset",
                **values, limit=max(0, min(wanted.limit, 5000)), offset=max(0, wanted.offset),
            )  # fmt: skip
            hits = self._words_of(connection, [int(row[0]) for row in found])
        return total, [_row(row, hits.get(int(row[0]), ())) for row in found]

    def _where(self, wanted: Wanted) -> tuple[str, dict[str, object]]:
        """Return the condition of a list, and its values. A story is found by any of its articles."""
        parts, values = ["a.story = a.id"], dict[str, object]()

        def add(part: str, **more: object) -> None:
            parts.append(part)
            values.update(more)

        # A story stands in the list as its first article, but any of its articles may have the word.
        def of_any(condition: str, **more: object) -> None:
            add(f"a.id in (select m.story from warta_articles m where {condition})", **more)

        if wanted.since:
            add("a.published >= :since", since=wanted.since)
        if wanted.until:
            add("a.published < :until", until=wanted.until)
        for flag, part in (
            (wanted.marked, _MARKED),
            (wanted.starred, "a.star = 1"),
            (wanted.open, "a.done = 0"),
        ):
            if flag:
                add(part)
        if wanted.feed:
            of_any(
                "m.feed = :feed or exists (select 1 from warta_copies c where c.article = m.id and"
                " c.feed = :feed)",
                feed=wanted.feed,
            )
        if wanted.word:
            hit = (
                "select h.article from warta_hits h join warta_words w on w.id = h.word where w.word = :word"
            )
            of_any(f"m.id in ({hit})", word=wanted.word)
        if wanted.name:
            of_any("m.id in (select n.article from warta_names n where n.name = :name)", name=wanted.name)
        if query := searching.parse(wanted.search):
            if self._database.sqlite:
                match = "m.id in (select rowid from warta_search where warta_search match :match)"
                of_any(match, match=searching.fts5(query))
            else:
                of_any("m.search @@ to_tsquery('simple', :match)", match=searching.tsquery(query))
        return "where " + " and ".join(parts), values

    def _words_of(self, connection: Connection, stories: Sequence[int]) -> dict[int, tuple[str, ...]]:
        if not stories:
            return {}
        names = {f"s{i}": story for i, story in enumerate(stories)}
        marks = ", ".join(f":{name}" for name in names)
        found: dict[int, tuple[str, ...]] = {}
        for story, word in self._database.rows(
            connection,
            "select distinct m.story, w.word from warta_hits h join warta_words w on w.id = h.word"
            f" join warta_articles m on m.id = h.article where m.story in ({marks}) order by w.word",
            **names,
        ):
            found[int(story)] = (*found.get(int(story), ()), str(word))
        return found

    def article(self, id: int) -> Article:
        """Return an article. Raises UsageError where there is none of that number."""
        with self._database.reading() as connection:
            rows = self._database.rows(
                connection, f"select {ARTICLE} from warta_articles where id = :id", id=id
            )
        if not rows:
            raise UsageError("inbox.no_article", "there is no article {number} in the inbox", number=id)
        return article_of(rows[0])

    def story(self, id: int) -> tuple[list[Article], list[tuple[int, str, str]], Story]:
        """Return a story's articles, its verbatim copies (feed, article's address, feed's label), and
        how they compare.
        """
        with self._database.reading() as connection:
            query = f"select {ARTICLE} from warta_articles where story = :id order by id"
            members = [article_of(row) for row in self._database.rows(connection, query, id=id)]
            copies = self._database.rows(
                connection,
                "select c.feed, c.url, f.name, f.title, f.url from warta_copies c join warta_articles a"
                " on a.id = c.article"
                " join warta_feeds f on f.id = c.feed where a.story = :id order by c.seen",
                id=id,
            )
            compared = compare(self._stories.members(connection, id))
        return members, [(int(c[0]), str(c[1]), _label(c[2], c[3], c[4])) for c in copies], compared

    def mark(self, id: int, *, star: bool | None = None, done: bool | None = None) -> None:
        """Set what the reader says of a story: a star, or that it is done."""
        with self._database.writing() as connection:
            for column, value in (("star", star), ("done", done)):
                if value is not None:
                    query = f"update warta_articles set {column} = :value where story = :id"
                    self._database.rows(connection, query, value=int(value), id=id)

    def names(self, since: float, most: int = 60) -> list[tuple[str, str, int]]:
        """Return the people and places of the stories since then: name, ``person`` or ``place``, in
        how many.
        """
        query = (
            "select n.name, min(n.kind), count(distinct a.story) as found from warta_names n join"
            " warta_articles a"
            " on a.id = n.article where a.published >= :since group by n.name order by found desc,"
            " n.name limit :most"
        )
        with self._database.reading() as connection:
            return [
                (str(r[0]), str(r[1]), int(r[2]))
                for r in self._database.rows(connection, query, since=since, most=most)
            ]

    def counts(self) -> Mapping[str, int]:
        """Return how many articles there are in each state."""
        with self._database.reading() as connection:
            rows = self._database.rows(
                connection, "select state, count(*) from warta_articles group by state"
            )
        return {str(row[0]): int(row[1]) for row in rows}

    def stories(self, wanted: Wanted) -> Iterator[Row]:
        """Yield every wanted story, newest first."""
        offset = 0
        while found := self.rows(replace(wanted, offset=offset, limit=_AT_ONCE))[1]:
            yield from found
            offset += len(found)


def article_of(row: Sequence[Any]) -> Article:
    values = list(row)
    # Findings are JSON, star and done integers, in either database. The numbers are places in ARTICLE.
    values[12] = tuple(json.loads(values[12]))
    values[16], values[17] = bool(values[16]), bool(values[17])
    return Article(*values)


def _label(name: str, title: str, url: str) -> str:
    return str(name or title or url)


def _row(row: Sequence[Any], hits: tuple[str, ...]) -> Row:
    id, english, brief, title, feed, url, published, marks, differs, star, done, state, *named, sources = row
    return Row(
        int(id), english, brief, title, _label(named[0], named[1], named[2]), int(feed), url,
        float(published),
        int(marks), int(differs), int(sources), bool(star), bool(done), state, hits,
    )  # fmt: skip
