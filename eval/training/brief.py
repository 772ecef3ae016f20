"""Learns what a brief is made of, from briefs that an editor wrote: ``python -m eval.training.brief``.

Writes ``service/summary/data/brief.json`` from the articles whose place in the data is even. The weights
are numbers only; no text of an article or a brief is in them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.briefs import DEFAULT, Written, load, same_figure, same_name
from service.facts.ledger import Mentions, mentions
from service.summary import keyfacts
from service.summary.chooser import NAMES, Chooser, choose, features, linear, scored
from service.summary.features import Floats
from service.translation.glossary import Glossary

OUTPUT = Path(__file__).parents[2] / "service" / "summary" / "data" / "brief.json"
RIDGES = (3.0, 10.0, 30.0, 100.0, 300.0)
REDUNDANCIES = (2.0, 4.0)
ALIKE = 0.01
_Case = tuple[Floats, NDArray[np.bool_]]
"""The candidates of an article: a row of features each, and which of the editor's each is."""
LEASTS = (-1.5, -1.0, -0.5, 0.0, 0.5)
FOLDS = 6


def train(briefs: Sequence[Written], held: Sequence[Sequence[Mentions]]) -> dict[str, object]:
    """Return the chooser as the data of its file.

    How strongly the weights are held back, what a repeat costs and when a further point is taken is
    chosen by cross-validation within ``briefs``, in ``FOLDS`` parts by place.
    """
    rows = [features(brief.article, one) for brief, one in zip(briefs, held, strict=True)]
    tried: list[tuple[float, float, float, float]] = []
    for ridge in RIDGES:
        folds = [_fitted(briefs, rows, ridge, _others(fold)) for fold in range(FOLDS)]
        for redundancy in REDUNDANCIES:
            for least in LEASTS:
                extra = {"names": list(NAMES), "redundancy": redundancy, "least": least}
                choosers = [Chooser.from_json({**fold, **extra}) for fold in folds]
                values = [
                    quality(brief, one, choosers[i % FOLDS])
                    for i, (brief, one) in enumerate(zip(briefs, held, strict=True))
                ]
                tried.append((float(np.mean(values)), ridge, redundancy, least))
    # Values so near the best are its equals: of these the weights that are held back most.
    best = max(value for value, *_ in tried)
    value, ridge, redundancy, least = max(
        (row for row in tried if row[0] > best - ALIKE), key=lambda row: (row[1], row[0])
    )
    sys.stdout.write(f"ridge {ridge}, redundancy {redundancy}, least {least}: {value:.4f} out of fold\n")
    fitted = _fitted(briefs, rows, ridge, lambda _: True)
    return {"names": list(NAMES), **fitted, "redundancy": redundancy, "least": least}


def _others(fold: int) -> Callable[[int], bool]:
    # By the place in the data, so that the folds are the same in every run.
    return lambda place: place % FOLDS != fold


def train_facts(
    briefs: Sequence[Written], held: Sequence[Sequence[Mentions]], chooser: Chooser
) -> dict[str, object]:
    """Return the models of names and figures, each with the least log-odds to show one for.

    The candidates are those of the sentences that ``chooser`` takes; ``least`` has the best F1 out of fold.
    """
    chosen = [choose(scored(b.article, one, chooser), chooser) for b, one in zip(briefs, held, strict=True)]
    names, figures = list[_Case](), list[_Case]()
    for brief, one, (what, points) in zip(briefs, held, chosen, strict=True):
        found, rows = keyfacts.names(one, what, points)
        right = [[same_name(wanted, each.name) for wanted in brief.names] for each in found]
        names.append((rows, _marks(right, len(brief.names))))
        found, rows = keyfacts.figures(one, what, points)
        right = [[same_figure(wanted, each.values) for wanted in brief.figures] for each in found]
        figures.append((rows, _marks(right, len(brief.figures))))
    return {
        "name": _with_least("name", names, keyfacts.MOST_NAMES),
        "figure": _with_least("figure", figures, keyfacts.MOST_FIGURES),
    }


def _marks(right: Sequence[Sequence[bool]], wanted: int) -> NDArray[np.bool_]:
    """Return which candidate (row) is which of the editor's (column)."""
    marks: NDArray[np.bool_] = np.asarray(right, dtype=np.bool_)
    return marks.reshape(len(right), wanted)


def _with_least(name: str, cases: Sequence[_Case], most: int) -> dict[str, object]:
    folds = [_of_facts([c for i, c in enumerate(cases) if i % FOLDS != fold]) for fold in range(FOLDS)]
    # From -2.5 to 1 in quarters.
    tried = [(_f1(cases, folds, least / 4, most), least / 4) for least in range(-10, 5)]
    value, least = max(tried)
    sys.stdout.write(f"{name}: least {least}, F1 {value:.4f} out of fold\n")
    return {**_of_facts(cases), "least": least}


def _of_facts(cases: Sequence[_Case]) -> dict[str, object]:
    rows = np.vstack([rows for rows, _ in cases])
    return _logistic(rows, np.concatenate([marks.any(axis=1) for _, marks in cases]), 10.0)


def _f1(cases: Sequence[_Case], folds: Sequence[dict[str, object]], least: float, most: int) -> float:
    right = shown = wanted = found = 0
    for i, (rows, marks) in enumerate(cases):
        wanted += marks.shape[1]
        if not len(rows):
            continue
        scores = linear(folds[i % FOLDS]).scores(rows)
        best = [j for j in np.argsort(-scores)[:most] if scores[j] >= least]
        shown += len(best)
        # Rows are candidates and columns what the editor has: precision counts over the one, recall over the
        # other, since two candidates may name the same.
        right += int(marks[best].any(axis=1).sum())
        found += int(marks[best].any(axis=0).sum())
    precision, recall = right / max(1, shown), found / max(1, wanted)
    return 2 * precision * recall / max(1e-9, precision + recall)


def quality(brief: Written, held: Sequence[Mentions], chooser: Chooser) -> float:
    """Return how good a choice is, 0 to 1: half F1 of its sentences, half whether what happened is right."""
    what, points = choose(scored(brief.article, held, chooser), chooser)
    chosen = {what, *points}
    right = len(chosen & brief.support)
    f1 = 2 * right / max(1, len(chosen) + len(brief.support))
    return (f1 + (what in brief.what_support)) / 2


def _fitted(
    briefs: Sequence[Written], rows: Sequence[Floats], ridge: float, within: Callable[[int], bool]
) -> dict[str, object]:
    kept = [i for i in range(len(briefs)) if within(i)]
    matrix = np.vstack([rows[i] for i in kept])
    what = np.concatenate([_marked(briefs[i].what_support, len(rows[i])) for i in kept])
    point = np.concatenate([_marked(briefs[i].support - briefs[i].what_support, len(rows[i])) for i in kept])
    # What happened is no key point: it is left out where the points are learned.
    return {"what": _logistic(matrix, what, ridge), "point": _logistic(matrix[~what], point[~what], ridge)}


def _marked(support: frozenset[int], count: int) -> NDArray[np.bool_]:
    marks: NDArray[np.bool_] = np.asarray([index in support for index in range(count)], dtype=np.bool_)
    return marks


def _logistic(rows: Floats, labels: NDArray[np.bool_], ridge: float) -> dict[str, object]:
    """Fit by Newton's method; the bias is not held back."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    # A feature that never varies: divided by 1, it is 0 everywhere.
    scale[scale < 1e-9] = 1.0
    x = np.hstack([(rows - mean) / scale, np.ones((len(rows), 1))])
    weights = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], ridge)
    # Not quite nought, so that the matrix below can always be inverted.
    penalty[-1] = 1e-6
    # Newton's steps double the right digits each, so 30 are far more than enough.
    for _ in range(30):
        odds = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (odds - labels) + penalty * weights
        hessian = (x * (odds * (1 - odds))[:, None]).T @ x + np.diag(penalty)
        weights = weights - np.linalg.solve(hessian, gradient)
    return {
        "mean": _short(mean),
        "scale": _short(scale),
        "weights": _short(weights[:-1]),
        "bias": float(f"{weights[-1]:.5g}"),
    }


def _short(values: Floats) -> list[float]:
    # Five digits: the file stays small.
    return [float(f"{value:.5g}") for value in values]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DEFAULT, help="the briefs, JSON lines, xz")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    briefs, _ = load(arguments.data)
    glossary = Glossary.load()
    held = [mentions(brief.article, glossary) for brief in briefs]
    data = train(briefs, held)
    data |= train_facts(briefs, held, Chooser.from_json(data))
    arguments.output.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{arguments.output}: learned from {len(briefs)} articles\n")


if __name__ == "__main__":
    main()
