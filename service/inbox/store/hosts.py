"""What is known of the hosts that feeds and pages are on."""

from __future__ import annotations

from service.inbox.store.database import Database


class Hosts:
    """Until when a host is not to be asked, and its robots.txt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, host: str) -> tuple[float, str, float]:
        """Return until when a host is not to be asked, its robots.txt, and when that was fetched (0:
        never).
        """
        with self._database.reading() as connection:
            query = "select until, robots, robots_at from warta_hosts where host = :host"
            rows = self._database.rows(connection, query, host=host)
        return (float(rows[0][0]), str(rows[0][1]), float(rows[0][2])) if rows else (0.0, "", 0.0)

    def put(self, host: str, until: float, robots: str, robots_at: float) -> None:
        """Keep what is known of a host."""
        with self._database.writing() as connection:
            self._database.rows(
                connection,
                "insert into warta_hosts values (:host, :until, :robots, :at) on conflict (host) do"
                " update set"
                " until = excluded.until, robots = excluded.robots, robots_at = excluded.robots_at",
                host=host, until=until, robots=robots, at=robots_at,
            )  # fmt: skip
