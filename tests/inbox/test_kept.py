"""What the inbox keeps: each article once, grouped, searched, counted, and as long as it is wanted."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.bench.news_site import story
from service.document import Passage, SegmentTranslation
from service.errors import StoreError, UsageError
from service.inbox import queue
from service.inbox.grouping import Member, compare
from service.inbox.records import Entry, Feed, Wanted
from service.inbox.store import Made, Store, Taken
from service.inbox.store.database import Database
from service.inbox.store.schema import STEPS
from service.inbox.store.words import Words
from service.inbox.watched import Watched
from service.pipeline import Pipeline
from tests import postgres
from tests.inbox.builders import NOW, articles, echo, entry, follow, take

pytest.importorskip("sqlalchemy", reason="the inbox needs warta[inbox]")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if not postgres.programs():
        pytest.skip("no PostgreSQL server on this machine")
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        made = Store(str(tmp_path / "inbox.sqlite"))
    else:
        pytest.importorskip("psycopg")
        made = Store(request.getfixturevalue("server"))
        with made.database.writing() as open:
            for table in ("warta_feeds", "warta_words", "warta_forgotten", "warta_hosts", "warta_settings"):
                made.database.rows(open, f"delete from {table}")  # noqa: S608
    yield made
    made.close()


LONG = " ".join(
    f"Kalimat nomor {n} bercerita tentang banjir di desa ke-{n} Kabupaten Demak." for n in range(9)
)
SAME: list[tuple[str, str, bool]] = [
    ("a campaign", "https://a.example/x?utm_source=rss&id=3", True),
    ("http for https", "http://a.example/x?id=3", True),
    ("www", "https://www.a.example/x?id=3", True),
    ("the mobile site", "https://m.a.example/x?id=3", True),
    ("a fragment", "https://a.example/x?id=3#komentar", True),
    ("a slash at the end", "https://a.example/x/?id=3", True),
    ("capitals in the host", "https://A.Example/x?id=3", True),
    ("another article", "https://a.example/x?id=4", False),
    ("another path", "https://a.example/y?id=3", False),
    ("another site", "https://b.example/x?id=3", False),
]


@pytest.mark.parametrize(("url", "same"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_one_article_has_one_address(store: Store, url: str, same: bool) -> None:
    feed = follow(store)
    assert take(store, feed, [Entry("https://a.example/x?id=3", "Satu", "Pendek.", "", NOW)]).new == 1
    assert take(store, feed, [Entry(url, "Satu", "Pendek.", "", NOW)]).new == int(not same)


def test_the_same_words_elsewhere_are_a_copy_of_the_first(store: Store) -> None:
    first, second = follow(store), follow(store, "https://lain.example/rss", name="Lain")
    take(store, first, [entry(1, text=LONG)])
    assert take(store, second, [entry(2, text=LONG.upper(), host="lain")]) == Taken(copies=1)
    assert take(store, second, [entry(2, text=LONG.upper(), host="lain")]) == Taken()
    (row,) = store.lists.rows(Wanted())[1]
    assert row.sources == 2
    assert [label for *_, label in store.lists.story(row.id)[1]] == ["Lain"]
    assert store.lists.rows(Wanted(feed=second.id))[0] == 1


def test_short_texts_are_told_apart_by_their_address_only(store: Store) -> None:
    feed = follow(store)
    assert take(store, feed, [entry(1, text="Berita foto."), entry(2, text="Berita foto.")]).new == 2


def test_copies_of_an_agency_are_one_story_that_shows_what_each_adds_and_where_figures_differ(
    store: Store,
) -> None:
    agency = (
        "Banjir merendam 340 rumah di tiga desa di Kabupaten Demak sejak Senin malam. Warga mengungsi ke"
        " balai desa"
        " dan masjid terdekat. Pemerintah kabupaten menyalurkan 1.250 paket makanan pada Selasa pagi."
        " Air mulai"
        " surut pada sore hari setelah pompa dinyalakan petugas."
    )
    more = " Kepala dinas menambahkan bahwa tanggul akan diperbaiki dengan dana darurat provinsi."
    feeds = [follow(store, f"https://{name}.example/rss", name=name) for name in ("satu", "dua", "tiga")]
    take(store, feeds[0], [entry(1, text=agency, host="satu", title="Banjir di Demak")])
    take(
        store,
        feeds[1],
        [entry(2, text=agency.replace("340", "430") + more, host="dua", title="Banjir Demak")],
    )
    take(store, feeds[2], [entry(3, host="tiga")])
    total, rows = store.lists.rows(Wanted())
    assert total == 2
    told = next(row for row in rows if row.sources == 2)
    members, _, compared = store.lists.story(told.id)
    assert [place.text for place in compared.added[0]] == [more.strip()]
    (found,) = compared.differences
    assert (found.figures, found.others) == (("340",), ("430",))
    assert [found.one.article, found.other.article] == [member.id for member in members]
    assert (found.one.sentence, found.other.sentence) == (0, 0)
    assert told.differs == 1
    assert store.lists.rows(Wanted(marked=True))[0] == 1
    # Found by the words of any of its sources.
    assert [row.id for row in store.lists.rows(Wanted(search='"darurat provinsi"'))[1]] == [told.id]


COMPARED: list[tuple[str, str, str, int]] = [
    ("other figures", "Korban tewas mencapai 12 orang di Pati.", "Korban tewas mencapai 15 orang di Pati.",
    1),
    ("the same in words", "Korban tewas mencapai 12 orang di Pati.",
    "Korban tewas mencapai dua belas orang di Pati.", 0),
    ("the same written otherwise", "Harga naik Rp1.500 di pasar Pati.", "Harga naik Rp 1500 di pasar Pati.",
    0),
    ("another sentence", "Korban tewas mencapai 12 orang di Pati.",
    "Panen raya menghasilkan 15 ton padi kering.", 0),
    ("a figure only one has", "Korban tewas mencapai 12 orang di Pati.",
    "Korban tewas terus bertambah di Pati.", 0),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "count"), [r[1:] for r in COMPARED], ids=[r[0] for r in COMPARED])
def test_figures_differ_where_the_same_is_said_with_others(one: str, other: str, count: int) -> None:
    found = compare([Member(1, "", one), Member(2, "", other)]).differences
    assert len(found) == count


def test_sentences_that_only_their_figures_tell_apart_are_compared_one_with_one() -> None:
    report = "Di sana sebanyak {} rumah warga rusak berat. Di sana sebanyak {} rumah warga rusak berat."
    (one, other) = compare(
        [Member(1, "", report.format(20, 30)), Member(2, "", report.format(25, 35))]
    ).differences
    assert [(d.figures, d.others) for d in (one, other)] == [(("20",), ("25",)), (("30",), ("35",))]
    assert not compare(
        [Member(1, "", report.format(20, 30)), Member(2, "", report.format(30, 20))]
    ).differences


def test_different_stories_of_one_outlet_stay_apart(store: Store) -> None:
    feed = follow(store)
    take(store, feed, [entry(n) for n in range(60)])
    assert store.lists.rows(Wanted())[0] == 60


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_a_story_survives_the_loss_of_any_of_its_articles(store: Store, order: Sequence[int]) -> None:
    feeds = [follow(store, f"https://{n}.example/rss") for n in range(3)]
    for n, feed in enumerate(feeds):
        take(store, feed, [entry(n, text=f"{LONG} Tambahan nomor {n} dari redaksi sendiri.", host=f"k{n}")])
    (row,) = store.lists.rows(Wanted())[1]
    store.lists.mark(row.id, star=True)
    for left, place in zip((2, 1, 0), order, strict=True):
        store.retention.remove_feed(feeds[place].id)
        found = store.lists.rows(Wanted())[1]
        assert [(row.sources, row.star) for row in found] == ([(left, True)] if left else [])


SEARCHES: list[tuple[str, list[int]]] = [
    ("banjir", [1]), ("BANJIR", [1]), ("banjir OR beras", [2, 1]), ("beras naik", [2]), ('"naik beras"', []),
    ('"harga beras"', [2]), ("ban*", [1]), ("-banjir beras", [2]), ("beras NOT banjir", [2]), ("flood", [1]),
    ("flood OR rice", [2, 1]), ("tidakada", []), ("", [2, 1]), ("!!! ???", [2, 1]), ("' OR 1=1 --", []),
    ('" AND NEAR( *', []), ("AND OR", [2, 1]), ("a:b", []),
]  # fmt: skip


@pytest.mark.parametrize(("search", "found"), SEARCHES)
def test_search_finds_words_in_both_languages(store: Store, search: str, found: list[int]) -> None:
    feed = follow(store)
    take(store, feed, [entry(1, text="Banjir besar melanda desa.", title="Banjir", at=NOW - 60)])
    take(store, feed, [entry(2, text="Harga beras naik tajam.", title="Beras")])
    one, two = articles(store)
    store.english.put([Made(one.id, "Flood", "A big flood.", 0, ()), Made(two.id, "Rice", "", -1, ())])
    places = {one.id: 1, two.id: 2}
    assert [places[row.id] for row in store.lists.rows(Wanted(search=search))[1]] == found


@pytest.mark.parametrize("search", ["-banjir", "NOT banjir", " OR ".join("abcdefg" * 7)])
def test_a_search_that_makes_no_sense_is_said(store: Store, search: str) -> None:
    with pytest.raises(UsageError, match="a search"):
        store.lists.rows(Wanted(search=search))


def test_lists_are_narrowed_and_paged(store: Store) -> None:
    feed = follow(store)
    texts = ["Bupati Budi Santoso meninjau pasar.", "Gempa terasa di Kota Palu.", "Panen padi."]
    take(store, feed, [entry(n, text=text, at=NOW - 3600 * n) for n, text in enumerate(texts)])
    ids = [row.id for row in store.lists.rows(Wanted())[1]]
    assert [row.id for row in store.lists.rows(Wanted(offset=1, limit=1))[1]] == ids[1:2]
    assert store.lists.rows(Wanted(since=NOW - 4000))[0] == 2
    assert store.lists.rows(Wanted(until=NOW - 4000))[0] == 1
    assert [row.id for row in store.lists.rows(Wanted(name="Budi Santoso"))[1]] == ids[:1]
    assert [(name, kind) for name, kind, _ in store.lists.names(0.0)] == [
        ("Budi Santoso", "person"),
        ("Palu", "place"),
    ]
    store.lists.mark(ids[2], done=True)
    store.lists.mark(ids[0], star=True)
    assert [row.id for row in store.lists.rows(Wanted(open=True))[1]] == ids[:2]
    assert [row.id for row in store.lists.rows(Wanted(starred=True))[1]] == ids[:1]


def test_watched_words_are_marked_and_counted_by_day(store: Store) -> None:
    feed = follow(store)
    take(store, feed, [entry(1, text="Harga BBM naik lagi.", at=NOW - 86_400)])
    assert store.words.watch("bbm") == 1
    take(store, feed, [entry(2, text="Antrean BBM memanjang."), entry(3, text="BBMX bukan itu.")])
    two = next(a for a in articles(store) if "BBMX" in a.text)
    assert store.words.trends(0.0) == {"bbm": {"2026-11-17": 1, "2026-11-18": 1}}
    assert store.lists.rows(Wanted(word="bbm"))[0] == 2
    # The English counts too.
    store.words.watch("fuel price")
    store.english.put([Made(two.id, "Fuel price rises", "", -1, ())])
    assert [row.words for row in store.lists.rows(Wanted(word="fuel price"))[1]] == [("fuel price",)]
    store.words.unwatch("bbm")
    assert "bbm" not in store.words.trends(0.0)
    for word, said in (("fuel price", "already"), ("!!", "a word to watch"), ("x" * 101, "a word to watch")):
        with pytest.raises(UsageError, match=said):
            store.words.watch(word)
    with pytest.raises(UsageError, match="not watched"):
        store.words.unwatch("bbm")


def test_a_word_watched_while_an_article_arrives_is_found_in_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, matcher = follow(store), Words.matcher
    thread = threading.Thread(target=store.words.watch, args=["bbm"])

    def late(words: Words, connection: Any) -> Watched:
        found = matcher(words, connection)
        thread.start()
        thread.join(0.3)
        return found

    monkeypatch.setattr(Words, "matcher", late)
    take(store, feed, [entry(1, text="Harga BBM naik lagi.")])
    thread.join(20)
    assert store.lists.rows(Wanted(word="bbm"))[0] == 1


def test_an_article_whose_page_is_to_come_does_not_wait_for_its_english(store: Store) -> None:
    take(store, follow(store, full=True), [entry(1)])
    assert (store.english.waiting(), store.english.untranslated(9)) == ((0, 0), [])
    [article] = articles(store)
    store.arrivals.put_page(article.id, article.title, LONG)
    assert (store.english.waiting(), len(store.english.untranslated(9))) == ((1, 0), 1)


def test_what_is_old_or_too_much_goes_and_does_not_come_back(store: Store) -> None:
    feed = follow(store, cap=1000)
    entries = [entry(n, at=NOW - n * 86_400) for n in range(40)]
    take(store, feed, entries)
    starred = articles(store)[0]
    store.lists.mark(starred.id, star=True)
    store.retention.set_keep(10, None)
    # The oldest has a star.
    assert store.retention.prune(NOW) == 40 - 11 - 1
    assert take(store, feed, entries) == Taken()
    store.retention.set_keep(None, 0.006)
    store.retention.prune(NOW)
    kept = articles(store)
    assert starred.id in [article.id for article in kept]
    assert len(kept) < 6
    assert take(store, feed, entries) == Taken()


def test_forgetting(store: Store) -> None:
    feed, other = follow(store), follow(store, "https://lain.example/rss")
    entries = [entry(n, at=NOW - n * 86_400) for n in range(6)]
    take(store, feed, entries)
    take(store, other, [entry(9, host="lain")])
    ids = {row.published: row.id for row in store.lists.rows(Wanted(feed=feed.id))[1]}
    assert store.retention.forget(before=NOW - 3.5 * 86_400, now=NOW) == 2
    assert store.retention.forget(id=ids[NOW], now=NOW) == 1
    assert store.retention.forget(feed=other.id, now=NOW) == 1
    assert len(articles(store)) == 3
    assert take(store, feed, entries) == Taken()
    store.database.shrink()


def test_a_feed_is_kept_once_and_its_values_are_checked(store: Store) -> None:
    follow(store)
    for feed, said in (
        (Feed(0, "https://kabar.example/rss"), "followed already"),
        (Feed(0, "https://x.example", kind="mail"), "unknown kind"),
        (Feed(0, "https://x.example", every=5), "every 60 seconds"),
        (Feed(0, "https://x.example", cap=0), "at least one"),
    ):
        with pytest.raises(UsageError, match=said):
            store.feeds.add(feed)
    with pytest.raises(UsageError, match="no feed"):
        store.feeds.find("tiada")


def test_headlines_come_first_and_whole_articles_by_rule(store: Store, tmp_path: Path) -> None:
    rule, plain = follow(store, whole=True), follow(store, "https://lain.example/rss")
    take(store, rule, [entry(n) for n in range(3)])
    take(store, plain, [entry(n, host="lain") for n in range(10, 30)])
    pipeline = echo(tmp_path)
    assert queue.headlines(store, pipeline) == 23
    assert {article.state for article in articles(store)} == {"headline"}
    for article in articles(store):
        assert article.english and article.brief
        sentences = queue.text_of(article).body.sentences
        assert 0 <= article.brief_at < len(sentences)
    assert queue.whole(store, pipeline) == 3
    assert [a.feed for a in articles(store) if a.state == "whole"] == [rule.id] * 3
    assert queue.headlines(store, pipeline) == queue.whole(store, pipeline) == 0


# SQLite alone


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite"
    Store(str(path)).close()
    with sqlite3.connect(path) as file:
        file.execute("update warta_inbox set version = 99")
    with pytest.raises(StoreError, match="version 99; this Warta knows"):
        Store(str(path))


def test_an_older_file_is_brought_up_whole_or_not_at_all(tmp_path: Path) -> None:
    path = str(tmp_path / "inbox.sqlite")
    store = Store(path)
    take(store, follow(store), [entry(1)])
    store.close()

    def good(_: bool) -> Sequence[str]:
        return ("alter table warta_articles add column mood text not null default 'calm'",)

    def bad(_: bool) -> Sequence[str]:
        return ("alter table warta_articles add column half text", "select nothing from nowhere")

    with pytest.raises(StoreError):
        Database(path, (*STEPS, good, bad))
    Store(path).close()
    database = Database(path, (*STEPS, good))
    with database.reading() as connection:
        assert [row[0] for row in database.rows(connection, "select mood from warta_articles")] == ["calm"]
    database.close()
    with pytest.raises(StoreError, match="version 2"):
        Store(path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "a file or at a postgresql"),
        ("postgresql://a:geheim@nirgendwo.invalid/x", "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_without_its_password(url: str, said: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises((UsageError, StoreError), match=said) as caught:
        Store(url)
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite"
    path.write_bytes(b"kein Datenbestand" * 1000)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(str(path))


def test_others_cannot_read_the_file(tmp_path: Path) -> None:
    Store(str(tmp_path / "inbox.sqlite")).close()
    assert (tmp_path / "inbox.sqlite").stat().st_mode & 0o077 == 0


KILLED = """
import sys
from pathlib import Path
from service.inbox import queue
from service.inbox.records import Entry
from tests.inbox.builders import echo, entry, take, NOW
from service.inbox.store import Store
store = Store(sys.argv[1])
from service.pipeline import Pipeline
feed = store.feeds.find("1")
print("begun", flush=True)
for start in range(0, 200, 10):
    take(store, feed, [entry(n) for n in range(start, start + 10)])
    print(start, flush=True)
queue.headlines(store, echo(Path(sys.argv[1]).parent))
print("done", flush=True)
"""


def test_nothing_is_lost_or_twice_when_killed(tmp_path: Path) -> None:
    path = str(tmp_path / "inbox.sqlite")
    store = Store(path)
    follow(store, cap=10_000)
    for kill in range(6):
        run = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True)
        assert run.stdout
        for _ in range(2 + 3 * kill):
            if not run.stdout.readline():
                break
        time.sleep(0.003 * kill)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()
        with sqlite3.connect(path) as file:
            assert file.execute("pragma integrity_check").fetchone() == ("ok",)
        # A feed's ten are there together or not at all.
        assert len(articles(store)) % 10 == 0
    subprocess.run([sys.executable, "-c", KILLED, path], check=True, stdout=subprocess.DEVNULL)
    kept = articles(store)
    assert sorted(a.title for a in kept) == sorted(story(n, NOW).title for n in range(200))
    assert {a.state for a in kept} == {"headline"}
    store.close()


def test_a_sentence_that_is_likely_wrong_is_marked_without_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path / "inbox.sqlite"))
    take(store, follow(store), [entry(1)])

    def unsure(_: Pipeline, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        return [
            [SegmentTranslation(said, "English.", -3.0, (), 0.3, "low") for said in passage.sentences]
            for passage in passages
        ]

    monkeypatch.setattr(Pipeline, "translate_all", unsure)
    assert queue.headlines(store, echo(tmp_path)) == 1
    (row,) = store.lists.rows(Wanted(marked=True))[1]
    assert row.marks == 2  # the headline and the sentence that says most
    store.close()


def test_a_made_english_is_kept_with_its_findings(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "inbox.sqlite"))
    take(store, follow(store), [entry(1)])
    (one,) = articles(store)
    made = Made(one.id, "Head", "Brief.", 0, ({"at": 0, "kind": "number", "detail": "340"},))
    store.english.put([made])
    (row,) = store.lists.rows(Wanted(marked=True))[1]
    assert (row.english, row.marks) == ("Head", 1)
    store.english.put([replace(made, findings=())])
    assert store.lists.rows(Wanted(marked=True))[0] == 0
    store.close()
