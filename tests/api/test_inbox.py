"""The inbox over HTTP: its list, its Atom feeds, and a server that follows feeds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from eval.bench.news_site import conditional, rss, serving, story
from service.api import inbox
from service.api.app import create_app
from service.api.examples import all_examples
from service.inbox import fetcher
from service.inbox.records import Feed
from service.inbox.store import FILE, Store
from service.inbox.watch import Watcher
from tests.inbox.builders import entry, follow, take
from tests.live import CONFIG, Gated, gated_host

pytest.importorskip("feedparser", reason="the inbox needs warta[inbox]")
HERE = "http://127.0.0.1"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    store = Store(str(tmp_path / FILE))
    feed = follow(store, name="Kabar")
    now = time.time()
    take(store, feed, [entry(n, at=now - n * 60) for n in range(5)], now)
    store.close()
    with TestClient(create_app(gated_host(tmp_path, Gated()), CONFIG, page=False), HERE) as made:
        yield made


def test_stories_are_listed(client: TestClient) -> None:
    found = client.get("/v1/inbox", params={"limit": 2, "offset": 1}).json()
    assert (found["total"], len(found["stories"])) == (5, 2)
    assert found["stories"][0]["title"] == story(1, 0).title
    assert client.get("/v1/inbox", params={"search": "tidakada"}).json() == {"total": 0, "stories": []}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"since": "lusa"}, 400),
        ({"search": "-banjir"}, 400),
        ({"search": "a\0b"}, 422),
        ({"search": "x" * 301}, 422),
        ({"limit": 0}, 422),
        ({"limit": 501}, 422),
        ({"offset": -1}, 422),
        ({"feed": 2**64}, 422),
        ({"marked": "perhaps"}, 422),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, values: dict[str, object], status: int) -> None:
    answer = client.get("/v1/inbox", params=values)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_an_atom_feed_of_one_or_all(client: TestClient) -> None:
    import feedparser

    for id in (0, 1):
        answer = client.get(f"/v1/feeds/{id}/atom")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        assert len(feedparser.parse(answer.text).entries) == 5
    assert client.get("/v1/feeds/9/atom").status_code == 404


def test_an_inbox_that_nobody_began_is_empty(tmp_path: Path) -> None:
    with TestClient(create_app(gated_host(tmp_path, Gated()), CONFIG, page=False), HERE) as client:
        assert client.get("/v1/inbox").json() == {"total": 0, "stories": []}


def test_the_example_is_what_the_schema_says() -> None:
    assert TypeAdapter(inbox.InboxOut).validate_python(all_examples()["v1-inbox"])


def test_a_server_follows_feeds_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Gated()
    engine.gate.set()
    with serving() as site:
        monkeypatch.setattr(Watcher.__init__, "__defaults__", (fetcher.Manners(0.0, reach=site.reach), print))
        now = time.time()
        site.replies["kabar/rss"] = conditional(
            lambda: rss(site.url("kabar", ""), [story(n, now) for n in range(3)]), lambda: '"1"'
        )
        store = Store(str(tmp_path / FILE))
        store.feeds.add(Feed(0, site.url("kabar")))
        app = create_app(gated_host(tmp_path, engine), replace(CONFIG, watch=True), page=False)
        with TestClient(app, HERE) as client:
            end = time.monotonic() + 60
            while client.get("/v1/inbox").json()["total"] < 3 or any(store.english.waiting()):
                assert time.monotonic() < end
                time.sleep(0.1)
            assert all(s["headline"] for s in client.get("/v1/inbox").json()["stories"])
        store.close()
