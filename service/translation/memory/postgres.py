"""A translation memory in PostgreSQL, shared by many machines.

Its tables begin with ``warta_`` and are made where there are none. Answers are written in the order of their
keys, so that two writers never wait for each other in a ring.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from service.document import Output
from service.errors import StoreError, UsageError
from service.intake.compression import need
from service.translation.memory import fuzzy
from service.translation.memory.base import (
    DISMISSED,
    OWN,
    SPARE,
    STALE,
    Memory,
    Remembered,
    Stats,
    hashed,
    storable,
    values,
)

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

LIMIT = 20_000_000
"""Entries in a shared memory, one's own translations not counted."""
_LOCK = 0x5741525441  # of this program's own, while tables are made or what is old is dropped
_CONNECT, _STATEMENT = 10, 120_000
_EXPORT = 5_000
_T = TypeVar("_T")

_SCHEMA = """
create table if not exists warta_signatures (id serial primary key, text text not null unique);
create table if not exists warta_entries (
    key bytea primary key, signature integer not null, source text not null, target text not null,
    score double precision not null, tokens integer not null, truncated boolean not null,
    repaired boolean not null, used double precision not null, words text[]
);
create index if not exists warta_entries_used on warta_entries (used);
create index if not exists warta_entries_signature on warta_entries (signature);
create index if not exists warta_entries_words on warta_entries using gin (words) where words is not null;
create table if not exists warta_words (word text primary key, units bigint not null);
"""
_GET = """
select key, source, target, score, tokens, truncated, repaired, used from warta_entries where key = any(%s)
"""
# What another transaction holds is skipped: to note a use is not worth waiting, nor a deadlock.
_USED = """
update warta_entries set used = %s where key in
(select key from warta_entries where key = any(%s) order by key for update skip locked)
"""
_PUT = """
insert into warta_entries values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (key) do update set
signature = excluded.signature, source = excluded.source, target = excluded.target, score = excluded.score,
tokens = excluded.tokens, truncated = excluded.truncated, repaired = excluded.repaired, used = excluded.used,
words = excluded.words
"""
_WORDS = """
insert into warta_words values (%s, %s) on conflict (word) do update set
units = warta_words.units + excluded.units
"""
_DROP = """
delete from warta_entries where key in
(select key from warta_entries where words is null order by used limit %s for update skip locked)
"""
_OWN = "select source, target from warta_entries where words is not null order by key"
_ALL = """
select s.text, e.source, e.target from warta_entries e join warta_signatures s on s.id = e.signature
order by e.source collate "C", s.text collate "C"
"""


class PostgresMemory(Memory):
    """The memory at ``url``, a ``postgresql://`` URL. Safe from several threads, processes and machines.

    Raises UsageError for a malformed URL, StoreError where the server cannot be used. A connection
    that was lost is made again once for each call.
    """

    def __init__(self, url: str, *, limit: int = LIMIT, clock: Callable[[], float] = time.time) -> None:
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError as error:
            raise need(error, "postgres", "psycopg") from error
        self._psycopg = psycopg
        try:
            parts = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # The library's own words may hold the password.
            raise UsageError("memory.url", "the memory's postgresql:// URL is malformed") from None
        self._url = url
        self._name = f"{parts.get('host') or 'localhost'}/{parts.get('dbname') or ''}"
        self._patience = int(parts.get("connect_timeout") or _CONNECT)
        self._options = str(parts.get("options") or f"-c statement_timeout={_STATEMENT}")
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: Connection[TupleRow] | None = None
        self._unchecked = limit
        self._run(_prepare)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def __del__(self) -> None:
        if getattr(self, "_connection", None):
            self._drop()

    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        """Return what is remembered of ``keys``."""
        wanted = {hashed(signature, key): key for key in keys}
        if not wanted:
            return {}
        now = self._clock()

        def work(database: Connection[TupleRow]) -> list[TupleRow]:
            rows = database.execute(_GET, (list(wanted),)).fetchall()
            if stale := [row[0] for row in rows if row[-1] < now - STALE]:
                database.execute(_USED, (now, stale))
            return rows

        return {
            wanted[key]: Remembered(source, Output(target, score, tokens, truncated), repaired)
            for key, source, target, score, tokens, truncated, repaired, _ in self._run(work)
        }

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Keep answers by their keys; one that is there is written over."""
        now, own = self._clock(), signature == OWN
        # In the order of the keys, for the reason given at the top.
        kept = sorted((hashed(signature, key), made) for key, made in answers.items() if _storable(made))
        if not kept:
            return

        def work(database: Connection[TupleRow]) -> None:
            number = _number(database, signature)
            with database.cursor() as cursor:
                cursor.executemany(
                    _PUT,
                    [
                        # The column of words marks what is the user's own, and is empty for all else.
                        (key, number, *values(made), now, fuzzy.words(made.source) if own else None)
                        for key, made in kept
                    ],
                )
                if own:
                    counts: dict[str, int] = {}
                    for word in (word for _, made in kept for word in fuzzy.words(made.source)):
                        counts[word] = counts.get(word, 0) + 1
                    cursor.executemany(_WORDS, sorted(counts.items()))
            if not own:
                self._bound(database, len(kept))

        self._run(work)

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Return signature, source and target of every entry, in the order of their sources."""
        return self._streamed(_ALL)

    def stats(self) -> Stats:
        """Return what is in it."""
        count = """
            select s.text, count(*) from warta_entries e join warta_signatures s on s.id = e.signature
            group by s.text order by s.text collate "C"
        """
        size = "select pg_total_relation_size('warta_entries') + pg_total_relation_size('warta_words')"

        def work(database: Connection[TupleRow]) -> Stats:
            rows = database.execute(count).fetchall()
            (taken,) = database.execute(size).fetchone() or (0,)
            return Stats(dict(rows), taken)

        return self._run(work)

    def clear(self) -> int:
        """Forget everything; return how many entries that were."""

        def work(database: Connection[TupleRow]) -> int:
            database.execute("delete from warta_words")
            return database.execute("delete from warta_entries").rowcount

        return self._run(work)

    def clear_made(self) -> int:
        """Forget what models made; return how many entries that were."""
        delete = """
            delete from warta_entries where signature in
            (select id from warta_signatures where text not in (%s, %s))
        """
        return self._run(lambda database: database.execute(delete, (OWN, DISMISSED)).rowcount)

    def _remove_own(self, keys: Sequence[str]) -> int:
        wanted = [hashed(OWN, key) for key in keys]
        delete = "delete from warta_entries where key = any(%s)"
        return self._run(lambda database: database.execute(delete, (wanted,)).rowcount)

    def has_own(self) -> bool:
        """Return whether there are translations of the user's."""
        query = "select 1 from warta_entries where words is not null limit 1"
        return self._run(lambda database: database.execute(query).fetchone()) is not None

    def _own_pairs(self) -> Iterator[tuple[str, str]]:
        return self._streamed(_OWN)

    def _counts(self, words: Sequence[str]) -> Mapping[str, int]:
        # Too many for a source that was written over: they only order the words.
        query = "select word, units from warta_words where word = any(%s)"
        return dict(self._run(lambda database: database.execute(query, (list(words),)).fetchall()))

    def _with_words(self, words: Sequence[str], length: int) -> list[tuple[str, str]]:
        query = """
            select source, target from warta_entries where words && %s and words is not null
            order by abs(length(source) - %s) limit %s
        """
        wanted = (list(words), length, fuzzy.CANDIDATES)
        return self._run(lambda database: database.execute(query, wanted).fetchall())

    def _bound(self, database: Connection[TupleRow], added: int) -> None:
        # Counting reads an index: it is done when a hundredth may have been added, and by one process.
        self._unchecked += added
        if self._unchecked * 100 < self._limit:
            return
        self._unchecked = 0
        query = "select pg_try_advisory_xact_lock(%s)"
        if (database.execute(query, (_LOCK,)).fetchone() or (False,))[0]:
            query = "select count(*) from warta_entries where words is null"
            (count,) = database.execute(query).fetchone() or (0,)
            if count > self._limit:
                database.execute(_DROP, (count - self._limit + self._limit // SPARE,))

    def _run(self, work: Callable[[Connection[TupleRow]], _T]) -> _T:
        """Return ``work`` in a transaction, tried again where the connection was lost or two writers met."""
        with self._lock:
            for last in (False, True):
                try:
                    connection = self._connected()
                    with connection.transaction():
                        return work(connection)
                except self._psycopg.Error as error:
                    met = isinstance(error, self._psycopg.errors.DeadlockDetected)
                    lost = self._connection is None or self._connection.broken or self._connection.closed
                    if lost:
                        self._drop()
                    if last or not (met or lost):
                        raise self._told(error) from error
        raise StoreError("memory.unusable", "the translation memory {name} cannot be used", name=self._name)

    def _streamed(self, query: str) -> Iterator[TupleRow]:
        """Yield the rows of a query on a connection of its own, a few thousand at a time."""
        try:
            # A cursor with a name is the server's: it sends the rows in parts.
            with self._connect() as connection, connection.cursor("warta") as cursor:
                cursor.itersize = _EXPORT
                yield from cursor.execute(query)
        except self._psycopg.Error as error:
            raise self._told(error) from error

    def _connected(self) -> Connection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            # Transactions begin where the code says so, and none stays open between calls.
            self._connection.autocommit = True
        return self._connection

    def _connect(self) -> Connection[TupleRow]:
        return self._psycopg.connect(
            self._url,
            application_name="warta",
            connect_timeout=self._patience,
            options=self._options,
            prepare_threshold=None,  # a pooler between here and the server may know no prepared statements
        )

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _told(self, error: Exception) -> StoreError:
        why = " ".join(str(error).split()) or type(error).__name__
        return StoreError(
            "memory.unusable_why",
            "the translation memory {name} cannot be used: {reason}",
            name=self._name,
            reason=why,
        )


def _prepare(database: Connection[TupleRow]) -> None:
    # ``if not exists`` alone fails where two processes make a table at the same moment.
    database.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    database.execute(_SCHEMA)
    _number(database, OWN)


def _number(database: Connection[TupleRow], signature: str) -> int:
    query = "select id from warta_signatures where text = %s"
    if found := database.execute(query, (signature,)).fetchone():
        return int(found[0])
    database.execute("insert into warta_signatures (text) values (%s) on conflict do nothing", (signature,))
    # Another one may have put it there in the same moment: then it is that number.
    return _number(database, signature)


def _storable(made: Remembered) -> bool:
    """Return whether PostgreSQL can hold it: it holds no zero bytes."""
    return storable(made) and "\0" not in made.source + made.output.text
