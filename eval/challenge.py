"""The challenge set: contrastive pairs of Indonesian news by phenomenon, and what a system makes of them.

Each pair has a source, a right translation, one that is wrong in the phenomenon alone, and two patterns.
A system is judged in two ways. By its output: a pattern of what must be said and one of what must not be
decide for any system whether the phenomenon came out right, wrong, or in words that neither pattern knows.
By preference: an engine that can say how likely it finds a given translation is asked for both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Literal

from eval.datasets import Dataset
from eval.tables import read_lines
from service.errors import InputError

Outcome = Literal["right", "wrong", "undecided"]
Likelihoods = Callable[[Sequence[tuple[str, str]]], Sequence[float]]

NAME = "challenge"
HEADER = ("source", "right", "wrong", "want", "avoid")
PHENOMENA = (
    "numbers",
    "magnitude",
    "dates",
    "daypart",
    "negation",
    "aspect",
    "passive",
    "roles",
    "gender",
    "idioms",
    "homographs",
    "acronyms",
    "headlines",
    "quotations",
    "change",
)
TITLES = {
    "daypart": "part of day",
    "roles": "who did what to whom",
    "gender": "gender of pronouns",
    "change": "rise and fall, by and to",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One contrast. ``want`` and ``avoid`` are patterns of whole words, blind to case."""

    name: str
    phenomenon: str
    source: str
    right: str
    wrong: str
    want: re.Pattern[str]
    avoid: re.Pattern[str]

    def judge(self, text: str) -> Outcome:
        """Return whether a translation has the phenomenon right.

        What must not be said makes it wrong, whatever else it says; words of neither pattern: undecided.
        """
        plain = text.replace("’", "'")
        if self.avoid.search(plain):
            return "wrong"
        return "right" if self.want.search(plain) else "undecided"


def load(folder: Path | None = None) -> tuple[Pair, ...]:
    """Return the pairs that come with the package, or those of a folder with files of the same form.

    Raises :class:`InputError` that names file and line.
    """
    place = folder or Path(str(files("eval") / "data" / "challenge"))
    names = PHENOMENA if folder is None else sorted(path.stem for path in folder.glob("*.tsv"))
    pairs = tuple(pair for name in names for pair in _read(place / f"{name}.tsv", name))
    if not pairs:
        raise InputError("score.no_challenge", "holds no challenge files (*.tsv)", at=place)
    return pairs


def _read(path: Path, phenomenon: str) -> list[Pair]:
    rows = [line.split("\t") for line in read_lines(path)]
    if not rows or tuple(rows[0]) != HEADER:
        raise InputError("score.header", "the header must be: {columns}", at=path, columns=", ".join(HEADER))
    pairs = []
    for number, row in enumerate(rows[1:], 1):
        try:
            source, right, wrong, want, avoid = row
            patterns = _pattern(want), _pattern(avoid)
        except ValueError:
            raise InputError(
                "score.line_columns",
                "line {line} needs {columns} columns",
                at=path,
                line=number + 1,
                columns=len(HEADER),
            ) from None
        except re.error as error:
            raise InputError(
                "score.line_problem", "line {line}: {reason}", at=path, line=number + 1, reason=error
            ) from None
        pairs.append(Pair(f"{phenomenon}-{number:02}", phenomenon, source, right, wrong, *patterns))
    return pairs


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{text})(?!\w)", re.IGNORECASE)


def first_of_each(pairs: Sequence[Pair], count: int | None) -> list[Pair]:
    """Return the first ``count`` pairs of each phenomenon; all where it is None."""
    seen = Counter[str]()
    kept = []
    for pair in pairs:
        seen[pair.phenomenon] += 1
        if count is None or seen[pair.phenomenon] <= count:
            kept.append(pair)
    return kept


def dataset(pairs: Sequence[Pair]) -> Dataset:
    """Return the pairs as a test set: the right translations are the references."""
    return Dataset(
        NAME,
        "mt",
        tuple(pair.right for pair in pairs),
        tuple(pair.source for pair in pairs),
        licence="Apache-2.0",
        citation="Warta contributors, 2026: written for this project",
        columns=(("phenomenon", tuple(pair.phenomenon for pair in pairs)),),
    )


@dataclass(frozen=True, slots=True)
class Result:
    """One system's outcomes, one a pair; ``preferred`` says which pairs it finds the right one likelier."""

    system: str
    signature: str
    texts: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    preferred: tuple[bool, ...] | None = None


def judge(
    pairs: Sequence[Pair],
    system: str,
    texts: Sequence[str],
    signature: str = "",
    likelihoods: Likelihoods | None = None,
) -> Result:
    """Return a system's outcomes; ``likelihoods`` takes (source, target) pairs where the system has it.

    Raises :class:`InputError` for another number of texts than pairs.
    """
    if len(texts) != len(pairs):
        raise InputError(
            "score.lines_for_pairs",
            "{system} has {count} line for {pairs} pairs",
            plural="{system} has {count} lines for {pairs} pairs",
            system=system,
            count=len(texts),
            pairs=len(pairs),
        )
    outcomes = tuple(pair.judge(text) for pair, text in zip(pairs, texts, strict=True))
    preferred = prefer(pairs, likelihoods) if likelihoods else None
    return Result(system, signature, tuple(texts), outcomes, preferred)


def prefer(pairs: Sequence[Pair], likelihoods: Likelihoods) -> tuple[bool, ...]:
    """Return for each pair whether the right translation is likelier, token by token, than the wrong one."""
    right = likelihoods([(pair.source, pair.right) for pair in pairs])
    wrong = likelihoods([(pair.source, pair.wrong) for pair in pairs])
    return tuple(a > b for a, b in zip(right, wrong, strict=True))


# --- the table ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PhenomenonScores:
    """One phenomenon of one system. Shares are of all its pairs; ``interval`` is that of ``right``."""

    phenomenon: str
    system: str
    pairs: int
    right: float
    wrong: float
    undecided: float
    interval: tuple[float, float]
    preferred: float | None


def table(pairs: Sequence[Pair], results: Sequence[Result]) -> list[PhenomenonScores]:
    """Return a row for each phenomenon and system, those over all pairs last."""
    phenomena = list(dict.fromkeys(pair.phenomenon for pair in pairs))
    members = {name: [i for i, pair in enumerate(pairs) if pair.phenomenon == name] for name in phenomena}
    members["all"] = list(range(len(pairs)))
    return [_row(name, own, result) for name, own in members.items() for result in results]


def _row(name: str, members: Sequence[int], result: Result) -> PhenomenonScores:
    outcomes = [result.outcomes[i] for i in members]
    count = len(outcomes)
    right = outcomes.count("right")
    preferred = None if result.preferred is None else sum(result.preferred[i] for i in members) / count
    return PhenomenonScores(
        TITLES.get(name, name),
        result.system,
        count,
        right / count,
        outcomes.count("wrong") / count,
        outcomes.count("undecided") / count,
        wilson(right, count),
        preferred,
    )


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's score (1927), which holds for few pairs too."""
    z = 1.96
    share, spread = right / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)
