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
from service.page.said import said

ROOT = Path(__file__).parents[2] / "service"
NOTES = [ROOT / "summary" / "summarizer.py", ROOT / "text" / "language.py"]
REFUSALS = [
    *(ROOT / "intake").rglob("*.py"),
    *(ROOT / "text").rglob("*.py"),
    *(ROOT / "runtime").rglob("*.py"),
    *(ROOT / "engines" / f"{name}.py" for name in ("causal", "ctranslate2", "transformers")),
    *(ROOT / "models" / f"{name}.py" for name in ("load", "store", "pull", "convert")),
    ROOT / "models" / "gemma" / "build.py",
    ROOT / "page" / "tabs" / "translate.py",
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


def test_every_language_has_its_word() -> None:
    from service.text.language import _NAMES

    assert set(_NAMES.values()) - {"Malay"} <= set(TABLE["values"])


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


def test_the_table_has_every_place_on_both_sides_and_its_general_lines_last() -> None:
    table = TABLE["lines"]
    for english, indonesian in table.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", indonesian))
    general = [line.lstrip("'").startswith("{") for line in table]
    assert general == sorted(general)
