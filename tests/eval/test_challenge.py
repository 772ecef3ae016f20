"""The challenge set is what it says, and judges as a reader would."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval import challenge
from eval.challenge import PHENOMENA, load, wilson
from eval.cli import app
from eval.text import words
from service.errors import InputError
from tests.eval_data import written

PAIRS = load()
BY_NAME = {pair.name: pair for pair in PAIRS}


def test_there_are_enough_pairs_of_every_phenomenon() -> None:
    counted = Counter(pair.phenomenon for pair in PAIRS)
    assert len(PAIRS) >= 600
    assert tuple(counted) == PHENOMENA
    assert min(counted.values()) >= 40


def test_every_sentence_is_its_own() -> None:
    for texts in ([p.source for p in PAIRS], [p.right for p in PAIRS], [p.wrong for p in PAIRS]):
        assert len(set(texts)) == len(texts)
    runs = [frozenset(zip(*(words(p.source)[i:] for i in range(3)), strict=False)) for p in PAIRS]
    alike = [
        (PAIRS[i].name, PAIRS[j].name)
        for i in range(len(runs))
        for j in range(i)
        if len(runs[i] & runs[j]) > 0.5 * min(len(runs[i]), len(runs[j])) > 1
    ]
    # On purpose: "Suku bunga naik" to a rate and by a rate.
    assert len(alike) <= 2, alike


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_patterns_know_right_from_wrong(pair: challenge.Pair) -> None:
    assert pair.judge(pair.right) == "right"
    assert pair.judge(pair.wrong) == "wrong"
    assert (
        pair.judge(pair.source) != "right"
        or re.search(r"\d", pair.source)
        or pair.phenomenon
        in (
            "acronyms",
            "headlines",
            "roles",
        )
    )


@pytest.mark.parametrize(
    ("name", "text", "outcome"),
    [
        ("numbers-03", "2/3 of the village's people are fishers.", "right"),
        ("magnitude-01", "The state lost Rp3.5 trillion.", "wrong"),
        ("dates-03", "The aid ship arrives in two days.", "right"),
        ("daypart-01", "The fire broke out at 02.00 in the morning.", "right"),
        ("negation-03", "Don’t open the door to people who say they are officers.", "right"),
        ("idioms-02", "Junior staff took the blame for the failed project.", "right"),
        ("idioms-02", "Junior staff were black goats.", "wrong"),
        ("gender-01", "Mrs. Ratna says she will teach on, though he is retired.", "wrong"),
        ("roles-01", "Something happened to the post.", "undecided"),
    ],
)
def test_other_words_are_judged_too(name: str, text: str, outcome: str) -> None:
    assert BY_NAME[name].judge(text) == outcome


def likelier(pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Likelihoods that fall with the length of the target."""
    return [-float(len(target)) for _, target in pairs]


def test_the_table_counts_outcomes_and_preferences() -> None:
    few = [BY_NAME["numbers-01"], BY_NAME["numbers-02"], BY_NAME["idioms-01"]]
    texts = [few[0].right, few[1].wrong, "Nothing of the kind."]
    result = challenge.judge(few, "s", texts, likelihoods=likelier)
    rows = {row.phenomenon: row for row in challenge.table(few, [result])}
    assert (rows["numbers"].right, rows["numbers"].wrong) == (0.5, 0.5)
    assert rows["idioms"].undecided == 1.0
    assert rows["all"].pairs == 3
    shorter = [len(pair.right) < len(pair.wrong) for pair in few]
    assert rows["all"].preferred == pytest.approx(sum(shorter) / 3)
    with pytest.raises(InputError, match="s has 2 lines for 3 pairs"):
        challenge.judge(few, "s", texts[:2])


def test_wilson_is_the_published_interval() -> None:
    # Newcombe (1998), table I: 15 of 148.
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["source\tright"], "the header must be: source, right, wrong, want, avoid"),
        (["source\tright\twrong\twant\tavoid", "a\tb"], "line 2 needs 5 columns"),
        (["source\tright\twrong\twant\tavoid", "a\tb\tc\t(\td"], "line 2: missing"),
    ],
)
def test_a_broken_file_of_pairs_is_named(tmp_path: Path, lines: list[str], message: str) -> None:
    written(tmp_path, "own.tsv", lines)
    with pytest.raises(InputError, match=re.escape(message)):
        load(tmp_path)


def test_a_quick_look_takes_the_first_pairs_of_each_phenomenon() -> None:
    result = CliRunner().invoke(app, ["challenge", "--sources", "--each", "2"])
    assert result.exit_code == 0
    wanted = [pair.source for name in PHENOMENA for pair in [p for p in PAIRS if p.phenomenon == name][:2]]
    assert result.stdout.splitlines() == wanted


def test_the_command_takes_files_and_engines(tmp_path: Path) -> None:
    def call(*arguments: object) -> str:
        result = CliRunner().invoke(app, ["challenge", *(str(a) for a in arguments)])
        assert result.exit_code == 0, result.exception
        return result.stdout

    assert call("--sources").split("\n")[:-1] == [pair.source for pair in PAIRS]
    hyp = written(tmp_path, "best", [pair.right for pair in PAIRS])
    arguments = ["--hyp", hyp, "--model", "echo", "--out", tmp_path / "out"]
    rows = json.loads(call(*arguments, "--format", "json"))["rows"]
    total = {row["system"]: row["right"] for row in rows if row["phenomenon"] == "all"}
    assert total["best"] == 1.0
    assert total["echo"] < 0.15
    assert all(row["preferred"] is None for row in rows)
    assert "| part of day | best | 42 | 100%" in (tmp_path / "out" / "challenge.md").read_text()
    assert len((tmp_path / "out" / "challenge.tsv").read_text().split("\n")) == 2 * len(PAIRS) + 2
