"""The Inbox tab: the stories of the feeds that are followed, newest first; opening one reads it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from service.document import Reading
from service.errors import InputError, UsageError, WartaError
from service.inbox import queue
from service.inbox.dates import day_of, when
from service.inbox.grouping import Place
from service.inbox.records import Article, Wanted
from service.inbox.shared import Shared
from service.inbox.shown import row_json, story_json
from service.inbox.spans import since
from service.inbox.store import Made, Store
from service.messages import text
from service.page.components import streaming
from service.page.options import PageOptions
from service.page.runs import Runs
from service.page.session import View, reopened
from service.page.tabs import translate as reader
from service.page.words import Say, say_for
from service.pool import Host
from service.text import segment
from service.validation import restored

if TYPE_CHECKING:
    import gradio as gr
    from gradio.blocks import Block

DAYS = 14
"""The days of a trend."""
_MOST = 500
_LONGEST = 300


def stories(store: Store, asked: Mapping[str, object]) -> dict[str, object]:
    """Return the stories that the page asks for. Raises UsageError for what it cannot have asked."""
    wanted = Wanted(
        since(_text(asked, "since"), time.time()), 0.0, _text(asked, "search"), _number(asked, "feed"),
        _text(asked, "word"), _text(asked, "name"), marked=_flag(asked, "marked"),
        starred=_flag(asked, "starred"), open=_flag(asked, "open"), offset=_number(asked, "offset"),
        limit=min(_number(asked, "limit"), _MOST),
    )  # fmt: skip
    total, rows = store.lists.rows(wanted)
    return {"total": total, "stories": [row_json(row) for row in rows]}


def facets(store: Store) -> dict[str, object]:
    """Return what stories can be chosen by: feeds, watched words with their trend, people and places."""
    now = time.time()
    days = [day_of(now - back * 86_400.0) for back in reversed(range(DAYS))]
    trends = store.words.trends(when(days[0], now))
    return {
        "feeds": [{"id": feed.id, "name": feed.label} for feed in store.feeds.all()],
        "trends": [
            {"word": word, "total": sum(found.values()), "counts": [found.get(day, 0) for day in days]}
            for word, found in trends.items()
        ],
        "names": [
            {"name": name, "kind": kind, "count": count} for name, kind, count in store.lists.names(0.0)
        ],
    }


def told(store: Store, asked: Mapping[str, object]) -> dict[str, object]:
    """Return the sources of a story: their sentences, what each adds, and where figures differ."""
    members, copies, compared = store.lists.story(_number(asked, "id"))
    feeds = {feed.id: feed.label for feed in store.feeds.all()}
    english = {
        place: said
        for member in members
        if member.state == "whole" and (kept := _kept(store, member.id))
        for place in compared.places
        if place.article == member.id and (said := _english(kept, place))
    }
    found = story_json(compared, english)
    added = [[], *found["added"]]
    sources = [
        {
            "id": member.id,
            "name": feeds.get(member.feed, ""),
            "url": member.url,
            "title": member.title,
            "sentences": list(segment.split(member.text).sentences),
            "added": added[number] if number < len(added) else [],
        }
        for number, member in enumerate(members)
    ]
    sources += [{"name": name, "url": url, "copy": True} for _, url, name in copies]
    names = {str(member.id): feeds.get(member.feed, "") for member in members}
    return {"sources": sources, "differences": found["differences"], "names": names}


def _english(kept: Reading, place: Place) -> str:
    """Return the English of a sentence of an article that was read, empty where there is none."""
    if place.sentence < 0:
        return kept.headline
    parts = kept.translation.segments
    return parts[place.sentence].target if place.sentence < len(parts) else ""


def marked(store: Store, asked: Mapping[str, object]) -> dict[str, object]:
    """Keep a star or that a story is done."""
    star, done = (value if isinstance(value := asked.get(name), bool) else None for name in ("star", "done"))
    store.lists.mark(_number(asked, "id"), star=star, done=done)
    return {}


def opened(
    store: Store, host: Host, options: PageOptions, runs: Runs, id: int, who: str, say: Say
) -> Iterator[View]:
    """Yield what the reading view shows of an article: as it was kept, else while it is translated."""
    article = store.lists.article(id)
    if kept := _kept(store, id):
        yield {**reopened(kept, say), "address": article.url}
        return

    def work(tell: Callable[[object], None]) -> None:
        store.english.put([_read(article, host, tell)])

    yield from reader.shown(options, runs, who, say, work, article.url)


def _read(article: Article, host: Host, tell: Callable[[object], None]) -> Made:
    if not article.text and not article.title:
        raise InputError("input.no_article", "no article text in it")
    return queue.made_of(article, reader.translated(host.pipeline(), queue.text_of(article), tell))


def _kept(store: Store, id: int) -> Reading | None:
    """Return the reading as it was kept, None where there is none, or one of an earlier version of the
    program.
    """
    text = store.english.reading_of(id)
    try:
        return restored(Reading, json.loads(text)) if text else None
    except ValueError:
        return None


def tab(
    host: Host, options: PageOptions, runs: Runs, inbox: Shared, tabs: "gr.Tabs", view: "Sequence[Block]"
) -> None:
    """Build the tab's contents; ``view`` is the reading view of the Read tab and its Stop button."""
    import gradio as gr

    def answered(
        work: Callable[[Store, Mapping[str, object]], dict[str, object]],
    ) -> Callable[..., dict[str, object]]:
        def answer(asked: object, request: gr.Request) -> dict[str, object]:
            try:
                return work(inbox.store(), asked if isinstance(asked, dict) else {})
            except WartaError as error:
                return {"error": text(error, say_for(request).language)}

        return answer

    def list_stories(asked: object, request: gr.Request) -> dict[str, object]:
        return answered(stories)(asked, request)

    def list_facets(asked: object, request: gr.Request) -> dict[str, object]:
        return answered(lambda store, _: facets(store))(asked, request)

    def tell_story(asked: object, request: gr.Request) -> dict[str, object]:
        return answered(told)(asked, request)

    def mark(asked: object, request: gr.Request) -> dict[str, object]:
        return answered(marked)(asked, request)

    for function, name in ((list_stories, "stories"), (list_facets, "facets"), (tell_story, "story")):
        function.__name__ = name

    def open_story(request: gr.Request, event: gr.EventData) -> Iterator[tuple[object, ...]]:
        say, who = say_for(request), request.session_hash or ""
        try:
            id = _number({"id": event.id}, "id")
            for values in opened(inbox.store(), host, options, runs, id, who, say):
                running = values["phase"] == "running"
                yield gr.update(selected="read"), values, gr.update(interactive=running)
        except WartaError as error:
            raise gr.Error(text(error, say.language), print_exception=False) from error

    folder = files("service.page") / "static"
    shown = gr.HTML(
        None,
        html_template=(folder / "inbox.html").read_text("utf-8"),
        js_on_load=(folder / "inbox.js").read_text("utf-8"),
        apply_default_css=False,
        server_functions=[list_stories, list_facets, tell_story, mark],
        elem_id="inbox",
    )
    shown.open_story(open_story, None, [tabs, *view], **streaming(reader.KIND, options.runs))


def _text(asked: Mapping[str, object], key: str) -> str:
    value = asked.get(key, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise UsageError(
            "inbox.asked_text", "{name} is a text of up to {count} characters", name=key, count=_LONGEST
        )
    return value.replace("\0", "").encode("utf-8", "ignore").decode()


def _number(asked: Mapping[str, object], key: str) -> int:
    value = asked.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise UsageError("inbox.asked_number", "{name} is a number from 0", name=key)
    return value


def _flag(asked: Mapping[str, object], key: str) -> bool:
    return asked.get(key) is True
