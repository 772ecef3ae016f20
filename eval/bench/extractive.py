"""Speed and memory of the extractive ranker: ``python -m eval.bench.extractive [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from eval.indosum import Document
from eval.research.summaries import sumy_pick
from service.summary.extractive import rank

_SYLLABLES = [consonant + vowel for consonant in "bcdgjklmnprstw" for vowel in "aiu"]


def article(count: int) -> Document:
    """Return ``count`` sentences of 20 made-up words each, common words more often, and a title."""
    rng = random.Random(0)  # noqa: S311 - a fixed seed, so that every run times the same text
    vocabulary = ["".join(rng.choices(_SYLLABLES, k=3)) for _ in range(20_000)]

    def sentence() -> str:
        picks = [vocabulary[int(len(vocabulary) * rng.random() ** 3)] for _ in range(20)]
        return " ".join(picks).capitalize() + "."

    sentences = tuple(sentence() for _ in range(count))
    return Document("bench", sentence(), sentences, tuple(range(count)), (False,) * count, ())


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median of ``repeats`` runs, after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 3)


def peak_mebibytes(work: Callable[[], object]) -> float:
    """Return the most that Python and NumPy held at once during a run."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20, 1)


def measure() -> dict[str, Any]:
    """Return times at 20 sentences for three systems, and growth over 100, 1,000 and 10,000 for ours."""
    short = article(20)
    small = {"ours": milliseconds(lambda: rank(short.sentences, 3, short.title), 200)}
    for name in ("LexRank", "TextRank"):
        pick = sumy_pick(name)
        small[f"sumy {name}"] = milliseconds(partial(pick, short, 3), 50)
    growth = []
    for count in (100, 1_000, 10_000):
        long = article(count)
        work = partial(rank, long.sentences, 3, long.title)
        growth.append({"sentences": count, "ms": milliseconds(work, 5), "peak_mib": peak_mebibytes(work)})
    return {"ms_at_20_sentences": small, "growth": growth}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    figures = measure()
    for name, value in figures["ms_at_20_sentences"].items():
        print(f"{name:>14}  20 sentences  {value:8.2f} ms")
    for one in figures["growth"]:
        print(f"{one['sentences']:>14} sentences  {one['ms']:8.1f} ms  {one['peak_mib']:6.1f} MiB peak")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
