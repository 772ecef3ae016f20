from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.errors import EngineError, UnknownModel
from service.host import Host
from service.pipeline import to_article
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
