"""The inbox over HTTP: the stories of the feeds that are followed, and an Atom feed of them in English.

Feeds are added on the command line only: an address that a client names is never followed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator

from service.api import examples
from service.api.openapi import READING, our_errors
from service.api.workers import Workers
from service.context import Ask, asking
from service.errors import UsageError
from service.inbox.digest import as_atom, collect
from service.inbox.records import Wanted
from service.inbox.shared import Shared
from service.inbox.shown import row_json
from service.inbox.spans import since as moment
from service.inbox.store import Store
from service.inbox.watch import Watcher
from service.pool import Host
from service.refusal import Refused
from service.render.schema import Model

ATOM = "application/atom+xml"
_MOST = 500
# The largest integer that a JavaScript client holds exactly; SQLite takes 64 bits.
_NUMBER = 2**53 - 1
_ATOM_STORIES = 100


class StoryOut(Model):
    """A story of the inbox; ``marks`` counts what is to be checked, figures that differ included."""

    id: int
    headline: str
    brief: str
    title: str
    source: str
    feed: int
    url: str
    published: str
    marks: int
    figures_differ: int
    sources: int
    words: list[str]
    star: bool
    done: bool
    state: str


class InboxOut(Model):
    """``total`` is how many stories there are in all."""

    total: int
    stories: list[StoryOut]


def _plain(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
    # SQLite's functions on text end at it.
    if "\0" in text:
        raise ValueError("holds a zero character")
    return text


def _text(description: str) -> object:
    return Query(max_length=300, description=description)


def _number(description: str, most: int = _NUMBER, least: int = 0) -> object:
    return Query(ge=least, le=most, description=description)


Plain = AfterValidator(_plain)


def router(inbox: Shared, workers: Workers) -> APIRouter:
    """Return the routes ``/v1/inbox`` and ``/v1/feeds/{id}/atom``."""
    routes = APIRouter(prefix="/v1", tags=["Inbox"], responses=our_errors(*READING, 422))

    @routes.get("/inbox", response_model=InboxOut, responses=examples.of("v1-inbox"))
    async def stories(
        request: Request,
        since: Annotated[str, _text("yesterday, 24h, 7d, 2026-11-23 or all."), Plain] = "all",
        search: Annotated[str, _text('Words in either language, "phrases", OR, -without.'), Plain] = "",
        feed: Annotated[int, _number("Only stories of this feed; 0: of all.")] = 0,
        word: Annotated[str, _text("Only stories with this watched word."), Plain] = "",
        about: Annotated[str, _text("Only stories that speak of this person or place."), Plain] = "",
        marked: Annotated[bool, Query(description="Only stories with something to check.")] = False,
        starred: Annotated[bool, Query(description="Only stories with a star.")] = False,
        open: Annotated[bool, Query(description="Only stories that are not done.")] = False,
        offset: Annotated[int, _number("Stories to pass over.")] = 0,
        limit: Annotated[int, _number("Stories in the answer.", _MOST, 1)] = 100,
    ) -> object:
        """Return the stories of the feeds that are followed here, newest first."""
        wanted = Wanted(
            moment(since, time.time()), 0.0, search, feed, word, about,
            marked=marked, starred=starred, open=open, offset=offset, limit=limit,
        )  # fmt: skip
        return await workers.run(request, partial(_listed, inbox, wanted))

    @routes.get(
        "/feeds/{id}/atom",
        response_class=Response,
        responses={
            200: {"description": "An Atom feed", "content": {ATOM: {"schema": {"type": "string"}}}},
            **our_errors(404),
        },
    )
    async def atom(
        request: Request, id: Annotated[int, Path(ge=0, le=_NUMBER, description="A feed's number; 0: all.")]
    ) -> Response:
        """Return a feed's newest stories as an Atom feed in English, for any feed reader."""
        text = await workers.run(request, partial(_atom, inbox, id))
        return Response(text.encode("utf-8"), media_type=ATOM)

    return routes


def _listed(inbox: Shared, wanted: Wanted) -> dict[str, object]:
    total, rows = _opened(inbox).lists.rows(wanted)
    return {"total": total, "stories": [row_json(row) for row in rows]}


def _atom(inbox: Shared, id: int) -> str:
    store, title = _opened(inbox), "Indonesian news in English"
    if id:
        feed = next((feed for feed in store.feeds.all() if feed.id == id), None)
        if feed is None:
            raise Refused(404, "inbox.no_feed_number", "there is no feed {number}", number=id)
        title = f"{feed.label}, in English"
    made = collect(store, Wanted(feed=id, limit=_ATOM_STORIES), time.time(), most=_ATOM_STORIES)
    return as_atom(made, title, f"urn:warta:feed:{id}")


def _opened(inbox: Shared) -> Store:
    try:
        return inbox.store()
    except UsageError as error:
        raise Refused(
            404, "inbox.not_served", "there is no inbox on this server: {reason}", reason=error
        ) from error


class Watch:
    """Follows the feeds in the background of a server, from ``start`` to ``close``.

    Raises UsageError where the inbox's extra is not installed, StoreError.
    """

    def __init__(self, inbox: Shared, host: Host, say: Callable[[str], None] | None = None) -> None:
        self._store = inbox.store()
        self._host = host
        self._say = say or logging.getLogger("warta.inbox").warning
        self._stop = threading.Event()
        self._ask = Ask("inbox", background=True)
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Stop, and wait so long for what runs; what is cut short is done again after the next start."""
        self._stop.set()
        self._ask.cancelled.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        watcher = Watcher(self._store, self._host.sandbox, self._host.pipeline, say=self._say)
        with asking(self._ask):
            watcher.forever(self._stop)
