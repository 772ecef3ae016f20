"""The English of articles: what waits for it, and what was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.inbox.records import Article
from service.inbox.store.database import Database
from service.inbox.store.lists import ARTICLE, article_of
from service.inbox.store.words import Words


@dataclass(frozen=True, slots=True)
class Made:
    """The English of an article: headline and brief, or all of it.

    ``reading`` is JSON, empty for headlines; ``doubted`` counts the sentences that are likely wrong though
    nothing was found in them.
    """

    id: int
    english: str
    brief: str
    brief_at: int
    findings: Sequence[Mapping[str, object]]
    english_text: str = ""
    reading: str = ""
    doubted: int = 0


class English:
    """The translations of an inbox."""

    def __init__(self, database: Database, words: Words) -> None:
        self._database = database
        self._words = words

    def untranslated(self, limit: int) -> list[Article]:
        """Return articles without an English headline, newest first, but none that waits for its page."""
        with self._database.reading() as connection:
            query = (
                # A page of 1 is still to be fetched, and brings more text.
                f"select {ARTICLE} from warta_articles where state = 'new' and page <> 1"
                " order by published desc, id desc limit :limit"
            )
            return [article_of(row) for row in self._database.rows(connection, query, limit=limit)]

    def unread(self, limit: int) -> list[Article]:
        """Return articles to be translated whole by their feed's rule, newest first."""
        # Both tables have columns named id, url and title.
        columns = ", ".join(f"a.{name.strip()}" for name in ARTICLE.split(","))
        with self._database.reading() as connection:
            query = (
                f"select {columns} from warta_articles a join warta_feeds f on f.id = a.feed"
                " where f.whole = 1 and a.state = 'headline' order by a.published desc, a.id desc limit"
                " :limit"
            )
            return [article_of(row) for row in self._database.rows(connection, query, limit=limit)]

    def waiting(self) -> tuple[int, int]:
        """Return how many articles wait for their headline, and how many by rule for the rest."""
        query = (
            # As in ``untranslated``: one that waits for its page is not to be translated yet.
            "select count(*) from warta_articles where state = 'new' and page <> 1",
            "select count(*) from warta_articles a join warta_feeds f on f.id = a.feed"
            " where f.whole = 1 and a.state = 'headline'",
        )
        with self._database.reading() as connection:
            first, second = (int(self._database.rows(connection, each)[0][0]) for each in query)
        return first, second

    def put(self, made: Sequence[Made]) -> None:
        """Keep translations, all or none of them."""
        with self._database.writing() as connection:
            # Made once for all of them, and within the transaction.
            watched = self._words.matcher(connection)
            for each in made:
                self._database.rows(
                    connection,
                    "update warta_articles set english = :english, brief = :brief, brief_at = :at,"
                    " findings = :findings, marks = :marks, english_text = :text, reading = :reading,"
                    " state = :state, problem = '' where id = :id",
                    id=each.id, english=each.english, brief=each.brief, at=each.brief_at,
                    text=each.english_text,
                    findings=json.dumps(list(each.findings), ensure_ascii=False),
                    marks=len(each.findings) + each.doubted,
                    reading=each.reading, state="whole" if each.reading else "headline",
                )  # fmt: skip
                self._words.hit(
                    connection, each.id, f"{each.english}\n{each.brief}\n{each.english_text}", watched
                )

    def failed(self, ids: Sequence[int], problem: str, *, most: int = 3) -> None:
        """Note that articles could not be translated; after ``most`` times they are left as they are."""
        with self._database.writing() as connection:
            for id in ids:
                self._database.rows(
                    connection,
                    "update warta_articles set tries = tries + 1, problem = :problem,"
                    # The right-hand side sees the old value, hence the + 1 a second time.
                    " state = case when tries + 1 >= :most then 'failed' else state end where id = :id",
                    id=id, problem=problem[:300], most=most,
                )  # fmt: skip

    def reading_of(self, id: int) -> str:
        """Return the whole reading of an article as JSON, empty where there is none."""
        with self._database.reading() as connection:
            rows = self._database.rows(connection, "select reading from warta_articles where id = :id", id=id)
        return str(rows[0][0]) if rows else ""
