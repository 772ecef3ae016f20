"""Marks go wherever a sentence goes: text, Markdown, HTML, Word; and what is said of the unmarked."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from service import presets
from service.document import Finding, Reading, Translation
from service.pipeline import SummaryRequest, build_pipeline, to_article
from service.render import marks, schema
from service.render.html import pieces, sheet_html
from service.render.sheet import sheet
from service.render.text import (
    reading_markdown,
    reading_text,
    summary_markdown,
    summary_text,
    translation_markdown,
    translation_text,
)
from service.render.word import sheet_docx
from service.settings import Settings
from service.summary.summarizer import Length

ARTICLE = "Banjir di Demak\n\nBanjir merendam 340 rumah. Warga mengungsi.\n\nAir mulai surut pada sore hari."
CHANGED = Finding.of("number.changed", source="340", target="304")
LOST = Finding.of("entity.lost", name="Demak")
CAVEAT = "Unmarked sentences can be wrong too: not measured for this model."


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """One sentence with two findings and one that is likely wrong; the title and the second hold."""
    pipeline = build_pipeline(Settings(tmp_path_factory.mktemp("home"), model="echo"), lambda _: None)
    done = pipeline.translate(to_article(ARTICLE))
    title, (first, second, third) = done.title, done.segments
    assert title
    good: dict[str, Any] = {"findings": (), "confidence": 0.9, "band": "high"}
    made = replace(
        done,
        title=replace(title, target="Floods in Demak", **good),
        segments=(
            replace(first, target="Floods hit 304 homes.", **{**good, "findings": (CHANGED, LOST)}),
            replace(second, target="Residents fled.", **good),
            replace(third, target="<b>Water</b> fell.", findings=(), confidence=0.12, band="low"),
        ),
    )
    return pipeline.read(made.article, SummaryRequest("extractive", Length(3)), made)


def test_a_text_has_numbers_and_the_words_of_each_at_its_end(reading: Reading) -> None:
    text = translation_text(reading.translation)
    body, notes = text.split("-" * 20)
    assert "Floods hit 304 homes. [1] Residents fled.\n\n<b>Water</b> fell. [2]" in body
    assert (
        "[1] sentence 1 (“Floods hit 304 homes.”) number: 340 in the source, 304 in the translation; "
        in notes
    )
    assert "entity: Demak is not in the translation" in notes
    assert "[2] sentence 3 (“<b>Water</b> fell.”) likely wrong: confidence 12%" in notes
    assert notes.endswith(f"\n4 sentences; 2 marked. {CAVEAT}\n")


def test_a_text_without_marks_is_the_text_alone(reading: Reading) -> None:
    whole = reading.translation
    good = tuple(replace(part, findings=(), confidence=0.9, band="high") for part in whole.segments)
    text = translation_text(replace(whole, segments=good))
    assert text == "Floods in Demak\n\nFloods hit 304 homes. Residents fled.\n\n<b>Water</b> fell.\n"


def test_markdown_has_footnotes(reading: Reading) -> None:
    text = translation_markdown(reading.translation)
    assert "Floods hit 304 homes.[^1] Residents fled.\n\n\\<b\\>Water\\</b\\> fell.[^2]" in text
    assert "\n[^1]: sentence 1 (“Floods hit 304 homes.”) number: 340 in" in text
    assert f"4 sentences; 2 marked. {CAVEAT}" in text


@pytest.mark.parametrize(
    ("made", "mark", "note"),
    [(reading_text, r" \[1\]", r"^\[1\] "), (reading_markdown, r"\[\^1\]", r"^\[\^1\]: ")],
)
def test_a_sentence_has_the_same_number_in_summary_and_translation(
    reading: Reading, made: object, mark: str, note: str
) -> None:
    assert callable(made)
    text = made(reading)
    assert len(re.findall(r"304 homes\." + mark, text)) == 2
    assert len(re.findall(note, text, re.M)) == 1
    assert CAVEAT in text


def test_a_summary_alone_has_its_marks(reading: Reading) -> None:
    text = summary_text(reading.summary)
    assert "Floods hit 304 homes. [1] (sentence 1)" in text
    assert "\n[1] summary sentence 1 (“Floods hit 304 homes.”) number: 340" in text
    text = summary_markdown(reading.summary)
    assert "- Floods hit 304 homes.[^1] [1]" in text and "\n[^1]: summary sentence 1" in text


def test_a_headline_made_from_a_sentence_has_its_mark(reading: Reading) -> None:
    bare = replace(reading.translation, title=None)
    untitled = replace(reading, headline="Floods hit 304 homes", translation=bare)
    assert reading_text(untitled).startswith("Floods hit 304 homes [1]\n===")
    assert "# Floods hit 304 homes[^1]" in reading_markdown(untitled)
    found = schema.Reading.of(untitled)
    assert [finding.code for finding in found.headline_findings] == ["number.changed", "entity.lost"]
    assert (found.headline_confidence, found.headline_band) == (0.9, "high")


def test_json_says_in_a_line_what_is_marked_and_of_a_summary_sentence_how_sure(reading: Reading) -> None:
    found = schema.Reading.of(reading)
    assert found.status == f"4 sentences; 2 marked. {CAVEAT}"
    first = found.summary.sentences[0]
    assert ([finding.code for finding in first.findings], first.confidence) == (
        ["number.changed", "entity.lost"],
        0.9,
    )
    assert [s.band for s in found.summary.sentences] == [s.band for s in reading.translation.segments]


def test_a_word_document_has_comments_on_the_words(reading: Reading) -> None:
    document = Document(BytesIO(sheet_docx(sheet(reading))))
    said = [comment.text for comment in document.comments]
    assert said.count("number: 340 in the source, 304 in the translation") == 1
    assert said.count("entity: Demak is not in the translation") == 1
    assert said.count("likely wrong: confidence 12%") == 1
    assert {comment.author for comment in document.comments} == {"Warta"}
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows][:2] == [
        ["No.", "Indonesian", "English"],
        ["1", "Banjir merendam 340 rumah.", "Floods hit 304 homes."],
    ]
    runs = [run.text for run in table.rows[1].cells[2].paragraphs[0].runs if run.text]
    assert runs == ["Floods hit ", "304", " homes."]


class _Page(HTMLParser):
    """What is marked, with its title, and where links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.marked: list[tuple[str, str]] = []
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self._title: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids.add(found.get("id") or "")
        self.links.add(found.get("href") or "")
        self._title = found.get("title") if tag == "mark" else None

    def handle_data(self, data: str) -> None:
        if self._title is not None:
            self.marked.append((data, self._title))
            self._title = None


def test_html_marks_words_with_titles_and_footnotes(reading: Reading) -> None:
    page = _Page(sheet_html(sheet(reading)))
    reasons = "number: 340 in the source, 304 in the translation; entity: Demak is not in the translation"
    assert page.marked.count(("304", reasons)) == 1
    assert page.marked.count(("<b>Water</b> fell.", "likely wrong: confidence 12%")) == 1
    assert {link.removeprefix("#") for link in page.links if link} == {"note1", "note2"} <= page.ids
    assert page.tags.isdisjoint({"b", "script", "link", "img", "iframe"})


def test_without_words_the_whole_sentence_is_marked() -> None:
    def note(*findings: Finding) -> marks.Note:
        return marks.Note(1, "sentence 1", "Two of two.", findings, ("x",) * len(findings))

    twice = Finding.of("doubled.phrase", phrase="two")
    assert pieces("One, two.", None) == [("One, two.", False)]
    assert pieces("One, two.", note(twice)) == [("One, ", False), ("two", True), (".", False)]
    assert pieces("One, two.", note(LOST)) == [("One, two.", True)]
    assert pieces("Twofold.", note(twice)) == [("Twofold.", True)]


def test_what_is_said_of_the_unmarked_is_what_was_measured() -> None:
    measured = presets.get("gemma-3-270m")
    assert measured.wrong_unmarked == 0.19
    assert str(marks.caveat(measured.name)).endswith("about 1 in 5 on this model.")
    assert str(marks.caveat("opus-mt-id-en")) == CAVEAT == str(marks.caveat("of somebody else"))


def test_the_line_for_standard_error(reading: Reading) -> None:
    whole: Translation = reading.translation
    line = marks.progress(whole.segments, "gemma-3-270m", "a.txt")
    assert line == (
        "a.txt: 3 sentences, 2 to check. Unmarked sentences can be wrong too: about 1 in 5 on this model."
    )


def test_a_file_on_disk_is_the_same_page(reading: Reading, tmp_path: Path) -> None:
    from base64 import b64decode

    from service.render.download import file

    made = file(reading, "html")
    assert made["name"].endswith(".html") and made["type"] == "text/html"
    assert b64decode(made["data"]).decode() == sheet_html(sheet(reading))
