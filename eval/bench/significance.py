"""How long intervals and paired tests take on 2,000 segments, against sacreBLEU's own.

``python -m eval.bench.significance [--json FILE]``. Ours: 1,000 resamples of BLEU, chrF and ROUGE
together. The peer's work is BLEU and chrF alone, counted and resampled by its own functions, and one
approximate randomisation of 10,000 trials on BLEU. Results must agree to a float32's precision.
Seconds are of the processor, so that a busy machine changes little; give ``OMP_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.significance import PairedTest, _bootstrap_resample, estimate_ci

from eval.datasets import load
from eval.metrics import Corpus, Options, build
from eval.significance import Halves, Resampling, bootstrap, interval, randomisation, shuffles

SEGMENTS = 2000
PLAN = Resampling()
NAMES = ("BLEU", "chrF2", "ROUGE-1", "ROUGE-2", "ROUGE-L")


def corpus(seed: int) -> Corpus:
    """Return warta-bench's English, over and over, against itself with words dropped and swapped by a
    seed.
    """
    references = load("warta-bench").references
    rng = random.Random(seed)  # noqa: S311 - a reproducible text, no secret
    taken = [references[i % len(references)] for i in range(SEGMENTS)]
    return Corpus([_worn(line, rng) for line in taken], taken)


def _worn(line: str, rng: random.Random) -> str:
    # About what a middling translation gets right.
    words = [word for word in line.split() if rng.random() > 0.15]
    for _ in range(len(words) // 8):
        i, j = rng.randrange(len(words)), rng.randrange(len(words))
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


def ours(text: Corpus, names: Sequence[str]) -> tuple[dict[str, tuple[float, float]], float, float]:
    """Return intervals by metric, and the seconds of counting and of resampling."""
    metrics = build(names, Options(plan=PLAN))
    start = time.process_time()
    tables = [metric.statistics(text) for metric in metrics]
    counted = time.process_time()
    draws = bootstrap(tables, PLAN)
    intervals = {m.name: interval(m.score(sums)) for m, sums in zip(metrics, draws, strict=True)}
    return intervals, counted - start, time.process_time() - counted


def theirs(text: Corpus) -> tuple[dict[str, float], float, float]:
    """Return sacreBLEU's half intervals, and the seconds of counting and of resampling."""
    halves, counting, resampling = {}, 0.0, 0.0
    for name, metric in (("BLEU", BLEU(force=True)), ("chrF2", CHRF())):
        start = time.process_time()
        # Private functions of sacreBLEU: its public ones count and resample in one go, and the two are to be
        # timed apart.
        table = metric._extract_corpus_statistics(text.hypotheses, [text.references])
        counted = time.process_time()
        _, scores = _bootstrap_resample(table, metric, PLAN.resamples)
        halves[name] = float(estimate_ci(np.array([score.score for score in scores]))[1])
        counting += counted - start
        resampling += time.process_time() - counted
    return halves, counting, resampling


def randomised(text: Corpus) -> tuple[float, float, float, float]:
    """Return our p-value and seconds, and theirs, against the text corrupted with another seed."""
    other = corpus(8).hypotheses
    (metric,) = build(["BLEU"], Options(plan=PLAN))
    start = time.process_time()
    tables = [metric.statistics(Corpus(h, text.references)) for h in (text.hypotheses, other)]
    a, b = (Halves(t.sum(axis=0), kept) for t, kept in zip(tables, shuffles(tables, PLAN), strict=True))
    p, seconds = randomisation(a, b, metric.score), time.process_time() - start
    start = time.process_time()
    named: list[tuple[str, Sequence[str]]] = [("a", text.hypotheses), ("b", other)]
    test = PairedTest(named, {"BLEU": BLEU(force=True)}, [text.references], "ar", n_samples=PLAN.trials)
    peer: Any = test()[1]["BLEU"][1]
    return p, seconds, peer.p_value, time.process_time() - start


Measured = TypeVar("Measured", bound=tuple[object, float, float])


def best(work: Callable[[], Measured]) -> Measured:
    """Return the fastest of three rounds."""
    # The fastest: other work on the machine only ever adds time.
    return min((work() for _ in range(3)), key=lambda result: result[1] + result[2])


def main() -> None:
    """Print the table, and write it where ``--json`` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    text = corpus(7)
    all_of_it = best(lambda: ours(text, NAMES))
    same_work = best(lambda: ours(text, ("BLEU", "chrF2")))
    peer = best(lambda: theirs(text))
    p, paired_seconds, peer_p, peer_paired_seconds = randomised(text)
    # sacreBLEU gives half the width of an interval, we its two ends.
    gaps = [abs((high - low) / 2 - peer[0][name]) for name, (low, high) in same_work[0].items()]
    result = {
        "segments": SEGMENTS,
        "resamples": PLAN.resamples,
        "metrics": list(NAMES),
        "seconds_counting": all_of_it[1],
        "seconds_resampling": all_of_it[2],
        "same_work_seconds": same_work[1] + same_work[2],
        "sacrebleu_seconds": peer[1] + peer[2],
        "times_faster": (peer[1] + peer[2]) / (same_work[1] + same_work[2]),
        "same_resampling_seconds": same_work[2],
        "sacrebleu_resampling_seconds": peer[2],
        "times_faster_resampling": peer[2] / same_work[2],
        "largest_interval_gap": float(np.max(gaps)),
        "randomisation_seconds": paired_seconds,
        "sacrebleu_randomisation_seconds": peer_paired_seconds,
        "times_faster_randomisation": peer_paired_seconds / paired_seconds,
        "p_value": p,
        "p_value_gap": abs(p - peer_p),
    }
    for name, value in result.items():
        print(f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
