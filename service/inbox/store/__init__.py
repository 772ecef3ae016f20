"""What the inbox keeps: feeds, and each article once, with its English as far as it is made.

What a fetch brings is kept in one transaction with what the next request to the feed needs, so that a process
killed at any moment has either both or neither: nothing is lost, and nothing is kept twice. A translation is
kept in one transaction with the state that says it is done.
"""

from __future__ import annotations

from service.inbox.store.arrivals import Arrivals, Prepared, Taken, announced
from service.inbox.store.database import Database
from service.inbox.store.english import English, Made
from service.inbox.store.feeds import Feeds
from service.inbox.store.hosts import Hosts
from service.inbox.store.lists import Lists
from service.inbox.store.retention import Retention
from service.inbox.store.stories import Stories
from service.inbox.store.words import Words

__all__ = ["FILE", "Made", "Prepared", "Store", "Taken", "announced"]

FILE = "inbox.sqlite"
"""The inbox's file in the settings' home."""


class Store:
    """The inbox at ``url``, a file or a ``postgresql://`` URL. Safe from several threads and processes.

    Raises StoreError where the database cannot be used, and so does every method of its parts.
    """

    def __init__(self, url: str) -> None:
        self.database = database = Database(url)
        self._stories = Stories(database)
        self.feeds = Feeds(database)
        self.words = Words(database)
        self.hosts = Hosts(database)
        self.lists = Lists(database, self._stories)
        self.english = English(database, self.words)
        self.retention = Retention(database, self._stories)
        self.arrivals = Arrivals(database, self.feeds, self._stories, self.words, self.retention)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
