"""The same work by sacreBLEU, compare-mt and rouge_score, and here: equal numbers, time beside time.

    pip install compare-mt
    python -m eval.research.parity --ref flores-dev.en --hyp flores-dev.nllb.en --hyp flores-dev.opusmt.en

Each row is one piece of work on the two outputs: a score of both, or a paired test of the first against the
second. ``value`` is what the tool gives (rounded for print; equality is checked before, to one in ten
million, scores that come from the same draws too). Seconds are of the processor, the faster of two runs.
compare-mt splits at white space, so it is given sacreBLEU's 13a tokens; its bootstrap draws half of the
segments with NumPy's global generator, and so has a time here and no number to be equal to. compare-mt does
not smooth: its BLEU is sacreBLEU's where every length of n-gram has a match.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.metrics import Corpus, Counting, Options, build
from eval.report.formats import markdown_table
from eval.significance import Halves, Resampling, bootstrap, interval, randomisation, shuffles
from eval.tables import read_lines

PLAN = Resampling()
_CLOSE = 1e-7
_CLOSE_INTERVAL = 1e-4  # sacreBLEU keeps its resampled scores in float32

Texts = tuple[Sequence[str], Sequence[str], Sequence[str]]  # references, first and second output
Work = Callable[[Texts], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One piece of work by one tool; ``values`` is empty where there is nothing to compare."""

    work: str
    tool: str
    values: tuple[float, ...]
    seconds: float


def ours(name: str, options: Options | None = None) -> Work:
    """Return the work of a metric here: the scores of both outputs."""

    def work(texts: Texts) -> tuple[float, ...]:
        references, *outputs = texts
        (metric,) = build([name], options or Options(plan=PLAN))
        tables = [metric.statistics(Corpus(output, references)) for output in outputs]
        return tuple(float(metric.score(table.sum(axis=0))) for table in tables)

    return work


def our_interval(texts: Texts) -> tuple[float, ...]:
    """Return the 95 % intervals of both BLEU scores."""
    (metric,) = build(["BLEU"], Options(plan=PLAN))
    draws = bootstrap([metric.statistics(Corpus(output, texts[0])) for output in texts[1:]], PLAN)
    return tuple(bound for sums in draws for bound in interval(metric.score(sums)))


def our_test(texts: Texts) -> tuple[float, ...]:
    """Return the p-value of approximate randomisation between the two BLEU scores."""
    (metric,) = build(["BLEU"], Options(plan=PLAN))
    tables = [metric.statistics(Corpus(output, texts[0])) for output in texts[1:]]
    a, b = (Halves(t.sum(axis=0), kept) for t, kept in zip(tables, shuffles(tables, PLAN), strict=True))
    return (randomisation(a, b, metric.score),)


def sacrebleu(name: str) -> Work:
    """Return the work of one of sacreBLEU's metrics with its defaults."""
    module = importlib.import_module("sacrebleu.metrics")
    build_metric = {"BLEU": module.BLEU, "chrF2": module.CHRF, "TER": module.TER}[name]

    def work(texts: Texts) -> tuple[float, ...]:
        references, *outputs = texts
        return tuple(build_metric().corpus_score(output, [references]).score for output in outputs)

    return work


def sacrebleu_interval(texts: Texts) -> tuple[float, ...]:
    """Return sacreBLEU's bootstrap intervals of both BLEU scores, from its mean and half width's draws."""
    module = importlib.import_module("sacrebleu.metrics")
    significance = importlib.import_module("sacrebleu.significance")
    bounds: list[float] = []
    for output in texts[1:]:
        metric = module.BLEU(references=[texts[0]])
        statistics = metric._extract_corpus_statistics(output, None)
        scores = significance._bootstrap_resample(statistics, metric, PLAN.resamples)[1]
        ordered = np.sort([score.score for score in scores])
        bounds += [float(ordered[len(ordered) // 40]), float(ordered[-(len(ordered) // 40) - 1])]
    return tuple(bounds)


def sacrebleu_test(texts: Texts) -> tuple[float, ...]:
    """Return sacreBLEU's p-value of approximate randomisation."""
    module = importlib.import_module("sacrebleu.metrics")
    significance = importlib.import_module("sacrebleu.significance")
    named = [("first", texts[1]), ("second", texts[2])]
    test = significance.PairedTest(
        named, {"BLEU": module.BLEU()}, [texts[0]], test_type="ar", n_samples=PLAN.trials
    )
    return (float(test()[1]["BLEU"][1].p_value),)


def compare_mt(texts: Texts) -> tuple[float, ...]:
    """Return compare-mt's BLEU of both outputs; the texts are token lists joined by spaces."""
    scorer = importlib.import_module("compare_mt.scorers").BleuScorer()
    references, *outputs = ([line.split() for line in side] for side in texts)
    return tuple(scorer.score_corpus(references, output)[0] for output in outputs)


def compare_mt_bootstrap(texts: Texts) -> tuple[float, ...]:
    """Run compare-mt's paired bootstrap of a thousand samples; its draws are its own."""
    scorer = importlib.import_module("compare_mt.scorers").BleuScorer()
    test = importlib.import_module("compare_mt.sign_utils").eval_with_paired_bootstrap
    references, *outputs = ([line.split() for line in side] for side in texts)
    np.random.seed(PLAN.seed)
    test(references, outputs, None, scorer, num_samples=PLAN.resamples)
    return ()


def rouge(kind: str) -> Work:
    """Return the work of rouge_score with its own tokenizer."""
    scorer = importlib.import_module("rouge_score.rouge_scorer").RougeScorer([kind])

    def work(texts: Texts) -> tuple[float, ...]:
        references, *outputs = texts
        return tuple(
            100
            * float(np.mean([scorer.score(r, h)[kind].fmeasure for r, h in zip(references, o, strict=True)]))
            for o in outputs
        )

    return work


def compared(texts: Texts) -> list[ToolRun]:
    """Return all rows. Raises ``AssertionError`` where a tool gives another number than is given here."""
    tokenize = importlib.import_module("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
    tokens: Texts = tuple([tokenize(line.rstrip()) for line in side] for side in texts)  # type: ignore[assignment]
    ascii_only: Texts = tuple([line.encode("ascii", "ignore").decode() for line in side] for side in texts)  # type: ignore[assignment]
    plain = Options(plan=PLAN, counting=Counting(tokenize="none"))
    works: list[tuple[str, Texts, Work, str, Work, float]] = [
        *((n, texts, ours(n), "sacreBLEU", sacrebleu(n), _CLOSE) for n in ("BLEU", "chrF2", "TER")),
        ("BLEU, 95 % interval", texts, our_interval, "sacreBLEU", sacrebleu_interval, _CLOSE_INTERVAL),
        ("BLEU, randomisation", texts, our_test, "sacreBLEU", sacrebleu_test, _CLOSE),
        ("BLEU of 13a tokens", tokens, ours("BLEU", plain), "compare-mt", compare_mt, _CLOSE),
        ("BLEU, bootstrap", tokens, our_interval, "compare-mt", compare_mt_bootstrap, _CLOSE),
        *(
            (f"ROUGE-{k}, ASCII", ascii_only, ours(f"ROUGE-{k}"), "rouge_score", rouge(f"rouge{k}"), _CLOSE)
            for k in "12L"
        ),
    ]
    rows: list[ToolRun] = []
    for name, given, own, tool, other, close in works:
        pair = [_timed(name, label, work, given) for label, work in (("here", own), (tool, other))]
        if pair[1].values:
            np.testing.assert_allclose(pair[0].values, pair[1].values, atol=close, rtol=0)
        rows += pair
    return rows


def _timed(name: str, tool: str, work: Work, texts: Texts) -> ToolRun:
    """Return the faster of two runs, so that neither tool pays for the caches that sacreBLEU's tokenizer
    fills.
    """
    taken = []
    for _ in range(2):
        start = time.process_time()
        values = work(texts)
        taken.append(time.process_time() - start)
    return ToolRun(name, tool, values, min(taken))


def as_markdown(rows: Sequence[ToolRun]) -> str:
    """Return a row a piece of work: both values, both times and their ratio."""
    cells = []
    for own, other in zip(rows[::2], rows[1::2], strict=True):
        value = " / ".join(f"{v:.4f}" for v in own.values) if other.values else "not comparable"
        ratio = f"{other.seconds / max(own.seconds, 1e-9):.1f}×"
        cells.append([own.work, value, f"{own.seconds:.2f}", other.tool, f"{other.seconds:.2f}", ratio])
    header = ["work", "value, equal in both", "seconds here", "the other tool", "its seconds", "ratio"]
    return "\n".join(markdown_table(header, cells)) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ref", type=Path, required=True)
    parser.add_argument("--hyp", type=Path, action="append", required=True, help="twice: two outputs")
    options = parser.parse_args()
    if len(options.hyp) != 2:
        parser.error("--hyp must be given twice")
    if importlib.util.find_spec("compare_mt") is None:
        parser.error("compare-mt is not installed here: pip install compare-mt")
    references, first, second = (read_lines(path) for path in (options.ref, *options.hyp))
    sys.stdout.write(as_markdown(compared((references, first, second))))


if __name__ == "__main__":
    main()
