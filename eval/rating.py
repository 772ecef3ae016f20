"""Ratings by people: a blind sheet of two systems, and what the filled sheets say.

A sheet shows each segment once, the two translations in an order by chance, without the systems' names; a key
beside it says which is which. Filled sheets come back as CSV. What counts is an item's mean over its raters.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from eval.scoring import Output
from eval.significance import Array, Halves, Resampling, bootstrap, interval, randomisation, shuffles
from eval.tables import read_text
from service.errors import InputError, Mismatch, UsageError
from service.escape import cell as safe

Choice = Literal["A", "B", "="]

COLUMNS = ("item", "source", "A", "B", "better", "score_A", "score_B", "comment")
_CHOICES: Mapping[str, Choice] = {"a": "A", "b": "B", "=": "=", "same": "=", "equal": "=", "tie": "="}


@dataclass(frozen=True, slots=True)
class Item:
    """One segment on the sheet. ``line`` counts from 1 in the data; ``swapped``: A is the second system."""

    line: int
    source: str
    reference: str
    a: str
    b: str
    swapped: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """What raters get, and its key. ``same`` is how many segments both systems translate alike."""

    systems: tuple[str, str]
    items: tuple[Item, ...]
    seed: int
    same: int

    @property
    def name(self) -> str:
        """A name by its content, so that answers are never held against another sheet's key."""
        rows = [[i.line, i.source, i.a, i.b] for i in self.items]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]


def draw(
    sources: Sequence[str], references: Sequence[str], outputs: tuple[Output, Output], count: int, seed: int
) -> Sheet:
    """Return a sheet of up to ``count`` segments drawn by chance among those that the systems differ on.

    Raises :class:`InputError` where they differ on none.
    """
    first, second = outputs
    texts = list(zip(first.texts, second.texts, strict=True))
    differing = [i for i, (a, b) in enumerate(texts) if a.strip() != b.strip()]
    if not differing:
        raise InputError(
            "rating.same",
            "{first} and {second} do not differ in any segment",
            first=first.name,
            second=second.name,
        )
    chance = random.Random(seed)  # noqa: S311 - an order that can be drawn again, no secret
    chosen = sorted(chance.sample(differing, min(count, len(differing))))
    swaps = [k % 2 == 0 for k in range(len(chosen))]
    chance.shuffle(swaps)
    items = []
    for i, swapped in zip(chosen, swaps, strict=True):
        a, b = reversed(texts[i]) if swapped else texts[i]
        reference = references[i] if references else ""
        items.append(Item(i + 1, sources[i] if sources else "", reference, a, b, swapped))
    return Sheet((first.name, second.name), tuple(items), seed, len(texts) - len(differing))


def as_csv(sheet: Sheet) -> str:
    """Return the sheet for a spreadsheet; raters fill ``better`` (A, B, =), scores (0 to 100) or both."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*COLUMNS, f"sheet {sheet.name}"])
    for number, item in enumerate(sheet.items, 1):
        writer.writerow([number, safe(item.source), safe(item.a), safe(item.b), "", "", "", ""])
    return stream.getvalue()


def key(sheet: Sheet) -> str:
    """Return which is which, as JSON; it stays with whoever evaluates."""
    record = {
        "sheet": sheet.name,
        "systems": list(sheet.systems),
        "seed": sheet.seed,
        "same": sheet.same,
        "items": [{"line": item.line, "swapped": item.swapped} for item in sheet.items],
    }
    return json.dumps(record, indent=1) + "\n"


# --- filled sheets -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A sheet's key, read back."""

    sheet: str
    systems: tuple[str, str]
    same: int
    swapped: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Rating:
    """One rater's answer to one item, by system: ``better`` is 1 for the first, -1 for the second, or 0."""

    rater: str
    item: int
    better: int | None
    scores: tuple[float, float] | None


def read_key(path: Path) -> Key:
    """Return a key. Raises :class:`InputError`."""
    try:
        record = json.loads(read_text(path))
        first, second = record["systems"]
        swapped = tuple(bool(item["swapped"]) for item in record["items"])
        return Key(str(record["sheet"]), (str(first), str(second)), int(record["same"]), swapped)
    except (ValueError, KeyError, TypeError):
        raise InputError("rating.no_key", "no key of a rating sheet", at=path) from None


def read_ratings(path: Path, own: Key) -> list[Rating]:
    """Return a filled sheet's answers; items without an answer are left out.

    The rater is the file's name. Raises :class:`Mismatch` for another sheet's answers and
    :class:`InputError` that names the line of a wrong one.
    """
    rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    header = [cell.strip() for cell in rows[0]] if rows else []
    if not {"item", "better"} <= set(header):
        raise InputError(
            "rating.columns", "a filled sheet has the columns {columns}", at=path, columns=", ".join(COLUMNS)
        )
    named = [cell.removeprefix("sheet ") for cell in header if cell.startswith("sheet ")]
    if named and named[0] != own.sheet:
        raise Mismatch(
            "rating.other_sheet",
            "of sheet {found}; the key is of sheet {wanted}",
            at=path,
            found=named[0],
            wanted=own.sheet,
        )
    ratings = []
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip(header, row, strict=False))
        rating = _rating(path.stem, cells, own, f"{path}: line {number}")
        if rating.better is not None or rating.scores is not None:
            ratings.append(rating)
    return ratings


def _rating(rater: str, cells: Mapping[str, str], own: Key, where: str) -> Rating:
    try:
        item = int(cells["item"])
        swapped = own.swapped[item - 1] if item > 0 else own.swapped[len(own.swapped)]
    except (ValueError, IndexError, KeyError):
        raise InputError("rating.no_item", "no such item", at=where) from None
    said = cells.get("better", "").strip().lower().removeprefix("'")
    if said and said not in _CHOICES:
        raise InputError("rating.better", "better is A, B or =, not {said!r}", at=where, said=said)
    sign = -1 if swapped else 1
    better = {"A": sign, "B": -sign, "=": 0}[_CHOICES[said]] if said else None
    given = [cells.get(name, "").strip() for name in ("score_A", "score_B")]
    if not any(given):
        return Rating(rater, item, better, None)
    try:
        a, b = (float(value) for value in given)
    except ValueError:
        raise InputError(
            "rating.scores", "both scores are numbers from 0 to 100, or both are empty", at=where
        ) from None
    if not (0 <= a <= 100 and 0 <= b <= 100):
        raise InputError("rating.score_range", "a score lies between 0 and 100", at=where)
    return Rating(rater, item, better, (b, a) if swapped else (a, b))


# --- what they say -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preferences:
    """How many items each system won, by the sum of its raters' choices; ``p`` is of the exact sign test."""

    first: int
    second: int
    equal: int
    p: float
    agreement: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean scores, their difference (first minus second) with its interval, and p by randomisation."""

    first: float
    second: float
    difference: float
    interval: tuple[float, float]
    p: float
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that filled sheets say."""

    systems: tuple[str, str]
    raters: tuple[str, ...]
    items: int
    rated: int
    same: int
    preferences: Preferences | None
    scores: Scores | None


def evaluate(own: Key, ratings: Sequence[Rating], plan: Resampling) -> Outcome:
    """Return preferences and scores by system. Raises :class:`InputError` where nothing was rated."""
    if not ratings:
        raise InputError("rating.empty", "nothing was rated: the sheets are empty")
    twice = [k for k, n in Counter((r.rater, r.item) for r in ratings).items() if n > 1]
    if twice:
        raise UsageError(
            "rating.twice",
            "{rater} rates item {item} twice; each rater needs a file of its own name",
            rater=twice[0][0],
            item=twice[0][1],
        )
    return Outcome(
        own.systems,
        tuple(sorted({rating.rater for rating in ratings})),
        len(own.swapped),
        len({rating.item for rating in ratings}),
        own.same,
        _preferences(ratings),
        _scores(ratings, plan),
    )


def _preferences(ratings: Sequence[Rating]) -> Preferences | None:
    units: dict[int, list[float]] = defaultdict(list)
    for rating in ratings:
        if rating.better is not None:
            units[rating.item].append(rating.better)
    if not units:
        return None
    sums = [sum(values) for values in units.values()]
    first, second = sum(s > 0 for s in sums), sum(s < 0 for s in sums)
    groups = list(units.values())
    return Preferences(
        first,
        second,
        len(sums) - first - second,
        sign_test(first, second),
        _agreement(groups),
        krippendorff(groups, lambda a, b: float(a != b)),
    )


def _scores(ratings: Sequence[Rating], plan: Resampling) -> Scores | None:
    units: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for rating in ratings:
        if rating.scores is not None:
            units[rating.item].append(rating.scores)
    if not units:
        return None
    means = np.array([np.mean(values, axis=0) for values in units.values()])
    tables = [np.column_stack([means[:, k], np.ones(len(means))]) for k in (0, 1)]
    first, second = (float(table[:, 0].mean()) for table in tables)
    draws = [_mean(sums) for sums in bootstrap(tables, plan)]
    halves = [Halves(t.sum(axis=0), kept) for t, kept in zip(tables, shuffles(tables, plan), strict=True)]
    both = [[pair[k] for pair in values] for values in units.values() for k in (0, 1)]
    return Scores(
        first,
        second,
        first - second,
        interval(draws[0] - draws[1]),
        randomisation(halves[0], halves[1], _mean),
        krippendorff(both, lambda a, b: (a - b) ** 2),
    )


def _mean(sums: Array) -> Array:
    quotient: Array = sums[..., 0] / sums[..., 1]
    return quotient


def sign_test(first: int, second: int) -> float:
    """Return the exact two-sided p-value that wins so far from even are chance; ties take no part."""
    count, least = first + second, min(first, second)
    if not count:
        return 1.0
    tail = sum(math.comb(count, k) for k in range(least + 1)) / (1 << count)
    return min(1.0, 2 * tail)


def _agreement(units: Sequence[Sequence[float]]) -> float | None:
    """Return the share of pairs of raters that say the same of an item; ``None`` with one rater an item."""
    pairs = [(values[i], values[j]) for values in units for i in range(len(values)) for j in range(i)]
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else None


def krippendorff(units: Sequence[Sequence[float]], distance: Callable[[float, float], float]) -> float | None:
    """Return Krippendorff's alpha (2004) over units of two ratings or more; raters may miss units.

    1 is full agreement, 0 what chance gives; ``None`` where nothing was rated twice, or all ratings are one.
    """
    paired = [values for values in units if len(values) > 1]
    counted = Counter(value for values in paired for value in values)
    total = sum(counted.values())
    expected = sum(n * m * distance(a, b) for a, n in counted.items() for b, m in counted.items())
    if not paired or not expected:
        return None
    observed = sum(
        sum(distance(a, b) for a in values for b in values) / (len(values) - 1) for values in paired
    )
    return 1 - (observed / total) / (expected / (total * (total - 1)))


def as_json(outcome: Outcome) -> str:
    """Return the outcome as JSON."""
    return json.dumps(asdict(outcome), indent=2, ensure_ascii=False) + "\n"


def as_text(outcome: Outcome) -> str:
    """Return the outcome in a few lines."""
    first, second = outcome.systems
    lines = [
        f"{outcome.rated} of {outcome.items} items rated by {len(outcome.raters)}: "
        f"{', '.join(outcome.raters)}"
        f"; {outcome.same} more segments are the same in both"
    ]
    if own := outcome.preferences:
        lines += [
            f"preferred: {first} in {own.first}, {second} in {own.second}, equal in {own.equal}; "
            f"sign test p={own.p:.4f}",
            f"agreement on the preference: {_shown(own.agreement, '.0%')}, "
            f"Krippendorff's alpha {_shown(own.alpha, '.2f')}",
        ]
    if scores := outcome.scores:
        low, high = scores.interval
        lines += [
            f"scores: {first} {scores.first:.1f}, {second} {scores.second:.1f}, difference "
            f"{scores.difference:+.1f} [{low:+.1f}, {high:+.1f}], randomisation p={scores.p:.4f}",
            f"agreement on the scores: Krippendorff's alpha {_shown(scores.alpha, '.2f')} (interval)",
        ]
    return "\n".join(lines) + "\n"


def _shown(value: float | None, form: str) -> str:
    return "not known (one rater)" if value is None else format(value, form)
