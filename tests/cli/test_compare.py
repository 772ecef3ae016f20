"""``warta models compare`` and the Compare tab, over tiny models and a server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.comparison import able, compare
from service.context import Ask
from service.document import Article
from service.errors import UnknownModel
from service.models.offer import Sources, offer
from service.models.pull import pull
from service.models.store import Store
from service.pipeline import Pipeline, build_pipeline, to_article
from service.render.comparison import as_html, as_json, as_markdown, as_text
from service.settings import Server, Settings
from tests import builders
from tests.chat_server import Chat, serve

ROOT = Path(__file__).parents[2]
SOURCE, TARGET = builders.PAIRS[1]
TEXT = f"{SOURCE} Gempa tidak berpotensi tsunami."


@pytest.fixture(scope="module")
def home(ct2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with quickmt's preset installed from a tiny checkpoint of its layout."""
    from service import presets

    root = tmp_path_factory.mktemp("home")
    pull(Store(root / "models"), offer(presets.get("quickmt-id-en"), Sources(folder=ct2)), lambda *_: None)
    return root


@pytest.fixture
def chat() -> Iterator[Chat]:
    with serve() as running:
        running.answer = lambda _: "Prices | rose <b>."
        yield running


def test_every_installed_model_is_compared_and_echo_is_none_of_them(home: Path) -> None:
    assert able(Store(home / "models"))[0] == "quickmt-id-en"
    assert "echo" not in able(Store(home / "models"))


def article() -> Article:
    return to_article(TEXT)


def opener(home: Path, chat: Chat, name: str) -> Pipeline:
    settings = Settings(home, model=name, device="auto", threads=1, server=Server(chat.url))
    return build_pipeline(settings, lambda _: None)


def test_models_stand_side_by_side_and_one_that_cannot_run_is_named(home: Path, chat: Chat) -> None:
    names = ["quickmt-id-en", "qwen3", "opus-mt-id-en"]
    found = list(compare([article()], names, lambda name: opener(home, chat, name)))
    assert [one.model for one in found] == names
    assert [bool(one.error) for one in found] == [False, False, True]
    assert len(found[0].segments) == 2
    assert found[1].flagged == 2, "the number and the negation are gone"
    table = as_json(found)
    assert table["sentences"][0]["targets"]["qwen3"]["text"] == "Prices | rose <b>."
    assert table["models"][2]["error"].startswith("opus-mt-id-en is not installed")
    text = as_text(found)
    assert "could not run" in text
    assert text.index("quickmt-id-en  ") < text.index(SOURCE)
    assert "Prices \\| rose" in as_markdown(found)
    html = as_html(found, {"model": "Modèle"}, "en")
    assert "rose &lt;b&gt;." in html and "<b>" not in html
    assert "Modèle" in html


def test_an_unknown_name_stops_before_anything_is_loaded(home: Path) -> None:
    loaded: list[str] = []

    def opened(name: str) -> Pipeline:
        loaded.append(name)
        raise AssertionError

    with pytest.raises(UnknownModel):
        list(compare([article()], ["quickmt-id-en", "nothing"], opened))
    assert loaded == []


def test_the_command_scores_where_there_is_a_reference(home: Path, chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "a.en.txt").write_text(f"{TARGET} The quake has no tsunami potential.", "utf-8")
    command = [sys.executable, "-m", "service", "--endpoint", chat.url, "models", "compare", "a.txt"]
    command += ["--model", "quickmt-id-en", "--model", "qwen3", "--threads", "1", "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WARTA_HOME": str(home)}

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    scored = run("--reference", "a.en.txt")
    assert scored.returncode == 0, scored.stderr
    first, second = json.loads(scored.stdout)["models"]
    assert set(first["scores"]) == {"BLEU", "chrF2"}
    assert first["scores"]["chrF2"] > second["scores"]["chrF2"]
    assert run("--reference", "a.en.txt", "--reference", "a.en.txt").returncode == 2
    assert json.loads(run().stdout)["models"][0]["scores"] == {}


def test_the_page_compares_as_the_command_does(home: Path, chat: Chat) -> None:
    pytest.importorskip("gradio")
    from contextlib import closing

    from service.page.options import PageOptions
    from service.page.tabs.compare import compared
    from service.page.words import Say
    from service.pool import Host

    with closing(Host(Settings(home, threads=1, server=Server(chat.url)))) as host:
        host_names = able(host.store)
        steps = list(compared(host, TEXT, "", Ask(), PageOptions(), Say("id")))
    assert "0 dari" in steps[0]
    assert "quickmt-id-en" in steps[-1]
    assert len(steps) >= 2 and len(host_names) >= 1
