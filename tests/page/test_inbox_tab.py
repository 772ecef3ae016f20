"""The Inbox tab in a real browser: keys, search, filters, a story's sources, reading, colours, axe."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the inbox needs warta[inbox]")

from service.inbox import queue
from service.inbox.records import Feed, Wanted
from service.inbox.store import FILE, Store
from service.settings import Settings
from tests.inbox.builders import echo, entry, take
from tests.page.test_browser import EchoHost, Tab, _violations, browser, serving

__all__ = ["browser"]
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]
MANY = 400
AGENCY = (
    "Banjir merendam 340 rumah di tiga desa di Kabupaten Demak sejak Senin malam. Warga mengungsi ke balai"
    " desa dan masjid terdekat. Pemerintah kabupaten menyalurkan paket makanan pada Selasa pagi. Air mulai"
    " surut pada sore hari setelah pompa dinyalakan petugas <img src=x onerror=window.hit=1>."
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    store, now = Store(str(folder / FILE)), time.time()
    feeds = [store.feeds.add(Feed(0, f"https://{n}.example/rss", f"Kabar {n}", cap=1000)) for n in range(3)]
    take(store, feeds[0], [entry(n, at=now - 600 - 60 * n) for n in range(MANY)], now)
    take(store, feeds[1], [entry(1000, text=AGENCY, title="Banjir di Demak", host="satu", at=now - 60)], now)
    more = (
        AGENCY.replace("340", "430") + " Kepala dinas menambahkan bahwa tanggul akan diperbaiki tahun depan."
    )
    take(store, feeds[2], [entry(1001, text=more, title="Banjir Demak", host="dua", at=now - 30)], now)
    store.words.watch("pengungsi")
    store.words.watch("banjir")
    queue.headlines(store, echo(folder))
    store.close()
    return folder


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[str]:
    yield from serving(EchoHost(Settings(home, model="echo")), text_chars=5000)


@pytest.fixture
def tab(browser: Any, site: str) -> Iterator[Tab]:
    opened = inbox(browser, site)
    yield opened
    assert opened.faults == []
    assert opened.page.evaluate("window.hit") is None
    opened.context.close()


def show(tab: Tab, name: str) -> None:
    """Open a tab, which a small screen keeps in a menu."""
    if tab.page.get_by_role("tab", name=name).first.is_visible():
        tab.open(name)
    else:
        tab.page.locator(".overflow-menu > button").click()
        tab.page.locator(".overflow-dropdown button", has_text=name).click()


def inbox(browser: Any, site: str, **options: Any) -> Tab:
    """The page at its Inbox tab, with the list there."""
    opened = Tab(browser, site, **options)
    show(opened, "Inbox")
    opened.page.wait_for_selector(".news .item .title")
    # The choices come after the list.
    opened.page.wait_for_selector('.news [name="word"] option[value="banjir"]', state="attached")
    return opened


def counted(tab: Tab, text: str) -> None:
    tab.page.wait_for_function(
        "text => document.querySelector('.news .count').textContent === text", arg=text
    )


def test_the_keys_of_a_mail_reader(tab: Tab, home: Path) -> None:
    page = tab.page
    counted(tab, f"{MANY + 1} stories")
    titles = page.locator(".news .title").all_text_contents()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == titles[0]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == titles[1]
    page.keyboard.press("s")
    page.wait_for_selector('.item[data-index="1"] [data-action="star"][aria-pressed="true"]')
    page.keyboard.press("e")
    page.wait_for_selector('.item[data-index="1"] [data-action="done"][aria-pressed="true"]')
    # It is kept, and the focus is where it was.
    assert page.evaluate("document.activeElement.textContent") == titles[1]
    store = Store(str(home / FILE))
    for _ in range(100):
        starred = store.lists.rows(Wanted(starred=True))[1]
        if starred and starred[0].done:
            break
        time.sleep(0.05)
    assert [(row.english, row.done) for row in starred] == [(titles[1], True)]
    page.keyboard.press("s")
    page.keyboard.press("e")
    page.wait_for_selector('.item[data-index="1"] [data-action="done"][aria-pressed="false"]')
    page.keyboard.press("/")
    page.keyboard.type("j")
    assert page.input_value('.news [name="search"]') == "j"
    store.close()


def test_opening_reads_an_article_and_keeps_the_reading(tab: Tab, home: Path) -> None:
    page = tab.page
    title = page.locator(".news .title").first.text_content()
    page.keyboard.press("j")
    page.keyboard.press("o")
    tab.wait("done")
    assert page.get_by_role("tab", name="Read").get_attribute("aria-selected") == "true"
    assert page.locator(".view .title h2").text_content() == title
    assert len(tab.rows()) == 4
    store = Store(str(home / FILE))
    first = store.lists.rows(Wanted(limit=1))[1][0]
    assert first.state == "whole"
    assert "Banjir merendam" in store.english.reading_of(first.id)
    store.close()
    # The second time it comes as it was kept.
    tab.open("Inbox")
    page.locator(".news .title").first.click()
    page.wait_for_selector('.view[data-phase="done"]')
    assert page.locator(".view .title h2").text_content() == title


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("tanggul diperbaiki", "1 story"),
        ("villages OR desa", None),
        ('"tiga desa"', "1 story"),
        ("xyzzy", "0 stories"),
    ],
)
def test_search_in_both_languages(tab: Tab, search: str, count: str | None) -> None:
    tab.page.fill('.news [name="search"]', search)
    tab.page.wait_for_function("document.querySelector('.news').dataset.answered === '2'")
    if count:
        counted(tab, count)
    else:
        assert tab.page.locator(".news .item").count() > 3


def test_a_search_that_makes_no_sense_is_said(tab: Tab) -> None:
    tab.page.fill('.news [name="search"]', "-banjir")
    tab.page.wait_for_function("document.querySelector('.news .problem').textContent.includes('search')")
    tab.page.fill('.news [name="search"]', "")
    counted(tab, f"{MANY + 1} stories")
    assert tab.page.locator(".news .problem").text_content() == ""


def test_stories_are_chosen_by_feed_word_name_and_marks(tab: Tab) -> None:
    page = tab.page
    page.select_option('.news [name="feed"]', label="Kabar 2")
    counted(tab, "1 story")
    page.select_option('.news [name="feed"]', label="Any")
    page.select_option('.news [name="word"]', "pengungsi")
    counted(tab, "0 stories")
    page.select_option('.news [name="word"]', "")
    page.check('.news [name="marked"]')
    page.wait_for_function("parseInt(document.querySelector('.news .count').textContent) < 400")
    page.uncheck('.news [name="marked"]')
    names = page.locator('.news [name="name"] option').all_text_contents()
    assert len(names) > 5
    page.select_option('.news [name="name"]', index=1)
    counted(tab, names[1].rpartition("(")[2].rstrip(")") + " stories")


def test_a_story_shows_what_each_source_adds_and_where_figures_differ(tab: Tab) -> None:
    page = tab.page
    page.keyboard.press("j")
    page.keyboard.press("g")
    page.wait_for_selector(".news .story:not([hidden])")
    assert page.locator(".news .story h2").text_content() == "One story, 2 sources"
    assert page.locator(".news .differences b").all_text_contents() == ["340", "430"]
    assert "tanggul akan diperbaiki" in page.locator(".news .story ul").last.text_content()
    # A sentence's number leads to the sentence.
    page.locator(".news .differences .jump").last.click()
    assert "430" in page.evaluate("document.activeElement.textContent")
    assert page.evaluate("document.activeElement.closest('details').open")


def test_a_source_of_a_story_is_read_in_english(tab: Tab, home: Path) -> None:
    page = tab.page
    page.keyboard.press("j")
    page.keyboard.press("g")
    page.wait_for_selector(".news .story:not([hidden])")
    added = page.locator(".news .story ul:not(.differences) li", has_text="tanggul akan diperbaiki")
    assert added.locator('[lang="en"]').count() == 0
    page.locator('.news .story [data-action="read"]').last.click()
    tab.wait("done")
    store = Store(str(home / FILE))
    read = [m for m in store.lists.story(store.lists.rows(Wanted(limit=1))[1][0].id)[0] if m.state == "whole"]
    store.close()
    assert "Banjir Demak" in [article.title for article in read]
    # What it adds is in English from then on, with the words of the source below.
    tab.open("Inbox")
    page.keyboard.press("j")
    page.keyboard.press("g")
    page.wait_for_selector(".news .story ul:not(.differences) .original")
    assert "tanggul" in (added.locator('[lang="en"]').text_content() or "")
    assert added.locator('[lang="id"]').text_content().startswith("Kepala dinas")


def test_a_list_of_any_length_holds_what_is_in_sight(tab: Tab) -> None:
    page = tab.page
    page.keyboard.press("j")
    page.keyboard.press("End")
    page.wait_for_selector(f'.item[data-index="{MANY}"] .title')
    assert page.locator(".news .item").count() < 40
    assert page.locator(f'.item[data-index="{MANY}"]').get_attribute("aria-posinset") == str(MANY + 1)
    order = page.locator(".news .item").evaluate_all("all => all.map(each => Number(each.dataset.index))")
    assert order == sorted(order)
    page.keyboard.press("Home")
    page.wait_for_selector('.item[data-index="0"] .title')


def test_trends_are_of_what_is_there(tab: Tab) -> None:
    lines = tab.page.locator(".news .trends li")
    assert lines.locator("b").all_text_contents()[1] == "pengungsi"
    assert lines.locator(".hint").all_text_contents()[1].startswith("0 in 14 days")
    assert lines.count() == 2
    # The axis is labelled with the most of a day, and none.
    assert lines.nth(1).locator("svg text").all_text_contents() == ["1", "0"]
    points = tab.page.locator(".news .trends polyline").first.get_attribute("points").split()
    assert len(points) == 14
    assert len({point.split(",")[1] for point in points}) > 1


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, site: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = inbox(browser, site, color_scheme=scheme, viewport={"width": width, "height": 900})
    found = {"list": _violations(axe, tab)}
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("g")
    tab.page.wait_for_selector(".news .story:not([hidden])")
    tab.page.locator(".news .story summary").first.click()
    found["story"] = _violations(axe, tab)
    tab.page.fill('.news [name="search"]', "-banjir")
    tab.page.wait_for_function("document.querySelector('.news .problem').textContent")
    found["problem"] = _violations(axe, tab)
    assert {name: rules for name, rules in found.items() if rules} == {}
    tab.context.close()


@pytest.mark.parametrize("size", [(360, 740), (768, 1024), (3840, 2160)])
def test_it_fits_the_screen(browser: Any, site: str, size: tuple[int, int]) -> None:
    tab = inbox(browser, site, viewport={"width": size[0], "height": size[1]})
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("g")
    tab.page.wait_for_selector(".news .story:not([hidden])")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    heights = tab.page.locator(".news .item").evaluate_all(
        "all => all.map(each => each.scrollHeight - each.clientHeight)"
    )
    assert max(heights) <= 1
    # The way to the sources is in sight, and a list of one story is not a page high.
    link = tab.page.locator('.news .item [data-action="story"]').first
    row = tab.page.locator(".news .item").first
    edge, inner = row.bounding_box(), link.bounding_box()
    assert inner["x"] + inner["width"] <= edge["x"] + edge["width"]
    assert inner["y"] + inner["height"] <= edge["y"] + edge["height"]
    tab.page.fill('.news [name="search"]', "tanggul diperbaiki")
    counted(tab, "1 story")
    tab.page.wait_for_function("document.querySelector('.news .scroll').clientHeight < 200")
    tab.page.fill('.news [name="search"]', "xyzzy")
    counted(tab, "0 stories")
    tab.page.fill('.news [name="search"]', "")
    counted(tab, f"{MANY + 1} stories")
    tab.page.wait_for_function("document.querySelectorAll('.news .item').length > 3")
    tab.context.close()


FILLED = """() => {
  const item = document.querySelector('.news .item[data-index="0"]');
  const long = "Pemerintah Kabupaten Kepulauan Tanimbar menyalurkan ribuan paket bantuan beras ".repeat(4);
  for (const name of [".title", ".brief", ".source"]) item.querySelector(name).textContent = long;
  const meta = item.querySelector(".meta"), chip = document.createElement("span");
  chip.className = "chip";
  chip.textContent = "bantuan langsung tunai";
  for (let n = 0; n < 8; n += 1) meta.append(" ", chip.cloneNode(true));
  const box = (each) => each.getBoundingClientRect(), link = item.querySelector('[data-action="story"]');
  const style = getComputedStyle(meta), line = parseFloat(style.lineHeight);
  const [x, y] = [box(link).x + box(link).width / 2, box(link).y + box(link).height / 2];
  return { over: item.scrollHeight - item.clientHeight, seen: document.elementFromPoint(x, y) === link,
    // A chip stands in a line that is in sight, or not at all: no edge of one peeps out below.
    peeping: [...meta.querySelectorAll(".chip")].filter((each) =>
      box(each).top < box(meta).bottom && box(each).bottom > box(meta).bottom + 0.5).length,
    lines: Math.round(box(meta).height / line) };
}"""


@pytest.mark.parametrize(("width", "lines"), [(320, 2), (360, 2), (760, 2), (1280, 1)])
def test_the_way_to_the_sources_is_in_sight_however_long_the_rest(
    browser: Any, site: str, width: int, lines: int
) -> None:
    tab = inbox(browser, site, viewport={"width": width, "height": 740})
    tab.page.wait_for_selector('.news .item[data-index="0"] [data-action="story"]')
    found = tab.page.evaluate(FILLED)
    assert found == {"over": 0, "seen": True, "peeping": 0, "lines": lines}
    tab.context.close()


def test_it_speaks_indonesian_too(browser: Any, site: str) -> None:
    tab = Tab(browser, site, "?language=id")
    show(tab, "Kotak Masuk")
    tab.page.wait_for_selector(".news .item .title")
    counted(tab, f"{MANY + 1} berita")
    assert tab.page.locator("html").get_attribute("lang") == "id"
    assert tab.page.locator(".news .count").inner_text() == f"{MANY + 1} berita"
    assert tab.page.get_by_role("tab", name="Kotak Masuk").get_attribute("aria-selected") == "true"
    tab.context.close()
