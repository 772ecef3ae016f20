"""Correcting in a real browser, what is kept, finding, and how still the page stands while it reads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.pool import Host
from service.settings import Settings
from tests.page.test_browser import EXAMPLE, TABS, Tab, _violations, browser, serving, tab

__all__ = ["browser", "tab"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

ENGLISH = {
    "Banjir": "Floods in three villages cover 340 houses.",
    "Akibatnya": "As a result, school children must go 7 kilometres around.",
}
MINE = "Because of that, pupils have to walk 7 kilometres around."


class Table(EchoEngine):
    """Known sentences in English, others as they are; two answers to each; slow enough to be seen."""

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        time.sleep(0.05 * len(texts))
        limit = 40 * decoding.max_new_tokens
        return [
            Output(ENGLISH.get(text.split()[0].strip(","), f"In English: {text}")[:limit], -0.1, 9)
            for text in texts
        ]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        return [*self.generate([text], decoding), Output(f"Otherwise: {text}", -0.2, 9)][:count]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page that keeps what is translated and what its reader writes."""
    settings = Settings(tmp_path_factory.mktemp("home"), model="gemma-3-270m", repair=False, memory=True)
    yield from serving(Host(settings, opener=lambda _: Table()))


def english(tab: Tab, number: int) -> str:
    return str(tab.page.locator(f"#s{number} .target > p").inner_text())


def test_a_sentence_is_corrected_for_this_article_and_put_back(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page, before = tab.page, english(tab, 6)
    page.locator("#s6 .target > p").click()
    assert page.evaluate("document.activeElement.className") == "english"
    page.locator(".editor .others button", has_text="Otherwise: Akibatnya").click()
    assert page.input_value(".editor textarea.english").startswith("Otherwise: Akibatnya")
    page.fill(".editor textarea.english", MINE)
    page.get_by_role("button", name="Use for this article").click()
    page.wait_for_selector("#s6 .own")
    assert english(tab, 6) == MINE
    assert page.locator(".changed").inner_text().startswith("Sentence corrected.")
    assert page.evaluate("document.activeElement.id") == "s6"
    # It goes along in a copy, and in the list of recent ones.
    page.get_by_role("button", name="Copy the English").click()
    assert MINE in page.evaluate("navigator.clipboard.readText()")
    assert MINE in page.evaluate("localStorage.getItem('warta-readings')")
    page.locator(".changed button").click()
    page.wait_for_selector("#s6 .own", state="detached")
    assert english(tab, 6) == before
    # Only for this article: the next reading knows nothing of it.
    tab.read(EXAMPLE)
    assert english(tab, 6) == before


def test_what_is_remembered_stands_in_the_next_reading_until_it_is_forgotten(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page = tab.page
    # By the keys alone.
    page.locator("#s6").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type(MINE)
    page.get_by_role("button", name="Use and remember").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#s6 .own")
    assert "1 sentence of your own" in page.locator(".kept-line").inner_text()
    began = time.monotonic()
    tab.read(EXAMPLE)
    assert time.monotonic() - began < 4  # nothing is decoded a second time
    assert english(tab, 6) == MINE
    assert page.locator("#s6 .own").count() == 1
    page.get_by_role("button", name="Forget…").click()
    page.get_by_role("button", name="Keep it").click()
    assert "1 sentence of your own" in page.locator(".kept-line").inner_text()
    page.get_by_role("button", name="Forget…").click()
    page.get_by_role("button", name="All, my sentences and terms too").click()
    page.wait_for_function("document.querySelector('.kept-line').textContent.includes('0 sentences of your')")
    assert page.locator(".kept-line").inner_text().startswith("0 translated sentences are kept")
    tab.read(EXAMPLE)
    assert english(tab, 6) == ENGLISH["Akibatnya"]


def test_words_that_are_selected_become_a_term(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page = tab.page
    page.locator("#s6 .source").click()
    page.keyboard.press("Enter")
    page.evaluate(
        """() => {
          const text = document.querySelector("#s6 .source").firstChild;
          const at = text.textContent.indexOf("anak-anak sekolah");
          getSelection().setBaseAndExtent(text, at, text, at + "anak-anak sekolah".length);
        }"""
    )
    page.wait_for_function("document.querySelector('.term-source')?.value === 'anak-anak sekolah'")
    page.fill(".term-english", "pupils")
    page.get_by_role("button", name="Keep the term").click()
    page.wait_for_function("document.querySelector('.what-changed').textContent.startsWith('Term kept')")
    page.wait_for_function("document.querySelector('.kept-line').textContent.includes('1 term')")
    assert page.locator(".kept-line").inner_text().endswith("Your glossary has 1 term.")
    page.locator(".changed button").click()
    page.wait_for_function("document.querySelector('.kept-line').textContent.includes('0 terms')")
    assert page.locator(".kept-line").inner_text().endswith("Your glossary has 0 terms.")


def test_escape_leaves_a_sentence_as_it_was(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page, before = tab.page, english(tab, 2)
    page.locator("#s2 .target > p").click()
    page.keyboard.type("nonsense ")
    page.keyboard.press("Escape")
    assert page.locator(".editor").count() == 0
    assert english(tab, 2) == before
    assert page.evaluate("document.activeElement.id") == "s2"
    page.locator("#s2 .target > p").click()
    page.fill(".editor textarea.english", "  ")
    page.get_by_role("button", name="Use for this article").click()
    page.wait_for_function("document.querySelector('.fault').textContent.includes('Write the English')")


def test_the_headline_is_corrected_too(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page = tab.page
    page.get_by_role("button", name="Correct the headline").click()
    page.fill(".editor textarea.english", "Three villages under water")
    page.get_by_role("button", name="Use for this article").click()
    page.wait_for_selector(".title .own")
    assert page.locator(".title h2").inner_text() == "Three villages under water"


def test_words_are_found_in_either_language(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page = tab.page
    page.fill(".find", "bojong")
    assert page.locator(".hits").inner_text() == "0 of 1"
    page.press(".find", "Enter")
    assert page.locator(".hits").inner_text() == "1 of 1"
    assert page.locator(".pair.lit").get_attribute("id") == "s5"
    page.fill(".find", "school children")
    page.press(".find", "Enter")
    assert page.locator(".pair.lit").get_attribute("id") == "s6"
    page.fill(".find", "not there")
    assert page.locator(".hits").inner_text() == "not found"


def test_english_is_shown_as_it_is(tab: Tab) -> None:
    text = "The president has not signed the law yet. Rice prices rose 12 percent in March, the agency said."
    tab.read(text)
    assert "already" in tab.page.locator(".view .warnings").inner_text()
    assert english(tab, 1) == "The president has not signed the law yet."


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts.push(each.value);
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
def test_little_moves_while_an_article_is_read(browser: Any, site: str, size: tuple[int, int]) -> None:
    tab = Tab(browser, site, viewport={"width": size[0], "height": size[1]})
    tab.page.fill("#article textarea", EXAMPLE.replace("340", "341").replace("1.250", "1.260"))
    tab.page.evaluate(SHIFTS)
    tab.page.evaluate("window.shifts.length = 0")
    tab.page.click("#read-go")
    tab.wait("done")
    tab.page.wait_for_timeout(500)
    moved = sum(tab.page.evaluate("window.shifts"))
    # What a page is called good for: https://web.dev/articles/cls
    assert moved <= 0.1, moved
    tab.context.close()


@pytest.mark.parametrize("width", [320, 360, 1440, 3840])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_any_width(browser: Any, site: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = Tab(browser, site, color_scheme=scheme, viewport={"width": width, "height": 900})
    tab.read(EXAMPLE)
    tab.page.get_by_role("button", name="Correct the headline").click()
    tab.page.wait_for_selector(".editor .others button")
    tab.page.locator(".editor .term summary").click()
    found = {"correcting": _violations(axe, tab)}
    for name in TABS:
        go_to(tab, name)
        found[name] = _violations(axe, tab)
        # No label is cut: what of the tabs does not fit is in the menu.
        cut = tab.page.evaluate(
            """() => [
              ...document.querySelectorAll('.tab-container:not(.visually-hidden) button')
            ].filter(each => {
              const [at, whole] = [each.getBoundingClientRect(), each.parentElement.getBoundingClientRect()];
              return at.width && (each.scrollWidth > each.clientWidth || at.right > whole.right + 1);
            }).map(each => each.textContent)"""
        )
        assert cut == [], name
    assert {name: rules for name, rules in found.items() if rules} == {}
    tab.context.close()


def go_to(tab: Tab, name: str) -> None:
    """Open a tab, from the menu where there is no room for its label."""
    if tab.page.get_by_role("tab", name=name).first.is_visible():
        tab.open(name)
    else:
        tab.page.locator(".overflow-menu > button").click()
        tab.page.locator(".overflow-dropdown button", has_text=name).click()
    tab.page.wait_for_timeout(300)
