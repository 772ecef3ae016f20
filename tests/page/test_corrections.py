"""Correcting a reading: other translations, the user's own words, terms, undoing, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.document import Decoding, Output, Reading
from service.engines.echo import EchoEngine
from service.errors import UsageError
from service.page.corrections import Answer, Corrections
from service.page.options import PageOptions
from service.page.serialization import pack, unpack
from service.page.words import Say
from service.pipeline import to_article
from service.pool import Host
from service.settings import Settings

SAY = Say("en")
TEXT = (
    "Banjir Rendam Tiga Desa\n\n"
    "Banjir merendam 340 rumah di Demak sejak Senin malam. "
    "Kepala desa mengatakan warga sudah mengungsi.\n\n"
    "Warga menunggu bantuan pemerintah kabupaten."
)
FLOOD = "Banjir merendam 340 rumah di Demak sejak Senin malam."
CHIEF = "Kepala desa mengatakan warga sudah mengungsi."


class Words(EchoEngine):
    """Says how often it was asked, and offers two other translations."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.asked += texts
        limit = decoding.max_new_tokens
        return [Output(f"English of {text}"[: 10 * limit], -0.1, 5) for text in texts]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        other = Output(f"Other of {text}", -0.2, 5)
        return [*self.generate([text], decoding), other][:count]


@pytest.fixture
def engine() -> Words:
    return Words()


@pytest.fixture
def host(tmp_path: Path, engine: Words) -> Host:
    return Host(Settings(tmp_path, model="gemma-3-270m", repair=False, memory=True), opener=lambda _: engine)


@pytest.fixture
def made(host: Host) -> Reading:
    return host.pipeline().read(to_article(TEXT))


@pytest.fixture
def page(host: Host) -> Corrections:
    return Corrections(host, PageOptions(own=True))


def read(values: Answer) -> Reading:
    return unpack(values["values"]["reading"])


def test_a_sentence_has_other_translations(page: Corrections, made: Reading) -> None:
    found = page.others({"reading": pack(made), "source": FLOOD}, SAY)["others"]
    assert found == [f"English of {FLOOD}", f"Other of {FLOOD}"]


def test_one_s_own_words_take_the_place_of_a_sentence_and_are_checked(
    page: Corrections, made: Reading, host: Host
) -> None:
    english = "Floods have covered 430 houses in Demak\n since Monday night."
    asked = {"reading": pack(made), "source": FLOOD, "english": english}
    now = read(page.correct(asked, SAY))
    first = now.translation.segments[0]
    assert (first.target, first.own) == (" ".join(english.split()), True)
    assert [finding.kind for finding in first.findings] == ["number"]
    assert now.brief
    assert now.brief.what.text == first.target
    assert now.summary.sentences[0].text == first.target
    assert now.translation.segments[1:] == made.translation.segments[1:]
    # For this article alone: nothing of it is kept.
    memory = host.memory()
    assert memory
    assert memory.own([FLOOD]) == {}


def test_the_title_can_be_corrected(page: Corrections, made: Reading) -> None:
    asked = {"reading": pack(made), "source": made.article.title, "english": "Three Villages Flooded"}
    assert read(page.correct(asked, SAY)).headline == "Three Villages Flooded"


def test_what_is_remembered_is_used_in_the_next_article_until_it_is_undone(
    page: Corrections, made: Reading, host: Host, engine: Words
) -> None:
    packed = pack(made)
    asked = {"reading": packed, "source": CHIEF, "english": "The village chief said so.", "remember": True}
    done = page.correct(asked, SAY)
    assert done["before"] == ""
    again = host.pipeline().translate(to_article(f"Kalimat yang baru. {CHIEF}"))
    assert (again.segments[1].target, again.segments[1].own) == ("The village chief said so.", True)
    other = page.correct({**asked, "english": "The chief said so."}, SAY)
    assert other["before"] == "The village chief said so."
    memory = host.memory()
    assert memory
    page.revert({"reading": packed, "source": CHIEF, "before": other["before"]}, SAY)
    assert memory.own([CHIEF]) == {CHIEF: "The village chief said so."}
    back = read(page.revert({"reading": packed, "source": CHIEF, "before": done["before"]}, SAY))
    assert memory.own([CHIEF]) == {}
    assert back == made


def test_a_term_is_kept_and_its_sentences_are_translated_again(
    page: Corrections, made: Reading, host: Host, engine: Words
) -> None:
    engine.asked.clear()
    asked = {"reading": pack(made), "term": "kepala  desa", "english": "village head"}
    done = page.define(asked, SAY)
    assert (done["before"], done["again"]) == ("", 1)
    assert [text for text in engine.asked if "village head" in text.lower()]
    assert not [text for text in engine.asked if "Demak" in text]
    assert [(term.id, term.en) for term in host.terms.terms()] == [("kepala desa", "village head")]
    assert read(done).translation.segments[0] == made.translation.segments[0]
    page.revert({"reading": pack(made), "term": "kepala desa", "meant": done["before"]}, SAY)
    assert host.terms.terms() == []


def test_a_second_reading_asks_the_model_nothing(host: Host, made: Reading, engine: Words) -> None:
    engine.asked.clear()
    assert host.pipeline().read(to_article(TEXT)).translation.text == made.translation.text
    assert engine.asked == []


def test_what_is_kept_is_said_and_can_be_forgotten(page: Corrections, made: Reading, host: Host) -> None:
    packed = pack(made)
    page.correct({"reading": packed, "source": CHIEF, "english": "So the chief.", "remember": True}, SAY)
    page.define({"reading": packed, "term": "banjir", "english": "flooding"}, SAY)
    told = page.kept({}, SAY)
    assert told["own"] is True
    assert "1 sentence of your own" in told["line"]
    assert "1 term" in told["line"]
    told = page.forget({}, SAY)
    assert "0 translated sentences" in told["line"]
    assert "1 sentence of your own" in told["line"]
    told = page.forget({"all": True}, SAY)
    assert "0 sentences of your own" in told["line"]
    assert host.terms.terms() == []


def test_strangers_keep_nothing_for_each_other(host: Host, made: Reading) -> None:
    page = Corrections(host, PageOptions())
    packed = pack(made)
    asked = {"reading": packed, "source": CHIEF, "english": "So the chief."}
    assert read(page.correct(asked, SAY)).translation.segments[1].own
    assert page.kept({}, SAY)["own"] is False
    for work, values in (
        (page.correct, {**asked, "remember": True}),
        (page.define, {"reading": packed, "term": "banjir", "english": "flooding"}),
        (page.revert, {"reading": packed, "source": CHIEF, "before": ""}),
        (page.revert, {"reading": packed, "term": "banjir", "meant": ""}),
        (page.forget, {"all": True}),
    ):
        with pytest.raises(UsageError):
            work(values, SAY)


def test_without_a_memory_it_is_said(tmp_path: Path) -> None:
    page = Corrections(Host(Settings(tmp_path, model="echo")), PageOptions(own=True))
    assert page.kept({}, SAY) == {"line": SAY("memory_off"), "own": False}


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"reading": 1, "source": CHIEF},
        {"source": CHIEF, "english": "x"},
        {"source": "Bukan kalimatnya.", "english": "x", "whole": True},
        {"source": CHIEF, "english": " \n", "whole": True},
        {"source": 7, "english": "x", "whole": True},
        {"source": CHIEF, "english": "x" * 5001, "whole": True},
    ],
)
def test_what_no_page_asks_is_an_error_in_a_line(page: Corrections, made: Reading, asked: Any) -> None:
    if isinstance(asked, dict) and asked.pop("whole", False):
        asked = {**asked, "reading": pack(made)}
    correct = page.functions()[1]
    answer = correct(asked, SimpleNamespace(cookies={}, headers={}))
    assert list(answer) == ["error"]
    assert "\n" not in answer["error"]
