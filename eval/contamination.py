"""Was a test set in the training text? Named segment by segment, and said beside every score."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from eval.checks import Problem
from eval.datasets import Dataset
from eval.scoring import Output
from eval.tables import read_lines
from eval.text import words

COLUMN = "training"
_PRESET = re.compile(r"\bpreset:([^|]++)")
_SHINGLE = 4  # words in a run that is compared
_ALIKE = 0.4  # of a segment's runs in one training field
_LEAST = 4  # runs that a segment needs to be compared by them


@dataclass(frozen=True, slots=True)
class Seen:
    """Zero-based segments whose source or a reference stands in the training text, whole or nearly."""

    whole: tuple[int, ...]
    nearly: tuple[int, ...]


def look(dataset: Dataset, training: Iterable[str]) -> Seen:
    """Return the segments that the training lines hold; fields of a line are separated by tabs.

    Whole: equal by letters and digits. Nearly: two fifths of the segment's four-word runs stand in one
    field. Each line is read once, so the training text may be larger than memory.
    """
    sides = [side for side in (dataset.sources, *dataset.all_references) if side]
    # Equal segments are looked up once: a set may say one thing a thousand times.
    places: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for side in sides:
        for i, text in enumerate(side):
            places[tuple(words(text))].add(i)
    exact: dict[str, set[int]] = defaultdict(set)
    runs: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    sizes: dict[tuple[str, ...], int] = {}
    for tokens, numbers in places.items():
        own = set(_runs(tokens))
        sizes[tokens] = len(own)
        if tokens:
            exact["".join(tokens)] |= numbers
        if len(own) >= _LEAST:
            for run in own:
                runs[run].append(tokens)
    whole: set[int] = set()
    near: set[tuple[str, ...]] = set()
    for line in training:
        for field in line.split("\t"):
            found = words(field)
            whole |= exact.pop("".join(found), set())
            hits = Counter(tokens for run in set(_runs(found)) for tokens in runs.get(run, ()))
            near |= {tokens for tokens, count in hits.items() if count >= _ALIKE * sizes[tokens]}
    nearly = {i for tokens in near for i in places[tokens]} - whole
    return Seen(tuple(sorted(whole)), tuple(sorted(nearly)))


def _runs(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[i:] for i in range(_SHINGLE)), strict=False)


def with_training(dataset: Dataset, paths: Sequence[Path]) -> tuple[Dataset, list[Problem], list[str]]:
    """Return the data with a column that says what was seen, the problems, and the notice for the report.

    The report divides its scores by that column, so that what was never seen has scores of its own.
    """
    seen = look(dataset, (line for path in paths for line in read_lines(path)))
    kinds = dict.fromkeys(seen.whole, "whole") | dict.fromkeys(seen.nearly, "nearly")
    marked = tuple(kinds.get(i, "not seen") for i in range(len(dataset.references)))
    rules = [("stands in the training text", seen.whole), ("stands nearly in the training text", seen.nearly)]
    problems = [
        Problem("overlap", dataset.name, tuple(i + 1 for i in lines), text) for text, lines in rules if lines
    ]
    names = ", ".join(path.name for path in paths)
    count = len(dataset.references)
    notice = (
        f"contamination: of {count} segments {len(seen.whole)} stand in {names} and {len(seen.nearly)} nearly"
        if kinds
        else f"contamination: none of {count} segments stands in {names}, whole or nearly"
    )
    return replace(dataset, columns=(*dataset.columns, (COLUMN, marked))), problems, [notice]


def presets(outputs: Iterable[Output]) -> list[str]:
    """Return the presets that made the outputs, as their signatures state them."""
    found = [_PRESET.search(output.signature) for output in outputs]
    return list(dict.fromkeys(match[1] for match in found if match))


def known(dataset: str, models: Iterable[str]) -> list[str]:
    """Return what was measured of the training text of these models for the named set of this name."""
    table = tomllib.loads((files("eval") / "data" / "contamination.toml").read_text("utf-8"))
    name = dataset.partition("[")[0]
    notices = []
    for model in models:
        found = table.get(model, {}).get("sets", {}).get(name)
        if found:
            whole, nearly, count = (found[key] for key in ("whole", "nearly", "segments"))
            notices.append(
                f"contamination: of {count} segments of {name}, {whole} stand in the training text of "
                f"{model} and {nearly} nearly ({table[model]['training']})"
            )
    return notices
