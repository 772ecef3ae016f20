"""Feeds asked for over a real site on loopback: what is broken, moved, refused, endless or changed."""

from __future__ import annotations

import copy
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from eval.bench.news_site import Reply, conditional, endless, page, reply, rss, story
from service.confined import read_document
from service.errors import InputError
from service.inbox import feeds
from service.inbox.fetcher import Forbidden, HeldBack
from service.inbox.records import Entry, Feed
from service.inbox.store import Taken
from service.runtime.sandbox import Sandbox
from tests.inbox.builders import NOW, Desk, articles, desk, titles
from tests.packed import gzipped

pytest.importorskip("feedparser", reason="the inbox needs warta[inbox]")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


@pytest.fixture
def here(tmp_path: Path, box: Sandbox) -> Iterator[Desk]:
    with desk(tmp_path, box) as made:
        yield made


ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">
<title>Warta Pantai</title><entry><title>Nelayan melaut lagi</title><link href="/nelayan"/><id>1</id>
<updated>2026-11-30T01:00:00Z</updated>
<content type="html">&lt;p&gt;Nelayan di Jepara &lt;b&gt;melaut&lt;/b&gt;
lagi sejak Senin.&lt;/p&gt;</content></entry></feed>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Kabar Bukit",
    "items": [
        {"id": "1", "url": "/longsor", "title": "Longsor &amp; hujan",
        "content_html": "<p>Longsor menutup jalan.</p>",
         "date_published": "2026-11-30T08:00:00+07:00", "authors": [{"name": "Redaksi"}]},
        "bukan butir", {"title": "tanpa alamat"},
    ],
}  # fmt: skip
MAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>http://kabar.example/a</loc><news:news>
<news:publication_date>2026-11-30T01:00:00Z</news:publication_date>
<news:title>Panen raya di Blora</news:title>
</news:news></url></urlset>"""
ITEM = "<item><title>{title}</title><link>http://kabar.example/{path}</link>{more}<description>{text}</description></item>"


def channel(*items: str, encoding: str = "utf-8", head: str = "") -> bytes:
    inner = f"<channel><title>Kabar</title>{''.join(items)}</channel>"
    return f'<?xml version="1.0" encoding="{encoding}"?>{head}<rss version="2.0">{inner}</rss>'.encode(
        encoding
    )


def item(title: str, path: str = "a", text: str = "Isi.", more: str = "") -> str:
    return ITEM.format(title=title, path=path, text=text, more=more)


READ: list[tuple[str, bytes, str, list[str]]] = [
    ("rss", channel(item("Harga beras naik")), "application/rss+xml", ["Harga beras naik"]),
    ("atom", ATOM.encode(), "application/atom+xml", ["Nelayan melaut lagi"]),
    ("json feed", json.dumps(JSON).encode(), "application/feed+json", ["Longsor & hujan"]),
    ("news sitemap", MAP.encode(), "application/xml", ["Panen raya di Blora"]),
    ("gzip in the body", gzipped(channel(item("Dimampatkan"))), "application/gzip", ["Dimampatkan"]),
    ("a web page's type", channel(item("Jenis salah")), "text/html; charset=utf-8", ["Jenis salah"]),
    ("broken XML: tags not closed", channel(item("Rusak"))[:-40], "application/rss+xml", ["Rusak"]),
    ("broken XML: a bare &", channel(item("Sawit & karet")), "application/rss+xml", ["Sawit & karet"]),
    ("broken XML: half of it", channel(item("Utuh"), item("Putus", "b"))[:-75], "application/rss+xml",
    ["Utuh"]),
    ("markup escaped twice", channel(item("Gubernur &amp;quot;Marah&amp;quot;")), "text/xml",
    ['Gubernur "Marah"']),
    ("wrong encoding: latin-1 as UTF-8", channel(item("Kafé Demak")).replace("é".encode(), b"\xe9"),
    "application/rss+xml", ["Kafé Demak"]),
    ("encoding of the header", channel(item("Kafé Kudus")).replace("é".encode(), b"\xe9"),
    "application/xml; charset=iso-8859-1", ["Kafé Kudus"]),
    ("UTF-16", channel(item("Dua bita"), encoding="utf-16"), "application/rss+xml", ["Dua bita"]),
    ("a byte order mark", b"\xef\xbb\xbf" + channel(item("Bertanda")), "application/rss+xml", ["Bertanda"]),
    ("no titles", channel(item("", text="Banjir merendam rumah warga.")), "text/xml",
    ["Banjir merendam rumah warga."]),
    ("an address that is none", channel(item("Jahat").replace("http://kabar.example/a",
    "javascript:alert(1)"), item("Baik", "b")), "text/xml", ["Baik"]),
    ("one article twice", channel(item("Sama", "a?utm_source=x"), item("Sama", "a")), "text/xml", ["Sama"]),
    ("an entity that would grow", channel(item("Aman &x;"), head='<!DOCTYPE r [<!ENTITY x "xxxx">]>'),
    "text/xml", None),  # type: ignore[list-item]
]  # fmt: skip


@pytest.mark.parametrize(("data", "type", "found"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_feed_is_read_however_it_is_written(
    here: Desk, data: bytes, type: str, found: list[str] | None
) -> None:
    here.site.replies["kabar/rss"] = reply(data, type=type)
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    taken = here.fetcher().fetch(feed)
    assert here.again(feed).problem == ""
    if found is not None:
        assert sorted(titles(here.store)) == sorted(found)
        assert taken.new == len(found)


DATED: list[tuple[str, str, str]] = [
    ("as e-mail has it", "Mon, 23 Nov 2026 12:05:00 GMT", "2026-11-23T12:05:00Z"),
    ("ISO without a zone", "2026-11-23 19:05:00", "2026-11-23T12:05:00Z"),
    ("Indonesian, in full", "Senin, 23 November 2026 19.05 WIB", "2026-11-23T12:05:00Z"),
    ("Indonesian, shortened", "Sen, 23 Nop 2026 20:05 WITA", "2026-11-23T12:05:00Z"),
    ("Indonesian, in the east", "Senin (23/11/2026) 21.05 WIT", "2026-11-23T12:05:00Z"),
    ("an e-mail's with Indonesian names", "Sab, 10 Okt 2026 08:00:00 +0700", "2026-10-10T01:00:00Z"),
    ("Indonesian names and GMT", "Min, 04 Okt 2026 01:00:00 GMT", "2026-10-04T01:00:00Z"),
]


@pytest.mark.parametrize(("written", "moment"), [row[1:] for row in DATED], ids=[row[0] for row in DATED])
def test_the_dates_of_a_feed_may_be_indonesian(here: Desk, written: str, moment: str) -> None:
    more = f"<pubDate>{written}</pubDate>"
    here.site.replies["kabar/rss"] = reply(channel(item("Panen raya", more=more)))
    here.clock.now = datetime(2026, 11, 30, tzinfo=UTC).timestamp()
    here.fetcher().fetch(here.store.feeds.add(Feed(0, here.site.url("kabar"))))
    (kept,) = articles(here.store)
    assert datetime.fromtimestamp(kept.published, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == moment


@pytest.mark.parametrize("written", ["", "kemarin sore", "Senin, 23 November 2099 19.05 WIB", "32 Nov 2026"])
def test_an_article_without_a_date_that_can_be_is_dated_when_it_came(here: Desk, written: str) -> None:
    here.site.replies["kabar/rss"] = reply(channel(item("Panen", more=f"<pubDate>{written}</pubDate>")))
    here.fetcher().fetch(here.store.feeds.add(Feed(0, here.site.url("kabar"))))
    assert articles(here.store)[0].published == pytest.approx(here.clock.now, abs=60)


REFUSED: list[tuple[str, Reply, str]] = [
    ("a web page", reply(b"<!doctype html><html><body>Beranda</body></html>", type="text/html"), "no feed"),
    ("nothing", reply(b""), "empty"),
    ("JSON that is no feed", reply(b'{"a": 1}', type="application/json"), "no feed"),
    ("JSON that does not end", reply(b"{" * 100_000), "no feed"),
    ("a sitemap with a DTD", reply(b'<!DOCTYPE a [<!ENTITY b "c">]><urlset><url/></urlset>'), "no sitemap"),
    ("404", reply(b"", 404), "answers 404"),
    ("500", reply(b"", 500), "answers 500"),
    ("an endless body", endless, "larger than the limit"),
    ("a bomb", reply(gzipped(bytes(60_000_000)), Content_Encoding="gzip"), "unpacks to more"),
    (
        "a redirect to a private address",
        reply(b"", 302, Location="http://169.254.169.254/meta"),
        "not a public",
    ),
    ("a redirect to a private name", reply(b"", 302, Location="http://dalam.test/"), "not a public address"),
    ("a redirect to a file", reply(b"", 302, Location="file:///etc/passwd"), "only http and https"),
    ("a redirect in a ring", reply(b"", 301, Location="/rss"), "redirected more than"),
]


@pytest.mark.parametrize(("answer", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_feed_is_said_in_a_line_and_asked_for_later(here: Desk, answer: Reply, said: str) -> None:
    here.site.replies["kabar/rss"] = answer
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    started = time.monotonic()
    with pytest.raises(InputError, match=said):
        here.fetcher().fetch(feed)
    assert time.monotonic() - started < 10
    kept = here.again(feed)
    assert said in kept.problem and "\n" not in kept.problem
    assert (kept.failures, kept.state) == (1, "on")
    assert kept.due >= here.clock.now + feed.every
    assert titles(here.store) == []


def test_failures_are_asked_for_later_each_time_and_a_success_ends_that(here: Desk) -> None:
    here.site.replies["kabar/rss"] = reply(b"", 500)
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar"), every=60))
    waits = []
    for _ in range(12):
        with pytest.raises(InputError):
            here.fetcher().fetch(here.again(feed))
        waits.append(here.again(feed).due - here.clock.now)
    assert waits[:4] == pytest.approx([300, 600, 1200, 2400], abs=5)
    assert waits[-1] == pytest.approx(86_400, abs=5)
    here.site.replies["kabar/rss"] = reply(rss("http://kabar.example", here.stories(2)))
    here.fetcher().fetch(here.again(feed))
    assert (here.again(feed).failures, here.again(feed).problem) == (0, "")
    assert here.again(feed).due == pytest.approx(here.clock.now + 60, abs=5)


def test_what_has_not_changed_is_not_sent_again(here: Desk) -> None:
    stories = here.stories(3)
    here.site.replies["kabar/rss"] = conditional(
        lambda: rss("http://kabar.example", stories), lambda: f'"{len(stories)}"'
    )
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    assert here.fetcher().fetch(feed) == Taken(new=3)
    assert here.fetcher().fetch(here.again(feed)) == Taken()
    asked = [fields for path, fields in here.site.seen if path == "kabar/rss"]
    assert [fields.get("If-None-Match") for fields in asked] == [None, '"3"']
    assert all(fields["User-Agent"].startswith("warta/") for fields in asked)
    stories.append(story(99, here.clock.now))
    assert here.fetcher().fetch(here.again(feed)) == Taken(new=1)


def test_last_modified_is_sent_back_as_it_came(here: Desk) -> None:
    moment = "Mon, 23 Nov 2026 12:00:00 GMT"
    here.site.replies["kabar/rss"] = reply(rss("http://kabar.example", here.stories(1)), Last_Modified=moment)
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    here.fetcher().fetch(feed)
    here.fetcher().fetch(here.again(feed))
    assert here.site.seen[-1][1]["If-Modified-Since"] == moment


@pytest.mark.parametrize(
    ("status", "fields", "wait"),
    [
        (429, {"Retry_After": "1800"}, 1800),
        (429, {}, 300),
        (503, {"Retry_After": "7200"}, 7200),
        (429, {"Retry_After": "999999999"}, 86_400),
        (429, {"Retry_After": "0"}, 60),
        (429, {"Retry_After": "besok"}, 300),
    ],
)
def test_a_host_that_asks_for_a_pause_gets_it_for_all_its_feeds(
    here: Desk, status: int, fields: dict[str, str], wait: float
) -> None:
    here.site.replies["kabar/rss"] = reply(b"", status, **fields)
    here.site.replies["kabar/lain"] = reply(rss("http://kabar.example", here.stories(1)))
    first = here.store.feeds.add(Feed(0, here.site.url("kabar"), every=60))
    other = here.store.feeds.add(Feed(0, here.site.url("kabar", "/lain"), every=60))
    with pytest.raises(HeldBack) as held:
        here.fetcher().fetch(first)
    again = copy.copy(held.value)
    assert (again.message, again.until) == (held.value.message, held.value.until)
    assert again.code == "inbox.asked_later"
    assert again.until == pytest.approx(here.clock.now + max(wait, 60), abs=30)
    begun = here.clock.now
    with pytest.raises(HeldBack):
        here.fetcher().fetch(other)
    assert here.site.asked == ["kabar/rss"]
    assert here.again(other).due == pytest.approx(begun + max(wait, 300), abs=30)
    here.clock.now += wait + 1
    assert here.fetcher().fetch(here.again(other)).new == 1


def test_a_date_in_retry_after_counts(here: Desk) -> None:
    until = formatdate(here.clock.now + 5000, usegmt=True)
    here.site.replies["kabar/rss"] = reply(b"", 503, Retry_After=until)
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar"), every=60))
    with pytest.raises(HeldBack):
        here.fetcher().fetch(feed)
    assert here.again(feed).due == pytest.approx(here.clock.now + 5000, abs=30)


MOVED: list[tuple[str, int, bool]] = [
    ("for good", 301, True),
    ("for good, 308", 308, True),
    ("for now", 302, False),
]


@pytest.mark.parametrize(("status", "kept"), [row[1:] for row in MOVED], ids=[row[0] for row in MOVED])
def test_a_feed_that_moved_for_good_is_asked_for_there(here: Desk, status: int, kept: bool) -> None:
    there = here.site.url("kabar-baru", "/umpan")
    here.site.replies["kabar/rss"] = reply(b"", status, Location=there)
    here.site.replies["kabar-baru/umpan"] = reply(rss("http://kabar.example", here.stories(2)))
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    assert here.fetcher().fetch(feed).new == 2
    assert here.again(feed).url == (there if kept else feed.url)


def test_a_feed_that_moved_to_another_that_is_followed_brings_nothing_twice(here: Desk) -> None:
    there = here.site.url("kabar-baru", "/umpan")
    here.site.replies["kabar/rss"] = reply(b"", 301, Location=there)
    here.site.replies["kabar-baru/umpan"] = reply(rss("http://kabar.example", here.stories(2)))
    old, new = (here.store.feeds.add(Feed(0, url)) for url in (here.site.url("kabar"), there))
    assert here.fetcher().fetch(new) == Taken(new=2)
    assert here.fetcher().fetch(old) == Taken()
    assert [feed.url for feed in here.store.feeds.all()] == [old.url, new.url]
    assert here.again(old).problem == ""


def test_a_sitemap_tells_pages_from_their_pictures_and_videos() -> None:
    more = """<image:image><image:loc>http://kabar.example/a.jpg</image:loc><image:title>Petani</image:title>
</image:image><video:video><video:title>Rekaman</video:title>
<video:publication_date>2020-01-01</video:publication_date></video:video></url>"""
    spaces = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:video="urn:v" xmlns:news'
    data = MAP.replace("xmlns:news", spaces, 1).replace("</url>", more)
    [found] = feeds.read(data.encode(), "http://kabar.example/peta.xml", "application/xml", NOW)["entries"]
    assert (found["url"], found["title"]) == ("http://kabar.example/a", "Panen raya di Blora")
    assert found["published"] == datetime(2026, 11, 30, 1, tzinfo=UTC).timestamp()


def test_a_feed_that_is_gone_is_not_asked_for_again(here: Desk) -> None:
    here.site.replies["kabar/rss"] = reply(b"", 410)
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    here.fetcher().fetch(feed)
    assert here.again(feed).state == "gone"
    assert here.watcher().once().feeds == 0


ROBOTS: list[tuple[str, Reply, bool]] = [
    ("none", reply(b"", 404), True),
    ("an empty one", reply(b"", type="text/plain"), True),
    ("one that allows", reply(b"User-agent: *\nDisallow: /admin\n", type="text/plain"), True),
    ("one that forbids everybody", reply(b"User-agent: *\nDisallow: /\n", type="text/plain"), False),
    (
        "one that forbids this program",
        reply(b"User-agent: warta\nDisallow: /rss\n", type="text/plain"),
        False,
    ),
    (
        "one that allows this one only",
        reply(b"User-agent: *\nDisallow: /\n\nUser-agent: warta\nDisallow:\n"),
        True,
    ),
]


@pytest.mark.parametrize(("robots", "allowed"), [row[1:] for row in ROBOTS], ids=[row[0] for row in ROBOTS])
def test_robots_txt_is_asked_once_and_heeded(here: Desk, robots: Reply, allowed: bool) -> None:
    here.site.replies["kabar/robots.txt"] = robots
    here.site.replies["kabar/rss"] = reply(rss("http://kabar.example", here.stories(1)))
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    fetcher = here.fetcher()
    for _ in range(2):
        if allowed:
            fetcher.fetch(here.again(feed))
        else:
            with pytest.raises(Forbidden):
                fetcher.fetch(here.again(feed))
    assert [path for path, _ in here.site.seen].count("kabar/robots.txt") == 1
    assert bool(here.site.asked) == allowed


def test_a_robots_txt_that_fails_forbids_all_for_an_hour(here: Desk) -> None:
    here.site.replies["kabar/robots.txt"] = reply(b"", 500)
    here.site.replies["kabar/rss"] = reply(rss("http://kabar.example", here.stories(1)))
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar"), every=60))
    begun = here.clock.now
    for _ in range(2):
        with pytest.raises(HeldBack, match=r"its robots\.txt fails"):
            here.fetcher().fetch(here.again(feed))
    assert here.site.asked == []
    assert len(here.site.seen) == 1
    assert here.again(feed).due == pytest.approx(begun + 3600, abs=5)
    here.site.replies["kabar/robots.txt"] = reply(b"", 404)
    here.clock.now = here.again(feed).due + 1
    assert here.fetcher().fetch(here.again(feed)).new == 1


def test_a_robots_txt_that_fails_gives_no_page_up(here: Desk) -> None:
    pytest.importorskip("trafilatura")
    made = story(7, here.clock.now, sentences=10)
    base = here.site.url("lain", "")
    here.site.replies["kabar/rss"] = reply(rss(base, [replace(made, text="Ringkasan saja.")]))
    here.site.replies["lain/robots.txt"] = reply(b"", 502)
    here.site.replies["lain/berita/7"] = reply(page(made), type="text/html")
    here.store.feeds.add(Feed(0, here.site.url("kabar"), full=True))
    here.fetcher().fetch(here.store.feeds.all()[0])
    ((id, _, url, title),) = here.store.arrivals.pages(here.clock.now, 10)
    for _ in range(6):
        with pytest.raises(HeldBack):
            here.fetcher().page(id, url, title)
    here.site.replies["lain/robots.txt"] = reply(b"", 404)
    here.clock.now += 3700
    assert here.store.arrivals.pages(here.clock.now, 10)
    here.fetcher().page(id, url, title)
    assert articles(here.store)[0].page == 2


def test_a_redirect_to_a_site_that_forbids_it_is_not_followed(here: Desk) -> None:
    here.site.replies["kabar/rss"] = reply(b"", 302, Location=here.site.url("tertutup"))
    here.site.replies["tertutup/robots.txt"] = reply(b"User-agent: *\nDisallow: /\n", type="text/plain")
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    with pytest.raises(Forbidden):
        here.fetcher().fetch(feed)
    assert here.site.asked == ["kabar/rss"]


@pytest.mark.parametrize(("robots", "pause"), [(b"", 2.0), (b"User-agent: *\nCrawl-delay: 7\n", 7.0)])
def test_requests_to_a_host_are_paced(here: Desk, robots: bytes, pause: float) -> None:
    here.site.replies["kabar/robots.txt"] = reply(robots, type="text/plain")
    fetcher = here.fetcher()
    for path in ("/a", "/b", "/c"):
        here.site.replies[f"kabar{path}"] = reply(rss("http://kabar.example", here.stories(1)))
        fetcher.fetch(here.store.feeds.add(Feed(0, here.site.url("kabar", path))))
    # robots.txt and three feeds: a pause before each but the first; robots.txt is believed from then on.
    assert sum(here.clock.slept) == pytest.approx(2.0 + 2 * pause, abs=0.1)


def test_one_host_is_asked_one_request_at_a_time_and_two_hosts_at_once(here: Desk) -> None:
    def slow(handler: object) -> None:
        time.sleep(0.15)
        reply(rss("http://kabar.example", here.stories(1)))(handler)  # type: ignore[arg-type]

    for host in ("satu", "dua"):
        for path in ("/a", "/b"):
            here.site.replies[f"{host}{path}"] = slow
            here.store.feeds.add(Feed(0, here.site.url(host, path)))
    assert here.watcher().once().feeds == 4
    assert here.site.most_at_once == {"satu": 1, "dua": 1}
    assert here.site.most_hosts_at_once == 2


def test_no_more_than_the_cap_is_taken_in_a_day_and_the_rest_comes_later(here: Desk) -> None:
    stories = here.stories(10)
    here.site.replies["kabar/rss"] = conditional(lambda: rss("http://kabar.example", stories), lambda: '"x"')
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar"), cap=4))
    assert here.fetcher().fetch(feed) == Taken(new=4, left=6)
    assert sorted(titles(here.store)) == sorted(s.title for s in stories[:4])
    assert here.fetcher().fetch(here.again(feed)) == Taken(left=6)
    here.clock.now += 86_400
    assert here.fetcher().fetch(here.again(feed)) == Taken(new=4, left=2)
    here.clock.now += 86_400
    assert here.fetcher().fetch(here.again(feed)) == Taken(new=2)
    # Now that nothing is left, what has not changed is not sent.
    assert here.fetcher().fetch(here.again(feed)) == Taken()
    assert here.site.seen[-1][1]["If-None-Match"] == '"x"'


def test_a_changed_article_is_taken_anew_and_stays_one(here: Desk) -> None:
    text = "Banjir merendam 340 rumah di tiga desa di Demak sejak Senin malam, kata kepala desa."
    here.site.replies["kabar/rss"] = reply(channel(item("Banjir", text=text)))
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    here.fetcher().fetch(feed)
    here.site.replies["kabar/rss"] = reply(channel(item("Banjir", text=text.replace("340", "430"))))
    assert here.fetcher().fetch(here.again(feed)) == Taken(changed=1)
    (kept,) = articles(here.store)
    assert "430" in kept.text and kept.state == "new"
    assert here.fetcher().fetch(here.again(feed)) == Taken()


PAGES: list[tuple[str, Callable[[Desk], None], int, str]] = [
    ("a page", lambda _: None, 2, ""),
    ("robots.txt forbids it", lambda d: d.site.replies.__setitem__("kabar/robots.txt",
    reply(b"User-agent: *\nDisallow: /berita\n", type="text/plain")), 3, "robots.txt forbids"),
    ("404", lambda d: d.site.replies.__setitem__("kabar/berita/7", reply(b"", 404)), 1, "answers 404"),
    ("a picture", lambda d: d.site.replies.__setitem__("kabar/berita/7", reply(b"x", type="image/png")), 1,
    "not read"),
    ("a private address", lambda d: d.site.replies.__setitem__("kabar/berita/7", reply(b"", 302,
    Location="http://127.0.0.2/")), 1, "not a public"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "state", "problem"), [r[1:] for r in PAGES], ids=[r[0] for r in PAGES])
def test_the_full_text_comes_from_the_page_where_that_is_wanted(
    here: Desk, change: Callable[[Desk], None], state: int, problem: str
) -> None:
    pytest.importorskip("trafilatura")
    made = story(7, here.clock.now, sentences=10)
    partial = replace(made, text="Ringkasan saja.")
    base = here.site.url("kabar", "")
    here.site.replies["kabar/rss"] = reply(rss(base, [partial]))
    here.site.replies["kabar/berita/7"] = reply(page(made), type="text/html")
    change(here)
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar"), full=True))
    here.watcher().once()
    (kept,) = articles(here.store)
    assert (kept.page, problem in kept.page_problem) == (state, True)
    assert (made.text.split(". ")[-1] in kept.text) == (state == 2)
    assert here.again(feed).problem == ""
    if state == 1:
        # Not again at once, and not for ever.
        assert here.store.arrivals.pages(time.time(), 10) == []
        assert here.store.arrivals.pages(time.time() + 400, 10)


def test_a_folder_of_files_is_followed(here: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "masuk"
    folder.mkdir()
    (folder / "satu.txt").write_text("Harga beras naik\n\nHarga beras naik 12 persen di pasar induk Kudus.")
    (folder / "rusak.docx").write_bytes(b"PK\x03\x04 rusak")
    feed = here.store.feeds.add(Feed(0, str(folder), kind="folder"))
    assert here.fetcher().fetch(feed) == Taken(new=1)
    (folder / "dua.md").write_text("# Banjir surut\n\nAir mulai surut pada sore hari di Demak.")
    assert here.fetcher().fetch(here.again(feed)) == Taken(new=1)
    assert titles(here.store) == ["Harga beras naik", "Banjir surut"]


def test_a_file_of_a_folder_is_read_again_when_it_changed_only(
    here: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def counted(box: Sandbox, data: bytes, name: str, most: int) -> Any:
        seen.append(name)
        return read_document(box, data, name, most)

    monkeypatch.setattr("service.inbox.fetcher.read_document", counted)
    folder = tmp_path / "masuk"
    folder.mkdir()
    for name in ("satu", "dua"):
        (folder / f"{name}.txt").write_text(f"Berita {name}\n\nHarga beras naik di pasar {name} di Kudus.")
    feed = here.store.feeds.add(Feed(0, str(folder), kind="folder", cap=1))
    assert here.fetcher().fetch(feed) == Taken(new=1, left=1)
    here.clock.now += 86_400
    # What was left for another day is read again.
    assert here.fetcher().fetch(here.again(feed)) == Taken(new=1)
    assert len(seen) == 4
    assert here.fetcher().fetch(here.again(feed)) == Taken()
    assert len(seen) == 4
    # One that is moved in brings the time of its words along.
    other = tmp_path / "tiga.txt"
    other.write_text("Berita tiga\n\nHarga gula turun di pasar tiga di Pati.")
    os.utime(other, (here.clock.now - 900_000,) * 2)
    here.clock.now = time.time()
    here.store.feeds.put_off(replace(here.again(feed), etag=str(here.clock.now - 1)))
    shutil.move(other, folder / "tiga.txt")
    here.fetcher().fetch(here.again(feed))
    assert "tiga.txt" in seen


def test_an_index_of_sitemaps_is_followed_to_its_newest(here: Desk) -> None:
    base = here.site.url("kabar", "")
    parts = "".join(
        f"<sitemap><loc>{base}/peta-{n}.xml</loc><lastmod>2026-11-{10 + n}</lastmod></sitemap>"
        for n in range(6)
    )
    here.site.replies["kabar/peta.xml"] = reply(f"<sitemapindex>{parts}</sitemapindex>".encode())
    for n in range(6):
        here.site.replies[f"kabar/peta-{n}.xml"] = reply(MAP.replace("/a<", f"/{n}<").encode())
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar", "/peta.xml"), kind="sitemap"))
    assert here.fetcher().fetch(feed).new == 3
    assert here.site.asked == ["kabar/peta.xml", "kabar/peta-5.xml", "kabar/peta-4.xml", "kabar/peta-3.xml"]


def test_an_outlet_that_fails_stops_no_other(here: Desk) -> None:
    here.site.replies["baik/rss"] = reply(rss("http://baik.example", here.stories(2)))
    here.site.replies["rusak/rss"] = reply(b"", 500)
    for host in ("rusak", "baik"):
        here.store.feeds.add(Feed(0, here.site.url(host)))
    done = here.watcher().once()
    assert (done.feeds, done.failed, done.taken.new) == (2, 1, 2)


def test_two_processes_do_not_fetch_at_once(here: Desk) -> None:
    here.store.feeds.add(Feed(0, here.site.url("kabar")))
    with here.store.database.only_fetcher() as mine:
        assert mine
        assert here.watcher().once().feeds == 0
    assert here.site.seen == []
    assert here.watcher().once().feeds == 1


def test_an_entry_without_an_address_is_not_taken(here: Desk) -> None:
    feed = here.store.feeds.add(Feed(0, here.site.url("kabar")))
    assert here.store.arrivals.unknown(feed, [Entry("", "Tanpa alamat")], here.clock.now) == ([], 0)
