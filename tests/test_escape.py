"""Text from elsewhere stays text in tables and in Markdown, whatever it says."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from eval.baselines import Reference
from eval.report import formats as report
from service.batch.job import Job
from service.batch.run import run
from service.document import Message, SegmentTranslation
from service.escape import cell, markdown, markdown_item, markdown_line, uncell
from service.intake.records import Record, read_records
from service.pipeline import build_pipeline, to_article
from service.render.sheet import sheet
from service.render.text import reading_markdown, summary_markdown, translation_markdown
from service.render.word import sheet_docx
from service.settings import Settings
from tests.eval.test_report import evaluation

HOSTILE = (
    "# Judul",
    "- butir\n+ lagi\n* lagi",
    "1. satu\n2) dua",
    "> kutipan",
    "    kode",
    "```sh\nrm -rf /\n```",
    "~~~\nkode\n~~~",
    "---\n***\n___",
    "Judul\n===",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[klik](javascript:alert(1))",
    "![](https://jahat.example/a.png)",
    "![x][y]\n\n[y]: https://jahat.example/a.png",
    "<https://jahat.example> https://jahat.example www.jahat.example a@jahat.example",
    "a | b\n--- | ---\nc | d",
    "&lt;b&gt; &#106; &copy;",
    "**tebal** _miring_ ~~dicoret~~ `kode` \\* [1]",
    "baris  \nlain\\\nlagi",
    "[ ] tugas [x]",
)
LETTERS = st.text(alphabet="ab1 \t\n#>-+*_`~=[]()<>!|\\&;:/.@'\"$%{}^?,", max_size=60)
ANY = st.one_of(LETTERS, st.text(max_size=40))
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}


def shown(text: str) -> str:
    """A text as a reader sees it: Markdown knows neither the spaces around lines nor empty ones."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    lines = re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", text)
    return "\n".join(line for line in (line.strip(" \t") for line in lines) if line)


def tokens(text: str) -> list[Token]:
    return [inner for token in PARSER.parse(text) for inner in (token, *(token.children or ()))]


def rendered(text: str) -> str:
    blocks = [token for token in PARSER.parse(text) if token.type == "inline"]
    lines = [
        "".join("\n" if c.type == "softbreak" else c.content for c in block.children or ())
        for block in blocks
    ]
    return "\n".join(lines)


def linked(text: str) -> set[str]:
    """What a program makes an address of that links bare ones: GitHub, for one."""
    return set(re.findall(r"(?<!\\)(?:https?|ftp)://\S+|www\.\S+", text, re.I))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    assert {token.type for token in tokens(markdown(text))} <= PLAIN
    assert rendered(markdown(text)) == shown(text)
    assert not linked(markdown(text))


@given(ANY)
@example("a\n=")
@example("1.")
@example("a\\")
def test_any_text_is_shown_as_it_is(text: str) -> None:
    found = tokens(markdown(text))
    assert {token.type for token in found} <= PLAIN
    assert rendered(markdown(text)).split() == shown(text).split()


@given(ANY)
def test_any_text_stays_in_its_line(text: str) -> None:
    for mark, kind in (("#", "heading"), ("-", "list_item"), (">", "blockquote")):
        found = tokens(f"{mark} a{markdown_line(text)}")
        own = {token.type for token in found} - PLAIN
        assert own <= {f"{kind}_open", f"{kind}_close", "bullet_list_open", "bullet_list_close"}
        assert sum(token.type == f"{kind}_open" for token in found) == 1


def test_the_numbers_of_a_summary_s_sources_stay() -> None:
    assert markdown_item("Harga [naik] 5 % [1, 3]") == "Harga \\[naik\\] 5 % [1, 3]"


# --- what is written ---------------------------------------------------------------------------


@pytest.fixture
def reading(tmp_path: Path):  # type: ignore[no-untyped-def]
    pipeline = build_pipeline(Settings(tmp_path / "home", model="echo"), lambda _: None)
    return pipeline.read(to_article("Harga beras naik di pasar.\n\nWarga tetap tenang saja."))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_reading_holds_no_markup_but_its_own(text: str, reading) -> None:  # type: ignore[no-untyped-def]
    parts = tuple(replace(part, target=text) for part in reading.translation.segments)
    title = SegmentTranslation("Judul", text, 0.0)
    translation = replace(
        reading.translation, segments=parts, title=title, warnings=(Message.of("other", "{line}", line=text),)
    )
    sentences = tuple(replace(sentence, text=text) for sentence in reading.summary.sentences)
    summary = replace(reading.summary, sentences=sentences, notes=(Message.of("other", "{line}", line=text),))
    hostile = replace(reading, headline=text, translation=translation, summary=summary)
    ours = PLAIN | {
        f"{kind}_{end}" for kind in ("heading", "bullet_list", "list_item") for end in ("open", "close")
    }
    ours |= {"blockquote_open", "blockquote_close"}
    for made in (reading_markdown(hostile), translation_markdown(translation), summary_markdown(summary)):
        assert {token.type for token in tokens(made)} <= ours
        assert not linked(made)
    headings = [token for token in tokens(reading_markdown(hostile)) if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h1", "h2", "h2", "h2", "h2"]


def test_a_word_document_has_no_markdown_s_backslashes(reading) -> None:  # type: ignore[no-untyped-def]
    from docx import Document

    parts = tuple(replace(part, target="# Harga_beras [naik]") for part in reading.translation.segments)
    hostile = replace(reading, translation=replace(reading.translation, segments=parts))
    (table,) = Document(io.BytesIO(sheet_docx(sheet(hostile)))).tables
    assert {row.cells[2].text for row in table.rows} == {"English", "# Harga_beras [naik]"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_report_holds_no_markup_but_its_own(text: str) -> None:
    found = evaluation()
    first = found.systems[0]
    renamed = replace(first, output=replace(first.output, name=text, signature=text))
    hostile = replace(found, systems=(renamed, *found.systems[1:]), skipped=(text,))
    made = tokens(report.markdown(hostile))
    assert not {token.type for token in made} & {
        "link_open", "image", "html_block", "html_inline", "heading_open", "fence", "code_block",
        "code_inline", "blockquote_open", "em_open", "strong_open", "s_open", "hr",
    }  # fmt: skip
    assert sum(token.type == "table_open" for token in made) == (2 if hostile.comparisons else 1)
    assert not linked(report.markdown(hostile))


# --- tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1+2", "'=1+2"),
        ('=HYPERLINK("https://jahat.example","klik")', '\'=HYPERLINK("https://jahat.example","klik")'),
        ("+62 21 555", "'+62 21 555"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("'=1", "''=1"),
        ("-5", "-5"),
        ("+5.250,75", "+5.250,75"),
        ("-12 %", "-12 %"),
        ("- kata pedagang", "'- kata pedagang"),
        ("'kutipan'", "'kutipan'"),
        ("Harga = naik", "Harga = naik"),
        ("", ""),
    ],
)
def test_a_cell_is_never_a_formula(text: str, kept: str) -> None:
    assert cell(text) == kept
    assert uncell(kept) == text


@given(st.one_of(st.text(max_size=30), st.text(alphabet="'=+-@\t\r 1a", max_size=8)))
def test_whatever_a_cell_holds_comes_back(text: str) -> None:
    assert uncell(cell(text)) == text
    assert cell(text)[:1] not in ("=", "@", "\t", "\r")


FORMULAS = ["=1+2 naik tajam.", "@SUM(A1) naik tajam.", "-2+3 harga naik.", "'=5 harga naik.", "Harga naik."]


def batch(folder: Path, name: str, *, raw: bool = False) -> Path:
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in FORMULAS), "utf-8")
    job = Job([source], folder / name, raw=raw)
    run(job, build_pipeline(Settings(folder / "home", model="echo"), lambda _: None))
    return job.output


@pytest.mark.parametrize(("name", "dialect"), [("o.csv", "excel"), ("o.tsv", "excel-tab")])
def test_a_batch_writes_no_formulas_and_reads_its_own_again(name: str, dialect: str, tmp_path: Path) -> None:
    output = batch(tmp_path, name)
    rows = list(csv.DictReader(io.StringIO(output.read_text("utf-8"), newline=""), dialect=dialect))
    assert [row["translation"] for row in rows] == [cell(text) for text in FORMULAS]
    again = list(read_records(output, column="translation"))
    assert [record.text for record in again if isinstance(record, Record)] == FORMULAS


def test_raw_keeps_all_as_it_is(tmp_path: Path) -> None:
    output = batch(tmp_path, "o.csv", raw=True)
    rows = list(csv.DictReader(io.StringIO(output.read_text("utf-8"), newline="")))
    assert [row["translation"] for row in rows] == FORMULAS


def test_somebody_else_s_table_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n'=5 harga naik\n", "utf-8")
    (record,) = read_records(tmp_path / "a.csv", column="text")
    assert isinstance(record, Record)
    assert record.text == "'=5 harga naik"


def test_scores_are_written_without_formulas() -> None:
    found = evaluation()
    first = found.systems[0]
    renamed = replace(first, output=replace(first.output, name="=cmd|' /C calc'!A0"))
    published = (Reference("@x", "BLEU", -5.0, "+sumber"),)
    hostile = replace(found, systems=(renamed,), published=published)
    rows = list(csv.reader(io.StringIO(report.comma_separated(hostile))))
    cells = [value for row in rows for value in row]
    assert "'=cmd|' /C calc'!A0" in cells
    assert {"'@x", "'+sumber", "-5.0"} <= set(cells)
