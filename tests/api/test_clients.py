"""Public client libraries for LibreTranslate, unchanged, against a real server."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docx
import httpx2 as httpx
import pytest
from deep_translator import LibreTranslator
from deep_translator.exceptions import ServerException
from libretranslate_aio import AsyncLibreTranslate, LibreTranslate
from libretranslate_aio.exceptions import LibreTranslateError
from libretranslatepy import LibreTranslateAPI

from service.pool import Host
from service.settings import Settings
from tests.live import CONFIG, running

TEXT = "Harga beras di pasar induk naik 12 persen pada bulan Maret."


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    host = Host(Settings(tmp_path_factory.mktemp("home"), model="echo"))
    with running(host, replace(CONFIG, text_chars=1000)) as live:
        yield live.url


def test_libretranslatepy(url: str) -> None:
    client = LibreTranslateAPI(url)
    assert client.translate(TEXT, "id", "en") == TEXT
    assert client.detect(TEXT)[0]["language"] == "id"
    assert [language["code"] for language in client.languages()] == ["id", "en"]


def test_deep_translator(url: str) -> None:
    client = LibreTranslator(source="id", target="en", custom_url=url + "/", api_key="none")
    assert client.translate(TEXT) == TEXT
    assert client.translate_batch(["Satu dua.", "Tiga empat."]) == ["Satu dua.", "Tiga empat."]
    with pytest.raises(ServerException):
        client.translate("x" * 1001)


def test_libretranslate_aio(url: str, tmp_path: Path) -> None:
    with LibreTranslate(url) as client:
        assert client.health()
        assert client.translate(TEXT, "id", "en").translated_text == TEXT
        found = client.translate(TEXT, "auto", "en", alternatives=2)
        assert found.detected_language
        assert client.translate(["Satu.", "Dua."], "id", "en").translated_text == ["Satu.", "Dua."]
        page = "<p>Harga <b>beras</b> naik.</p>"
        assert client.translate(page, "id", "en", format="html").translated_text == page
        assert client.detect(TEXT)[0].language == "id"
        assert [language.code for language in client.languages()] == ["id", "en"]
        assert client.frontend_settings().char_limit == 1000
        with pytest.raises(LibreTranslateError, match="fr is not supported"):
            client.translate(TEXT, "id", "fr")
        document = docx.Document()
        document.add_paragraph(TEXT)
        document.save(str(tmp_path / "berita.docx"))
        made = client.translate_file(tmp_path / "berita.docx", "id", "en")
    (tmp_path / "news.docx").write_bytes(httpx.get(made.translated_file_url).content)
    assert [p.text for p in docx.Document(str(tmp_path / "news.docx")).paragraphs] == [TEXT]


def test_libretranslate_aio_many_at_once(url: str) -> None:
    texts = [f"Kalimat nomor {number}." for number in range(20)]

    async def all_at_once() -> list[object]:
        async with AsyncLibreTranslate(url) as client:
            found = await asyncio.gather(*(client.translate(text, "id", "en") for text in texts))
        return [one.translated_text for one in found]

    assert asyncio.run(all_at_once()) == texts
