"""Tampered inputs are named with their lines; clean ones are left in peace."""

from __future__ import annotations

import random

import pytest

from eval.checks import check_data, check_output, lengths, look, misaligned, repaired
from eval.datasets import Dataset, load
from eval.tables import read_lines
from tests.eval_data import GOOD, POOR, REFERENCES, SHARED, SOURCES, needs_shared

DATA = Dataset("d", "mt", tuple(REFERENCES), tuple(SOURCES))


@pytest.mark.parametrize(
    ("lines", "kind", "found"),
    [
        (["fine", "BarÃ§a menang", "7â€“2"], "mojibake", (2, 3)),
        (["fine", "he said &quot;no&quot;", "today&#39;s", "R&B; AT&T"], "escaped", (2, 3)),
        (["fine", "", "  "], "empty", (2, 3)),
        (["Hello , world .", "It works .", "Fine."], "tokenised", (1, 2)),
        (["▁He llo", "un@@ able", "Fine."], "tokenised", (1, 2)),
    ],
)
def test_what_one_side_shows(lines: list[str], kind: str, found: tuple[int, ...]) -> None:
    assert [(p.kind, p.lines) for p in look("side", lines)] == [(kind, found)]


@pytest.mark.parametrize("line", ["Barça 7–2, São Paulo — £5", "Wait ... what?", "AT&T's 3 % share"])
def test_sound_text_is_not_accused(line: str) -> None:
    assert look("side", [line]) == []


def test_repair_is_a_choice_and_changes_the_sum() -> None:
    broken = Dataset("d", "mt", ("Barça",), ("BarÃ§a",))
    mended = repaired(broken)
    assert mended.sources == ("Barça",)
    assert mended.sha256 != broken.sha256


def test_clean_data_and_outputs_are_clean() -> None:
    assert check_data(DATA) == []
    assert check_output("good", GOOD, DATA) == []
    assert check_data(load("warta-bench")) == []


def test_a_swapped_pair_is_named() -> None:
    swapped = [GOOD[0], GOOD[4], *GOOD[2:4], GOOD[1], GOOD[5]]
    (problem,) = misaligned("good", swapped, REFERENCES)
    assert problem.lines == (2, 5)
    assert "2 with 5" in str(problem)


def test_shifted_lines_are_named() -> None:
    (problem,) = misaligned("good", [*GOOD[1:], GOOD[0]], REFERENCES)
    assert problem.lines == (1, 2, 3, 4, 5, 6)


def test_a_line_far_too_long_is_named() -> None:
    (problem,) = lengths("good", [*GOOD[:2], GOOD[2] * 6, *GOOD[3:]], REFERENCES)
    assert problem.lines == (3,)


def test_an_empty_hypothesis_is_said_and_stays() -> None:
    assert [(p.kind, p.lines) for p in check_output("poor", POOR, DATA)] == [("empty", (3,))]


def test_duplicates_are_named() -> None:
    twice = Dataset("d", "mt", (*REFERENCES, REFERENCES[1]), (*SOURCES, SOURCES[1]))
    assert [(p.kind, p.lines) for p in check_data(twice)] == [("duplicate", (7,))]


@needs_shared
@pytest.mark.parametrize(("file", "least"), [("flores-dev.opusmt.en", 24), ("flores-dev.id", 17)])
def test_a_swapped_pair_is_found_in_real_text_and_nothing_else(file: str, least: int) -> None:
    """One swap in each of 25 copies of 997 lines; the untouched lines stay unaccused.

    Across languages only names, numbers and cognates tell, so fewer swaps can be seen.
    """
    references = read_lines(SHARED / "peers" / "flores-dev.en")
    lines = read_lines(SHARED / "peers" / file)
    assert misaligned(file, lines, references) == []
    rng = random.Random(3)  # noqa: S311 - a reproducible choice, no secret
    found = 0
    for _ in range(25):
        i, j = rng.sample(range(len(lines)), 2)
        tampered = list(lines)
        tampered[i], tampered[j] = tampered[j], tampered[i]
        named = {line for p in misaligned(file, tampered, references) for line in p.lines}
        assert named <= {i + 1, j + 1}
        found += bool(named)
    assert found >= least


@needs_shared
def test_the_double_encoded_sources_are_found() -> None:
    data = load("flores200-dev", SHARED)
    assert {p.kind: len(p.lines) for p in check_data(data)} == {"mojibake": 22}
    assert check_data(repaired(data)) == []
