"""``warta feeds …``, ``warta inbox …`` and ``warta digest``: news that is followed, as it comes."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.document import Message
from service.errors import InputError, UsageError, WartaError
from service.messages import text

if TYPE_CHECKING:
    from service.document import SegmentTranslation
    from service.inbox.fetcher import Manners
    from service.inbox.grouping import Place, Story
    from service.inbox.records import Article, Feed, Row, Wanted
    from service.inbox.store import Store
    from service.inbox.watch import Watcher
    from service.pipeline import Pipeline
    from service.settings import Settings

feeds_app = typer.Typer(help="Feeds that are followed: add, list, fetch, watch.", no_args_is_help=True)
inbox_app = typer.Typer(help="The articles of your feeds, in English, newest first.")

InboxAt = Annotated[
    str,
    typer.Option(
        "--inbox", help="A postgresql:// URL or a file, instead of the own inbox.", envvar="WARTA_INBOX"
    ),
]
Model = Annotated[str, typer.Option(help="A name from `warta models list`, or auto.", envvar="WARTA_MODEL")]
Threads = Annotated[int | None, typer.Option(help="Cores to use; default: all.", envvar="WARTA_THREADS")]
Pause = Annotated[float, typer.Option("--pause", help="Seconds between two requests to one site.")]
NoTranslation = Annotated[bool, typer.Option("--no-translation", help="Fetch only.")]
NamedFeed = Annotated[str, typer.Argument(metavar="FEED", help="Its number, name or address.")]
Since = Annotated[str, typer.Option("--since", help="yesterday, 24h, 7d, 2026-11-23 or all.")]
Search = Annotated[str, typer.Option("--search", help='Words in either language: "banjir OR flood".')]
Marked = Annotated[bool, typer.Option("--marked", help="Only stories with something to check.")]
Starred = Annotated[bool, typer.Option("--starred", help="Only stories with a star.")]
OneFeed = Annotated[str, typer.Option("--feed", help="Only stories of this feed.")]
Word = Annotated[str, typer.Option("--word", help="Only stories with this watched word.")]
Named = Annotated[str, typer.Option("--about", help="Only stories that speak of this person or place.")]


@feeds_app.command("add")
def add(
    urls: Annotated[list[str], typer.Argument(metavar="URL|FOLDER|FILE.opml...", help="What to follow.")],
    name: Annotated[str, typer.Option("--name", help="What to call it.")] = "",
    every: Annotated[str, typer.Option("--every", help="How often to ask: 30m, 2h, 1d.")] = "30m",
    cap: Annotated[int, typer.Option("--cap", help="Articles taken in a day, at most.")] = 200,
    pages: Annotated[
        bool, typer.Option("--pages", help="Fetch each article's page: for feeds that hold only a part.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Translate each article whole, not only when it is opened.")
    ] = False,
    sitemap: Annotated[bool, typer.Option("--sitemap", help="The address is a sitemap.")] = False,
    inbox: InboxAt = "",
) -> None:
    """Follow feeds, sitemaps, folders of files, or all feeds of an OPML file."""
    from service.inbox.records import Feed
    from service.inbox.spans import seconds

    if name and len(urls) > 1:
        raise UsageError("command.one_feed", "--name is for one feed")
    pattern = Feed(0, "", name, "feed", seconds(every, "m"), cap, pages or sitemap, full)
    with _store(inbox) as store:
        for url in urls:
            for feed in _meant(url, pattern, sitemap):
                try:
                    made = _added(store, feed)
                except (InputError, UsageError) as problem:
                    # A list is of somebody else's making: one line of it that is no use stops no other.
                    if not _is_list(url):
                        raise
                    _say(text(problem))
                else:
                    typer.echo(f"{made.id}: {made.label}")


def _added(store: Store, feed: Feed) -> Feed:
    """Follow a feed. Raises UsageError, and InputError for an address that is not public."""
    from service.intake.fetch import parse

    if feed.kind != "folder":
        parse(feed.url)
    return store.feeds.add(feed)


def _is_list(url: str) -> bool:
    """Return whether an argument of ``add`` is a file, which holds a list of feeds."""
    return not url.lower().startswith(("http://", "https://")) and Path(url).is_file()


def _meant(url: str, pattern: Feed, sitemap: bool) -> Iterator[Feed]:
    """Yield the feeds that an argument of ``add`` stands for. Raises UsageError, InputError."""
    from service.inbox import opml
    from service.intake.encoding import read_bytes

    if url.lower().startswith(("http://", "https://")):
        yield replace(pattern, url=url, kind="sitemap" if sitemap else "feed")
    elif (path := Path(url)).is_dir():
        yield replace(pattern, url=str(path.resolve()), kind="folder")
    elif _is_list(url):
        for address, name in opml.read(read_bytes(path, 10_000_000)):
            yield replace(pattern, url=address, name=name)
    else:
        raise UsageError(
            "command.not_feed",
            "neither an address that begins with https://, a folder, nor an OPML file",
            at=url,
        )


@feeds_app.command("list")
def list_feeds(
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text", inbox: InboxAt = ""
) -> None:
    """List the feeds that are followed: number, state, when they were asked, and what went wrong."""
    from dataclasses import asdict

    _known(format)
    with _store(inbox) as store:
        found = store.feeds.all()
    if format == "json":
        typer.echo(json.dumps([asdict(feed) for feed in found], ensure_ascii=False, indent=2))
        return
    for feed in found:
        asked = _shown(feed.checked) if feed.checked else text(Message.of("inbox.not_asked", "not asked yet"))
        typer.echo(f"{feed.id:>4}  {feed.state:4}  {asked:16}  {feed.label}  {feed.url}")
        if feed.problem:
            typer.echo(f"      {feed.problem}")


@feeds_app.command("remove")
def remove(feed: NamedFeed, inbox: InboxAt = "") -> None:
    """Follow a feed no more, and delete its articles."""
    with _store(inbox) as store:
        found = store.feeds.find(feed)
        count = store.retention.remove_feed(found.id)
        removed = Message.of(
            "inbox.removed",
            "removed with {count} article",
            plural="removed with {count} articles",
            at=found.label,
            count=f"{count:,}",
        )
        typer.echo(text(removed))


@feeds_app.command("pause")
def pause(feed: NamedFeed, inbox: InboxAt = "") -> None:
    """Ask for a feed no more, and keep its articles."""
    with _store(inbox) as store:
        store.feeds.set_state(store.feeds.find(feed).id, "off")


@feeds_app.command("resume")
def resume(feed: NamedFeed, inbox: InboxAt = "") -> None:
    """Ask for a paused or gone feed again."""
    with _store(inbox) as store:
        store.feeds.set_state(store.feeds.find(feed).id, "on")


@feeds_app.command("export")
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="An .opml file to write.")],
    inbox: InboxAt = "",
) -> None:
    """Write the feeds as OPML, for another reader."""
    from service.inbox import opml

    with _store(inbox) as store:
        _write(target, opml.write(store.feeds.all()))


@feeds_app.command("watch-word")
def watch_word(
    word: Annotated[str, typer.Argument(metavar="WORD", help='A word or "a phrase", in either language.')],
    remove: Annotated[bool, typer.Option("--remove", help="Watch it no more.")] = False,
    inbox: InboxAt = "",
) -> None:
    """Mark and count the stories that have a word."""
    with _store(inbox) as store:
        if remove:
            store.words.unwatch(word)
        else:
            count = store.words.watch(word)
            said = Message.of(
                "inbox.so_far",
                "{count} article so far",
                plural="{count} articles so far",
                at=word,
                count=f"{count:,}",
            )
            typer.echo(text(said))


@feeds_app.command("words")
def list_words(since: Since = "7d", inbox: InboxAt = "") -> None:
    """List the watched words, and how many stories of each day have them."""
    from service.inbox.spans import since as moment

    with _store(inbox) as store:
        for word, days in store.words.trends(moment(since, time.time())).items():
            counted = ", ".join(f"{day} {count}" for day, count in sorted(days.items()))
            typer.echo(f"{word}: {sum(days.values())}" + (f" ({counted})" if counted else ""))


@feeds_app.command("fetch")
def fetch(
    feeds: Annotated[
        list[str] | None, typer.Argument(metavar="[FEED...]", help="Default: those due.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="All feeds that are on, due or not.")] = False,
    pause: Pause = 2.0,
    no_translation: NoTranslation = False,
    model: Model = "auto",
    threads: Threads = None,
    inbox: InboxAt = "",
) -> None:
    """Fetch what is new, once, and translate its headlines."""
    with _watcher(inbox, pause, no_translation, model, threads) as (watcher, store):
        chosen = [store.feeds.find(name) for name in feeds] if feeds else None
        if all:
            chosen = [feed for feed in store.feeds.all() if feed.state == "on"]
        done = watcher.once(chosen)
    typer.echo(str(done))
    if done.failed:
        raise typer.Exit(1)


@feeds_app.command("watch")
def watch(
    pause: Pause = 2.0,
    no_translation: NoTranslation = False,
    model: Model = "auto",
    threads: Threads = None,
    inbox: InboxAt = "",
) -> None:
    """Fetch and translate whatever is due, until stopped."""
    from service.context import Ask, asking

    ask, stop = Ask("feeds", background=True), threading.Event()

    def halt(*_: object) -> None:
        stop.set()
        ask.cancelled.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, halt)
    with _watcher(inbox, pause, no_translation, model, threads) as (watcher, _), asking(ask):
        watcher.forever(stop)


@inbox_app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    since: Since = "yesterday",
    search: Search = "",
    marked: Marked = False,
    starred: Starred = False,
    open: Annotated[bool, typer.Option("--open", help="Only stories that are not done.")] = False,
    feed: OneFeed = "",
    word: Word = "",
    about: Named = "",
    limit: Annotated[int, typer.Option("--limit", help="Stories shown, at most.")] = 100,
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    inbox: InboxAt = "",
) -> None:
    """Show the stories of your feeds, newest first: English headline, brief, source, what to check."""
    if context.invoked_subcommand:
        return
    _known(format)
    with _store(inbox) as store:
        wanted = _wanted(store, since, search, marked, starred, feed, word, about)
        total, rows = store.lists.rows(replace(wanted, open=open, limit=limit))
    if format == "json":
        typer.echo(
            json.dumps({"total": total, "stories": [_row(row) for row in rows]}, ensure_ascii=False, indent=2)
        )
        return
    for row in rows:
        typer.echo(_text(row), nl=False)
    shown = Message.of(
        "inbox.stories_of",
        "{shown} of {count} story",
        plural="{shown} of {count} stories",
        shown=f"{len(rows):,}",
        count=f"{total:,}",
    )
    typer.echo(text(shown))


@inbox_app.command("read")
def read(
    id: Annotated[int, typer.Argument(metavar="NUMBER", help="As `warta inbox` shows it.")],
    format: Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")] = "text",
    model: Model = "auto",
    threads: Threads = None,
    inbox: InboxAt = "",
) -> None:
    """Translate an article whole and print its reading; and what its other sources add."""
    from service.escape import markdown_line
    from service.inbox import queue
    from service.render.text import READING

    if format not in READING:
        raise UsageError(
            "command.format",
            "unknown format {format!r}; there are: {known}",
            format=format,
            known=", ".join(READING),
        )
    with _store(inbox) as store:
        article = store.lists.article(id)
        pipeline = _pipeline(_settings(model, threads))
        reading, made = queue.read(article, pipeline)
        store.english.put([made])
        members, copies, compared = store.lists.story(article.story)
        feeds = {feed.id: feed.label for feed in store.feeds.all()}
    english = queue.sentences(pipeline, compared.places, members)
    shown = READING[format](reading)
    if not isinstance(shown, str):
        told = _compared(compared, {place: part.target for place, part in english.items()})
        told["sources"] = [m.url for m in members] + [url for _, url, _ in copies]
        whole = {**shown.model_dump(mode="json"), "story": told}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    typer.echo(shown, nl=False)
    for line in _story_lines(members, compared, english, feeds):
        mark = "* " if line.startswith("* ") else ""
        typer.echo(mark + markdown_line(line.removeprefix(mark)) if format == "markdown" else line)


def _story_lines(
    members: Sequence[Article],
    compared: Story,
    english: Mapping[Place, SegmentTranslation],
    feeds: Mapping[int, str],
) -> Iterator[str]:
    """Yield what the sources of a story add, in English, and where their figures differ."""

    def told(place: Place) -> str:
        part = english[place]
        found = "; ".join(text(each) for each in part.findings)
        return f"{part.target} [{'; '.join(filter(None, (_where(place), found)))}]"

    for member, added in zip(members[1:], compared.added, strict=False):
        also = Message.of(
            "inbox.also_told",
            "Also told by {name} ({url}), which adds:",
            name=feeds.get(member.feed, ""),
            url=member.url,
        )
        yield from ("", text(also), *(f"* {told(place)}" for place in added))
    names = {member.id: feeds.get(member.feed, "") for member in members}
    for found in compared.differences:
        yield from ("", text(Message.of("inbox.figures", "Figures differ:")))
        for figures, place in ((found.figures, found.one), (found.others, found.other)):
            said = Message.of(
                "inbox.figures_in",
                "{figures} in {name}: {text}",
                figures=", ".join(figures),
                name=names.get(place.article, ""),
                text=told(place),
            )
            yield f"* {text(said)}"


def _where(place: Place) -> str:
    if place.sentence < 0:
        return text(Message.of("inbox.headline", "headline"))
    return text(Message.of("inbox.sentence", "sentence {number}", number=place.sentence + 1))


@inbox_app.command("star")
def star(
    id: Annotated[int, typer.Argument(metavar="NUMBER")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the star away.")] = False,
    inbox: InboxAt = "",
) -> None:
    """Give a story a star: it is kept whatever its age."""
    with _store(inbox) as store:
        store.lists.mark(store.lists.article(id).story, star=not remove)


@inbox_app.command("done")
def done(
    id: Annotated[int, typer.Argument(metavar="NUMBER")],
    undo: Annotated[bool, typer.Option("--undo", help="It is not done after all.")] = False,
    inbox: InboxAt = "",
) -> None:
    """Say that a story is done with."""
    with _store(inbox) as store:
        store.lists.mark(store.lists.article(id).story, done=not undo)


@inbox_app.command("keep")
def keep(
    days: Annotated[float | None, typer.Option("--days", help="Articles older than this go.")] = None,
    megabytes: Annotated[
        float | None, typer.Option("--megabytes", help="And the oldest of more than this.")
    ] = None,
    inbox: InboxAt = "",
) -> None:
    """Set or show how long articles are kept, and in how much room; stories with a star stay."""
    with _store(inbox) as store:
        store.retention.set_keep(days, megabytes)
        found = store.retention.keep()
        size = store.database.size() / 1e6
    kept = Message.of(
        "inbox.kept",
        "kept for {count} day and in {most} MB; there are {size} MB",
        plural="kept for {count} days and in {most} MB; there are {size} MB",
        count=f"{found[0]:g}",
        most=f"{found[1]:g}",
        size=f"{size:,.1f}",
    )
    typer.echo(text(kept))


@inbox_app.command("forget")
def forget(
    id: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="One story.")] = None,
    before: Annotated[str, typer.Option("--before", help="Older articles: 30d, 2026-11-01.")] = "",
    feed: OneFeed = "",
    all: Annotated[bool, typer.Option("--all", help="Every article.")] = False,
    inbox: InboxAt = "",
) -> None:
    """Delete articles, stories with a star too; they do not come back."""
    from service.inbox.spans import since as moment

    if not (id or before or feed or all):
        raise UsageError("command.forget_what", "say what to forget: a NUMBER, --before, --feed or --all")
    now = time.time()
    with _store(inbox) as store:
        story = store.lists.article(id).story if id else 0
        number = store.feeds.find(feed).id if feed else 0
        count = store.retention.forget(
            before=moment(before, now) if before else 0.0, feed=number, id=story, now=now
        )
        store.database.shrink()
    gone = Message.of(
        "inbox.forgotten",
        "{count} article forgotten",
        plural="{count} articles forgotten",
        count=f"{count:,}",
    )
    typer.echo(text(gone))


def digest(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - is standard output.")
    ],
    since: Since = "24h",
    format: Annotated[str, typer.Option("--format", "-f", help="html, markdown, atom or epub.")] = "html",
    search: Search = "",
    marked: Marked = False,
    starred: Starred = False,
    feed: OneFeed = "",
    word: Word = "",
    about: Named = "",
    inbox: InboxAt = "",
) -> None:
    """Write the stories of some days as one file: by day, with sources, marks and links."""
    from service.inbox.digest import FORMATS, collect

    if format not in FORMATS:
        raise UsageError(
            "command.format",
            "unknown format {format!r}; there are: {known}",
            format=format,
            known=", ".join(FORMATS),
        )
    with _store(inbox) as store:
        wanted = _wanted(store, since, search, marked, starred, feed, word, about)
        made = collect(store, wanted, time.time())
    _write(output, FORMATS[format](made))
    if str(output) != "-":
        written = Message.of(
            "inbox.stories",
            "{count} story",
            plural="{count} stories",
            at=output,
            count=f"{len(made.stories):,}",
        )
        typer.echo(text(written), err=True)


def register(app: typer.Typer) -> None:
    """Add the commands of the inbox to ``warta``."""
    app.add_typer(feeds_app, name="feeds")
    app.add_typer(inbox_app, name="inbox")
    app.command("digest")(digest)


def _wanted(
    store: Store, since: str, search: str, marked: bool, starred: bool, feed: str, word: str, about: str
) -> Wanted:
    from service.inbox.records import Wanted
    from service.inbox.spans import since as moment

    number = store.feeds.find(feed).id if feed else 0
    return Wanted(
        moment(since, time.time()), 0.0, search, number, word, about, marked=marked, starred=starred
    )


def _row(row: Row) -> dict[str, object]:
    from service.inbox.shown import row_json

    return row_json(row)


def _compared(compared: Story, english: Mapping[Place, str]) -> dict[str, object]:
    from service.inbox.shown import story_json

    return story_json(compared, english)


def _text(row: Row) -> str:
    """Return a story in three lines."""
    marks = f"  ⚑{row.marks + row.differs}" if row.marks + row.differs else ""
    flags = ("★ " if row.star else "") + ("✓ " if row.done else "")
    others = Message.of(
        "inbox.and_others", "{source} and {count} more", source=row.source, count=f"{row.sources - 1:,}"
    )
    sources = text(others) if row.sources > 1 else row.source
    words = f"  [{', '.join(row.words)}]" if row.words else ""
    brief = f"       {row.brief}\n" if row.brief else ""
    head = f"{row.id:>5}  {flags}{row.english or row.title}{marks}\n"
    return f"{head}{brief}       {sources}, {_shown(row.published)}{words}\n\n"


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def _known(format: str) -> None:
    if format not in ("text", "json"):
        raise UsageError(
            "command.format_two", "unknown format {format!r}; there are: text, json", format=format
        )


def _write(target: Path, content: str | bytes) -> None:
    """Write a file whole or not at all. Raises WartaError."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if str(target) == "-":
        sys.stdout.buffer.write(data)
        return
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as error:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=target, reason=error.strerror
        ) from error


@contextmanager
def _store(at: str) -> Iterator[Store]:
    from service.inbox.store import FILE, Store
    from service.settings import home

    store = Store(at or str(home(os.environ) / FILE))
    try:
        yield store
    finally:
        store.close()


def _settings(model: str, threads: int | None) -> Settings:
    from service.settings import Settings, home

    return Settings(home(os.environ), model, threads=threads)


def _pipeline(settings: Settings) -> Pipeline:
    from service.pipeline import build_pipeline

    return build_pipeline(settings, _say)


def _say(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def _watcher(
    at: str, pause: float, no_translation: bool, model: str, threads: int | None
) -> Iterator[tuple[Watcher, Store]]:
    from functools import cache

    from service.inbox.watch import Watcher
    from service.runtime.sandbox import Sandbox

    if pause < 0:
        raise UsageError("command.pause", "the pause must not be below 0")
    settings, box = _settings(model, threads), Sandbox()
    opened: Callable[[], Pipeline] = cache(lambda: _pipeline(settings))
    with _store(at) as store:
        try:
            yield Watcher(store, box, None if no_translation else opened, _manners(pause), _say), store
        finally:
            box.close()


def _manners(pause: float) -> Manners:
    from service.inbox.fetcher import Manners

    return Manners(pause=pause)
