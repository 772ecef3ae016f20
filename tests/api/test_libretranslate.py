from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import docx
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.config import ServerConfig
from service.pool import Host
from service.settings import Settings

FRENCH = "Le président de la République a signé la loi hier soir à Paris."
LONG = "Harga beras di pasar induk naik 12 persen pada bulan Maret karena banjir."
HERE = "http://127.0.0.1"
CONFIG = ServerConfig(text_chars=500, batch_items=3, alternatives=2, requests_per_minute=10_000)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    host = Host(Settings(tmp_path_factory.mktemp("home"), model="echo"))
    with TestClient(create_app(host, CONFIG, page=False), HERE) as client:
        yield client


def ask(client: TestClient, **fields: Any) -> Any:
    return client.post("/translate", json={"source": "id", "target": "en", **fields}).json()


def test_a_text_and_a_list(client: TestClient) -> None:
    assert ask(client, q="Harga beras naik.") == {"translatedText": "Harga beras naik."}
    assert ask(client, q=["Satu.", "Dua."]) == {"translatedText": ["Satu.", "Dua."]}


def test_lines_and_spaces_stay(client: TestClient) -> None:
    text = "  Satu dua. Tiga.\n\n\tEmpat lima.\n"
    assert ask(client, q=text)["translatedText"] == text


def test_html_keeps_its_tags(client: TestClient) -> None:
    page = '<p class="x">Harga <b>beras</b> naik.</p><!-- tetap --><script>var a = "tidak";</script>'
    assert ask(client, q=page, format="html")["translatedText"] == page
    assert ask(client, q=[page], format="html")["translatedText"] == [page]


def test_auto_says_what_it_detected(client: TestClient) -> None:
    one = ask(client, q=LONG, source="auto")
    assert one["detectedLanguage"]["language"] == "id"
    assert 50 < one["detectedLanguage"]["confidence"] <= 100
    english = "The price of rice rose by twelve percent in March because of the floods."
    several = ask(client, q=[english, english], source="auto")
    assert several["translatedText"] == [english, english]
    assert [found["language"] for found in several["detectedLanguage"]] == ["en", "en"]


def test_alternatives_are_there_when_asked_for(client: TestClient) -> None:
    assert ask(client, q="Satu.", alternatives=2)["alternatives"] == []
    assert ask(client, q=["Satu."], alternatives=2)["alternatives"] == [[]]


@pytest.mark.parametrize("how", ["data", "params", "files"])
def test_forms_and_queries_are_taken_too(client: TestClient, how: str) -> None:
    fields = {"q": "Harga beras naik.", "source": "id", "target": "en", "format": "text", "alternatives": "1"}
    sent: dict[str, Any] = {how: fields}
    if how == "files":
        sent = {"files": {name: (None, value) for name, value in fields.items()}}
    answer = client.post("/translate", **sent)
    assert (answer.status_code, answer.json()["translatedText"]) == (200, "Harga beras naik.")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "id", "target": "en"}, "Invalid request: missing q parameter"),
        ({"q": "x", "target": "en"}, "Invalid request: missing source parameter"),
        ({"q": "x", "source": "id"}, "Invalid request: missing target parameter"),
        ({"q": "x", "source": "id", "target": ["en"]}, "Invalid request: missing target parameter"),
        ({"q": "x", "source": "xx", "target": "en"}, "xx is not supported"),
        ({"q": "x", "source": "id", "target": "fr"}, "fr is not supported"),
        ({"q": "x", "source": "id", "target": "auto"}, "auto is not supported"),
        (
            {"q": "x", "source": "en", "target": "id"},
            "Indonesian (id) is not available as a target language from English (en)",
        ),
        ({"q": "x", "source": "id", "target": "en", "format": "pdf"}, "pdf format is not supported"),
        (
            {"q": "x", "source": "id", "target": "en", "alternatives": "many"},
            "Invalid request: alternatives parameter is not a number",
        ),
        (
            {"q": "x", "source": "id", "target": "en", "alternatives": 10_000},
            "Invalid request: alternatives parameter must be <= 2",
        ),
        (
            {"q": "x" * 501, "source": "id", "target": "en"},
            "Invalid request: request (501) exceeds text limit (500)",
        ),
        (
            {"q": ["x" * 300] * 2, "source": "id", "target": "en"},
            "Invalid request: request (600) exceeds text limit (500)",
        ),
        (
            {"q": ["x"] * 4, "source": "id", "target": "en"},
            "Invalid request: request (4) exceeds text limit (3)",
        ),
        ({"q": ["x", 3], "source": "id", "target": "en"}, "Invalid request: q parameter is not text"),
        ({"q": {"x": 1}, "source": "id", "target": "en"}, "Invalid request: q parameter is not text"),
        (
            {"q": FRENCH, "source": "auto", "target": "en"},
            "fr is not supported",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_libretranslates_words(
    client: TestClient, fields: dict[str, Any], message: str
) -> None:
    answer = client.post("/translate", json=fields)
    assert (answer.status_code, answer.json()) == (400, {"error": message})


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"3", b"\xff\xfe", b'{"q": "\xff"}', b"[" * 100_000, b'{"q": NaN', b""]
)
def test_broken_json_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JSON format"})


def test_half_a_surrogate_pair_is_refused(client: TestClient) -> None:
    body = b'{"q": "\\ud800", "source": "id", "target": "en"}'
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "surrogate" in answer.json()["error"]


def test_detect(client: TestClient) -> None:
    found = client.post("/detect", data={"q": LONG}).json()
    assert [one["language"] for one in found] == ["id"]
    assert client.post("/detect", json={"q": "123"}).json() == [{"language": "en", "confidence": 0.0}]
    assert client.post("/detect", json={}).json() == {"error": "Invalid request: missing q parameter"}


def test_languages_and_settings(client: TestClient) -> None:
    languages = client.get("/languages").json()
    assert {"code": "id", "name": "Indonesian", "targets": ["en"]} in languages
    settings = client.get("/frontend/settings").json()
    assert settings["charLimit"] == 500
    assert ".docx" in settings["supportedFilesFormat"]
    assert settings["language"]["source"] == {"code": "id", "name": "Indonesian"}
    assert client.get("/health").json() == {"status": "ok"}
    assert "/translate" in client.get("/spec").json()["paths"]
    assert client.post("/suggest").status_code == 403


def upload(client: TestClient, name: str, data: bytes, **fields: str) -> Any:
    form = {"source": "id", "target": "en", **fields}
    return client.post("/translate_file", data=form, files={"file": (name, data)})


def test_a_file_comes_back_as_its_own_kind(client: TestClient) -> None:
    document = docx.Document()
    document.add_paragraph("Harga beras naik.")
    document.save(packed := BytesIO())
    url = upload(client, "berita pagi.docx", packed.getvalue()).json()["translatedFileUrl"]
    assert url.startswith("http://127.0.0.1/download_file/")
    found = client.get(url)
    assert found.headers["content-disposition"] == 'attachment; filename="berita_pagi_en.docx"'
    assert "word/document.xml" in ZipFile(BytesIO(found.content)).namelist()


def test_a_file_that_cannot_be_written_comes_back_as_text(client: TestClient) -> None:
    url = upload(client, "a.txt", b"Harga beras naik.\n").json()["translatedFileUrl"]
    assert client.get(url).text == "Harga beras naik.\n"


@pytest.mark.parametrize(
    ("name", "data", "fields", "message"),
    [
        ("a.exe", b"MZ", {}, "Invalid request: file format not supported"),
        ("a.txt", b"", {}, "Invalid request: empty file"),
        ("a.txt", b"x", {"source": ""}, "Invalid request: missing source parameter"),
        ("a.txt", b"x", {"target": "fr"}, "fr is not supported"),
        ("a.docx", b"x", {}, "not what its name says: no Word document, or a broken one"),
        ("a.txt", b"x" * 501, {}, "Invalid request: request (501) exceeds text limit (500)"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(
    client: TestClient, name: str, data: bytes, fields: dict[str, str], message: str
) -> None:
    answer = upload(client, name, data, **fields)
    assert (answer.status_code, answer.json()) == (400, {"error": message})


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b"])
def test_only_files_that_were_made_can_be_had(client: TestClient, name: str) -> None:
    assert client.get(f"/download_file/{name}").status_code == 404


def test_unknown_places_and_methods(client: TestClient) -> None:
    assert client.get("/nowhere").json() == {"error": "there is nothing at this address"}
    assert client.get("/translate").json() == {"error": "this address does not take that method"}


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    host = Host(Settings(tmp_path, model="opus-mt-id-en"))
    with TestClient(create_app(host, CONFIG, page=False), HERE) as client:
        answer = client.post("/translate", json={"q": "x", "source": "id", "target": "en"})
    assert answer.status_code == 400
    assert "opus-mt-id-en" in answer.json()["error"]
