"""The Compare tab in a real browser, over tiny models of the real layouts."""

# ruff: noqa: F811 - fixtures are named as where they are imported from

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import presets
from service.models.offer import Sources, offer
from service.models.pull import pull
from service.models.store import Store
from service.pool import Host
from service.settings import Settings
from tests import builders
from tests.page.test_browser import Tab, browser, serving, site, tab  # noqa: F401

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

SOURCE, TARGET = builders.PAIRS[1]


@pytest.fixture(scope="module")
def models(ct2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over a home where one model is installed."""
    home = tmp_path_factory.mktemp("home")
    pull(Store(home / "models"), offer(presets.get("quickmt-id-en"), Sources(folder=ct2)), lambda *_: None)
    yield from serving(Host(Settings(home, model="quickmt-id-en", threads=1)))


def only_with(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Compare these alone: the embedded model is there wherever its wheels are, and slow."""
    monkeypatch.setattr("service.page.tabs.compare.able", lambda _: list(names))


def test_an_article_goes_through_the_installed_models(
    browser: Any, models: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_with(monkeypatch, "quickmt-id-en")
    tab = Tab(browser, models)
    page = tab.page
    tab.open("Compare")
    page.fill("#compare-text textarea", f"{SOURCE} <b>Gempa</b> tidak berpotensi tsunami.")
    page.fill("#compare-reference textarea", TARGET)
    page.click("#compare-go")
    result = page.locator("#compare-result")
    result.locator("table").nth(1).wait_for()
    result.locator("progress").wait_for(state="detached")
    assert "quickmt-id-en" in result.locator("table").first.inner_text()
    assert "BLEU" in result.locator("table").first.inner_text()
    assert SOURCE in result.locator("table").nth(1).inner_text()
    assert result.locator("td b").count() == 0, "markup of an article stays text"
    assert tab.faults == []
    tab.context.close()


def test_without_a_model_and_without_a_text_it_says_so(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    only_with(monkeypatch)
    page = tab.page
    tab.open("Compare")
    page.click("#compare-go")
    page.locator("#compare-result .error").wait_for()
    assert "Paste an article first" in page.locator("#compare-result .error").inner_text()
    page.fill("#compare-text textarea", SOURCE)
    page.click("#compare-go")
    page.locator("#compare-result .error", has_text="No model is installed").wait_for()
