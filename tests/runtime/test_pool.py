import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.context import Ask, asking
from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.errors import EngineError, UnknownModel
from service.pipeline import to_article
from service.pool import Host
from service.presets import Preset, all_presets
from service.settings import Settings


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(Settings(tmp_path, model="echo"))


def test_each_model_is_opened_once_and_shared(host: Host) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: host.pipeline(), range(16)))
    assert len(found) == 1
    narrow = host.pipeline("echo", beam_size=1)
    assert narrow.signature.decoding.beam_size == 1
    assert list(host.engines()) == ["echo"]
    assert narrow.translate(to_article("Harga beras naik.")).text == "Harga beras naik."
    assert host.engines()["echo"].stats().rows == 1


def test_an_unknown_model_is_an_error_and_opens_nothing(host: Host) -> None:
    with pytest.raises(UnknownModel):
        host.pipeline("no-such")
    assert not host.engines()


def test_after_closing_nothing_is_generated(host: Host) -> None:
    pipeline = host.pipeline()
    host.close()
    assert not host.engines()
    with pytest.raises(EngineError, match="closed"):
        pipeline.translate(to_article("Harga beras naik."))


MODELS = [
    name
    for name, preset in all_presets().items()
    if preset.task == "translate" and preset.architecture not in ("echo", "endpoint")
][:4]
ARTICLE = to_article("Harga beras naik.")


class Shop:
    """A host whose models are echoes, and how often each was opened."""

    def __init__(self, home: Path, engine: type[EchoEngine] = EchoEngine, kept: int = 2) -> None:
        self.opened: list[str] = []
        self._engine = engine
        self.host = Host(Settings(home, model="echo", repair=False), opener=self._open, kept=kept)

    def _open(self, preset: Preset) -> EchoEngine:
        self.opened.append(preset.name)
        return self._engine()

    @property
    def open(self) -> list[str]:
        return [name for name, kept in self.host.engines().items() if kept.open]

    def translate(self, model: str) -> str:
        with asking(Ask("somebody")):
            return self.host.pipeline(model).translate(ARTICLE).text


def test_of_the_models_that_were_chosen_those_used_last_stay_open(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.translate("auto")
    first, second, third = MODELS[:3]
    for model in (first, second, first, third):
        assert shop.translate(model) == ARTICLE.text
    assert shop.open == ["echo", first, third]
    assert shop.translate(second) == ARTICLE.text
    assert shop.open == ["echo", second, third]
    assert shop.opened == ["echo", first, second, third, second]
    shop.host.close()


def test_a_model_at_work_is_not_closed(tmp_path: Path) -> None:
    """Not between two calls of one request either; what was opened beyond the limit goes when that ends."""
    shop = Shop(tmp_path, kept=1)
    first, second, third = MODELS[:3]
    with asking(Ask("somebody")):
        pipeline = shop.host.pipeline(first)
        assert pipeline.translate(ARTICLE).text == ARTICLE.text
        with ThreadPoolExecutor(1) as other:
            for model in (second, third):
                other.submit(shop.translate, model).result()
        assert shop.open == [first]
        assert pipeline.translate(ARTICLE).text == ARTICLE.text
    assert shop.opened == [first, second, third]
    assert shop.translate(second) == ARTICLE.text
    assert shop.open == [second]
    shop.host.close()


def test_many_requests_for_many_models_all_get_their_answer(tmp_path: Path) -> None:
    shop = Shop(tmp_path, kept=1)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(shop.translate, MODELS * 50))
    assert made == [ARTICLE.text] * len(made)
    shop.translate("auto")
    assert len(shop.open) == 2
    shop.host.close()


def test_a_host_closes_what_is_at_work(tmp_path: Path) -> None:
    begun, gate = threading.Event(), threading.Event()

    class Waiting(EchoEngine):
        def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
            begun.set()
            assert gate.wait(20)
            return super().generate(texts, decoding)

    shop = Shop(tmp_path, Waiting)
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(shop.translate, MODELS[0])
        assert begun.wait(20)
        closed = pool.submit(shop.host.close)
        gate.set()
        closed.result(20)
        assert asked.result(20) == ARTICLE.text
    assert not shop.host.engines()


class Slow:
    """A host whose models are opened when the test lets them, and how often each was asked for."""

    def __init__(self, home: Path, kept: int = 2) -> None:
        self.begun: dict[str, threading.Event] = {name: threading.Event() for name in MODELS}
        self.gates: dict[str, threading.Event] = {name: threading.Event() for name in MODELS}
        self.opened: list[str] = []
        self.host = Host(Settings(home, model="echo", repair=False), opener=self._open, kept=kept)

    def _open(self, preset: Preset) -> EchoEngine:
        self.opened.append(preset.name)
        if preset.name in self.gates:
            self.begun[preset.name].set()
            assert self.gates[preset.name].wait(20)
        return EchoEngine()


def test_while_one_model_is_opened_everything_else_goes_on(tmp_path: Path) -> None:
    """Its own callers wait, and it is opened once; the figures and other models do not wait."""
    slow = Slow(tmp_path)
    first, second = MODELS[:2]
    slow.gates[second].set()
    slow.host.pipeline()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(slow.host.pipeline, first) for _ in range(3)]
        assert slow.begun[first].wait(20)
        # Each would wait for the gate if it needed what opening holds.
        asked = pool.submit(lambda: (list(slow.host.engines()), slow.host.tallies()))
        assert asked.result(20) == (["echo"], {"echo": (0, {})})
        assert pool.submit(slow.host.pipeline).result(20).translate(ARTICLE).text == ARTICLE.text
        assert pool.submit(slow.host.pipeline, second).result(20).translate(ARTICLE).text == ARTICLE.text
        assert not any(future.done() for future in waiting)
        slow.gates[first].set()
        assert len({id(future.result(20)) for future in waiting}) == 1
    assert slow.opened == ["echo", first, second]
    slow.host.close()


def test_a_model_that_is_opened_again_holds_up_nobody_else(tmp_path: Path) -> None:
    slow = Slow(tmp_path, kept=1)
    first, second = MODELS[:2]
    slow.gates[first].set()
    slow.gates[second].set()
    pipeline = slow.host.pipeline(first)
    slow.host.pipeline(second)
    assert not slow.host.engines()[first].open
    slow.begun[first].clear()
    slow.gates[first].clear()
    with ThreadPoolExecutor(2) as pool:
        again = pool.submit(pipeline.translate, ARTICLE)
        assert slow.begun[first].wait(20)
        assert [e.stats().rows for e in pool.submit(slow.host.engines).result(20).values()] == [0, 0]
        slow.gates[first].set()
        assert again.result(20).text == ARTICLE.text
    slow.host.close()


def test_a_model_that_is_opened_while_the_host_closes_does_not_stay(tmp_path: Path) -> None:
    slow = Slow(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(slow.host.pipeline, MODELS[0])
        assert slow.begun[MODELS[0]].wait(20)
        slow.host.close()
        slow.gates[MODELS[0]].set()
        with pytest.raises(EngineError, match="closing"):
            asked.result(20)
    assert not slow.host.engines()


def test_a_model_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    fails = [True]

    def open_or_fail(preset: Preset) -> EchoEngine:
        if preset.name != "echo" and fails.pop():
            raise EngineError("no memory left")
        return EchoEngine()

    host = Host(Settings(tmp_path, model="echo"), opener=open_or_fail)
    with pytest.raises(EngineError, match="no memory left"):
        host.pipeline(MODELS[0])
    fails.append(False)
    assert host.pipeline(MODELS[0]).translate(ARTICLE).text == ARTICLE.text
    host.close()
