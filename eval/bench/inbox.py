"""The inbox at work: a day's feeds, the English of an hour's, kills, and the list in a browser.

``python -m eval.bench.inbox day`` replays a day of 20 feeds with 50 articles each, an hour at a time, with
the echo, or several such days on end (``--count``), which shows whether memory grows; ``hour`` translates
headlines with the model named; ``kills`` ends the process at random moments of fetching, of translating
headlines and of translating whole articles;
``list`` measures search in a store of 5,000 articles, and in Chromium where there is one. Each prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from eval.bench.news_site import PLACES, Reply, Site, Story, conditional, rss, serving, story
from service.inbox import queue
from service.inbox.fetcher import Manners
from service.inbox.records import Entry, Feed, Wanted
from service.inbox.store import FILE, Prepared, Store, announced
from service.inbox.watch import Watcher
from service.pipeline import Pipeline, build_pipeline
from service.runtime.sandbox import Sandbox
from service.settings import Settings
from service.settings import home as home_of

FEEDS, ARTICLES, HOURS, LISTED = 20, 50, 24, 20
SAMPLED = (0, 1, 6, 12, 18, 24)
"""After which hours of a day memory is told."""
COPIED = 5
"""Of an outlet's articles, how many it took from an agency that all outlets take from."""
PHASES = {"fetching": 20.0, "headlines": 2.0, "whole": 10.0}
"""What a process is killed in, and how many seconds after it came to that at most."""


class Killed(NamedTuple):
    """Whether a process was killed before it was done; how many articles were there then, and in English."""

    killed: bool
    kept: int
    headlines: int
    whole: int


def outlet(number: int, now: float, date: int = 0) -> list[Story]:
    """Return an outlet's day, up to ``now``: its own articles, and agency copies with a sentence of its own.

    Days of another ``date`` have other articles.
    """
    made, first = [], date * 1_000_000
    for place in range(ARTICLES):
        # Spread evenly over the last 24 hours.
        at = now - 86_400 + (place + 1) * 86_400 / (ARTICLES + 1)
        if place % (ARTICLES // COPIED) == 0:
            # The same number for every outlet, so the same text: stories that the inbox has to put together.
            # The numbers of its own articles are far below.
            agency = story(first + 900_000 + place, at)
            own = story(first + 800_000 + number * 1000 + place, at).text.split(". ")[1]
            # A second apart for each outlet, so that which copy came first is no accident.
            made.append(Story(f"/agensi/{first + place}", agency.title, f"{agency.text} {own}.", at + number))
        else:
            made.append(story(first + number * 1000 + place, at))
    return made


def announce(site: Site, days: Sequence[list[Story]], until: float) -> None:
    """Have every outlet's feed list the newest of what it has published by then."""
    for number, day in enumerate(days):
        # A feed shows its newest 20 of 50 a day, as real ones do: who asks too seldom loses articles.
        there = [made for made in reversed(day) if made.published <= until][:LISTED]
        body = rss(site.url(f"kabar{number}", ""), there, f"Kabar {number}")
        # Changes whenever the list does; without a change the outlet answers 304.
        tag = f'"{len(there)}-{there[0].path if there else ""}"'
        site.replies[f"kabar{number}/rss"] = _constant(body, tag)


def _constant(body: bytes, tag: str) -> Reply:
    """Return a feed that says this until it is replaced."""
    return conditional(lambda: body, lambda: tag)


@contextmanager
def inbox(home: Path, site: Site | None = None, whole: int = 0) -> Iterator[Store]:
    """Yield a store in ``home`` that follows the outlets of ``site``, the first of them ``whole``."""
    store = Store(str(home / FILE))
    if site and not store.feeds.all():
        for number in range(FEEDS):
            # The cap is out of the way: what is measured is what gets lost without it.
            store.feeds.add(Feed(0, site.url(f"kabar{number}"), cap=1000, every=60, whole=number < whole))
    try:
        yield store
    finally:
        store.close()


def resident() -> float:
    """Return the memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def day(model: str, count: int = 1) -> dict[str, object]:
    """Replay ``count`` days on end, an hour at a time, in one process and one inbox."""
    box, now, days = Sandbox(), time.time(), list[dict[str, object]]()
    with tempfile.TemporaryDirectory() as folder, serving() as site, inbox(Path(folder), site) as store:
        pipeline = build_pipeline(_settings(Path(folder), model), lambda _: None)
        # No pause between two requests to an outlet: all outlets are this process.
        watcher = Watcher(store, box, lambda: pipeline, Manners(pause=0.0, reach=site.reach))
        for date in range(count):
            # The last of them ends now, as feeds do not announce what is to come.
            made = _replayed(site, store, watcher, now - (count - 1 - date) * 86_400, date)
            days.append(made)
            print(json.dumps(made), file=sys.stderr, flush=True)
        box.close()
    return {"model": model, "load": [round(n, 1) for n in os.getloadavg()], "days": days}


def _replayed(site: Site, store: Store, watcher: Watcher, until: float, date: int) -> dict[str, object]:
    """Replay the day that ends at ``until``; return what came of it."""
    days, memory, taken, headlines = [outlet(n, until, date) for n in range(FEEDS)], [resident()], 0, 0
    before, requests, started = store.lists.rows(Wanted(limit=1))[0], 0, time.perf_counter()
    for hour in range(1, HOURS + 1):
        announce(site, days, until - 86_400 + hour * 3600)
        done = watcher.once(store.feeds.all())
        taken, headlines = taken + done.taken.new, headlines + done.headlines
        memory.append(resident())
        # What the outlets remember is no part of the inbox, and they are in the same process.
        requests += len(site.seen)
        site.seen.clear()
    seconds = time.perf_counter() - started
    published, stories = sum(map(len, days)), store.lists.rows(Wanted(limit=1))[0] - before
    return {
        "published": published, "kept": taken, "lost": published - taken,
        "headlines": headlines, "stories": stories, "grouped": taken - stories,
        # One of each story's copies is the story itself; the others should have been grouped with it.
        "copies_there": FEEDS * COPIED - COPIED, "requests": requests, "seconds": round(seconds, 1),
        "memory_mb": {str(at): round(memory[at], 1) for at in SAMPLED},
        "file_mb": round(store.database.size() / 1e6, 1),
    }  # fmt: skip


def hour(model: str, most: int, limit: float) -> dict[str, object]:
    """Translate headlines and briefs of an hour's share of that day, then articles whole until ``limit``.

    ``limit`` is in seconds from the start. Memory is that of this process at the start, after each batch of
    headlines, and after each whole article.
    """
    share = round(FEEDS * ARTICLES / HOURS)
    with tempfile.TemporaryDirectory() as folder, inbox(Path(folder)) as store:
        feed = store.feeds.add(Feed(0, "https://kabar.example/rss", cap=1000))
        _keep(store, feed, [story(number, time.time()) for number in range(min(share, most))])
        pipeline = build_pipeline(_settings(home_of(os.environ), model), lambda _: None)
        # Loads the model, which is not what is measured.
        pipeline.translate_texts(["Selamat pagi."])
        memory, load, started = [resident()], os.getloadavg()[0], time.perf_counter()
        count = queue.headlines(store, pipeline, lambda _: memory.append(resident()))
        seconds = time.perf_counter() - started
        took = list[float]()
        for row in store.lists.rows(Wanted(limit=share))[1]:
            begun = time.perf_counter()
            store.english.put([queue.read(store.lists.article(row.id), pipeline)[1]])
            took.append(time.perf_counter() - begun)
            memory.append(resident())
            if time.perf_counter() - started > limit:
                break
    each = seconds / count
    return {
        "model": model, "an hour's share": share, "translated": count, "seconds": round(seconds, 1),
        "seconds_each": round(each, 2), "the hour's share takes_s": round(each * share),
        "whole_articles": len(took), "whole_article_s": round(median(took), 1),
        "ran_s": round(time.perf_counter() - started), "memory_mb": _start_middle_end(memory),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)], "cores": os.cpu_count(),
    }  # fmt: skip


def _start_middle_end(memory: Sequence[float]) -> dict[str, int]:
    return {
        "start": round(memory[0]), "middle": round(memory[len(memory) // 2]), "end": round(memory[-1]),
        "most": round(max(memory)),
    }  # fmt: skip


def kills(count: int) -> dict[str, object]:
    """Kill processes at random moments: of fetching, of translating headlines, of whole articles.

    A third of ``count`` each; then one process works to the end.
    """
    chance, now = random.Random(20), time.time()  # noqa: S311
    with tempfile.TemporaryDirectory() as folder, serving() as site, inbox(Path(folder), site, 2) as store:
        days, then = [outlet(n, now) for n in range(FEEDS)], dict[str, list[Killed]]()
        for number, each in enumerate(days):
            site.replies[f"kabar{number}/rss"] = _constant(rss(site.url(f"kabar{number}", ""), each), '"all"')
        command = [sys.executable, "-m", "eval.bench.inbox", "round", folder, str(site.port)]
        for phase, longest in PHASES.items():
            waits = [chance.uniform(0.0, longest) for _ in range(count // len(PHASES))]
            then[phase] = [_killed(command, store, phase, wait) for wait in waits]
        # The last round is not killed: it has to make good all that the others left undone.
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = store.lists.rows(Wanted(limit=5000))[1]
        kept = [article for row in rows for article in store.lists.story(row.id)[0]]
        # Without ``.example`` and the port, which differ from run to run and are not in ``wanted``.
        urls = {
            article.url.rpartition(".example")[0] + article.url.partition(str(site.port))[2]
            for article in kept
        }
        wanted = {f"http://kabar{n}{made.path}" for n, each in enumerate(days) for made in each}
        return {
            "killed": sum(each.killed for some in then.values() for each in some),
            "there after each: articles, headlines, whole": {
                phase: [[each.kept, each.headlines, each.whole] for each in some]
                for phase, some in then.items()
            },
            "published": len(wanted), "kept": len(kept),
            "lost": len(wanted - urls), "twice": len(kept) - len(urls),
            "without English": sum(article.state == "new" for article in kept),
            "not whole though their feed asks for it": store.english.waiting()[1],
        }  # fmt: skip


def _killed(command: Sequence[str], store: Store, phase: str, wait: float) -> Killed:
    """Start a round, end it ``wait`` seconds after it has come to a phase; return what is there then."""
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert run.stdout  # noqa: S101
    # The line also says that imports are done; before it, hardly any kill would hit the work.
    until = "fetching" if phase == "fetching" else "headlines"
    next((line for line in run.stdout if line.strip() == until), None)
    while phase == "whole" and run.poll() is None and store.english.waiting()[0]:
        time.sleep(0.01)
    try:
        run.wait(wait)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
    run.stdout.close()
    there = store.lists.counts()
    whole = there.get("whole", 0)
    killed = run.returncode == -signal.SIGKILL
    return Killed(killed, sum(there.values()), there.get("headline", 0) + whole, whole)


def one_round(folder: Path, port: int) -> None:
    """Do one round over what is kept in ``folder``, and say what it comes to; for :func:`kills`."""
    site, box = Site(port), Sandbox()
    with inbox(folder) as store:
        pipeline = build_pipeline(_settings(folder, "echo"), lambda _: None)

        def asked_for() -> Pipeline:
            # When fetching is over.
            print("headlines", flush=True)
            return pipeline

        print("fetching", flush=True)
        Watcher(store, box, asked_for, Manners(pause=0.0, reach=site.reach)).once(store.feeds.all())
    box.close()


def listed(count: int) -> dict[str, object]:
    """Search a large inbox, in the store and, where there is a Chromium, in the page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with inbox(home) as store:
            now = time.time()
            for number in range(10):
                feed = store.feeds.add(
                    Feed(0, f"https://kabar{number}.example/rss", f"Kabar {PLACES[number]}", cap=count)
                )
                size = count // 10
                _keep(
                    store,
                    feed,
                    [story(number * 100_000 + n, now - n * 86_400 * 20 / size) for n in range(size)],
                )
            queue.headlines(store, build_pipeline(_settings(home, "echo"), lambda _: None))
            found = {
                search or "(everything)": _times(partial(store.lists.rows, Wanted(search=search)))
                for search in ("", "banjir", "banjir OR beras", '"pasar induk"', "har*", "village -banjir")
            }
            deep = _times(lambda: store.lists.rows(Wanted(offset=count - 100)))
            articles = sum(store.lists.counts().values())
        made: dict[str, object] = {"articles": articles, "store_ms": found, "last page_ms": deep}
        chromium = os.environ.get("WARTA_CHROMIUM") or shutil.which("chromium")
        if chromium:
            made["page"] = _in_browser(home, chromium)
        return made


@contextmanager
def served(home: Path, model: str = "echo") -> Iterator[str]:
    """Yield the address of the page over what is kept in ``home``, for as long as the block lasts."""
    from service.api.app import create_app, listening, server
    from service.api.config import ServerConfig
    from service.pool import Host

    # The bench asks more often than a person, and is not to be refused.
    config = ServerConfig(port=0, requests_per_minute=1_000_000)
    with listening(config) as listener:
        running = server(create_app(Host(Settings(home, model=model)), config), config)
        thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(20)


def _in_browser(home: Path, chromium: str) -> dict[str, object]:
    """Return what a reader waits for: from a key or a scroll to the frame that shows its answer, in ms."""
    from playwright.sync_api import sync_playwright

    with served(home) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/?tab=inbox")
        page.wait_for_selector(".news .item .title")
        page.wait_for_timeout(1500)
        shown = page.locator(".news .count").text_content()
        searches = [
            page.evaluate(_SEARCH, word) for word in ("banjir", "beras", "gula OR garam", "pompa", "") * 3
        ]
        scrolls = [page.evaluate(_SCROLL, part / 20) for part in random.Random(1).sample(range(20), 20)]  # noqa: S311
        browser.close()
    return {"shown": shown, "search_ms": _spread(searches), "scroll_ms": _spread(scrolls),
            "load": [round(n, 1) for n in os.getloadavg()]}  # fmt: skip


# A frame is shown only after its callback has run, hence the timeout within: the clock stops when the reader
# could see it.
_FRAME = "const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
_SEARCH = f"""async (text) => {{ {_FRAME}
  const news = document.querySelector(".news"), before = news.dataset.answered;
  const field = news.querySelector("[name=search]"), begun = performance.now();
  field.value = text; field.dispatchEvent(new Event("input", {{ bubbles: true }}));
  while (news.dataset.answered === before) await frame();
  return performance.now() - begun; }}"""
_SCROLL = f"""async (part) => {{ {_FRAME}
  const scroll = document.querySelector(".news .scroll"), begun = performance.now();
  scroll.scrollTop = part * scroll.scrollHeight; await frame();
  const own = scroll.getBoundingClientRect();
  const seen = (box) => box.bottom > own.top && box.top < own.bottom;
  const there = () => [...scroll.querySelectorAll(".item")].filter((each) =>
  seen(each.getBoundingClientRect()));
  while (!there().length || there().some((each) => !each.dataset.id)) await frame();
  return performance.now() - begun; }}"""


def _keep(store: Store, feed: Feed, stories: Sequence[Story]) -> None:
    entries = [
        Entry(f"https://kabar{feed.id}.example{s.path}", s.title, s.text, "", s.published) for s in stories
    ]
    store.arrivals.take(feed, [Prepared(e, announced(e), e.title, e.text) for e in entries], 0, time.time())


def _times(work: Callable[[], object], count: int = 15) -> float:
    """Return the median of several runs, in ms."""
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(median(taken), 1)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values)), "most": round(max(values)),
            "under 200": sum(value < 200 for value in values), "of": len(values)}  # fmt: skip


def _settings(home: Path, model: str) -> Settings:
    return Settings(home, model=model)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("day", "hour", "kills", "list", "round"))
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--model", default="echo")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0, help="of `hour`: whole articles until then")
    asked = parser.parse_args()
    if asked.what == "round":
        one_round(Path(asked.rest[0]), int(asked.rest[1]))
        return
    work: dict[str, Callable[[], dict[str, object]]] = {
        "day": lambda: day(asked.model, asked.count or 1),
        "hour": lambda: hour(asked.model, asked.count or 1000, asked.seconds),
        "kills": lambda: kills(asked.count or 30),
        "list": lambda: listed(asked.count or 5000),
    }
    print(json.dumps(work[asked.what](), indent=1))


if __name__ == "__main__":
    main()
