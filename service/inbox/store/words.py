"""Words that the reader watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.errors import UsageError
from service.inbox.dates import day_of
from service.inbox.shingles import words
from service.inbox.store.database import Database
from service.inbox.watched import Watched, matcher

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Words:
    """The watched words of an inbox and where they were found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def watch(self, word: str) -> int:
        """Watch a word or phrase from now on; return how many kept articles have it.

        Raises UsageError.
        """
        if not words(word) or len(word) > 100:
            raise UsageError("inbox.word", "a word to watch is a word or phrase of up to 100 characters")
        word = " ".join(word.split())
        count = 0
        with self._database.writing() as connection:
            # In one transaction with the search of all that is kept, so that a word is never there without
            # its hits.
            query = "insert into warta_words (word) values (:word) on conflict (word) do nothing returning id"
            found = self._database.rows(connection, query, word=word)
            if not found:
                raise UsageError("inbox.watched", "{word!r} is watched already", word=word)
            watched = matcher([(int(found[0][0]), word)])
            query = "select id, title, text, english, brief, english_text from warta_articles"
            for row in self._database.rows(connection, query):
                # All fields in one text, but by lines, so that a phrase is not found across two of them.
                count += self.hit(connection, int(row[0]), "\n".join(map(str, row[1:])), watched)
        return count

    def unwatch(self, word: str) -> None:
        """Watch a word no more. Raises UsageError where it is not watched."""
        with self._database.writing() as connection:
            if not self._database.changed(
                connection, "delete from warta_words where word = :word", word=word
            ):
                raise UsageError(
                    "inbox.not_watched", "{word!r} is not watched; see `warta feeds words`", word=word
                )

    def trends(self, since: float) -> dict[str, dict[str, int]]:
        """Return, for each watched word, the stories of each day that have it: word -> day -> count."""
        query = (
            "select w.word, a.story, min(a.published) from warta_words w left join warta_hits h on"
            " h.word = w.id"
            " left join warta_articles a on a.id = h.article and a.published >= :since"
            " group by w.word, a.story order by w.word"
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for word, story, published in self._database.rows(connection, query, since=since):
                days = found.setdefault(str(word), {})
                if story is not None:
                    day = day_of(float(published))
                    days[day] = days.get(day, 0) + 1
        return found

    def matcher(self, connection: Connection) -> Watched:
        """Return the search for all watched words, which stay as they are until the transaction ends."""
        if not self._database.sqlite:
            # PostgreSQL lets several write at once. A word that came meanwhile would neither be searched for
            # here nor find what this transaction writes; a hit of one that went would be refused.
            self._database.rows(connection, "lock table warta_words in share mode")
        rows = self._database.rows(connection, "select id, word from warta_words")
        return matcher([(int(row[0]), str(row[1])) for row in rows])

    def hit(self, connection: Connection, id: int, text: str, watched: Watched) -> int:
        found = watched(text)
        # An article is searched again each time when more of it is there; a hit stays one.
        query = "insert into warta_hits values (:word, :id) on conflict do nothing"
        self._database.many(connection, query, [{"word": word, "id": id} for word in found])
        return bool(found)
