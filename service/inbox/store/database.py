"""One database behind the inbox: an SQLite file or PostgreSQL, brought to the newest schema when opened."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.errors import StoreError, UsageError
from service.extras import lacks
from service.inbox.store.schema import STEPS, Step

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_LOCK = 0x5741525442  # "WARTB" in ASCII
"""PostgreSQL's advisory lock while tables are made; the next number while feeds are fetched."""
_WAIT = 60.0


class Database:
    """Transactions over the inbox's tables. Safe from several threads and processes.

    ``url`` is a file, or a ``postgresql://`` URL. Raises UsageError for another kind of database, StoreError
    where it cannot be used or is of a newer version than this program.
    """

    def __init__(self, url: str, steps: Sequence[Step] = STEPS) -> None:
        try:
            import sqlalchemy
        except ImportError as error:
            raise UsageError(
                "inbox.needs", "the inbox: {reason}", reason=lacks(error, "inbox", "sqlalchemy")
            ) from error
        # A path never holds "://".
        self.sqlite = "://" not in url
        if not self.sqlite and not url.startswith(("postgresql://", "postgres://")):
            raise UsageError("inbox.place", "an inbox is kept in a file or at a postgresql:// URL")
        self._sql = sqlalchemy
        self._path = Path(url)
        self._steps = steps
        # What is shown of a URL: never its password.
        self.name = url if self.sqlite else f"postgresql://{url.rpartition('@')[2].partition('?')[0]}"
        with self._told():
            self._engine = _sqlite(self._path) if self.sqlite else _postgres(url)
            self._prepare()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database."""
        with self._told(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is kept whole, or not at all where the block raises or the process ends."""
        with self._told(), self._engine.connect() as plain:
            # Read by ``begun`` below when the transaction starts.
            connection = plain.execution_options(warta_writes=True)
            with connection.begin():
                yield connection

    def rows(self, connection: Connection, query: str, **values: object) -> list[Any]:
        """Return the rows of a statement; ``:name`` in it stands for a value."""
        found = connection.execute(self._sql.text(query), values)
        return list(found.fetchall()) if found.returns_rows else []

    def many(self, connection: Connection, query: str, values: Sequence[dict[str, object]]) -> None:
        """Run a statement once for each set of values."""
        if values:
            connection.execute(self._sql.text(query), list(values))

    def changed(self, connection: Connection, query: str, **values: object) -> int:
        """Run a statement; return how many rows it changed."""
        return int(connection.execute(self._sql.text(query), values).rowcount)

    @contextmanager
    def only_fetcher(self) -> Iterator[bool]:
        """Give whether this is the only process that fetches; it stays so within the block.

        The system takes the lock back from a process that was killed.
        """
        if self.sqlite:
            from filelock import FileLock, Timeout

            lock = FileLock(f"{self._path}.fetching")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                yield False
                return
            try:
                yield True
            finally:
                lock.release()
            return
        with self._told(), self._engine.connect() as connection:
            query = self._sql.text("select pg_try_advisory_lock(:lock)")
            mine = bool(connection.execute(query, {"lock": _LOCK + 1}).scalar())
            # The lock is the session's, not the transaction's; one left open would keep old rows alive for
            # hours.
            connection.commit()
            try:
                yield mine
            finally:
                if mine:
                    connection.execute(
                        self._sql.text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK + 1}
                    )
                    connection.commit()

    def size(self) -> int:
        """Return the bytes that the inbox takes."""
        if self.sqlite:
            files = [self._path, self._path.with_name(self._path.name + "-wal")]
            return sum(file.stat().st_size for file in files if file.exists())
        with self.reading() as connection:
            query = "select sum(pg_total_relation_size(oid)) from pg_class where relname like 'warta_%'"
            return int(self.rows(connection, f"{query} and relkind = 'r'")[0][0] or 0)

    def shrink(self) -> None:
        """Give room that was freed back to the system."""
        if self.sqlite:
            with self._told():
                # Past SQLAlchemy, which would begin a transaction: vacuum is refused in one.
                raw = self._engine.raw_connection()
                try:
                    raw.cursor().execute("vacuum")
                finally:
                    raw.close()

    def _prepare(self) -> None:
        """Bring the schema to this program's version, in one transaction."""
        with self.writing() as connection:
            if not self.sqlite:
                # Two processes that open an empty database at once would both make its tables.
                self.rows(connection, "select pg_advisory_xact_lock(:lock)", lock=_LOCK)
            self.rows(connection, "create table if not exists warta_inbox (version integer not null)")
            found = self.rows(connection, "select version from warta_inbox")
            version = int(found[0][0]) if found else 0
            if version > len(self._steps):
                raise StoreError(
                    "inbox.version",
                    "the inbox {name} is of version {version}; this Warta knows {known}",
                    name=self.name,
                    version=version,
                    known=len(self._steps),
                )
            for step in self._steps[version:]:
                for statement in step(self.sqlite):
                    connection.exec_driver_sql(statement)
            if version < len(self._steps):
                self.rows(connection, "delete from warta_inbox")
                self.rows(connection, "insert into warta_inbox values (:version)", version=len(self._steps))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (self._sql.exc.SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
            raise StoreError(
                "inbox.unusable", "the inbox {name} cannot be used: {reason}", name=self.name, reason=reason
            ) from error


def _sqlite(path: Path) -> Engine:
    import sqlalchemy

    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # What somebody reads is nobody else's business.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sqlalchemy.create_engine(
        sqlalchemy.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": _WAIT, "check_same_thread": False},
        pool_size=4,
        max_overflow=16,
    )
    made = threading.Lock()

    @sqlalchemy.event.listens_for(engine, "connect")
    def opened(connection: Any, _: object) -> None:
        # The driver would begin transactions by rules of its own, and end them before a schema is changed.
        connection.isolation_level = None
        # One at a time: to switch to WAL a connection needs the file for itself.
        with made:
            # A killed process loses no commit; a power cut may lose the last ones, whole.
            for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = on"):
                connection.execute(f"pragma {pragma}")

    @sqlalchemy.event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # Who will write says so at once: two readers that both become writers would wait for each other.
        writes = connection.get_execution_options().get("warta_writes")
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _postgres(url: str) -> Engine:
    import sqlalchemy

    try:
        made = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
        return sqlalchemy.create_engine(made, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ImportError as error:
        raise UsageError(
            "inbox.postgres", "an inbox in PostgreSQL: {reason}", reason=lacks(error, "postgres", "psycopg")
        ) from error
    except sqlalchemy.exc.ArgumentError:
        # The library's own words may hold the password.
        raise UsageError("inbox.url", "the inbox's postgresql:// URL is malformed") from None
