"""What stands beside every score: copies, leads, the oracle, and figures others have published."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

from eval.datasets import Dataset
from eval.text import sentences, words


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure: never measured here, so it has no interval and takes part in no test."""

    system: str
    metric: str
    score: float
    source: str
    note: str = ""


def published(dataset: str) -> tuple[Reference, ...]:
    """Return the published figures for the data set of this name, in the file's order."""
    table = tomllib.loads((files("eval") / "data" / "published.toml").read_text("utf-8"))
    return tuple(
        Reference(row["system"], metric, score, group["source"], group.get("note", ""))
        for group in table.get(dataset, [])
        for row in group["rows"]
        for metric, score in row["scores"].items()
    )


def baselines(dataset: Dataset) -> list[tuple[str, tuple[str, ...]]]:
    """Return names and texts: a translation's copied source; a summary's Lead-1, 2, 3 and oracle."""
    if not dataset.sources:
        return []
    if dataset.task == "mt":
        return [("copy-source", dataset.sources)]
    bodies = dataset.sentences or tuple(tuple(sentences(source)) for source in dataset.sources)
    leads = [(f"Lead-{k}", tuple("\n".join(body[:k]) for body in bodies)) for k in (1, 2, 3)]
    best = tuple(
        "\n".join(oracle(body, reference)) for body, reference in zip(bodies, dataset.references, strict=True)
    )
    return [*leads, ("oracle", best)]


def oracle(body: Sequence[str], reference: str, most: int = 3) -> list[str]:
    """Return up to ``most`` sentences of ``body``, in its order, picked greedily for ROUGE-1 plus ROUGE-2 F1.

    The usual upper bound of extraction (Nallapati et al. 2017): a greedy pick, so not quite the highest.
    """
    wanted = _grams(words(reference))
    pieces = [_grams(words(sentence)) for sentence in body]
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < most:
        gains = {
            i: _f1(sum((pieces[c] for c in chosen), pieces[i]), wanted)
            for i in range(len(body))
            if i not in chosen
        }
        top = max(gains, key=lambda i: gains[i], default=-1)
        if top < 0 or gains[top] <= best:
            break
        best = gains[top]
        chosen.append(top)
    return [body[i] for i in sorted(chosen)]


def _grams(tokens: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter([(t,) for t in tokens] + list(pairwise(tokens)))


def _f1(ours: Counter[tuple[str, ...]], wanted: Counter[tuple[str, ...]]) -> float:
    """Return the F1 of single words plus that of pairs."""
    total = 0.0
    for order in (1, 2):
        mine = {g: n for g, n in ours.items() if len(g) == order}
        theirs = {g: n for g, n in wanted.items() if len(g) == order}
        hits = sum(min(n, theirs.get(g, 0)) for g, n in mine.items())
        total += 2 * hits / max(1, sum(mine.values()) + sum(theirs.values()))
    return total
