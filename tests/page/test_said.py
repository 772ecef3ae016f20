"""The page in Indonesian: what the program says in English of findings and errors has its words there too."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from service import errors
from service.document import Finding
from service.page import reading as view
from service.page.said import said
from service.page.words import Say
from service.summary import provenance
from service.translation.guard import units
from service.translation.guard.check import KINDS, check

ROOT = Path(__file__).parents[2] / "service"
FINDINGS = [ROOT / "translation" / f"{name}.py" for name in ("guard", "names", "negation", "units")]
FINDINGS += [ROOT / "summary" / "provenance.py"]
NOTES = [ROOT / "summary" / "summarizer.py", ROOT / "intake" / "language.py"]
REFUSALS = [
    *(ROOT / "intake").rglob("*.py"),
    *(
        ROOT / "engines" / f"{name}.py"
        for name in ("shared", "kept", "causal", "ctranslate2", "transformers")
    ),
    *(ROOT / "models" / f"{name}.py" for name in ("load", "store", "embedded", "pull", "convert")),
    ROOT / "page" / "read.py",
]
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
SILENT = ("compile", "listed", "frozenset", "split")
OTHER = "another language ({})"
"""A part of a warning, which has its words as a whole."""
TABLE = json.loads((files("service.page") / "static" / "said.id.json").read_text("utf-8"))


def spoken(path: Path) -> Iterator[str]:
    """The English sentences in a program, its places as ``{}``: no docstring, pattern, table or error."""
    tree = ast.parse(path.read_text("utf-8"))
    passed: set[int] = set()
    for node in ast.walk(tree):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or (isinstance(node, ast.Call) and _name(node) in {*ERRORS, *SILENT}):
            passed.update(map(id, ast.walk(node)))
        if isinstance(node, ast.JoinedStr):
            passed.update(id(part) for part in ast.walk(node) if part is not node)
    for node in ast.walk(tree):
        if id(node) not in passed and (text := _text(node)) and " " in text.strip() and "\n" not in text:
            yield text


def refused(path: Path) -> Iterator[str]:
    """The messages of the errors that a program raises."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and _name(node) in ERRORS:
            yield from (text for argument in node.args if (text := _text(argument)))


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def filled(text: str) -> tuple[str, list[str]]:
    """``text`` with something in its places, and that."""
    held = [f"X{number}" for number in range(text.count("{}"))]
    return text.format(*held), held


def lines(paths: list[Path]) -> list[str]:
    read = refused if paths is REFUSALS else spoken
    found = dict.fromkeys(text for path in paths for text in read(path))
    return [text for text in found if re.search("[a-z]", text.replace("{}", ""))]


@pytest.mark.parametrize("text", lines(FINDINGS))
def test_a_finding_has_its_words(text: str) -> None:
    assert is_turned(text)


@pytest.mark.parametrize("text", [text for text in lines(NOTES) if text not in {*TABLE["values"], OTHER}])
def test_a_note_or_warning_has_its_words(text: str) -> None:
    assert is_turned(text)


@pytest.mark.parametrize("text", lines(REFUSALS))
def test_an_error_has_its_words(text: str) -> None:
    assert is_turned(text)


def is_turned(text: str) -> bool:
    """Whether it is said otherwise in Indonesian, with all that it holds, and in English as it is."""
    english, held = filled(text)
    made = said(english, "id")
    return made != english and all(value in made for value in held) and said(english, "en") == english


BAD = [
    ("Harga beras naik.", "", "empty"),
    ("Harga beras naik.", "Rice is up.\nIndonesian: naik", "artefact"),
    ("Harga beras naik.", "English: The price of rice rose.", "artefact"),
    ("Harga beras naik di pasar hari ini.", "Harga beras naik di pasar dan untuk ini itu.", "echo"),
    ("Harga beras naik tajam.", "Harga beras naik tajam.", "echo"),
    ("Harga naik.", "The price rose again and again and again and again and again and again.", "repetition"),
    ("Harga naik.", "The price hahahahahahahahahahahahahahaha rose.", "repetition"),
    ("Pemerintah menaikkan harga beras di semua pasar kota itu mulai Senin.", "Up.", "dropped"),
    (
        "Dia pulang ke rumah. Hujan turun deras di kota. Jalanan pun tergenang.",
        "He came home to us.",
        "dropped",
    ),
    ("Banjir merendam 340 rumah.", "Floods hit 430 homes.", "number"),
    ("Banjir merendam 340 rumah.", "Floods hit homes.", "number"),
    ("Banjir merendam rumah.", "Floods hit 340 homes.", "number"),
    ("Nilainya 1.500 rupiah saja.", "It is worth 1.500 rupiah only.", "number"),
    ("Jaraknya 5 kilometer dari sini.", "It is 5 miles away from here.", "number"),
    ("Presiden Jokowi tiba di Surabaya.", "The president has arrived in the city.", "entity"),
    ("Presiden tiba di kota.", "The president arrived in Germany.", "entity"),
    ("Dia tidak datang.", "He came.", "negation"),
    ("Dia datang kemarin.", "He did not come yesterday.", "negation"),
]
ENGLISH = re.compile(r"\b(?:the|is|not|in|of|was|no|and|source|translation|says|text)\b")


def test_nothing_that_the_guard_finds_stays_english() -> None:
    seen = set()
    for source, target, kind in BAD:
        found = check(source, target, truncated=kind == "empty")
        assert kind in [finding.kind for finding in found], (source, found)
        seen |= {finding.kind for finding in found}
        for finding in found:
            seen.add(finding.kind)
            assert said(finding.detail, "id") != finding.detail
            assert not ENGLISH.search(re.sub("'.*?'|: .*", "", said(finding.detail, "id")))
    assert seen | {finding.kind for finding in check("Satu dua.", "One two.", truncated=True)} == set(KINDS)


def test_every_unit_has_its_word_or_is_the_same() -> None:
    names = {name for pairs in units._OURS.values() for _, name in pairs}
    assert names - set(TABLE["values"]) == {"rupiah", "yen", "yuan"}


def test_every_language_has_its_word() -> None:
    from service.text.language import _NAMES

    assert set(_NAMES.values()) - {"Malay"} <= set(TABLE["values"])


def test_what_a_summary_says_too_much_has_its_words() -> None:
    source = ["Harga beras naik 12 persen di Jakarta.", "Menteri menolak rencana itu."]
    for sentence in ("Harga beras naik 15 persen di Bandung.", "Harga beras tidak naik.", "Kucing tidur."):
        found = provenance.findings(sentence, source)
        assert found
        assert all(said(finding.detail, "id") != finding.detail for finding in found)


@pytest.mark.parametrize(
    ("text", "indonesian"),
    [
        ("340 in the source, 430 in the translation", "340 di sumber, 430 di terjemahan"),
        ("kilometres in the source, miles in the translation", "kilometer di sumber, mil di terjemahan"),
        ("'not' is not in the source", "'not' tidak ada di sumber"),
        ("not in the source: 5 is not in the source", "tidak ada di sumber: 5 is not in the source"),
        ("foto.txt: a PNG image, not text; save the article as plain text",
         "foto.txt: gambar PNG, bukan teks; simpan artikelnya sebagai teks biasa"),
        ("'http://10.0.0.1/': 10.0.0.1 is not a public address",
         "'http://10.0.0.1/': 10.0.0.1 bukan alamat publik"),
        ("https://a.example/x: y: the site answers 404", "https://a.example/x: y: situsnya menjawab 404"),
        ("something else: that nobody knows", "something else: that nobody knows"),
        ("{0} is not in the source", "{0} tidak ada di sumber"),
    ],
)  # fmt: skip
def test_lines_as_they_come(text: str, indonesian: str) -> None:
    assert said(text, "id") == indonesian


def test_busy_has_its_words() -> None:
    assert said(str(errors.Busy(3)), "id") == "terlalu banyak yang sedang menunggu; coba lagi dalam 3 dtk"


def test_the_view_shows_them_and_escapes() -> None:
    found = [Finding("entity", "<b> is not in the source")]
    assert "&lt;b&gt; tidak ada di sumber" in view.flags(found, Say("id"))
    assert "&lt;b&gt; is not in the source" in view.flags(found, Say("en"))


def test_the_table_has_every_place_on_both_sides_and_its_general_lines_last() -> None:
    table = TABLE["lines"]
    for english, indonesian in table.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", indonesian))
    general = [line.lstrip("'").startswith("{") for line in table]
    assert general == sorted(general)
