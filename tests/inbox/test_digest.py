"""Dates, addresses, names, lists of feeds, digests, and the commands over them."""

from __future__ import annotations

import gc
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from eval.bench.news_site import conditional, reply, rss, story
from service.cli.app import app
from service.errors import InputError, UsageError
from service.inbox import digest, feeds, opml, query, queue, shingles, spans, watch
from service.inbox.addresses import canonical
from service.inbox.dates import day_of, when
from service.inbox.grouping import Member, compare
from service.inbox.names import names
from service.inbox.records import Feed, Wanted
from service.inbox.store import Made, Store
from service.inbox.watched import matcher
from service.runtime.sandbox import Sandbox
from tests.inbox.builders import NOW, Desk, articles, desk, echo, entry, follow, take

pytest.importorskip("feedparser", reason="the inbox needs warta[inbox]")

DATES: list[tuple[str, str]] = [
    ("Mon, 23 Nov 2026 19:05:00 +0700", "2026-11-23T12:05:00"),
    ("Mon, 23 Nov 2026 12:05:00 GMT", "2026-11-23T12:05:00"),
    ("2026-11-23T19:05:00+07:00", "2026-11-23T12:05:00"),
    ("2026-11-23T12:05:00Z", "2026-11-23T12:05:00"),
    ("2026-11-23 19:05:00", "2026-11-23T12:05:00"),
    ("2026-11-23", "2026-11-22T17:00:00"),
    ("Senin, 23 November 2026 19:05 WIB", "2026-11-23T12:05:00"),
    ("Senin, 23 Nop 2026 | 19.05 WIB", "2026-11-23T12:05:00"),
    ("Kamis, 13 Agu 2026 20:05 WITA", "2026-08-13T12:05:00"),
    ("Jum'at, 7 Ags 2026 21.05 WIT", "2026-08-07T12:05:00"),
    ("Sen, 05 Okt 2026 19:05:00 +0700", "2026-10-05T12:05:00"),
    ("23/11/2026, 19:05 WIB", "2026-11-23T12:05:00"),
    ("23-11-2026 19:05", "2026-11-23T12:05:00"),
    ("Terbit 1 Mei 2026", "2026-04-30T17:00:00"),
    ("3 jam lalu", "2026-11-18T08:06:40"),
    ("45 menit yang lalu", "2026-11-18T10:21:40"),
    ("2 hari lalu", "2026-11-16T11:06:40"),
    ("31 Februari 2026", ""), ("kemarin", ""), ("", ""), ("99999999999", ""), ("32/13/2026", ""),
    ("2026-99-99T00:00:00", ""), ("1" * 5000, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), DATES, ids=[text[:40] or "empty" for text, _ in DATES])
def test_dates_are_read_as_indonesian_sites_write_them(text: str, moment: str) -> None:
    found = when(text, NOW)
    assert (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(found)) if found else "") == moment


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1d", 86_400), ("2w", 1_209_600), ("90", 5400)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert spans.seconds(text, "m") == seconds


@pytest.mark.parametrize("text", ["", "m", "-3h", "1.5h", "soon", "9999999d"])
def test_what_is_no_length_of_time_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="no length of time"):
        spans.seconds(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [("all", 0.0), ("24h", NOW - 86_400), ("7d", NOW - 604_800), ("today", when(day_of(NOW), 0)),
     ("yesterday", when(day_of(NOW), 0) - 86_400), ("2026-11-01", when("2026-11-01", 0))],
)  # fmt: skip
def test_moments_that_a_list_begins_with(text: str, moment: float) -> None:
    assert spans.since(text, NOW) == moment


def test_a_moment_that_is_none_is_said() -> None:
    with pytest.raises(UsageError, match="no moment"):
        spans.since("lusa", NOW)


@pytest.mark.parametrize(
    "url", ["", "x", "http://[", "http://a.example:99999/x", "javascript:alert(1)", "//a"]
)
def test_what_is_no_address_stays_as_it_is(url: str) -> None:
    assert canonical(url) == url


def test_a_canonical_address_is_its_own() -> None:
    url = "http://M.kabar.example:80//daerah//amp/?b=2&utm_medium=x&a=1#x"
    assert canonical(url) == "https://kabar.example/daerah?a=1&b=2"
    assert canonical(canonical(url)) == canonical(url)


NAMES: list[tuple[str, list[tuple[str, str]]]] = [
    ("Gubernur Ganjar Nugroho mengatakan air surut.", [("Ganjar Nugroho", "person")]),
    ("Banjir melanda Kabupaten Demak.", [("Demak", "place")]),
    ("Warga mengungsi ke Kudus.", [("Kudus", "place")]),
    ("Bupati Pati membuka acara.", [("Pati", "place")]),
    ("“Air surut,” kata Siti Aminah.", [("Siti Aminah", "person")]),
    ("Menurut data, Senin lalu hujan turun.", []),
    ("harga naik di pasar", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), NAMES)
def test_people_and_places_are_told_by_the_words_beside_them(text: str, found: list[tuple[str, str]]) -> None:
    assert names(text) == found


def test_opml_goes_out_and_comes_in_again() -> None:
    feeds = [Feed(1, "https://a.example/rss?x=1&y=2", 'Kabar "A" & <b>'), Feed(2, "https://b.example/rss")]
    made = opml.write([*feeds, Feed(3, "/folder", kind="folder")])
    assert opml.read(made.encode()) == [(feed.url, feed.label) for feed in feeds]


@pytest.mark.parametrize(
    "data",
    [b"", b"<opml>", b"<opml><body/></opml>", b'<!DOCTYPE o [<!ENTITY a "b">]><opml/>',
     b'<opml><body><outline xmlUrl="file:///etc/passwd"/></body></opml>'],
)  # fmt: skip
def test_what_is_no_opml_is_said(data: bytes) -> None:
    with pytest.raises(InputError, match="OPML"):
        opml.read(data)


GROWS = (
    "a",
    "A ",
    "Bupati A",
    "di A ",
    "1.",
    "23 Nov ",
    "<p>",
    "&amp;",
    '"',
    "-a OR ",
    "/",
    "?a=1&",
    "kata Ab ",
    "\u0301",
)
READS: list[tuple[str, Callable[[str], object]]] = [
    ("address", lambda text: canonical(f"https://a.example/{text}")),
    ("date", lambda text: when(text, NOW)),
    ("names", names),
    ("search", lambda text: _refused(lambda: query.parse(text))),
    ("shingles", lambda text: shingles.bands(shingles.shingles(text))),
    ("digest", lambda text: shingles.digest((text,))),
    ("span", lambda text: _refused(lambda: spans.since(text, NOW))),
    ("feed", lambda text: _refused(lambda: feeds.read(text.encode(), "https://a.example", "", NOW))),
    ("feed's text", lambda text: feeds.read(channel(text), "https://a.example", "", NOW)),
    ("watched", lambda text: matcher([(1, "a b"), (2, text[:90])])(text)),
    ("story", lambda text: compare([Member(1, "", text), Member(2, "", f"{text} 1")])),
]


def _refused(work: Callable[[], object]) -> None:
    with suppress(UsageError, InputError):
        work()


def channel(text: str) -> bytes:
    item = f"<item><title>{escape(text)}</title><link>https://a.example/1</link></item>"
    return f"<rss version='2.0'><channel>{item}</channel></rss>".encode()


@pytest.mark.parametrize(("name", "read"), READS, ids=[name for name, _ in READS])
def test_no_text_takes_longer_than_its_length(name: str, read: Callable[[str], object]) -> None:
    read("a b c")  # what is loaded once
    for part in GROWS:
        times = [_seconds(read, part * (size // len(part))) for size in (10_000, 80_000)]
        # Eight times as long a text: quadratic work would take 64 times as long.
        assert times[1] < max(1.0, 40 * times[0]), (part, times)


def _seconds(read: Callable[[str], object], text: str) -> float:
    """Return this thread's time, the less of two.

    What earlier tests have left, running or to be collected, is not the reading's.
    """
    times = []
    gc.disable()
    try:
        for _ in range(2):
            begun = time.thread_time()
            read(text)
            times.append(time.thread_time() - begun)
    finally:
        gc.enable()
    return min(times)


HOSTILE = 'Banjir <script>alert(1)</script> & [x](javascript:1) "kutip" \x0b | akhir'


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Store, digest.Digest]]:
    store = Store(str(tmp_path / "inbox.sqlite"))
    feeds = [follow(store, f"https://{n}.example/rss", name=f"Kabar {n} <i>") for n in range(2)]
    text = " ".join(f"Kalimat nomor {n} menyebut 340 rumah terendam di desa itu." for n in range(5))
    take(store, feeds[0], [entry(1, text=text, title=HOSTILE), entry(2, at=NOW - 86_400)])
    take(store, feeds[1], [entry(3, text=text.replace("340", "430"), host="lain", title=HOSTILE)])
    take(store, feeds[1], [entry(4, text=f"{story(2, NOW).text} ", host="lain")])
    store.words.watch("terendam")
    queue.headlines(store, echo(tmp_path))
    yield store, digest.collect(store, Wanted(), NOW)
    store.close()


def test_a_digest_is_by_day_with_sources_words_and_figures(made: tuple[Store, digest.Digest]) -> None:
    told = made[1]
    assert [*told.days] == ["2026-11-18", "2026-11-17"]
    assert told.words == {"terendam": 1}
    (first,), (second,) = told.days.values()
    assert len(first.differences) >= 1 and len(first.sources) == 2
    assert [source.name for source in second.sources] == ["Kabar 0 <i>", "Kabar 1 <i>"]


def test_a_digest_as_html_is_one_file_and_text_stays_text(made: tuple[Store, digest.Digest]) -> None:
    page = digest.as_html(made[1])
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "figures differ: <b>340</b>" in page and "<b>430</b>" in page
    # Each figure leads to its sentence on the outlet's page, and says whose it is.
    assert (
        'href="https://lain.example/berita/3#:~:text=Kalimat%20nomor%200%20menyebut%20430%20rumah%20terendam%20di">'
        "Kabar 1 &lt;i&gt;, sentence 1</a>" in page
    )
    assert 'src="' not in page and "@import" not in page and "url(" not in page


def test_a_digest_says_what_is_to_check_and_where(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "inbox.sqlite"))
    take(store, follow(store), [entry(1)])
    found: list[dict[str, Any]] = [
        {"at": at, "code": "number.lost", "severity": "critical", "values": {"source": f"{at}<&"}}
        for at in (-1, 2, 3, 4, 5, 6)
    ]
    found.insert(3, {"at": 0, "code": "number.of_old", "severity": "minor", "values": {}})
    store.english.put([Made(1, "Flood", "A brief.", 2, found, doubted=2)])
    told = digest.collect(store, Wanted(), NOW)
    text = digest.as_markdown(told)
    for line in (
        "to check in the English: headline: -1<& is not in the translation",
        "to check in the English: brief: 2<& is not in the translation",
        "to check in the English: sentence 4: 3<& is not in the translation",
        "and 1 more to check",
        "to check in the English: 2 more sentences likely wrong",
    ):
        assert f"<li>{escape(line)}</li>" in digest.as_html(told)
        assert f"<li>{escape(line)}</li>" in MarkdownIt().render(text)
    assert "of_old" not in text
    assert digest.CAVEAT in text and digest.CAVEAT in digest.as_html(told)
    store.close()


def test_a_digest_as_markdown_shows_what_it_holds(made: tuple[Store, digest.Digest]) -> None:
    text = digest.as_markdown(made[1])
    page = MarkdownIt().render(text)
    assert "<script" not in page and 'href="javascript' not in page
    assert page.count("<h2>") == 2 and page.count("<h3>") == 2
    assert 'href="https://kabar.example/berita/1"' in page


def test_a_digest_as_atom_is_valid_xml_with_what_the_standard_asks(made: tuple[Store, digest.Digest]) -> None:
    root = ElementTree.fromstring(digest.as_atom(made[1]))  # noqa: S314
    space = {"a": "http://www.w3.org/2005/Atom"}
    for of in (root, *root.findall("a:entry", space)):
        for name in ("id", "title", "updated"):
            assert of.findtext(f"a:{name}", "", space)
    ids = [each.findtext("a:id", "", space) for each in root.findall("a:entry", space)]
    assert len({*ids}) == len(ids) == 2
    import feedparser

    assert len(feedparser.parse(digest.as_atom(made[1])).entries) == 2


def test_a_digest_as_epub_is_read_again(made: tuple[Store, digest.Digest], tmp_path: Path) -> None:
    from service.intake.documents import document_text

    book = digest.as_epub(made[1])
    with zipfile.ZipFile(BytesIO(book)) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert archive.read("mimetype") == b"application/epub+zip"
        for name in archive.namelist():
            if name.endswith((".xhtml", ".opf", ".xml")):
                ElementTree.fromstring(archive.read(name))  # noqa: S314
    text = document_text(book, "a.epub", 10_000_000)
    assert "Banjir <script>alert(1)</script>" in text and "430" in text


def test_a_digest_of_nothing_is_one(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "x.sqlite"))
    empty = digest.collect(store, Wanted(), NOW)
    for write in digest.FORMATS.values():
        assert write(empty)
    store.close()


# The commands


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    box = Sandbox()
    with desk(tmp_path, box) as made:
        yield made
    box.close()


def run(*words: str, home: Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*words], env={"WARTA_HOME": str(home), "WARTA_MODEL": "echo"})
    assert done.exit_code == code or isinstance(done.exception, UsageError), (done.output, done.exception)
    return done.output if not isinstance(done.exception, UsageError) else str(done.exception)


def test_from_a_feed_to_a_digest_by_commands(
    here: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.cli import inbox as commands
    from service.inbox.fetcher import Manners
    from service.intake import fetch

    reach = here.site.reach
    monkeypatch.setattr(commands, "_manners", lambda _: Manners(pause=0.0, reach=reach))
    parse = fetch.parse
    monkeypatch.setattr(fetch, "parse", lambda url, _=None: parse(url, reach))
    stories = here.stories(4)
    here.site.replies["kabar/rss"] = conditional(
        lambda: rss(here.site.url("kabar", ""), stories, "Kabar Uji"), lambda: f'"{len(stories)}"'
    )
    assert run("feeds", "add", here.site.url("kabar"), "--every", "1m", home=tmp_path).startswith("1: ")
    assert "followed already" in run("feeds", "add", here.site.url("kabar"), home=tmp_path, code=2)
    assert run("feeds", "fetch", home=tmp_path) == "1 feed asked, 4 new articles, 4 headlines\n"
    assert run("feeds", "fetch", home=tmp_path) == "nothing new\n"
    assert "Kabar Uji" in run("feeds", "list", home=tmp_path)
    assert json.loads(run("feeds", "list", "-f", "json", home=tmp_path))[0]["failures"] == 0
    shown = json.loads(run("inbox", "-f", "json", home=tmp_path))
    assert shown["total"] == 4 and shown["stories"][0]["source"] == "Kabar Uji"
    id = str(shown["stories"][0]["id"])
    assert run("inbox", "--search", "tidakada", home=tmp_path) == "0 of 0 stories\n"
    run("inbox", "star", id, home=tmp_path)
    assert json.loads(run("inbox", "--starred", "-f", "json", home=tmp_path))["total"] == 1
    run("inbox", "done", id, home=tmp_path)
    assert json.loads(run("inbox", "--open", "-f", "json", home=tmp_path))["total"] == 3
    assert "Summary" in run("inbox", "read", id, home=tmp_path)
    assert "## Summary" in run("inbox", "read", id, "-f", "markdown", home=tmp_path)
    whole = here.store.lists.article(int(id))
    assert whole.state == "whole" and whole.english_text
    word = stories[0].title.split()[0]
    assert " so far" in run("feeds", "watch-word", word, home=tmp_path)
    assert run("feeds", "words", home=tmp_path).startswith(f"{word}: ")
    for format, suffix in (("html", "html"), ("markdown", "md"), ("atom", "xml"), ("epub", "epub")):
        target = tmp_path / f"digest.{suffix}"
        run("digest", "-f", format, "-o", str(target), home=tmp_path)
        assert target.stat().st_size > 500
    run("feeds", "export", str(tmp_path / "feeds.opml"), home=tmp_path)
    assert opml.read((tmp_path / "feeds.opml").read_bytes()) == [(here.site.url("kabar"), "Kabar Uji")]
    # A list that holds a feed which is there already, and one that is not public, brings the others.
    (tmp_path / "more.opml").write_text(
        opml.write(
            [Feed(0, here.site.url("kabar")), Feed(0, "http://10.0.0.1/rss"), Feed(0, here.site.url("b"))]
        )
    )
    added = run("feeds", "add", str(tmp_path / "more.opml"), home=tmp_path)
    assert "is followed already" in added and "not a public address" in added
    assert [feed.url for feed in here.store.feeds.all()] == [here.site.url("kabar"), here.site.url("b")]
    assert "kept for 5 days" in run("inbox", "keep", "--days", "5", home=tmp_path)
    assert run("inbox", "forget", id, home=tmp_path) == "1 article forgotten\n"
    assert "3 articles" in run("feeds", "remove", "1", home=tmp_path)


def test_reading_says_in_english_what_other_sources_add_and_where_figures_differ(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "inbox.sqlite"))
    text = " ".join(f"Kalimat nomor {n} menyebut 340 rumah terendam di desa itu." for n in range(5))
    more = f"{text.replace('340', '430')} Warga tiga desa *meninjau* lokasi banjir pada Rabu pagi."
    take(store, follow(store, name="Satu"), [entry(1, text=text)])
    take(store, follow(store, "https://dua.example/rss", name="Dua"), [entry(2, text=more, host="dua")])
    store.close()
    shown = run("inbox", "read", "1", home=tmp_path).split("Also told by Dua")[1]
    assert "tiga village *meninjau* lokasi banjir pada Rabu pagi. [sentence 6" in shown
    assert "* 340 in Satu: Kalimat nomor 0" in shown and "* 430 in Dua: Kalimat nomor 0" in shown
    marked = run("inbox", "read", "1", "-f", "markdown", home=tmp_path)
    assert "<em>meninjau" not in MarkdownIt().render(marked)
    story = json.loads(run("inbox", "read", "1", "-f", "json", home=tmp_path))["story"]
    assert story["added"][0][0]["english"].startswith("Warga tiga village")
    others = [each["other"]["english"] for each in story["differences"]]
    assert any(english.startswith("Kalimat nomor 0 menyebut 430") for english in others)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("feeds", "add", "ftp://x.example"), "neither an address"),
        (("feeds", "add", "https://x.example/rss", "--every", "1s"), "every 60 seconds"),
        (("feeds", "add", "https://x.example/rss", "--every", "soon"), "no length of time"),
        (("feeds", "add", "https://x.example/rss", "--cap", "0"), "at least one"),
        (("feeds", "remove", "7"), "no feed '7'"),
        (("inbox", "--since", "lusa"), "no moment"),
        (("inbox", "-f", "xml"), "unknown format"),
        (("inbox", "read", "7"), "no article 7"),
        (("inbox", "forget"), "say what to forget"),
        (("inbox", "keep", "--days", "0"), "above 0"),
        (("digest", "-o", "x", "-f", "pdf"), "unknown format"),
        (("feeds", "fetch", "--pause", "-1"), "must not be below 0"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in run(*words, home=tmp_path, code=2)


@pytest.mark.parametrize("url", ["http://127.0.0.1/rss", "http://localhost/rss", "http://10.0.0.1/rss"])
def test_an_address_inside_is_not_followed(url: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["feeds", "add", url], env={"WARTA_HOME": str(tmp_path)})
    assert isinstance(done.exception, InputError)


def test_translating_waits_as_soon_as_a_feed_is_due(
    here: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.site.replies["kabar/rss"] = reply(rss(here.site.url("kabar", ""), here.stories(40)))
    here.store.feeds.add(Feed(0, here.site.url("kabar"), every=60, whole=True))
    watcher, stop, said = here.watcher(echo(tmp_path)), threading.Event(), list[tuple[int, int, int]]()
    # What a round finds due: the feed at first, after the first batch of headlines, and before whole ones.
    due = iter([here.store.feeds.all()] * 3)
    monkeypatch.setattr(watcher, "_due", lambda: next(due, []))
    monkeypatch.setattr(watcher, "_sleep", lambda: 0.0)
    round = watcher._round

    def noted(*asked: Any, **more: Any) -> watch.Round:
        done = round(*asked, **more)
        said.append((done.feeds, done.headlines, done.whole))
        if len(said) == 3:
            stop.set()
        return done

    monkeypatch.setattr(watcher, "_round", noted)
    watcher.forever(stop)
    assert said == [(1, queue.AT_ONCE, 0), (0, 40 - queue.AT_ONCE, 40), (0, 0, 0)]


def test_a_watcher_goes_on_until_stopped_and_through_failures(here: Desk, tmp_path: Path) -> None:
    here.site.replies["kabar/rss"] = conditional(
        lambda: rss(here.site.url("kabar", ""), here.stories(3)), lambda: '"1"'
    )
    here.store.feeds.add(Feed(0, here.site.url("kabar"), every=60))
    here.store.feeds.add(Feed(0, here.site.url("rusak"), every=60))
    stop = threading.Event()
    thread = threading.Thread(target=here.watcher(echo(tmp_path)).forever, args=(stop,))
    thread.start()
    end = time.monotonic() + 30
    while len(articles(here.store)) < 3 or any(here.store.english.waiting()):
        assert time.monotonic() < end
        time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert {article.state for article in articles(here.store)} == {"headline"}
