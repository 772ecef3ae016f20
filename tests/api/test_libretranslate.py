from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import docx
import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.config import ServerConfig
from service.document import Finding, Passage, SegmentTranslation
from service.pool import Host
from service.settings import Settings
from service.translation.translator import Translator
from tests.intake.test_documents import odt_of, pdf_of
from tests.serving import started

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
    assert ask(client, q="Harga beras naik.")["translatedText"] == "Harga beras naik."
    assert ask(client, q=["Satu.", "Dua."])["translatedText"] == ["Satu.", "Dua."]


@pytest.mark.parametrize("more", [{}, {"format": "html"}, {"alternatives": 1}])
def test_what_is_to_be_checked_comes_beside_the_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """The fields that LibreTranslate has not: the marked sentences, and a line on the rest."""
    found = (Finding.of("number.lost", source="340"),)

    def judged(self: Translator, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        bad: dict[str, Any] = {"findings": found, "confidence": 0.1, "band": "low"}
        good: dict[str, Any] = {"confidence": 0.9, "band": "high"}
        return [
            [SegmentTranslation(s, s, -1.0, **(bad if "340" in s else good)) for s in p.sentences]
            for p in passages
        ]

    monkeypatch.setattr(Translator, "translate_all", judged)
    text = "Warga tenang. Ada 340 rumah."
    one = ask(client, q=text, **more)
    (mark,) = one["marks"]
    assert (mark["index"], mark["source"]) == (1, "Ada 340 rumah.")
    assert [finding["code"] for finding in mark["findings"]] == ["number.lost"]
    assert one["status"].startswith("2 sentences; 1 marked. Unmarked sentences can be wrong too")
    several = ask(client, q=["Warga tenang.", text], **more)
    assert [[m["index"] for m in marks] for marks in several["marks"]] == [[], [1]]
    english = ask(client, q="Rice prices rose.", source="en")
    assert english == {"translatedText": "Rice prices rose."}


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


@pytest.mark.parametrize(
    ("name", "data", "made", "held"),
    [
        ("a.po", b'msgid "Harga naik %s"\nmsgstr ""\n', "a_en.po", b'msgstr "Harga naik %s"'),
        ("a.json", b'{"a": "Harga naik"}', "a_en.json", b'{"a": "Harga naik"}'),
        ("a.pdf", pdf_of([["Harga beras naik."]]), "a_en.docx", b"word/document.xml"),
        ("a.odt", odt_of(["Harga beras naik."]), "a_en.odt", b"content.xml"),
    ],
)
def test_each_kind_has_its_counterpart(
    client: TestClient, name: str, data: bytes, made: str, held: bytes
) -> None:
    found = client.get(upload(client, name, data).json()["translatedFileUrl"])
    assert found.headers["content-disposition"] == f'attachment; filename="{made}"'
    assert held in found.content


_CODES = b'["%s"]' % (b"x1" * 251)
_TOO_MANY_KEYS = "keys: at most 100 paths of 200 characters, parted by commas, as title,items.*.name"


def loud(self: Translator, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
    return [[SegmentTranslation(s, s.upper(), -1.0) for s in p.sentences] for p in passages]


def test_a_form_with_a_field_twice_is_refused(client: TestClient) -> None:
    fields = {"source": "id", "target": "en", "keys": ["a", "b"]}
    answer = client.post("/translate_file", data=fields, files={"file": ("a.json", b'{"a": "Ya"}')})
    assert answer.status_code == 400
    assert answer.json() == {"error": "Invalid request: the form cannot be read"}


@pytest.mark.parametrize(
    ("keys", "made"),
    [
        ("", {"judul": "HARGA NAIK", "artikel": [{"isi": "WARGA RESAH", "kode": "a_b"}]}),
        ("artikel.*.isi", {"judul": "Harga naik", "artikel": [{"isi": "WARGA RESAH", "kode": "a_b"}]}),
        ("judul, *.kode", {"judul": "HARGA NAIK", "artikel": [{"isi": "Warga resah", "kode": "A_B"}]}),
    ],
)
def test_keys_say_which_texts_of_a_json_file_are_translated(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, keys: str, made: object
) -> None:
    monkeypatch.setattr(Translator, "translate_all", loud)
    file = b'{"judul": "Harga naik", "artikel": [{"isi": "Warga resah", "kode": "a_b"}]}'
    url = upload(client, "a.json", file, keys=keys).json()["translatedFileUrl"]
    assert client.get(url).json() == made


@pytest.mark.parametrize(
    ("attributes", "alt"), [("true", "PASAR RAMAI"), ("false", "Pasar ramai"), ("", "Pasar ramai")]
)
def test_attributes_are_translated_where_that_is_asked_for(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, attributes: str, alt: str
) -> None:
    monkeypatch.setattr(Translator, "translate_all", loud)
    page = b'<p>Harga naik.</p><img alt="Pasar ramai">'
    url = upload(client, "a.html", page, attributes=attributes).json()["translatedFileUrl"]
    assert client.get(url).text == f'<p>HARGA NAIK.</p><img alt="{alt}">'


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
        ("a.txt", b"x", {"attributes": "maybe"}, "Invalid request: attributes is true or false"),
        ("a.docx", b"x", {}, "not what its name says: no Word document, or a broken one"),
        ("a.json", b'{"a": "Ya", "b": 1}', {"keys": "b,c.*"}, "no text in it at: b, c.*"),
        ("a.json", b'{"a": "Ya"}', {"keys": "a," * 100}, _TOO_MANY_KEYS),
        ("a.json", _CODES, {"keys": "*"}, "Invalid request: request (502) exceeds text limit (500)"),
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


# What LibreTranslate's own tests of its API expect, with Indonesian to English where they have another pair:
# method, path, fields as a form or as JSON, the status, and the names in the answer.
HALO = {"q": "Halo", "source": "id", "target": "en", "format": "text"}
EXPECTED: dict[str, tuple[str, str, str, Any, int, set[str]]] = {
    "a text": ("POST", "/translate", "data", HALO, 200, {"translatedText"}),
    "several": ("POST", "/translate", "json", {**HALO, "q": ["Halo", "Dunia"]}, 200, {"translatedText"}),
    "a language there is not": ("POST", "/translate", "data", {**HALO, "target": "zz"}, 400, {"error"}),
    "a source there is not": ("POST", "/translate", "data", {**HALO, "source": "zz"}, 400, {"error"}),
    "no text": ("POST", "/translate", "data", {"source": "id", "target": "en"}, 400, {"error"}),
    "no texts": ("POST", "/translate", "json", {**HALO, "q": []}, 400, {"error"}),
    "no source": ("POST", "/translate", "data", {"q": "Halo", "target": "en"}, 400, {"error"}),
    "no target": ("POST", "/translate", "data", {"q": "Halo", "source": "id"}, 400, {"error"}),
    "a format there is not": ("POST", "/translate", "data", {**HALO, "format": "xml"}, 400, {"error"}),
    "no number": ("POST", "/translate", "data", {**HALO, "alternatives": "abc"}, 400, {"error"}),
    "JSON that is a list": ("POST", "/translate", "json", ["bukan", "objek"], 400, {"error"}),
    "alternatives": (
        "POST",
        "/translate",
        "json",
        {**HALO, "alternatives": 2},
        200,
        {"translatedText", "alternatives"},
    ),
    "the language found": (
        "POST",
        "/translate",
        "data",
        {**HALO, "q": LONG, "source": "auto"},
        200,
        {"translatedText", "detectedLanguage"},
    ),
    "nothing to translate": ("POST", "/translate", "data", {**HALO, "q": "😀"}, 200, {"translatedText"}),
    "which language": ("POST", "/detect", "data", {"q": "Halo"}, 200, {"confidence", "language"}),
    "which language of nothing": ("POST", "/detect", "data", {}, 400, {"error"}),
    "detect, GET": ("GET", "/detect", "", None, 405, {"error"}),
    "languages": ("GET", "/languages", "", None, 200, {"code", "name", "targets"}),
    "languages, POST": ("POST", "/languages", "", None, 405, {"error"}),
    "settings": (
        "GET",
        "/frontend/settings",
        "",
        None,
        200,
        {
            "apiKeys",
            "charLimit",
            "filesTranslation",
            "frontendTimeout",
            "keyRequired",
            "language",
            "suggestions",
            "supportedFilesFormat",
        },
    ),
    "settings, POST": ("POST", "/frontend/settings", "", None, 405, {"error"}),
    "the description": ("GET", "/spec", "", None, 200, {"openapi", "info", "paths", "components"}),
    "the description, POST": ("POST", "/spec", "", None, 405, {"error"}),
    "alive": ("GET", "/health", "", None, 200, {"status"}),
    "a suggestion": ("POST", "/suggest", "data", {"q": "Halo", "s": "Hello"}, 403, {"error"}),
}


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server as it is started, page and all."""
    with started(tmp_path_factory.mktemp("home")) as running:
        yield from _client(f"http://127.0.0.1:{running.port}")


def _client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "how", "sent", "status", "names"), EXPECTED.values(), ids=EXPECTED
)
def test_what_libretranslate_s_own_tests_expect(
    paged: httpx.Client, method: str, path: str, how: str, sent: Any, status: int, names: set[str]
) -> None:
    answer = paged.request(method, path, **({how: sent} if how else {}))
    assert answer.status_code == status
    found = answer.json()
    # Fields of ours come on top, which their clients do not read.
    assert set(found[0] if isinstance(found, list) else found) - ({"marks", "status"} - names) == names
    if status == 405:
        assert method not in answer.headers["allow"]
    if status >= 400:
        assert isinstance(found["error"], str)
    if path == "/translate" and status == 200:
        assert isinstance(found["translatedText"], type(sent["q"]))
        assert len(found["translatedText"]) == len(sent["q"])


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (0, 200), (2, 200), (2.0, 200), (-1, 200), ("", 200), (None, 200), ("2", 200), ("002", 200),
        ("-7", 200), (3, 400), ("3", 400), (1.5, 400), (True, 400), (False, 400), ([], 400), ("1_0", 400),
        (" 1", 400), ("1.0", 400), ("9" * 10_000, 400), ("-" + "9" * 10_000, 200), ("0" * 10_000 + "1", 200),
    ],
)  # fmt: skip
def test_a_number_of_alternatives_is_what_is_described(client: TestClient, value: Any, status: int) -> None:
    sent = {"q": "Satu.", "source": "id", "target": "en", "alternatives": value}
    assert client.post("/translate", json=sent).status_code == status


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"api_key": 3}, "api_key parameter is not text"),
        ({"api_key": ["a"]}, "api_key parameter is not text"),
        ({"format": 0}, "0 format is not supported"),
        ({"format": {"a": "x" * 1000}}, "{'a': 'xxxxxxxxxxxxx format is not supported"),
        ({"format": False}, "False format is not supported"),
    ],
)
def test_a_field_of_another_kind_is_refused(client: TestClient, fields: dict[str, Any], error: str) -> None:
    answer = client.post("/translate", json={"q": "Satu.", "source": "id", "target": "en", **fields})
    assert answer.status_code == 400
    assert error in answer.json()["error"]


@pytest.mark.parametrize("fields", [{"api_key": None}, {"api_key": ""}, {"format": None}, {"format": ""}])
def test_an_empty_field_is_none(client: TestClient, fields: dict[str, Any]) -> None:
    answer = client.post("/translate", json={"q": "Satu.", "source": "id", "target": "en", **fields})
    assert answer.status_code == 200


def test_the_limits_of_this_server_are_described(client: TestClient) -> None:
    content = client.get("/openapi.json").json()["paths"]["/translate"]["post"]["requestBody"]["content"]
    text, several = content["application/json"]["schema"]["properties"]["q"]["anyOf"]
    assert (text["maxLength"], several["maxItems"], several["items"]["maxLength"]) == (500, 3, 500)
    assert content["application/json"]["schema"]["properties"]["alternatives"]["anyOf"][0]["maximum"] == 2


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    host = Host(Settings(tmp_path, model="opus-mt-id-en"))
    with TestClient(create_app(host, CONFIG, page=False), HERE) as client:
        answer = client.post("/translate", json={"q": "x", "source": "id", "target": "en"})
    assert answer.status_code == 400
    assert "opus-mt-id-en" in answer.json()["error"]
