import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from service.api import jobs, libretranslate
from service.api.app import create_app
from service.api.examples import all_examples
from service.pool import Host
from service.render import schema
from service.settings import Settings
from tests.live import CONFIG, Gated, gated_host
from tests.pictured import CAPTION, PICTURED

HERE = "http://127.0.0.1"
ARTICLE = "Banjir di Demak\n\nBanjir merendam 340 rumah. Warga mengungsi.\n\nAir mulai surut pada sore hari."
OPERATION = ("/health", "/ready", "/metrics")
SENTENCES = ["Banjir merendam 340 rumah.", "Warga mengungsi.", "Air mulai surut pada sore hari."]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    host = Host(Settings(tmp_path_factory.mktemp("home"), model="echo"))
    with TestClient(create_app(host, replace(CONFIG, text_chars=1000), page=False), HERE) as client:
        yield client


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, parsed as the standard says."""
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_field_may_be_null(client: TestClient) -> None:
    assert client.post("/v1/read", json={"text": ARTICLE, "url": None, "beam_size": None}).status_code == 200


def test_read(client: TestClient) -> None:
    reading = client.post("/v1/read", json={"text": ARTICLE, "summary": {"sentences": 1}}).json()
    assert reading["headline"] == "Banjir di Demak"
    assert [s["target"] for s in reading["segments"]] == SENTENCES
    assert [s["paragraph"] for s in reading["segments"]] == [0, 0, 1]
    assert reading["text"] == ARTICLE.split("\n\n", 1)[1]
    assert len(reading["summary"]["sentences"]) == 1
    assert reading["signature"]["preset"] == "echo"


def test_read_has_the_brief_and_the_facts(client: TestClient) -> None:
    reading = client.post("/v1/read", json={"text": ARTICLE}).json()
    assert reading["brief"]["what"]["text"] == SENTENCES[0]
    assert reading["brief"]["headline"]["target"] == reading["headline"]
    assert [fact["source"] for fact in reading["facts"] if fact["kind"] == "number"] == ["340 rumah"]


def test_brief(client: TestClient) -> None:
    answer = client.post("/v1/brief", json={"text": ARTICLE}).json()
    shown = [answer["what"], *answer["points"]]
    assert answer["what"]["text"] == SENTENCES[0]
    assert all(SENTENCES[sentence["sentence"]] == sentence["text"] for sentence in shown)
    assert {fact["label"] for fact in answer["facts"]} == {"how many"}
    assert answer["signature"]["route"].startswith("brief(")


def test_facts(client: TestClient) -> None:
    answer = client.post("/v1/facts", json={"text": ARTICLE}).json()
    assert sum(answer["counts"].values()) == len(answer["facts"])
    in_title = [fact for fact in answer["facts"] if fact["sentence"] is None]
    assert [fact["source"] for fact in in_title] == ["Demak"]


def test_translate(client: TestClient) -> None:
    answer = client.post("/v1/translate", json={"text": ARTICLE, "beam_size": 2}).json()
    assert [s["target"] for s in answer["segments"]] == SENTENCES
    assert answer["signature"]["decoding"]["beam_size"] == 2


def test_captions_are_translated_on_demand(client: TestClient) -> None:
    for place in ("read", "translate"):
        plain = client.post(f"/v1/{place}", json={"text": PICTURED}).json()
        assert plain["captions"] and plain["caption_segments"] == []
        asked = client.post(f"/v1/{place}", json={"text": PICTURED, "captions": True}).json()
        assert [(part["target"], part["paragraph"]) for part in asked["caption_segments"]] == [(CAPTION, 0)]
    body, accept = {"text": PICTURED, "captions": True}, {"Accept": "text/event-stream"}
    told = dict(events(client.post("/v1/translate", json=body, headers=accept).text))
    assert [part["source"] for part in told["done"]["caption_segments"]] == [CAPTION]


def test_translate_as_a_stream(client: TestClient) -> None:
    whole = client.post("/v1/translate", json={"text": ARTICLE}).json()
    answer = client.post("/v1/translate", json={"text": ARTICLE}, headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = events(answer.text)
    assert [name for name, _ in found] == ["start", "title", "segment", "segment", "segment", "done"]
    assert all({"findings", "confidence", "band"} <= set(values) for _, values in found[1:-1])
    assert found[-1][1]["status"].startswith("4 sentences; ")
    assert found[0][1] == {"title": "Banjir di Demak", "segments": 3}
    assert [data.pop("index") for name, data in found if name == "segment"] == [0, 1, 2]
    assert [data for name, data in found if name == "segment"] == whole["segments"]
    assert [data for name, data in found if name == "title"] == [whole["title"]]
    shared = found[-1][1].keys() & whole.keys()
    assert shared == whole.keys() - {"segments"}
    assert [found[-1][1][key] for key in shared] == [whole[key] for key in shared]
    for name, data in found:
        kinds: Any = {"start": schema.Started, "title": schema.Segment, "done": schema.Ended}
        kinds.get(name, schema.Segment).model_validate(data)


def test_summarize(client: TestClient) -> None:
    answer = client.post(
        "/v1/summarize", json={"text": ARTICLE, "summary": {"sentences": 1, "route": "extractive"}}
    ).json()
    assert [s["support"] for s in answer["sentences"]] in ([[0]], [[1]], [[2]])


def test_check(client: TestClient) -> None:
    body = {"source": ["Banjir merendam 340 rumah.", "Warga mengungsi."], "target": ["Floods hit 430 homes.", "Residents fled."]}  # fmt: skip # noqa: E501
    findings = client.post("/v1/check", json=body).json()["findings"]
    assert [[f["kind"] for f in pair] for pair in findings] == [["number"], []]


def test_models(client: TestClient) -> None:
    answer = client.get("/v1/models").json()
    assert answer["auto"] == "echo"
    assert "opus-mt-id-en" in [model["name"] for model in answer["models"]]


@pytest.mark.parametrize(
    ("path", "body", "status", "type", "message"),
    [
        ("read", {}, 422, "invalid_request", "give either a text or a url"),
        ("read", {"text": "x", "url": "http://a.example/"}, 422, "invalid_request", "give either"),
        ("read", {"url": "http://127.0.0.1/"}, 400, "input", "127.0.0.1 is not a public address"),
        ("read", {"text": ""}, 422, "invalid_request", "text: String should have at least 1 character"),
        ("read", {"text": " \n"}, 400, "input", "no article text"),
        ("read", {"text": 3}, 422, "invalid_request", "text: Input should be a valid string"),
        ("read", {"text": "x", "tone": 1}, 422, "invalid_request", "tone: Extra inputs are not permitted"),
        ("read", {"text": "x", "summary": {"route": "magic"}}, 422, "invalid_request", "summary.route: "),
        ("read", {"text": "x" * 1001}, 413, "too_large", "1001 characters is over the limit of 1000"),
        ("read", {"text": "Satu.", "model": "nope"}, 400, "unknown_model", "nope"),
        ("read", {"text": "Satu.", "model": "opus-mt-id-en"}, 400, "not_installed", "warta models pull"),
        ("read", {"text": ARTICLE, "summary": {"route": "mt5"}}, 400, "not_installed", "mt5-xlsum"),
        ("translate", {"text": "x", "beam_size": 9}, 422, "invalid_request", "beam_size: "),
        ("translate", {"text": "x", "beam_size": "2"}, 422, "invalid_request", "beam_size: "),
        ("check", {"source": ["x"], "target": []}, 422, "invalid_request", "target: "),
        ("check", {"source": ["x", "y"], "target": ["x"]}, 422, "invalid_request", "2 sources, 1 targets"),
        ("check", {"source": ["x" * 600], "target": ["x" * 600]}, 413, "too_large", "1200 characters"),
    ],
)
def test_what_is_wrong_is_said(
    client: TestClient, path: str, body: dict[str, Any], status: int, type: str, message: str
) -> None:
    for headers in ({}, {"Accept": "text/event-stream"}):
        answer = client.post(f"/v1/{path}", json=body, headers=headers)
        error = answer.json()["error"]
        assert (answer.status_code, error["type"]) == (status, type)
        assert message in error["message"]


def test_a_whole_number_may_have_a_point_and_its_bounds_are_described(client: TestClient) -> None:
    asked = {"text": ARTICLE, "beam_size": 2.0, "summary": {"sentences": 1.0, "words": None}}
    assert client.post("/v1/read", json=asked).status_code == 200
    assert client.post("/v1/read", json={"text": ARTICLE, "beam_size": 2.5}).status_code == 422
    described = client.get("/openapi.json").json()["components"]["schemas"]
    beam = described["ReadIn"]["properties"]["beam_size"]["anyOf"][0]
    assert (beam["type"], beam["minimum"], beam["maximum"]) == ("integer", 1, 8)
    assert described["BriefIn"]["properties"]["sentences"]["maximum"] == 20
    assert described["BriefIn"]["properties"]["words"]["anyOf"][0]["minimum"] == 1
    assert [one["required"] for one in described["ReadIn"]["oneOf"]] == [["text"], ["url"]]


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b'{"text": "\\ud800"}', 422)]
)
def test_broken_json_is_refused(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post("/v1/read", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, "invalid_request")


def test_unknown_places_have_our_error_too(client: TestClient) -> None:
    assert client.get("/v1/nowhere").json()["error"]["type"] == "not_found"
    assert client.get("/v1/read").json()["error"]["type"] == "method_not_allowed"


def test_every_operation_is_described_with_an_example_and_its_errors(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    ours = {path: operations for path, operations in paths.items() if path not in OPERATION}
    for path, operations in ours.items():
        for operation in operations.values():
            responses = operation["responses"]
            # A job may take as long as it takes.
            late = set() if path.startswith("/v1/jobs") else {"504"}
            assert {"400", "503"} | late <= set(responses), path
            kind = responses.get("200", {}).get("content", {}).get("application/json", {})
            assert not kind or kind.get("example"), path
            shape = "ErrorOut" if path.startswith("/v1") else "PlainErrorOut"
            assert responses["400"]["content"]["application/json"]["schema"]["$ref"].endswith(f"/{shape}")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("translate", libretranslate.TranslatedOut),
        ("detect", list[libretranslate.DetectionOut]),
        ("languages", list[libretranslate.LanguageOut]),
        ("settings", libretranslate.SettingsOut),
        ("translate_file", libretranslate.FileOut),
        ("v1-read", schema.Reading),
        ("v1-translate", schema.Translation),
        ("v1-summarize", schema.Summary),
        ("v1-check", schema.Checked),
        ("v1-models", schema.Models),
        ("v1-job", jobs.JobOut),
        ("v1-jobs", jobs.JobsOut),
    ],
)
def test_the_examples_are_what_the_schemas_say(name: str, model: Any) -> None:
    assert TypeAdapter(model).validate_python(all_examples()[name])


def test_a_fault_of_the_program_is_an_error_without_its_text(
    tmp_path: Path,
) -> None:
    class Broken(Gated):
        def generate(self, *_: object) -> Any:
            raise KeyError("secret article")

    host = gated_host(tmp_path, Broken())
    app = create_app(host, CONFIG, page=False)
    with TestClient(app, HERE, raise_server_exceptions=False) as client:
        answer = client.post("/v1/translate", json={"text": "Satu."})
    assert answer.status_code == 500
    assert answer.json() == {
        "error": {
            "type": "internal",
            "code": "server.failed",
            "message": "the server failed on this request",
        }
    }


@pytest.mark.parametrize(
    ("accepted", "message"),
    [
        ("en", "only http and https addresses are read"),
        ("id-ID,en;q=0.5", "hanya alamat http dan https yang dibaca"),
    ],
)
def test_messages_are_in_the_language_that_is_accepted(tmp_path: Path, accepted: str, message: str) -> None:
    app = create_app(gated_host(tmp_path, Gated()), CONFIG, page=False)
    with TestClient(app, HERE, headers={"Accept-Language": accepted}) as client:
        answer = client.post("/v1/translate", json={"url": "ftp://a.example/"})
        pairs = {"source": ["Ada 340 rumah."], "target": ["There are 430 homes."]}
        ((found,),) = client.post("/v1/check", json=pairs).json()["findings"]
    line = f"'ftp://a.example/': {message}"
    assert answer.json()["error"] == {"type": "input", "code": "web.scheme", "message": line}
    assert (found["code"], found["values"]) == ("number.changed", {"source": "340", "target": "430"})
    assert ("di sumber" in found["message"]) == (accepted != "en")
