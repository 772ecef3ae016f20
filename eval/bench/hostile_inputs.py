"""Documents and sentences made of a hostile text, for :mod:`eval.bench.hostile_cases`."""

from __future__ import annotations

import gzip
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import eval.metrics
from eval.bench.hostile_strings import VARIED
from eval.datasets import Dataset
from service import presets
from service.document import (
    Article,
    Brief,
    Finding,
    Furniture,
    Message,
    Output,
    Passage,
    Reading,
    SegmentTranslation,
    Signature,
    Suggestion,
    Summary,
    SummarySentence,
    Translation,
)
from service.engines.echo import EchoEngine
from service.errors import InputError
from service.facts.fates import English, fate
from service.facts.figures import Outcome
from service.facts.ledger import MOST_NAMES, Mentions, ledger, mentions
from service.facts.names import NameReader
from service.facts.pronouns import Pronouns
from service.intake.documents import alignment as placement
from service.intake.documents import bilingual, blocks
from service.intake.documents import markup as builder
from service.intake.documents.alignment import Mark, Placer
from service.intake.documents.archive import Limits
from service.render.brief import Ledger
from service.render.marks import Note, Notes
from service.summary import summarizer
from service.summary.brief import brief
from service.text import number_words, numbers, segment, words
from service.text.aligner import align
from service.text.projection import cut as cut_at
from service.text.projection import project
from service.translation import glossary, terms, translator
from service.translation.guard import consistency, form, lexicon
from service.translation.memory import sqlite as memory
from service.translation.memory import tmx as tmx_module
from service.translation.memory.base import Memory, Remembered

Run = Callable[[str], object]

MOST = 20_000_000
"""Characters that nothing is refused for at the sizes of this table."""
LIMITS = Limits(MOST * 10)
PROSE = "Presiden Joko Widodo tidak hadir di Jakarta pada 3 Mei 2020. Harga naik 5,5 persen, kata Menteri."
ENGLISH = (
    "President Joko Widodo was not in Jakarta on May 3, 2020. Prices rose by 5.5 percent, a minister said."
)


@lru_cache(maxsize=16)
def other(shape: int, size: int) -> str:
    """Return a text of different words, as long as the hostile one, for the other side."""
    return VARIED[shape](size)


def pairs(call: Callable[[str, str], object]) -> tuple[Run, ...]:
    """Return a function of two texts: the same on both sides, on either beside others, and beside plain
    prose.
    """
    return (
        lambda text: call(text, text),
        lambda text: call(text, other(0, len(text))),
        lambda text: call(other(2, len(text)), text),
        lambda text: call(text, ENGLISH),
        lambda text: call(PROSE, text),
    )


def lines_of(text: str) -> list[str]:
    """Return a text as sentences: by its lines where it has some, else by its words."""
    found = [line for line in (text.split("\n") if "\n" in text else text.split(" ")) if line.strip()]
    return found or [text or "a"]


def with_sentences(call: Callable[[list[str]], object]) -> tuple[Run, ...]:
    """Return a function of sentences: many short ones, and one that is as long as all."""
    return (lambda text: call(lines_of(text)), lambda text: call([PROSE, text, PROSE]))


def with_lines(call: Callable[[list[str]], object]) -> tuple[Run, ...]:
    """Return a function of a page's lines as cleaning has them: none is empty, and runs of white space are
    one.
    """
    return with_sentences(lambda texts: call([" ".join(text.split()) or "a" for text in texts]))


def said(source: str, target: str) -> SegmentTranslation:
    return SegmentTranslation(source, target, 0.0)


def loud(passage: Passage) -> Iterator[SegmentTranslation]:
    return (said(source, source.upper()) for source in passage.sentences)


def turned(passage: Passage) -> Iterator[SegmentTranslation]:
    return (said(source, " ".join(reversed(source.split()))) for source in passage.sentences)


def passage_of(lines: Sequence[str]) -> Passage:
    """Make a passage of sentences with themselves as context, the first a headline."""
    return Passage(tuple(lines), "\n".join(lines), frozenset((0,)))


def translated(call: Callable[[bytes, blocks.Translate], object]) -> tuple[Run, ...]:
    """Return a document translated: into capitals, and into the opposite order."""
    return (lambda text: call(encoded(text), loud), lambda text: call(encoded(text), turned))


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@cache
def folder() -> Path:
    """Return a folder for the files of this process, removed with it."""
    folder = tempfile.TemporaryDirectory()
    # Kept, or the folder would be removed as soon as this returns.
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def file(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path


def opened(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


def zipped(members: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in members.items():
            made.writestr(name, text)
    return out.getvalue()


_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WORDS = re.compile(r"\S+")
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ODT = "urn:oasis:names:tc:opendocument:xmlns"


def xml(text: str) -> str:
    # A parser makes a line feed of a bare carriage return; as a reference it stays one.
    return escape(_ILLEGAL.sub("", text), {"\r": "&#13;"})


def docx(text: str) -> bytes:
    """Make each line a paragraph, each word a run, every other one bold."""
    body = "".join(f"<w:p>{''.join(runs(line))}</w:p>" for line in text.split("\n"))
    xml = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    return zipped({"word/document.xml": xml})


def runs(line: str) -> Iterator[str]:
    for number, part in enumerate(line.split(" ")):
        look = "<w:rPr><w:b/></w:rPr>" if number % 2 else ""
        yield f'<w:r>{look}<w:t xml:space="preserve">{xml(part)} </w:t></w:r>'


def odt(text: str) -> bytes:
    body = "".join(f"<t:p><t:span>{xml(line)}</t:span></t:p>" for line in text.split("\n"))
    content = (
        f'<o:document-content xmlns:o="{_ODT}:office:1.0" xmlns:t="{_ODT}:text:1.0">'
        f"<o:body><o:text>{body}</o:text></o:body></o:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def epub(text: str) -> bytes:
    """Return a book of one chapter, which is the text itself, and a spine that names a chapter a line."""
    # Bounded, so that the package is not what takes the time.
    lines = text.count("\n") % 4000
    items = "".join(f'<item id="i{n}" href="c.html#{n}"/>' for n in range(lines + 1))
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(lines + 1))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="p.opf"/></container>',
            "p.opf": f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>",
            "c.html": text,
        }
    )


def xlsx(text: str) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    made = book.create_sheet("a")
    for line in text.split("\n"):
        made.append([_ILLEGAL.sub("", cell)[:30_000] for cell in line.split("\t")])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pptx(text: str) -> bytes:
    """Return one slide of a paragraph a line, in which every other word is bold."""
    space = "http://schemas.openxmlformats.org/drawingml/2006/main"
    looks = "<a:rPr/>", '<a:rPr b="1"/>'
    words = (
        "</a:p><a:p>" if part == "\n" else f"<a:r>{looks[number % 2]}<a:t>{xml(part)} </a:t></a:r>"
        for number, part in enumerate(text.replace("\n", " \n ").split(" "))
    )
    return zipped(
        {
            "ppt/presentation.xml": "<presentation/>",
            "ppt/slides/slide1.xml": f'<sld xmlns:a="{space}"><a:p>{"".join(words)}</a:p></sld>',
        }
    )


def xliff(text: str) -> bytes:
    """Return a unit a line, with a code before each word."""
    code = ' <x id="1"/> '
    units = (
        f'<trans-unit id="{number}"><source>{xml(line).replace(" ", code)}</source></trans-unit>'
        for number, line in enumerate(text.split("\n"))
    )
    return f'<xliff version="1.2">{"".join(units)}</xliff>'.encode("utf-8", "replace")


def catalogue(text: str) -> str:
    """Return a gettext message a line."""
    return "".join(f'msgid {json.dumps(line)}\nmsgstr ""\n\n' for line in text.split("\n"))


def rows(text: str) -> list[bilingual.Row]:
    """Return each line a paragraph with a note on each of its words."""

    def note(word: re.Match[str]) -> blocks.PlacedNote:
        return blocks.PlacedNote("a", 0, word.start(), 0, word.end())

    return [
        bilingual.Row(line, line, 1, notes=tuple(map(note, _WORDS.finditer(line))))
        for line in text.split("\n")
    ]


def placed_cells(text: str) -> bytes:
    """Return a workbook whose only cell says that it stands at a place which is the text itself."""
    place = xml(text).replace('"', "&quot;")
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return zipped(
        {
            "xl/workbook.xml": f'<workbook xmlns:r="{relation}"><sheet name="a" r:id="b"/></workbook>',
            "xl/_rels/workbook.xml.rels": '<a><b Id="b" Target="s.xml"/></a>',
            "xl/s.xml": f'<worksheet><sheetData><row r="1"><c r="{place}"/></row></sheetData></worksheet>',
        }
    )


def pdf(text: str) -> bytes:
    """Return a page with the lines of the text, as far as Latin-1 has their letters."""
    # In a PDF string brackets and backslashes are escaped: ``(a\(b\))``.
    shown = re.sub(r"([\\()])", r"\\\1", text.replace("\r", " "))
    body = "\n".join(f"({line}) Tj T*" for line in shown.split("\n")).encode("latin-1", "replace")
    stream = b"BT /F 9 Tf 12 TL 9 800 Td\n" + body + b"\nET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/MediaBox[0 0 600 800]>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )
    made, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, each)
    # Each entry of the table is 20 bytes, the space before the line end included.
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        made
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (
            table,
            len(made),
        )
    )


def block(text: str) -> blocks.Block:
    """Return a block with a slot a word, and a mark over every third of them."""
    parts = tuple(f"{part} " for part in text.split(" "))
    marks = tuple(Mark(at, at + 1, fixed=at % 2 == 1) for at in range(0, len(parts), 3))
    return blocks.Block(parts, marks, "paragraph 1")


def projected(source: str, target: str) -> None:
    """Project parts of a sentence on another."""
    found = align(source, target)
    if found is None:
        return
    for start in range(0, len(source), max(1, len(source) // 4)):
        project(found, (start, start + 20), [(0, len(target) // 2), (len(target) // 2, len(target))])


def cut(source: str, target: str) -> None:
    """Look for places of a sentence in another."""
    found = align(source, target)
    if found is None:
        return
    for at in range(0, len(source), max(1, len(source) // 4)):
        cut_at(found, at, (0, len(target)))


def placed(text: str) -> None:
    """Place as many marks as one may have in a sentence of many parts."""
    made = block(text)
    marks = made.marks[: blocks._MOST_MARKS]
    for target in (text.upper(), " ".join(reversed(text.split(" "))), ENGLISH):
        Placer({}).place(target, made.texts, marks)


def marked(text: str) -> None:
    """Put markup together from pieces, closed in the wrong order."""
    made = builder.Markup(lambda new: new)
    for number, part in enumerate(text.split(" ")):
        made.open("<b>", f"b{number % 7}")
        made.text(part, part)
        made.inline("<br>", space=True)
        if number % 3:
            made.close("</b>", f"b{number % 5}")
    made.end()
    made.translate(loud)
    made.joined()


def signature() -> Signature:
    return shipped_translator().signature


@cache
def shipped_translator() -> translator.Translator:
    care = translator.Care(glossary.Glossary.load(), expand=True)
    return translator.Translator(EchoEngine(), presets.get("echo"), "1", care=care)


@cache
def shipped_glossary() -> glossary.Glossary:
    return glossary.Glossary.load()


def in_article(text: str) -> None:
    """Return the glossary at work on an article of this text, sentence by sentence."""
    at_work = terms.ArticleTerms(shipped_glossary(), text, expand=True)
    for line in lines_of(text):
        at_work.edit(line, line)
        at_work.inject(line)


def with_terms(call: Callable[[terms.ArticleTerms, str, str], object]) -> tuple[Run, ...]:
    def run(source: str, target: str) -> object:
        return call(terms.ArticleTerms(shipped_glossary(), source, expand=True), source, target)

    return (*pairs(run), in_article)


def spoken(text: str) -> words.Words:
    return words.words(text)


def formed(check: Callable[[form.Pair], Iterator[form.Found]]) -> Callable[[str, str], object]:
    """Return a check of the form of a sentence, over two texts."""
    return lambda a, b: list(check(form.Pair(a, b, spoken(a), spoken(b))))


def with_lexicon(call: Callable[[str, str], Iterator[object]]) -> tuple[Run, ...]:
    """Return a reader of a lexicon: the text as the whole file, and as the cells of a row."""
    head = "\t".join(lexicon.COLUMNS)

    def row(text: str) -> object:
        cell = text.replace("\t", " ").replace("\n", " ")
        return list(call(f"{head}\na\tb\t{cell}\t\t{cell}\t\t\t\n", "a"))

    def whole(text: str) -> None:
        with suppress(InputError):
            list(call(text, "a"))

    return whole, row


def compared(lines: list[str]) -> object:
    """Compare the sentences of one article, each its own translation, with those before it."""
    said = consistency.Consistency()
    return [said.see(line, line) for line in lines]


def doubts(text: str) -> tuple[Finding, ...]:
    """Return a finding whose value is the text."""
    return (Finding.of("entity.lost", name=text),)


def with_numbers(call: Callable[[Any, Any, str], object]) -> tuple[Run, ...]:
    def run(source: str, target: str) -> object:
        here = numbers.numbers(source, number_words.INDONESIAN)
        return call(here, numbers.numbers(target, number_words.ENGLISH), source)

    return pairs(run)


def translation_of(text: str) -> Translation:
    found = (Finding.of("number.lost", source=text[:40]),)
    parts = tuple(
        SegmentTranslation(
            line, line, 0.0, found, suggestions=(Suggestion(line, line, 0.9),), paragraph=at // 3
        )
        for at, line in enumerate(lines_of(text))
    )
    article = Article("", segment.split(text), text)
    title = said(text, text)
    return Translation(
        article,
        parts,
        signature(),
        title,
        "",
        ("\n",) * len(parts),
        (Message.of("other", "{line}", line=text),),
    )


def furniture_of(text: str) -> list[Furniture]:
    """Return the lines of a text as what cleaning left out."""
    return [Furniture(line, "caption", at) for at, line in enumerate(lines_of(text))]


def summary_of(text: str) -> Summary:
    lines = lines_of(text)
    found = (Finding.of("entity.lost", name=text[:40]),)
    made = tuple(SummarySentence(line, (at, at + 1), 0.5, found) for at, line in enumerate(lines))
    return Summary(made, "extractive", signature(), notes=(Message.of("other", "{line}", line=text),))


def reading_of(text: str) -> Reading:
    made = translation_of(text)
    return Reading(made.article, text, made, summary_of(text), 1.0)


def noted(text: str) -> Note | None:
    """Return the note of the last of many marked sentences."""
    notes = Notes()
    parts = translation_of(text).segments
    spans = [notes.span(part.target, part, part.source, "sentence") for part in parts]
    return notes.of(spans[-1]) if spans else None


def task_of(text: str) -> summarizer.Task:
    article = Article("", segment.split("\n".join(lines_of(text))), PROSE)
    return summarizer.Task(
        article, summarizer.Length(), "id", lambda s: list(loud(Passage(tuple(s)))), no_writer
    )


def mentions_of(text: str) -> list[Mentions]:
    return mentions(task_of(text if text.strip() else PROSE).article, shipped_glossary())


def fates_of(source: str, target: str) -> list[Outcome]:
    english, known = English(target), frozenset(source.lower().split())
    names = NameReader([source], shipped_glossary()).names(source)
    return [fate(name, english, known) for name in names[:MOST_NAMES]]


def pronouns_of(sentences: Sequence[str]) -> Pronouns:
    return Pronouns(Passage(tuple(sentences), "\n".join(sentences)), shipped_glossary())


def brief_of(text: str) -> Brief:
    # An article without a word is refused before anything is made of it.
    task = task_of(text if text.strip() else PROSE)
    return brief(task.article, shipped_glossary(), task.english, signature())


def ledger_of(text: str) -> Ledger:
    made = translation_of(text)
    return Ledger(ledger(made, shipped_glossary()), len(made.segments))


def no_writer(name: str) -> summarizer.Writer:
    return summarizer.Writer(EchoEngine(), presets.get(name), "1")


def summarized(route: str) -> Run:
    return lambda text: summarizer.ROUTES[route](english_task(text))


def english_task(text: str) -> summarizer.Task:
    task = task_of(text)
    return summarizer.Task(task.article, task.length, "en", task.english, task.writer)


def tmx(text: str) -> Path:
    units_ = "".join(
        f'<tu><tuv xml:lang="id"><seg>{xml(line)}</seg></tuv><tuv xml:lang="en"><seg>x</seg></tuv></tu>'
        for line in text.split("\n")
    )
    return file("a.tmx", encoded(f'<tmx version="1.4"><body>{units_}</body></tmx>'))


def with_memory(call: Callable[[Memory, list[str]], object]) -> Run:
    def run(text: str) -> None:
        path = folder() / "memory.sqlite"
        for old in folder().glob("memory.sqlite*"):
            old.unlink()
        kept = memory.TranslationMemory(path)
        try:
            call(kept, lines_of(text)[:2000])
        finally:
            kept.close()

    return run


def answers(lines: Sequence[str]) -> dict[str, Remembered]:
    return {line: Remembered(line, Output(line, 0.0, 1)) for line in lines}


def suggested(kept: Memory, lines: Sequence[str]) -> None:
    kept.add_own((line, line) for line in lines[:200])
    kept.suggest(lines[:20], 0.5)


def dataset(text: str) -> Dataset:
    lines = tuple(lines_of(text))
    return Dataset("a", "mt", lines, lines)


def metric(name: str) -> Run:
    def run(text: str) -> None:
        lines = lines_of(text)
        corpus = eval.metrics.Corpus(lines, lines[::-1], lines)
        eval.metrics.build([name], eval.metrics.Options(terms=((PROSE, ENGLISH),)))[0].statistics(corpus)

    return run


def with_rows(reader: Callable[..., Any], name: str, wrap: Callable[[str], str]) -> Run:
    def run(text: str) -> None:
        for _ in reader(Path(name), opened(encoded(wrap(text))), "text"):
            pass

    return run


def refused(call: Run) -> Run:
    """Wrap what reads text that may rightly be wrong in ways of its library's own."""

    def run(text: str) -> None:
        with suppress(ValueError, LookupError):
            call(text)

    return run


def with_file(name: str, call: Callable[[Path], object]) -> Run:
    """Return a function of a file that holds the text."""
    return lambda text: call(file(name, encoded(text)))


def with_name(name: str, call: Callable[[bytes, str], object]) -> Run:
    """Return a function of a document's bytes and its name."""
    return lambda text: call(encoded(text), name)


def quoted(text: str) -> str:
    """Return lines of JSON, a text a line."""
    return "".join(json.dumps({"text": line, "more": [line]}) + "\n" for line in lines_of(text))


def packed(text: str) -> bytes:
    """Return the text as a gzip stream."""
    return gzip.compress(encoded(text), 1)


def fixed(text: str) -> object:
    """Return as many marks as a sentence may have, half of them fixed."""
    made = block(text)
    return placement.fixed_through(made.texts, made.marks[: blocks._MOST_MARKS])


def written(text: str) -> int:
    """Return the lines as units of a translation memory."""
    return tmx_module.write_tmx(io.StringIO(), ((line, line, line) for line in lines_of(text)))
