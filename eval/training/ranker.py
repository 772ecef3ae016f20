"""Learns the extractive ranker from IndoSum's gold labels: ``python -m eval.training.ranker``.

Writes ``service/summary/data/ranker.json``, trained on every document. :func:`train` is also what the
table of summaries trains fold by fold, so that the scores it prints are of the same recipe, out of fold.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.indosum import DEFAULT, Document, load
from service.summary.features import NAMES, features

OUTPUT = Path(__file__).parents[2] / "service" / "summary" / "data" / "ranker.json"
DEPTH = 3
TREES = 100


def train(documents: Sequence[Document]) -> dict[str, Any]:
    """Return the ranker as the data of its file. The seed is fixed: same documents, same trees.

    Each document counts twice, with its title and without, so that both kinds of article are served.
    """
    from sklearn.ensemble import GradientBoostingClassifier

    views = [(d, title) for d in documents for title in (d.title, "")]
    rows = np.vstack([features(d.sentences, title, d.paragraphs) for d, title in views])
    labels = np.concatenate([d.gold for d, _ in views])
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=0.1,
        min_samples_leaf=50,
        subsample=0.5,
        random_state=0,
    )
    model.fit(rows, labels)
    trees = [_complete(estimator.tree_, model.learning_rate) for estimator in model.estimators_[:, 0]]
    columns = zip(*trees, strict=True)
    return {
        "names": list(NAMES),
        **dict(zip(("features", "thresholds", "leaves"), map(list, columns), strict=True)),
    }


def _complete(tree: Any, rate: float) -> tuple[list[int], list[float], list[float]]:
    """Return features, thresholds and leaves of one tree, breadth first; an early leaf is repeated to
    full depth.
    """
    level, split, bounds = [0], [], []
    for _ in range(DEPTH):
        below = []
        for node in level:
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            # scikit-learn marks a leaf by children of -1.
            leaf = left < 0
            split.append(0 if leaf else int(tree.feature[node]))
            bounds.append(0.0 if leaf else _short(tree.threshold[node]))
            # Threshold and feature of a leaf do not matter: both ways lead to its value.
            below += [node, node] if leaf else [left, right]
        level = below
    # The rate is multiplied in here, so that the ranker only adds up leaves.
    return split, bounds, [_short(rate * tree.value[node, 0, 0]) for node in level]


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DEFAULT, help="IndoSum, JSON lines, xz")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    documents = load(arguments.data)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(train(documents), separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{arguments.output}: {TREES} trees from {len(documents)} documents\n")


if __name__ == "__main__":
    main()
