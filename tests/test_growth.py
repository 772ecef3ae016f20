"""Nothing that reads text from outside grows faster than the text: `scripts/growth`, in bounded time."""

from __future__ import annotations

import ast
import inspect
import random
import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eval.bench import hostile_cases, hostile_growth, hostile_inputs
from eval.bench.hostile_growth import findings, judge
from eval.bench.hostile_strings import FAMILIES, Case, Hostile, derived
from service.document import Finding
from service.errors import InputError
from service.intake.documents import alignment as placement
from service.intake.documents import columns, document_text, html, markdown, subtitles
from service.intake.documents.archive import Archive
from service.intake.entities import unescape
from service.text import number_words, numbers
from service.translation import normalise
from service.translation.guard import units
from service.translation.guard.check import check

# Small, so that linear work is done before anybody measures; what is quadratic is not.
SIZE = 4_000
SAMPLE = 6
"""Strings of each case beside those that found most."""
AREAS = ("service.intake", "service.translation", "service.summary", "service.render.text", "eval.")
MADE_OF_WORDS = {"_occurrences", "_introduce", "_pattern", "_rules"}
"""Functions whose patterns are made of words at hand: tried by way of the functions that call them."""


def test_every_public_function_has_a_row() -> None:
    """A new text function belongs in FUNCTIONS, or with its reason in EXEMPT."""
    known = {*hostile_cases.FUNCTIONS, *hostile_cases.EXEMPT}
    missing = [name for function, name in hostile_cases.public().items() if function not in known]
    assert not missing, f"add to FUNCTIONS in {hostile_cases.__name__}: {missing}"


def test_every_pattern_stands_where_it_is_found() -> None:
    """Patterns are compiled at module level, where the walk finds them and tries each."""
    hidden = [
        f"{module.__name__}:{line} {name}"
        for module in hostile_cases.modules()
        for line, name in in_functions(ast.parse(inspect.getsource(module)), "")
        if name not in MADE_OF_WORDS
    ]
    assert not hidden, f"compile at module level: {hidden}"


def in_functions(node: ast.AST, within: str) -> Iterator[tuple[int, str]]:
    """Line and function of each use of ``re`` with a pattern of its own in a function."""
    for child in ast.iter_child_nodes(node):
        name = child.name if isinstance(child, ast.FunctionDef) else within
        if within and isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            owner = child.func.value
            if isinstance(owner, ast.Name) and owner.id == "re" and child.func.attr != "escape":
                yield child.lineno, within
        yield from in_functions(child, name)


def test_the_walk_finds_patterns_in_tables_too() -> None:
    found = hostile_cases.patterns()
    assert any(name.endswith("html._PAGE") for name in found)
    assert any("segment._MARK_CUTS[" in name for name in found)
    assert len(found) > 100


@pytest.mark.parametrize("part", ["pattern ", *(f"function {area}" for area in AREAS)])
def test_nothing_grows_faster_than_its_input(part: str) -> None:
    """Every pattern and function, with what found most and a sample; `scripts/growth` tries the rest."""
    found = [*findings(part, SIZE, limit=1.0, sample=SAMPLE)]
    # Another process may have had the processor for a moment: what is found must be found again, by itself.
    again = [f for case in {f.case for f in found} for f in findings(case, SIZE, limit=1.0, sample=SAMPLE)]
    assert not again, "\n".join(map(str, again))


def quadratic(text: str) -> None:
    """Looks at all of the text for each character."""
    for _ in text:
        text.count("b")
        sorted(text)


def doubling(text: str) -> None:
    """Takes twice as long for every letter more."""
    re.fullmatch(r"(a|a)*b", "a" * (len(text) // 100))


@pytest.mark.parametrize("run", [quadratic, doubling])
def test_the_measure_finds_what_it_is_for(run: Callable[[str], None]) -> None:
    found = measured(Case("a", run, FAMILIES))
    assert found and found.case == "a"


def test_the_measure_leaves_linear_work_alone() -> None:
    assert measured(Case("a", lambda text: [ord(c) for c in text * 50], FAMILIES)) is None


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """What stops a call that is over its limit, as in the tool's own process."""
    before = signal.signal(signal.SIGPROF, hostile_growth._stop)
    yield
    signal.signal(signal.SIGPROF, before)


def test_work_too_short_for_the_clock_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_growth, "_once", lambda _, text, __: 0.9 if len(text) > 3000 else 0.0)
    assert measured(Case("a", len, FAMILIES))


def measured(case: Case) -> hostile_growth.Finding | None:
    return judge(case, Hostile("", "a"), 4000, limit=1.0)


def test_strings_come_from_the_pattern_itself() -> None:
    texts = {text(60)[:8] for text in derived(re.compile(r"(?<=x)<b>(?:[0-9];)*end"))}
    assert "x<b>1;1;" in texts
    assert "x<b>x<b>" in texts


# --- what each of these did before ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (html.is_page, "<!---->" * 5000),
        (html.is_page, "<!-- a -->\n" * 5000 + "<html "),
        (markdown.read, "a|b\n" + " " * 40_000 + "x|-"),
        (subtitles.is_subtitles, " " * 60_000),
        (subtitles.read, "1\n00:00:01,000 --> 00:00:02,000\na" + " " * 60_000 + "b"),
        (lambda text: check(text, text), "1%" * 8000),
        (lambda text: check(text, hostile_inputs.other(0, len(text))), "dan Xqba " * 4000),
        (lambda text: check(text, text), 'aaa.' + '"' * 60_000 + "x"),
        (lambda text: document_text(text.encode(), "a.txt", 10**7), "<!---->" * 5000 + "a"),
        (lambda text: columns.with_columns(with_cell_at(text), {"a": {1: ("b",)}}), "A" * 400_000),
    ],
)  # fmt: skip
def test_seconds_and_not_hours(call: Callable[[str], Any], text: str) -> None:
    """These took from several seconds to longer than anyone waits; now hundredths."""
    taken = hostile_growth._once(call, text, 10.0)
    assert taken is not None and taken < 2


def with_cell_at(place: str) -> Archive:
    return Archive(hostile_inputs.placed_cells(place), hostile_inputs.LIMITS)


@pytest.mark.parametrize("place", ["XFD1", "XFE1", "AAAA1", "A" * 400_000])
def test_nothing_stands_to_the_right_of_the_last_column(place: str) -> None:
    with pytest.raises(InputError, match="no room"):
        columns.with_columns(with_cell_at(place), {"a": {1: ("b",)}})


def test_many_units_are_compared_as_few_are() -> None:
    here = numbers.numbers("10 km 5% " * 50, number_words.INDONESIAN)
    there = numbers.numbers("10 miles 5 percent " * 50, number_words.ENGLISH)
    assert set(units.changed(here, there)) == {Finding.of("number.unit", source="kilometres", target="miles")}


def test_a_price_with_many_ends_is_mended_at_once() -> None:
    """Each pass took one end off and called itself for the next, a thousand deep."""
    assert normalise.normalise("Harga Rp5.000" + ",-" * 3000 + " saja").text == "Harga Rp5.000 saja"


def test_numbers_too_long_for_python_are_read_all_the_same() -> None:
    assert unescape(f"a&#{'1' * 5000};b &amp; c") == "a\ufffdb & c"
    assert unescape("&#65;&#x42;&lt;") == "AB<"
    assert document_text(f"<p>Harga &#{'1' * 5000}; naik</p>".encode(), "a.html", 10**6)
    clock = f"1\n{'1' * 5000}:00:01,000 --> 00:00:02,000\nHarga naik\n"
    # No film is so long: it is no clock, and what stands below it belongs to no cue.
    assert subtitles.read("1\n00:00:01,000 --> 00:00:02,000\nAda\n\n" + clock) == "Ada"


def test_a_page_after_comments_is_a_page() -> None:
    assert html.is_page("\n<?xml version='1.0'?>\n<!-- a -->\n<!-- b > -->\n<!DOCTYPE  html>")
    assert html.is_page("<html>") and html.is_page(" <!----><body class='a'>")
    assert not html.is_page("<!-- <html> --> a") and not html.is_page("<htmlx>")


@pytest.mark.parametrize("seed", range(30))
def test_words_are_spread_as_before(seed: int) -> None:
    """White space goes with the word after it, what stands at the end with the last."""
    pick = random.Random(seed)  # noqa: S311
    text = "".join(pick.choice(["a", "bc", " ", "  ", "\n", "."]) for _ in range(pick.randint(1, 12)))
    old = re.compile(r"\s*\S+\s*\Z|\s*\S+")
    assert placement._WORD.findall(text) == old.findall(text)
