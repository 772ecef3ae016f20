"""What a reader does with an article, in a real browser: the brief, marks, languages, text size."""

# ruff: noqa: F811 - fixtures are named as where they are imported from

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from service.document import Finding, Reading
from service.page.serialization import pack
from tests.page.test_browser import EXAMPLE, SLOW, Tab, browser, site, tab  # noqa: F401
from tests.pictured import CAPTION, PICTURED

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

MARKED = (3, 7)
"""The sentences, from 1, that :func:`marked` marks."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """The example, read by the echo."""
    from service.pipeline import to_article
    from service.settings import Settings
    from tests.page.test_browser import EchoHost

    host = EchoHost(Settings(tmp_path_factory.mktemp("made"), model="echo"))
    return host.pipeline().read(to_article(EXAMPLE))


def marked(reading: Reading, *, title: bool = False) -> Reading:
    """The reading with two sentences marked and the rest held good, perhaps a headline that is wrong."""
    found = (Finding.of("number.lost", source="340"),)

    def graded(part: Any, wrong: bool) -> Any:
        how = {"findings": found, "confidence": 0.1, "band": "low"} if wrong else {}
        return replace(part, **{"findings": (), "confidence": 0.9, "band": "high", **how})

    parts = tuple(graded(p, n in MARKED) for n, p in enumerate(reading.translation.segments, start=1))
    assert reading.translation.title
    head = graded(replace(reading.translation.title, target="A wrong headline"), title)
    return replace(
        reading,
        headline=head.target,
        translation=replace(reading.translation, segments=parts, title=head),
    )


def reopen(tab: Tab, reading: Reading) -> None:
    """Open a reading from the list of recent ones."""
    entry = json.dumps([{"at": 0, "reading": pack(reading)}])
    tab.page.evaluate("entry => localStorage.setItem('warta-readings', entry)", entry)
    tab.page.reload()
    tab.page.locator(".history li button").click()
    tab.wait("done")


def top(tab: Tab, selector: str) -> float:
    """How far below the top of the window something begins."""
    return float(tab.page.locator(selector).first.evaluate("e => e.getBoundingClientRect().top"))


def test_the_input_folds_to_a_line_when_reading_starts(tab: Tab) -> None:
    page = tab.page
    page.fill("#article textarea", SLOW)
    page.click("#read-go")
    page.wait_for_selector("#s1")
    assert not page.locator("#article").is_visible()
    assert page.locator(".folded .opening").inner_text() == "Judul Yang Lambat"
    # What had the focus is gone; the line has it, and Stop is within reach.
    assert page.evaluate("document.activeElement.dataset.action") == "edit"
    page.locator(".bar .halt").click()
    tab.wait("stopped")
    assert not page.locator(".bar .halt").is_visible()
    page.locator(".folded button").click()
    assert page.input_value("#article textarea") == SLOW
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_a_text_that_cannot_be_read_stays_in_sight(tab: Tab) -> None:
    tab.read("kata " * 1500, "failed")
    assert tab.page.locator("#article").is_visible()
    assert not tab.page.locator(".folded").is_visible()


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
def test_the_brief_comes_first_and_on_the_first_screen(
    browser: Any, site: str, size: tuple[int, int]
) -> None:
    tab = Tab(browser, site, viewport={"width": size[0], "height": size[1]})
    tab.read(EXAMPLE)
    assert top(tab, ".title h2") < top(tab, ".brief .what") < top(tab, ".rows")
    assert top(tab, ".brief .what") < size[1]
    labels = tab.page.locator(".facts dt").all_text_contents()
    assert "Where" in labels
    assert "How many" in labels
    jump = tab.page.locator(".brief .points a.jump").first
    wanted = jump.get_attribute("href")
    jump.click()
    assert tab.page.evaluate("'#' + document.activeElement.id") == wanted
    # The bar stays, however far down, and hides nothing that was gone to.
    tab.page.locator(".pair").last.evaluate("e => e.scrollIntoView({ block: 'start', behavior: 'instant' })")
    assert tab.page.evaluate("scrollY") > 100
    jump.evaluate("e => e.click()")
    tab.page.wait_for_timeout(1000)
    assert tab.page.locator(".bar").evaluate("e => e.getBoundingClientRect().top") >= 0
    under = tab.page.locator(".bar").evaluate("e => e.getBoundingClientRect().bottom")
    assert top(tab, str(wanted)) >= under
    tab.context.close()


def test_the_next_mark_is_a_key_away(tab: Tab, made: Reading) -> None:
    reopen(tab, marked(made))
    page = tab.page
    assert page.locator(".bar .next").inner_text() == "Next mark (2)"
    visited = []
    for _ in range(3):
        page.keyboard.press("n")
        visited.append(page.evaluate("document.activeElement.id"))
    assert visited == ["s3", "s7", "s3"]
    # In a field the letter is a letter.
    page.locator(".folded button").click()
    page.keyboard.type("n")
    assert page.input_value("#article textarea").endswith("n")


def test_one_language_or_both_and_the_size_are_kept(tab: Tab) -> None:
    tab.read(EXAMPLE)
    page = tab.page
    size = "parseFloat(getComputedStyle(document.querySelector('#s1 .target p')).fontSize)"
    before = page.evaluate(size)
    page.get_by_role("button", name="Larger text").click()
    assert page.evaluate(size) > before
    group = page.get_by_role("group", name="Languages shown")
    group.get_by_role("button", name="Indonesian").click()
    assert (page.locator("#s1 .source").is_visible(), page.locator("#s1 .target").is_visible()) == (
        True,
        False,
    )
    group.get_by_role("button", name="English").click()
    assert (page.locator("#s1 .source").is_visible(), page.locator("#s1 .target").is_visible()) == (
        False,
        True,
    )
    larger = page.evaluate(size)
    page.reload()
    page.locator(".history li button").click()
    tab.wait("done")
    assert not page.locator("#s1 .source").is_visible()
    assert page.evaluate(size) == larger


def test_a_headline_that_is_likely_wrong_stands_small_under_the_indonesian(
    tab: Tab,
    made: Reading,
) -> None:
    reopen(tab, marked(made))
    assert tab.page.locator(".title h2").inner_text() == "A wrong headline"
    reopen(tab, marked(made, title=True))
    assert tab.page.locator(".title h2").inner_text().startswith("Banjir Rendam")
    sizes = [
        tab.page.locator(name).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        for name in (".title h2", ".title .headline")
    ]
    assert sizes[1] < 0.7 * sizes[0]
    assert top(tab, ".title h2") < top(tab, ".title .headline")


def test_a_copy_keeps_the_marks_as_footnotes(tab: Tab, made: Reading) -> None:
    reopen(tab, marked(made))
    tab.page.get_by_role("button", name="Copy the English").click()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    sentences = [part.target for part in made.translation.segments]
    assert f"{sentences[2]}[1]" in copied
    assert f"{sentences[6]}[2]" in copied
    note = "Number: 340 is not in the translation"
    assert copied.endswith(f"---\n[1] {note}\n[2] {note}\n")


def test_a_line_put_back_is_read_with_the_article(tab: Tab) -> None:
    page = tab.page
    tab.read(PICTURED)
    assert len(tab.rows()) == 3
    page.locator(".furniture > summary").click()
    page.locator(".furniture li", has_text=CAPTION).get_by_role("button").click()
    page.wait_for_selector(f".pair .source:has-text('{CAPTION}')")
    tab.wait("done")
    assert any(CAPTION in row for row in tab.rows())
    assert page.locator(".furniture li", has_text=CAPTION).count() == 0
    assert page.locator(".furniture li", has_text="Baca juga").count() == 1


def test_captions_are_translated_by_a_press_and_kept(tab: Tab) -> None:
    page = tab.page
    tab.read(PICTURED)
    fold = page.locator("details.captions")
    assert CAPTION in fold.locator('span[lang="id"]').text_content()
    fold.locator("summary").click()
    fold.get_by_role("button", name="translate").click()
    fold.locator('p[lang="en"]').wait_for()
    assert fold.locator('p[lang="en"]').text_content() == CAPTION
    assert page.evaluate("document.activeElement.closest('details').className") == "captions"
    page.get_by_role("button", name="Copy the English").click()
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"Captions\n* {CAPTION}\n")
    page.reload()
    page.locator(".history li button").click()
    tab.wait("done")
    assert page.locator('details.captions p[lang="en"]').text_content() == CAPTION


def test_paper_shows_the_reading_and_nothing_of_the_page(tab: Tab, made: Reading) -> None:
    reopen(tab, marked(made))
    page = tab.page
    page.emulate_media(media="print", color_scheme="dark")
    for name in (".masthead", ".bar", ".folded", ".tools", ".history", "#article", '[role="tablist"]'):
        assert not page.locator(name).first.is_visible(), name
    for name in (".title h2", ".brief .what", "#s1 .source", "#s1 .target", "#s3 .flags"):
        assert page.locator(name).first.is_visible(), name
    assert page.locator("#s1 .target p").evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"


def test_stop_is_enabled_only_while_a_batch_runs(tab: Tab) -> None:
    tab.open("Batch")
    page = tab.page
    assert page.locator("#batch-halt").is_disabled()
    rows = "".join(json.dumps({"text": SLOW}) + "\n" for _ in range(3))
    file = {"name": "slow.jsonl", "mimeType": "application/json", "buffer": rows.encode()}
    page.set_input_files("#batch-files input[type=file]", [file])
    page.wait_for_selector("#batch-files .file-preview")
    page.click("#batch-go")
    page.wait_for_selector("#batch-halt:enabled")
    page.click("#batch-halt")
    page.wait_for_selector("#batch-halt:disabled")
    assert "Stopped" in page.locator("#batch-result").inner_text()


@pytest.mark.parametrize("language", ["en", "id"])
def test_file_fields_speak_the_language_of_the_page(browser: Any, site: str, language: str) -> None:
    tab = Tab(browser, site, f"?language={language}")
    tab.open({"en": "Batch", "id": "Banyak"}[language])
    said = tab.page.locator("#batch-files [data-testid=upload-text]").evaluate(
        "e => getComputedStyle(e, '::after').content"
    )
    assert said.strip('"').startswith({"en": "Drop files here", "id": "Jatuhkan berkas"}[language])
    size = tab.page.locator("#batch-files [data-testid=upload-text]").evaluate(
        "e => getComputedStyle(e).fontSize"
    )
    assert size == "0px"
    tab.context.close()
