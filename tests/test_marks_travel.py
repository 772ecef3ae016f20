"""One marked sentence through every interface: its finding, its band and the word on the others arrive."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from service.api.app import create_app
from service.cli.app import app
from service.document import Finding, SegmentTranslation
from service.inbox import digest, queue
from service.inbox.records import Wanted
from service.inbox.store import Store
from service.page.options import PageOptions
from service.page.runs import Runs
from service.page.tabs.translate import Asked, reading
from service.page.words import Say
from service.pool import Host
from service.settings import Settings
from service.translation.translator import Translator
from tests.inbox.builders import NOW, echo, entry, follow, take
from tests.live import CONFIG

ARTICLE = "Banjir di Demak\n\nBanjir merendam 340 rumah. Warga mengungsi.\n\nAir mulai surut.\n"
FOUND = "340 is not in the translation"
WORD = "Unmarked sentences can be wrong too"


@pytest.fixture(autouse=True)
def _judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Mark every sentence with 340 in it, whatever engine and interface it goes through."""
    before = Translator._segment

    def marked(self: Translator, *given: Any) -> SegmentTranslation:
        done = before(self, *given)
        lost = (Finding.of("number.lost", source="340"),)
        return replace(done, findings=lost, confidence=0.1, band="low") if "340" in done.source else done

    monkeypatch.setattr(Translator, "_segment", marked)
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(ARTICLE, "utf-8")


def warta(*words: str) -> Result:
    env = {"WARTA_HOME": "home", "WARTA_MODEL": "echo"}
    done = CliRunner().invoke(app, [*words], env=env, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.parametrize("command", ["translate", "summarize", "read"])
@pytest.mark.parametrize(("form", "mark"), [("text", " [1]"), ("markdown", "[^1]")])
def test_commands_mark_the_sentence_and_say_the_rest_on_standard_error(
    command: str, form: str, mark: str
) -> None:
    done = warta(command, "-f", form, "a.txt")
    assert f"340 rumah.{mark}" in done.stdout and FOUND in done.stdout
    assert f"1 to check. {WORD}" in done.stderr


@pytest.mark.parametrize("command", ["translate", "summarize", "read"])
def test_json_has_finding_and_band_of_the_sentence(command: str) -> None:
    made = json.loads(warta(command, "-f", "json", "a.txt").stdout)
    sentences = made["sentences"] if command == "summarize" else made["segments"]
    (bad,) = [one for one in sentences if one["findings"]]
    assert (bad["findings"][0]["code"], bad["band"]) == ("number.lost", "low")
    if command != "summarize":
        assert WORD in made["status"]


def test_rows_of_a_batch_have_confidence_and_findings() -> None:
    Path("in.csv").write_text("text\nBanjir merendam 340 rumah.\nWarga mengungsi.\n", "utf-8")
    warta("batch", "in.csv", "-o", "out.csv")
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        bad, good = csv.DictReader(file)
    assert (float(bad["confidence"]), json.loads(bad["findings"])[0]["code"]) == (0.1, "number.lost")
    assert json.loads(good["findings"] or "[]") == []
    warta("batch", "in.csv", "-o", "out.jsonl", "--long")
    row = json.loads(Path("out.jsonl").read_text("utf-8").splitlines()[0])
    assert (row["confidence"], row["findings"][0]["code"]) == (0.1, "number.lost")


def test_a_word_document_has_a_comment_on_the_sentence() -> None:
    made = docx.Document()
    made.add_paragraph("Banjir merendam 340 rumah. Warga mengungsi.")
    made.save("in.docx")
    done = warta("translate", "in.docx", "-o", "out.docx")
    assert [FOUND in one.text for one in docx.Document("out.docx").comments] == [True]
    assert WORD in done.stderr


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Iterator[TestClient]:
    host = Host(Settings(tmp_path / "home", model="echo"))
    with TestClient(create_app(host, CONFIG, page=False), "http://127.0.0.1") as client:
        yield client


def test_http_answers_have_findings_band_and_status(client: TestClient) -> None:
    for path in ("/v1/translate", "/v1/read"):
        made = client.post(path, json={"text": ARTICLE}).json()
        (bad,) = [one for one in made["segments"] if one["findings"]]
        assert (bad["findings"][0]["code"], bad["band"]) == ("number.lost", "low")
        assert made["status"].startswith(f"4 sentences; 1 marked. {WORD}")
    body = {"q": "Banjir merendam 340 rumah.", "source": "id", "target": "en"}
    made = client.post("/translate", json=body).json()
    assert made["marks"][0]["findings"][0]["code"] == "number.lost" and WORD in made["status"]


def test_the_page_shows_what_to_check_and_the_word(tmp_path: Path) -> None:
    host = Host(Settings(tmp_path / "home", model="echo"))
    last = list(reading(host, PageOptions(), Runs(), Asked(ARTICLE), "me", Say("en")))[-1]
    assert FOUND in last["rows"] and FOUND in last["summary"]
    assert WORD in last["status"] and WORD in last["announce"]


def test_inbox_and_digest_say_what_to_check(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "inbox.sqlite"))
    take(store, follow(store), [entry(1, title="Banjir merendam 340 rumah di Demak")])
    queue.headlines(store, echo(tmp_path))
    told = digest.collect(store, Wanted(), NOW)
    assert [line for story in told.stories for line in story.findings if FOUND in line]
    for made in (digest.as_markdown(told), digest.as_html(told)):
        assert FOUND in made and digest.CAVEAT in made
    store.close()
