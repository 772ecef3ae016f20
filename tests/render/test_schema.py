"""The one schema of results: every interface's JSON is made by it and read by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.batch.rows import Read, Summarized, Translated, read, summarized, translated
from service.document import Article, Finding, Passage, Reading, SegmentTranslation
from service.messages import speaking
from service.pipeline import Brief, build_pipeline, to_article
from service.pool import Host
from service.render import schema
from service.settings import Settings
from service.summary.routes import NAMES
from service.summary.summarizer import ROUTES
from service.validation import Invalid, plain, restored, validated
from tests.live import CONFIG

ARTICLE = "Banjir di Demak\n\nBanjir merendam 340 rumah. Warga mengungsi.\n\nAir mulai surut pada sore hari."


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    pipeline = build_pipeline(Settings(tmp_path_factory.mktemp("home"), model="echo"), lambda _: None)
    return pipeline.read(to_article(ARTICLE), Brief("extractive"))


def test_every_result_is_read_back_as_it_was_written(reading: Reading) -> None:
    made: list[schema.Model] = [
        schema.Reading.of(reading),
        schema.Translation.of(reading.translation),
        schema.Summary.of(reading.summary),
        schema.Article.of(reading.article),
        schema.Ended.of(reading.translation, 1.0),
        translated(reading.translation),
        summarized(reading.summary),
        read(reading),
    ]
    for one in made:
        assert type(one).model_validate(json.loads(one.dumped())) == one


def test_http_answers_what_the_command_line_prints(reading: Reading, tmp_path: Path) -> None:
    app = create_app(Host(Settings(tmp_path, model="echo")), CONFIG, page=False)
    with TestClient(app, "http://127.0.0.1") as client:
        body = {"text": ARTICLE, "summary": {"route": "extractive"}}
        answer: dict[str, Any] = client.post("/v1/read", json=body).json()
    assert {**answer, "seconds": 0} == {**schema.Reading.of(reading).model_dump(), "seconds": 0}


def test_a_finding_is_said_in_the_language_of_whoever_is_answered() -> None:
    finding = Finding.of("number.changed", source="340", target="430")
    with speaking("id"):
        said = schema.Finding.model_validate(finding)
    english = schema.Finding.model_validate(finding)
    assert (said.code, said.kind, said.severity) == ("number.changed", "number", english.severity)
    assert said.values == {"source": "340", "target": "430"}
    assert said.message != english.message


def test_the_columns_of_both_tasks_are_those_of_read() -> None:
    both = {**Translated.model_fields, **Summarized.model_fields}
    assert Read.model_fields.keys() == {*both, "headline"}
    assert all(Read.model_fields[name].annotation == field.annotation for name, field in both.items())


def test_a_column_that_is_not_declared_is_refused(reading: Reading) -> None:
    values = schema.Summary.of(reading.summary).model_dump()
    with pytest.raises(ValueError, match="extra"):
        schema.Summary.model_validate({**values, "tone": 1})


def test_records_travel_as_plain_values_and_come_back(reading: Reading) -> None:
    assert restored(Article, json.loads(json.dumps(plain(reading.article)))) == reading.article
    half = Passage(("a \ud800 b.",), "a", frozenset((0,)))
    assert restored(Passage, json.loads(json.dumps(plain(half)))) == half
    part = reading.translation.segments[0]
    assert restored(SegmentTranslation, plain(part)) == part
    assert validated(SegmentTranslation, plain(part)) == part


@pytest.mark.parametrize("change", [{"tone": 1}, {"source": 3}, {"findings": [{"values": []}]}])
def test_what_is_no_record_is_refused(reading: Reading, change: dict[str, Any]) -> None:
    value = {**plain(reading.translation.segments[0]), **change}
    for take in (validated, restored):
        with pytest.raises(Invalid):
            take(SegmentTranslation, value)


def test_every_route_that_is_named_is_there() -> None:
    assert ("auto", *ROUTES) == NAMES
