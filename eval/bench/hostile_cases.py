"""Every pattern and every text function that meets text from outside, and how each is called.

``FUNCTIONS`` has a row for each public function and method of the modules below; one that is missing fails
``tests/test_growth.py``, and so does a pattern that is made where it cannot be found. Patterns need no row:
all of the modules' compiled patterns are found, and tried in every way in which a pattern can be used.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

import eval.checks
import eval.contamination
import eval.metrics
import eval.text
from eval.bench import hostile_inputs as given
from eval.bench.hostile_inputs import LIMITS, MOST, PROSE, Run
from eval.bench.hostile_strings import FAMILIES, Case, Pattern, derived
from service import facts as ledgers
from service import intake, summary, translation
from service import text as text_package
from service.document import Finding, Furniture, Output
from service.engines.echo import EchoEngine
from service.facts import fates, figures, ledger, pronouns, quotations
from service.facts import names as named_in
from service.intake import (
    clean,
    credit,
    documents,
    entities,
    glued,
    judge,
    linefeatures,
    lines,
    plain,
    raised,
    record,
    records,
    rules,
    tables,
)
from service.intake import compression as streams
from service.intake import encoding as formats
from service.intake import fetch as web
from service.intake.documents import (
    about,
    archive,
    bilingual,
    blocks,
    columns,
    drawn,
    epub,
    html,
    icu,
    keyed,
    markdown,
    office,
    opendocument,
    pdf,
    po,
    runs,
    sheet,
    slides,
    strings,
    subtitles,
    word,
    workbook,
    xliff,
    xmltext,
)
from service.intake.documents import alignment as placement
from service.intake.documents import markup as builder
from service.intake.documents.alignment import Mark, Placer
from service.intake.documents.archive import Archive
from service.render import brief as briefs
from service.render import html as pages
from service.render import marks, schema
from service.render import sheet as taken_out
from service.render import text as render
from service.summary import (
    brief,
    chooser,
    extractive,
    facts,
    features,
    headline,
    keyfacts,
    packing,
    provenance,
    summarizer,
    trim,
    verbs,
)
from service.text import aligner, coverage, language, number_words, numbers, projection, segment, stems, words
from service.text import placeholders as program_texts
from service.translation import aside, confidence, glossary, normalise, own_terms, repair, terms, translator
from service.translation.guard import check as guard
from service.translation.guard import (
    consistency,
    form,
    lexicon,
    names,
    negation,
    offices,
    people,
    phrases,
    units,
)
from service.translation.guard import rules as own_rules
from service.translation.guard import vocabulary as known_words
from service.translation.memory import base, forgiving, fuzzy, postgres, tmx
from service.translation.memory import sqlite as memory
from service.translation.memory.open import open_memory


def modules() -> list[ModuleType]:
    """Return the modules whose patterns and functions meet text from outside."""
    found = [render, briefs, marks, pages, eval.text, eval.checks, eval.contamination, eval.metrics]
    for package in (intake, text_package, translation, ledgers, summary):
        found.append(package)
        walked = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        found += [importlib.import_module(each.name) for each in walked]
    return found


def public() -> dict[Callable[..., object], str]:
    """Return the public functions that take anything, and methods that take text, with their names."""
    found: dict[Callable[..., object], str] = {}
    for module in modules():
        for name, value in vars(module).items():
            # Only what a module itself defines, not what it imports.
            if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
                continue
            if inspect.isclass(value):
                found |= {method: f"{module.__name__}.{name}.{key}" for key, method in _methods(value)}
            elif (
                callable(value)
                # Unwrapped, since functions behind a cache are no functions to inspect.
                and inspect.isfunction(inspect.unwrap(value))
                and inspect.signature(value).parameters
            ):
                found[value] = f"{module.__name__}.{name}"
    return found


def _methods(made: type) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, value in vars(made).items():
        if inspect.isfunction(value) and (not name.startswith("_") or name == "__iter__"):
            given = [str(p.annotation) for p in inspect.signature(value).parameters.values()]
            if name == "__iter__" or any("str" in kind or "bytes" in kind for kind in given):
                yield name, value


def patterns() -> dict[str, Pattern]:
    """Return the compiled patterns of the modules, those in tables too, by a name; each once."""
    found: dict[Pattern, str] = {}
    for module in modules():
        for name, value in vars(module).items():
            for index, pattern in enumerate(_inside(value)):
                found.setdefault(pattern, f"{module.__name__}.{name}" + (f"[{index}]" if index else ""))
    found.setdefault(rules._rules(), f"{rules.__name__}._rules")  # put together when it is first needed
    return {name: pattern for pattern, name in found.items()}


def _inside(value: Any) -> Iterator[Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        yield from _inside(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _inside(each)


def _used(pattern: Pattern, text: str) -> None:
    """Use a pattern in all ways: at the start, on the whole, and wherever it matches."""
    # A pattern of bytes takes bytes.
    given: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
    pattern.match(given)
    pattern.fullmatch(given)
    for _ in pattern.finditer(given):
        pass


def _archived(make: Callable[[str], bytes], call: Callable[[Archive], object]) -> Run:
    return lambda text: call(Archive(make(text), LIMITS))


def _many(call: Callable[[str], object]) -> tuple[Run, ...]:
    """Return a function of one text: the text as it is, and each of its lines by itself."""
    return (call, lambda text: [call(line) for line in given.lines_of(text)])


def _own_terms() -> own_terms.OwnTerms:
    return own_terms.OwnTerms(given.file("own.tsv", b"id\ten\nbanjir\tflood\n"))


def _casing(text: str) -> dict[str, str]:
    return normalise.learn_casing(text, given.shipped_glossary().acronyms)


def _restored(look: str) -> Run:
    return lambda text: normalise.Normalised(text, text, look, special=True).restore(text)


def _again(name: str) -> Callable[[bytes, blocks.Translate], object]:
    return lambda data, translate: documents.translate_data(data, name, translate, MOST)


def _parted(text: str) -> object:
    return segment.split_long(text, lambda part: len(part) < 60)


def _repaired(text: str) -> object:
    engine, decoding = EchoEngine(), given.shipped_translator().decoding
    return repair.repair(text, Output(text, 0.0, 1), engine, decoding, split=segment.split_long)


def _looked_up(text: str) -> object:
    lines = given.lines_of(text)
    return fuzzy.nearest(lines[0], [(line, line) for line in lines[: fuzzy.CANDIDATES]], 0.5)


def _in_sheet(text: str) -> object:
    rows = (("a", number, line.split("\t")) for number, line in enumerate(text.split("\n")))
    return tables.sheet_records(Path("a.xlsx"), rows, "a")


def _in_columns(text: str) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
    """Return each line of the text as a new cell of its row, the first row with the whole text beside it."""
    rows = {number: (line,) for number, line in enumerate(text.split("\n"), 1)}
    return {"a": {**rows, 1: (*rows[1], text)}}


def _widened(text: str) -> bytes:
    archive = Archive(given.xlsx(text), LIMITS)
    return columns.with_columns(archive, _in_columns(text))


def _rows_of(delimiter: str | None) -> Run:
    def run(text: str) -> None:
        found = tables.rows_of(given.opened(given.encoded(text)), delimiter)
        with suppress(csv.Error):  # what is no row: the callers name its line
            for _ in found.rows if found else ():
                pass

    return run


def _file_lines(data: bytes) -> object:
    return list(tables.file_lines(given.opened(data)))


_J, _C, _T = '{"text": "a"}\n', "text,b\n", "text\tb\n"

FUNCTIONS: Mapping[Callable[..., object], tuple[Run, ...] | Run] = {
    clean.numbered: (
        lambda text: clean.numbered(text, given.lines_of(text)),
        lambda text: clean.numbered(text, [text]),
    ),
    clean.repaired: clean.repaired,
    clean.is_headline: lambda text: clean.is_headline(text, len(text) + 1),
    credit.about_of: credit.about_of,
    credit.author: credit.author,
    credit.by_role: credit.by_role,
    credit.uncredited: credit.uncredited,
    credit.headed: lambda text: credit.headed(
        credit.PageText(text, credit.About(text[:50], text, text, text))
    ),
    credit.credit_line: lambda text: credit.credit_line(text, text, text),
    credit.credits_of: lambda text: credit.credits_of(
        Furniture(line, kind, at)
        for at, line in enumerate(given.lines_of(text))
        for kind in ("byline", "timestamp", "site", "copyright")
    ),
    about.of_page: (
        about.of_page,
        lambda text: about.of_page(f'<meta property="og:title" content="{escape(text)}"><h1>{text}</h1>'),
    ),
    glued.without: lambda text: glued.without(text, {PROSE}),
    glued.initials: glued.initials,
    judge.judge: given.with_lines(lambda texts: judge.judge(texts, [True] * len(texts))),
    judge.is_report: judge.is_report,
    judge.reads_as_news: judge.reads_as_news,
    judge.runs_on: judge.runs_on,
    linefeatures.see: given.with_lines(
        lambda texts: linefeatures.see(texts, [True] * len(texts), rules.rule_flags(texts))
    ),
    linefeatures.letters: given.with_sentences(linefeatures.letters),
    linefeatures.key: linefeatures.key,
    linefeatures.reads_on: linefeatures.reads_on,
    lines.label: given.with_lines(
        lambda texts: lines.label(texts, [True] * len(texts), rules.rule_flags(texts))
    ),
    plain.left_out: lambda text: plain.left_out(given.furniture_of(text)),
    plain.groups: lambda text: plain.groups(given.furniture_of(text)),
    raised.written: raised.written,
    rules.rule_flags: given.with_sentences(rules.rule_flags),
    rules.rule_of: rules.rule_of,
    rules.page_only: rules.page_only,
    aside.addresses: aside.addresses,
    aside.without_addresses: aside.without_addresses,
    aside.without_notes: aside.without_notes,
    aside.set_aside: aside.set_aside,
    aside.Aside.missing: lambda text: aside.set_aside(f"{text} a@b.com").missing(text),
    aside.Aside.restore: lambda text: aside.set_aside(f"{text} a@b.com").restore(text),
    normalise.reads_as_headline: normalise.reads_as_headline,
    normalise.split_dateline: normalise.split_dateline,
    render.reading_laid: lambda text: render.reading_laid(given.reading_of(text)),
    marks.reasons: lambda text: marks.reasons(given.translation_of(text).segments[0]),
    marks.words: lambda text: marks.words(Finding.of("number.added", target=text[:40]), text),
    marks.status: lambda text: marks.status(given.translation_of(text).segments, text),
    marks.progress: lambda text: marks.progress(given.translation_of(text).segments, text, text),
    marks.caveat: marks.caveat,
    marks.Notes.span: given.noted,
    pages.sheet_html: lambda text: pages.sheet_html(taken_out.sheet(given.reading_of(text))),
    pages.pieces: lambda text: pages.pieces(text, given.noted(text)),
    pages.merged: lambda text: pages.merged([(at, at + 2) for at in range(len(text))]),
    render.article_text: lambda text: render.article_text(given.translation_of(text).article),
    render.article_markdown: lambda text: render.article_markdown(given.translation_of(text).article),
    schema.Article.of: lambda text: schema.Article.of(given.translation_of(text).article),
    clean.clean: (
        clean.clean,
        lambda text: clean.clean(f"{PROSE}\n\n{text}\n\n{PROSE}", title=text),
        lambda text: clean.clean(text, keep_furniture=True),
    ),
    segment.split: segment.split,
    segment.split_long: _parted,
    language.detect: language.detect,
    language.leans_english: language.leans_english,
    language.is_english: language.is_english,
    language.check_article: language.check_article,
    language.is_english_article: language.is_english_article,
    formats.decode: (
        lambda text: formats.decode(given.encoded(text)),
        lambda text: formats.decode(given.encoded(text) + b"\xff"),
        lambda text: formats.decode(text.encode("utf-16", "replace")),
        lambda text: formats.decode(text.encode("utf-16-le", "replace")),
    ),
    formats.read_bytes: lambda text: formats.read_bytes(given.file("a.txt", given.encoded(text)), MOST),
    formats.read_text: lambda text: formats.read_text(given.file("a.txt", given.encoded(text)), MOST),
    record.good: lambda text: record.good(text, 1, text, {text: text}),
    record.bad: lambda text: record.bad(text, 1, text),
    records.read_whole: lambda text: records.read_whole(given.opened(given.encoded(text))),
    records.source_of: _many(lambda text: records.source_of(text + ".txt", given.encoded(text))),
    records.read_records: tuple(
        given.with_file(name, lambda path: list(records.read_records(path, column="text")))
        for name in ("a.jsonl", "a.csv", "a.tsv", "a.txt", "a.html", "a.md", "a.srt")
    ),
    tables.read_jsonl: (
        given.with_rows(tables.read_jsonl, "a.jsonl", lambda text: _J + text),
        given.with_rows(tables.read_jsonl, "a.jsonl", given.quoted),
    ),
    tables.read_csv: given.with_rows(tables.read_csv, "a.csv", lambda text: _C + text),
    tables.read_tsv: given.with_rows(tables.read_tsv, "a.tsv", lambda text: _T + text),
    tables.sheet_records: _in_sheet,
    tables.rows_of: (_rows_of(None), _rows_of("\t")),
    tables.distinct: (
        lambda text: tables.distinct(given.lines_of(text)),
        lambda text: tables.distinct(list(text)),
        lambda text: tables.distinct([*(f"a_{i}" for i in range(len(text))), *("a" for _ in text)]),
    ),
    tables.which_column: lambda text: str(tables.which_column(given.lines_of(text), text)),
    tables.file_lines: (
        lambda text: _file_lines(given.encoded(text)),
        lambda text: _file_lines(given.encoded(text) + b"\xff"),
        lambda text: _file_lines(text.encode("utf-16", "replace")),
        lambda text: _file_lines(text.encode("utf-16-le", "replace")),
    ),
    tables.line_text: (
        lambda text: tables.line_text(given.encoded(text)),
        lambda text: tables.line_text(given.encoded(text) + b"\xff"),
    ),
    streams.is_packed: lambda text: streams.is_packed(given.encoded(text)),
    streams.unpacked_name: (
        streams.unpacked_name,
        lambda text: streams.unpacked_name(text[:200] + ".gz" * 50),
    ),
    streams.open_unpacked: given.with_file("a.gz", lambda path: streams.open_unpacked(path).close()),
    web.parse: web.parse,
    documents.read_document: given.with_file("a.html", lambda path: documents.read_document(path, MOST)),
    documents.document_text: tuple(
        given.with_name(name, lambda data, name: documents.document_text(data, name, MOST))
        for name in ("a.txt", "a.html", "a.md", "a.srt", "a.vtt", "")
    ),
    documents.kind_of: tuple(
        given.with_name(name, documents.kind_of) for name in ("a.txt", "a.html", "a.md", "a.srt", "a.pdf")
    ),
    documents.sheet_rows: given.with_name(
        "a.txt", lambda data, name: list(documents.sheet_rows(data, name, MOST))
    ),
    documents.add_columns: lambda text: documents.add_columns(
        given.xlsx(text), "a.xlsx", _in_columns(text), MOST
    ),
    documents.translate_data: tuple(
        run for name in ("a.html", "a.md", "a.srt", "a.vtt") for run in given.translated(_again(name))
    ),
    documents.translate_document: given.with_file(
        "a.md", lambda path: documents.translate_document(path, path.with_name("b.md"), given.loud, MOST)
    ),
    archive.unpack: lambda text: archive.unpack(given.packed(text), LIMITS),
    archive.Archive.read: _archived(given.docx, lambda zipped: zipped.read("word/document.xml")),
    archive.Archive.copy: _archived(given.docx, lambda zipped: zipped.copy({})),
    html.is_page: html.is_page,
    html.read: html.read,
    html.visible: html.visible,
    html.parse: html.parse,
    html.feed: lambda text: html.feed(builder.Markup(lambda new: new), text),
    markdown.read: markdown.read,
    markdown.parse: markdown.parse,
    subtitles.is_subtitles: subtitles.is_subtitles,
    subtitles.read: subtitles.read,
    subtitles.parse: subtitles.parse,
    subtitles.translate: (
        lambda text: subtitles.translate(text, given.loud),
        lambda text: subtitles.translate("1\n00:00:01,000 --> 00:00:02,000\n" + text, given.turned),
    ),
    word.read_docx: _archived(given.docx, word.read_docx),
    word.translate_docx: (
        _archived(given.docx, lambda zipped: word.translate_docx(zipped, given.loud)),
        _archived(given.docx, lambda zipped: word.translate_docx(zipped, given.turned)),
    ),
    opendocument.read: _archived(given.odt, opendocument.read),
    opendocument.translate: (
        _archived(given.odt, lambda zipped: opendocument.translate(zipped, given.loud)),
        _archived(given.odt, lambda zipped: opendocument.translate(zipped, given.turned)),
    ),
    epub.translate: _archived(given.epub, lambda zipped: epub.translate(zipped, LIMITS, given.loud)),
    slides.read: _archived(given.pptx, slides.read),
    slides.translate: (
        _archived(given.pptx, lambda zipped: slides.translate(zipped, given.loud)),
        _archived(given.pptx, lambda zipped: slides.translate(zipped, given.turned)),
    ),
    workbook.translate: _archived(given.xlsx, lambda zipped: workbook.translate(zipped, LIMITS, given.loud)),
    columns.sheet_parts: _archived(given.placed_cells, columns.sheet_parts),
    xliff.read: (lambda text: xliff.read(given.encoded(text)), lambda text: xliff.read(given.xliff(text))),
    xliff.translate: (
        lambda text: xliff.translate(given.xliff(text), given.loud),
        lambda text: xliff.translate(given.xliff(text), given.turned),
    ),
    po.read: (po.read, lambda text: po.read(given.catalogue(text))),
    po.translate: (
        lambda text: po.translate(text, given.loud),
        lambda text: po.translate(given.catalogue(text), given.turned),
    ),
    keyed.key_paths: keyed.key_paths,
    keyed.read: (keyed.read, lambda text: keyed.read(json.dumps(text.split("\n")))),
    keyed.translate: (
        lambda text: keyed.translate(text, given.loud),
        lambda text: keyed.translate(json.dumps({line: line for line in text.split("\n")}), given.turned),
    ),
    icu.is_choice: icu.is_choice,
    icu.single: icu.single,
    icu.parse: (
        given.refused(icu.parse),
        given.refused(lambda text: icu.parse(f"{{n, plural, other {{{text}}}}}")),
    ),
    strings.translate_entries: lambda text: strings.translate_entries(
        [strings.Entry(line, "a") for line in [text, *given.lines_of(text)]], given.loud
    ),
    xmltext.tokens: lambda text: list(xmltext.tokens(text)),
    xmltext.Token.get: lambda text: [token.get("a") for token in xmltext.tokens(f"<a {text}>")],
    xmltext.Token.having: lambda text: xmltext.Token("start", f"<a {text}>", 0, "a").having("b", text),
    xmltext.until_end: (
        lambda text: list(xmltext.until_end(xmltext.tokens(text), "a")),
        lambda text: list(xmltext.until_end(xmltext.tokens(f"<a>{text}</a>"), "a")),
    ),
    xmltext.written: xmltext.written,
    xmltext.as_utf8: (xmltext.as_utf8, lambda text: xmltext.as_utf8(f"<?xml {text}")),
    html.translate_attributes: (
        lambda text: html.translate_attributes(text, given.loud),
        lambda text: html.translate_attributes(f'<img alt="{escape(text)}"><meta {text}>', given.turned),
    ),
    bilingual.as_html: lambda text: bilingual.as_html(given.rows(text)),
    bilingual.as_docx: lambda text: bilingual.as_docx(given.rows(text)),
    pdf.paragraphs: lambda text: pdf.paragraphs(given.pdf(text), LIMITS),
    pdf.translate: lambda text: pdf.translate(given.pdf(text), LIMITS, given.loud, blocks.How()),
    office.is_indonesian: office.is_indonesian,
    office.without_illegal: office.without_illegal,
    formats.has_mark: lambda text: formats.has_mark(given.encoded(text)),
    marks.notes: lambda text: marks.notes(given.translation_of(text).segments[0]),
    program_texts.placeholders: program_texts.placeholders,
    program_texts.held: program_texts.held,
    program_texts.released: program_texts.released,
    office.parse_xml: lambda text: office.parse_xml(given.encoded(text), "a"),
    office.explain_ole: lambda text: office.explain_ole(given.encoded(text)),
    epub.read: _archived(given.epub, lambda zipped: epub.read(zipped, LIMITS)),
    sheet.read: lambda text: sheet.read(given.xlsx(text), LIMITS),
    sheet.rows: lambda text: list(sheet.rows(given.xlsx(text), LIMITS)),
    columns.with_columns: (
        _widened,
        _archived(given.placed_cells, lambda zipped: columns.with_columns(zipped, {"a": {1: ("a",)}})),
    ),
    pdf.read: lambda text: pdf.read(given.pdf(text), LIMITS),
    blocks.translate_blocks: (
        lambda text: blocks.translate_blocks([given.block(text)], given.loud),
        lambda text: blocks.translate_blocks([given.block(text)], given.turned),
        lambda text: blocks.translate_blocks([*map(given.block, given.lines_of(text))], given.turned),
    ),
    builder.Markup.text: given.marked,
    builder.Markup.inline: given.marked,
    builder.Markup.open: given.marked,
    builder.Markup.close: given.marked,
    builder.Markup.end: given.marked,
    builder.Markup.translate: given.marked,
    placement.phrase_of: lambda text: placement.phrase_of([text, text], Mark(0, 2)),
    placement.covers: lambda text: placement.covers(text.split(" "), Mark(0, 1)),
    placement.fixed_through: given.fixed,
    Placer.place: given.placed,
    guard.check: given.pairs(guard.check),
    names.changed: given.pairs(lambda a, b: names.changed(a, given.spoken(a), b, given.spoken(b))),
    negation.negated: given.pairs(lambda a, b: negation.negated(given.spoken(a), b)),
    **{
        check: given.pairs(given.formed(check))
        for check in (
            form.left,
            form.doubled,
            form.decimal,
            form.seam,
            form.quotes,
            form.attribution,
            form.signs,
            form.acronyms,
            form.found,
        )
    },
    lexicon.read: given.with_lexicon(lexicon.read),
    lexicon.both: lambda text: lexicon.both(given.spoken(text)),
    offices.changed: given.pairs(lambda a, b: offices.changed(given.spoken(a), given.spoken(b))),
    people.changed: given.pairs(
        lambda a, b: people.changed(a, given.spoken(a), b, given.spoken(b), lambda _: False, lambda *_: False)
    ),
    people.words_of_names: lambda text: list(people.words_of_names(text)),
    people.is_derived: lambda text: people.is_derived(text.lower()),
    phrases.turned_round: given.pairs(
        lambda a, b: list(phrases.turned_round(a, given.spoken(a), b, given.spoken(b)))
    ),
    phrases.scores: given.pairs(lambda a, b: list(phrases.scores(a, given.spoken(a), b, given.spoken(b)))),
    phrases.ranks: given.pairs(lambda a, b: list(phrases.ranks(a, b))),
    phrases.times: given.pairs(lambda a, b: list(phrases.times(a, b))),
    phrases.not_few: given.pairs(lambda a, b: list(phrases.not_few(a, given.spoken(a), b, given.spoken(b)))),
    consistency.Consistency.see: given.with_sentences(given.compared),
    known_words.is_english: lambda text: known_words.is_english(text.lower()),
    known_words.is_indonesian: lambda text: known_words.is_indonesian(text.lower()),
    known_words.looks_indonesian: lambda text: known_words.looks_indonesian(text.lower()),
    own_rules.load: tuple(given.with_file(name, own_rules.load) for name in ("a.tsv", "a.csv", "a.toml")),
    terms.ArticleTerms.said: given.with_terms(lambda at_work, a, b: at_work.said(a, b)),
    base.Memory.dismiss: given.with_memory(
        lambda kept, lines: [kept.dismiss(line, line, given.doubts(line)) for line in lines[:20]]
    ),
    base.Memory.dismissed: given.with_memory(
        lambda kept, lines: [kept.dismissed(line, line, given.doubts(line)) for line in lines[:20]]
    ),
    negation.changed: given.pairs(lambda a, b: negation.changed(a, given.spoken(a), b, given.spoken(b))),
    numbers.present: lambda text: numbers.present(text, given.spoken(text), number_words.INDONESIAN),
    numbers.numbers: (
        lambda text: numbers.numbers(text, number_words.INDONESIAN),
        lambda text: numbers.numbers(text, number_words.ENGLISH),
    ),
    numbers.unmatched: given.with_numbers(numbers.unmatched),
    units.changed: given.with_numbers(lambda here, there, _: units.changed(here, there)),
    aligner.align: given.pairs(aligner.align),
    aligner.renderings: aligner.renderings,
    aligner.left_alone: lambda text: aligner.left_alone(text, english=True),
    aligner.begins: aligner.begins,
    coverage.coverage: given.pairs(coverage.coverage),
    coverage.entry: coverage.entry,
    coverage.phrases: coverage.phrases,
    aligner.tokens: aligner.tokens,
    aligner.english_unit: aligner.english_unit,
    aligner.Lexicon.known: lambda text: aligner.Lexicon.load().known(text),
    projection.project: given.pairs(given.projected),
    projection.with_edges: given.pairs(lambda a, b: projection.with_edges(a, (0, len(a)), b)),
    projection.cut: given.pairs(given.cut),
    stems.bare: lambda text: list(stems.bare(text)),
    stems.english_stem: stems.english_stem,
    words.words: words.words,
    words.listed: words.listed,
    words.has_digit: words.has_digit,
    words.says_twice: lambda text: words.says_twice(text.split()),
    words.follows_itself: lambda text: words.follows_itself(text.split(), 8),
    normalise.normalise: (
        normalise.normalise,
        lambda text: normalise.normalise(text, headline=True, casing=_casing(text)),
    ),
    normalise.learn_casing: _casing,
    normalise.Normalised.restore: tuple(map(_restored, ("", "upper", "title"))),
    entities.unescape: entities.unescape,
    glossary.Surroundings.count: (
        lambda text: glossary.Surroundings(text).count(("Amerika", "Serikat")),
        lambda text: glossary.Surroundings(text).count(tuple(given.lines_of(text)[:50])),
    ),
    glossary.Glossary.find: (
        lambda text: given.shipped_glossary().find(text),
        lambda text: given.shipped_glossary().find(PROSE + " KPK AS PBB", text),
    ),
    glossary.load_user: tuple(
        given.with_file(name, glossary.load_user) for name in ("a.tsv", "a.csv", "a.toml")
    ),
    terms.ArticleTerms.check: given.with_terms(lambda at_work, a, b: at_work.check(a, b)),
    terms.ArticleTerms.inject: given.with_terms(lambda at_work, a, _: at_work.inject(a)),
    terms.ArticleTerms.choose: given.with_terms(lambda at_work, a, b: at_work.choose(a, (b, a))),
    terms.ArticleTerms.edit: given.with_terms(lambda at_work, a, b: at_work.edit(a, b)),
    repair.repair: _repaired,
    numbers.decimal_commas: given.pairs(numbers.decimal_commas),
    numbers.with_points: given.pairs(numbers.with_points),
    confidence.features: given.pairs(lambda a, b: confidence.features(a, b, 0.0, ())),
    confidence.confidence: given.pairs(lambda a, b: confidence.confidence(a, b, 0.0, ())),
    fuzzy.normal: fuzzy.normal,
    fuzzy.folded: fuzzy.folded,
    fuzzy.words: fuzzy.words,
    fuzzy.telling: lambda text: fuzzy.telling(fuzzy.words(text)),
    fuzzy.rarest: lambda text: fuzzy.rarest(fuzzy.words(text), dict.fromkeys(fuzzy.words(text), 1)),
    fuzzy.nearest: _looked_up,
    base.hashed: lambda text: base.hashed(text, text),
    base.values: lambda text: base.values(given.answers([text])[text]),
    base.storable: lambda text: base.storable(given.answers([text])[text]),
    memory.TranslationMemory.get: given.with_memory(lambda kept, lines: kept.get("a", lines)),
    memory.TranslationMemory.put: given.with_memory(lambda kept, lines: kept.put("a", given.answers(lines))),
    memory.TranslationMemory.suggest: given.with_memory(given.suggested),
    memory.TranslationMemory.own: given.with_memory(lambda kept, lines: kept.own(lines)),
    memory.TranslationMemory.add_own: given.with_memory(
        lambda kept, lines: kept.add_own(zip(lines, lines, strict=True))
    ),
    base.Memory.forget_own: given.with_memory(lambda kept, lines: kept.forget_own(lines)),
    own_terms.OwnTerms.add: lambda text: _own_terms().add(text, text),
    own_terms.OwnTerms.remove: lambda text: _own_terms().remove(text),
    translator.Translator.own: lambda text: given.shipped_translator().own(text, text),
    tmx.TmxReader.__iter__: lambda text: list(tmx.TmxReader(given.tmx(text))),
    tmx.write_tmx: given.written,
    translator.Translator.stream: given.with_sentences(
        lambda lines: list(given.shipped_translator().stream(given.passage_of(lines)))
    ),
    translator.Translator.alternatives: given.with_sentences(
        lambda lines: given.shipped_translator().alternatives(given.passage_of(lines), 2)
    ),
    translator.Translator.translate_all: given.with_sentences(
        lambda lines: given.shipped_translator().translate_all([given.passage_of(lines)])
    ),
    extractive.rank: given.with_sentences(lambda lines: extractive.rank(lines, 3, lines[0])),
    extractive.best_first: given.with_sentences(lambda lines: extractive.best_first(lines, len(lines))),
    features.words: features.words,
    features.features: given.with_sentences(
        lambda lines: features.features(lines, lines[-1], range(len(lines)))
    ),
    facts.names: lambda text: list(facts.names(text)),
    facts.abbreviates: (
        lambda text: facts.abbreviates("ABCDEFGHIJ", text),
        lambda text: facts.abbreviates("AAAAAAAAAAAAAAAAAAAA", text),
        lambda text: facts.abbreviates(text, text),
    ),
    facts.polarity: lambda text: facts.polarity(text, 4),
    headline.headline: headline.headline,
    numbers.placed: (
        lambda text: numbers.placed(text, number_words.INDONESIAN),
        lambda text: numbers.placed(text, number_words.ENGLISH),
    ),
    aside.blanked: aside.blanked,
    figures.figures: figures.figures,
    figures.outcomes: given.pairs(
        lambda source, target: figures.outcomes(source, figures.figures(source), target)
    ),
    named_in.NameReader.names: given.with_sentences(
        lambda lines: [named_in.NameReader(lines, given.shipped_glossary()).names(line) for line in lines[:1]]
    ),
    named_in.sentence_open: named_in.sentence_open,
    pronouns.Pronouns.put_right: given.with_sentences(
        lambda lines: given.pronouns_of(lines).put_right(lines[-1], " ".join(lines))
    ),
    pronouns.Pronouns.doubted: given.with_sentences(
        lambda lines: given.pronouns_of(lines).doubted(lines[-1], "He is tired.")
    ),
    fates.fate: given.pairs(given.fates_of),
    quotations.quotations: given.with_sentences(quotations.quotations),
    quotations.outcomes: given.pairs(
        lambda source, target: quotations.outcomes(quotations.quotations([source])[0], target)
    ),
    ledger.mentions: given.mentions_of,
    ledger.ledger: lambda text: ledger.ledger(given.translation_of(text), given.shipped_glossary()),
    verbs.has_verb: verbs.has_verb,
    verbs.is_verb: verbs.is_verb,
    verbs.is_derived: verbs.is_derived,
    trim.trim: given.pairs(trim.trim),
    chooser.unfit: lambda text: chooser.unfit(given.task_of(text).article),
    chooser.scored: lambda text: chooser.scored(
        given.task_of(text if text.strip() else PROSE).article,
        given.mentions_of(text),
        chooser.shipped_chooser(),
    ),
    brief.brief: given.brief_of,
    briefs.brief_text: lambda text: briefs.brief_text(given.brief_of(text)),
    briefs.brief_markdown: lambda text: briefs.brief_markdown(given.brief_of(text)),
    schema.Brief.of: lambda text: schema.Brief.of(given.brief_of(text)),
    briefs.ledger_text: lambda text: briefs.ledger_text(given.ledger_of(text)),
    briefs.ledger_markdown: lambda text: briefs.ledger_markdown(given.ledger_of(text)),
    packing.pack: given.with_sentences(lambda lines: packing.pack(lines, len, 400, lines[0])),
    packing.title_fits: lambda text: packing.title_fits(len, 10, text),
    packing.fit_words: given.with_sentences(
        lambda lines: packing.fit_words(range(len(lines)), [3] * len(lines), 50)
    ),
    packing.merge: given.with_sentences(
        lambda lines: packing.merge([lines[start : start + 5] for start in range(0, len(lines), 5)], 3, 90)
    ),
    provenance.support: (
        *given.with_sentences(lambda lines: provenance.support(lines[0], lines)),
        lambda text: provenance.support(text, given.lines_of(text), 9),
    ),
    provenance.findings: (
        *given.with_sentences(lambda lines: provenance.findings(lines[0], lines)),
        lambda text: provenance.findings(text, [text]),
        lambda text: provenance.findings(text, [given.other(0, len(text)) + text[: len(text) // 2]]),
    ),
    summarizer.extractive: given.summarized("extractive"),
    summarizer.whole: lambda text: summarizer.whole(given.english_task(text)),
    summarizer.mt5: given.summarized("mt5"),
    summarizer.indonanot5: given.summarized("indonanot5"),
    summarizer.endpoint: given.summarized("endpoint"),
    summarizer.crosssum: given.summarized("crosssum"),
    summarizer.crosssum_m2m: given.summarized("crosssum-m2m"),
    summarizer.translate_first: given.summarized("translate-first"),
    summarizer.summarize: lambda text: summarizer.summarize(
        given.task_of(text), "auto", given.signature(), lambda _: False
    ),
    render.translation_text: lambda text: render.translation_text(given.translation_of(text)),
    render.translation_markdown: lambda text: render.translation_markdown(given.translation_of(text)),
    schema.Translation.of: lambda text: schema.Translation.of(given.translation_of(text)),
    render.reading_text: lambda text: render.reading_text(given.reading_of(text)),
    render.reading_markdown: lambda text: render.reading_markdown(given.reading_of(text)),
    schema.Reading.of: lambda text: schema.Reading.of(given.reading_of(text)),
    render.summary_text: lambda text: render.summary_text(given.summary_of(text)),
    render.summary_markdown: lambda text: render.summary_markdown(given.summary_of(text)),
    schema.Summary.of: lambda text: schema.Summary.of(given.summary_of(text)),
    render.suggestions: lambda text: render.suggestions(given.translation_of(text)),
    render.likeness: lambda text: render.likeness(text, given.translation_of(text).segments[0]),
    eval.text.words: eval.text.words,
    eval.text.sentences: eval.text.sentences,
    eval.checks.repair: given.with_sentences(eval.checks.repair),
    eval.checks.repaired: lambda text: eval.checks.repaired(given.dataset(text)),
    eval.checks.look: given.with_sentences(lambda lines: eval.checks.look("a", lines)),
    eval.checks.duplicates: lambda text: eval.checks.duplicates(given.dataset(text)),
    eval.checks.lengths: given.with_sentences(lambda lines: eval.checks.lengths("a", lines, lines[::-1])),
    eval.checks.misaligned: given.with_sentences(
        lambda lines: eval.checks.misaligned("a", lines, lines[::-1])
    ),
    eval.contamination.look: lambda text: eval.contamination.look(given.dataset(text), given.lines_of(text)),
    eval.checks.check_data: lambda text: eval.checks.check_data(given.dataset(text)),
    eval.checks.check_output: lambda text: eval.checks.check_output(
        "a", given.lines_of(text), given.dataset(text)
    ),
    eval.metrics.build: tuple(
        given.metric(name)
        for name in ("length-ratio", "copy-rate", "numbers-kept", "compression", "novelty", "term-accuracy")
    ),
}
"""Function -> one or more ways of calling it with a text."""

EXEMPT: Mapping[Callable[..., object], str] = {
    documents.Kind.target: "takes the name of a file",
    bilingual.rows: "takes what translate_blocks gives, by way of pdf.translate",
    blocks.in_one: "takes what translates, by way of the documents",
    **dict.fromkeys(
        (
            runs.Dialect.write,
            runs.Stretch.block,
            runs.stretches,
            drawn.drawn_text,
            drawn.pictures,
            drawn.say_english,
            office.serialised,
            workbook.plain,
        ),
        "takes an element, by way of the documents",
    ),
    icu.Message.filled: "takes as many texts as it has, by way of strings.translate_entries",
    **dict.fromkeys((own_rules.check, own_rules.Rule.broken), "RE2's time is linear in the text"),
    repair.weight: "takes a finding",
    **dict.fromkeys((lines.chances, lines.parts), "takes what linefeatures.see gives, by way of lines.label"),
    raised.at: "takes a text and one place in it",
    aligner.Lexicon.row: "takes a word that the table has",
    **dict.fromkeys(
        (names.is_common, names.country, names.same_sound, units.measured),
        "takes a word or a number, by way of ledger.ledger",
    ),
    **dict.fromkeys(
        (
            ledger.facts_of,
            ledger.to_check,
            fates.English.where,
            fates.English.people_of,
            fates.English.phrase,
            fates.English.alike,
            fates.English.strange,
            fates.English.any_strange,
            fates.English.outcome,
        ),
        "is tried by way of ledger.ledger",
    ),
    **dict.fromkeys(
        (
            chooser.choose,
            chooser.features,
            chooser.linear,
            keyfacts.full_names,
            keyfacts.label,
            keyfacts.pick,
            keyfacts.names,
            keyfacts.figures,
            keyfacts.places,
            chooser.Linear.scores,
            chooser.Chooser.from_json,
        ),
        "takes what others made, by way of brief.brief",
    ),
    **dict.fromkeys(
        (translator.Pronouns.put_right, translator.Pronouns.doubted), "is what facts.pronouns.Pronouns does"
    ),
    **dict.fromkeys((blocks.together, blocks.block_steps), "is tried by way of translate_blocks"),
    **dict.fromkeys((briefs.key_sentence, briefs.by_label), "is tried by way of brief_text"),
    **dict.fromkeys(
        (
            forgiving.ForgivingMemory.dismissed,
            translator.Recall.dismissed,
            forgiving.ForgivingMemory.own,
            forgiving.ForgivingMemory.get,
            forgiving.ForgivingMemory.put,
            forgiving.ForgivingMemory.suggest,
            translator.Recall.own,
            translator.Recall.get,
            translator.Recall.put,
            translator.Recall.suggest,
        ),
        "hands on to a memory, which is tried",
    ),
    translator.Tally.merge: "takes counts",
    **dict.fromkeys((web.article, web.fetch), "reads from the network, by way of document_text"),
    web.ask: "reads from the network, and hands on what comes unread; the address goes through parse",
    **dict.fromkeys((web.is_public, web.resolve), "takes an address or a host name of at most 253 letters"),
    html.article: "trafilatura's work: a worker process with limits stops it",
    **dict.fromkeys((records.list_files, documents.keeps_structure, open_memory), "takes a path, not a text"),
    **dict.fromkeys(
        (tables.read_parquet, tables.open_parquet), "pyarrow's work; a cell's length is bounded there"
    ),
    tables.is_binary: "takes a column's type",
    columns.letters: "takes a column's number, at most 16,384",
    streams.need: "takes names of our own",
    summarizer.offered: "takes no text",
    streams.ZstdReader.read: "zstandard's work; what it may unpack to is bounded",
    **dict.fromkeys((confidence.logistic, confidence.band), "takes numbers"),
    **dict.fromkeys((confidence.likely_wrong, confidence.is_marked, confidence.least_sure), "read no text"),
    **dict.fromkeys((eval.metrics.available, eval.contamination.known), "takes names"),
    eval.contamination.presets: "takes signatures of our own",
    eval.contamination.with_training: "takes paths; what it does with the text is look's",
    **dict.fromkeys(
        (
            eval.metrics.bleu_score,
            eval.metrics.chrf_score,
            eval.metrics.ter_score,
            eval.metrics.formula,
        ),
        "takes counts",
    ),
    **dict.fromkeys(
        (
            base.Memory.get,
            base.Memory.put,
            base.Memory.own,
            base.Memory.add_own,
            base.Memory.import_own,
            base.Memory.suggest,
        ),
        "is tried by way of TranslationMemory",
    ),
    **dict.fromkeys(
        (postgres.PostgresMemory.get, postgres.PostgresMemory.put), "is the same work, done by the server"
    ),
}
"""Function -> why it is not tried."""

BOUNDED: Mapping[Pattern, int] = {
    normalise._SENTENCE_START: 8,
    rules._rules(): rules._LONGEST,
    rules._PAGE_ONLY_RULES: rules._LONGEST,
}
"""Pattern -> the most characters it is ever given, where that alone keeps it quick."""


def cases(part: str = "") -> Iterator[Case]:
    """Yield the cases whose name holds ``part``."""
    for name, pattern in patterns().items():
        if part in f"pattern {name}":
            texts = (*derived(pattern), *FAMILIES)
            yield Case(
                f"pattern {name}",
                partial(_used, pattern),
                texts,
                bound=BOUNDED.get(pattern, 0),
            )
    named = public()
    for function, calls in FUNCTIONS.items():
        name = named.get(function, function.__qualname__)
        for number, run in enumerate(calls if isinstance(calls, tuple) else (calls,), 1):
            if part in f"function {name} ({number})":
                yield Case(f"function {name} ({number})", run, FAMILIES)
