"""ROUGE of extractive summaries on IndoSum, beside baselines: ``python -m eval.research.summaries``.

Every system chooses among the same sentences, with the same budget, and is scored against the human
summary. Ours is out of fold: an article is ranked by trees that never saw it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.indosum import DEFAULT, FOLDS, Document, load
from eval.training.ranker import train
from service.summary.extractive import Ranker, best_first
from service.summary.features import words

METRICS = ("rouge1", "rouge2", "rougeLsum")
RESAMPLES = 2000
Pick = Callable[[Document, int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class BudgetScores:
    """A system's mean ROUGE F1 (0 to 100) for one budget, each with its 95 % bootstrap interval."""

    system: str
    sentences: int
    scores: dict[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours less Lead: the mean, its 95 % interval, and p (paired bootstrap, one-sided)."""

    sentences: int
    metric: str
    difference: tuple[float, float, float]
    p: float


class UnicodeTokenizer:
    """For ``rouge_score``, whose own tokenizer drops every letter outside ASCII. No stemming."""

    def tokenize(self, text: str) -> list[str]:
        """Return lower-case words and numbers."""
        return words(text)


class SumyTokenizer:
    """For sumy, so that it ranks the same sentences by the same words."""

    def to_words(self, text: str) -> list[str]:
        """Return lower-case words and numbers."""
        return words(text)


def sumy_pick(name: str) -> Pick:
    """Return LexRank or TextRank of sumy, as they come: no stemmer, no stop words (sumy has none for
    Indonesian).
    """
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer

    summarizer = {"LexRank": LexRankSummarizer, "TextRank": TextRankSummarizer}[name]()
    tokenizer = SumyTokenizer()

    def pick(document: Document, budget: int) -> list[int]:
        sentences = [Sentence(text, tokenizer) for text in document.sentences]
        chosen = {id(s) for s in summarizer(ObjectDocumentModel([Paragraph(sentences)]), budget)}
        return [index for index, sentence in enumerate(sentences) if id(sentence) in chosen]

    return pick


def lead(document: Document, budget: int) -> range:
    """Return the first sentences."""
    return range(min(budget, len(document.sentences)))


def oracle(document: Document, budget: int) -> list[int]:
    """Pick greedily the sentence that raises ROUGE-1 + ROUGE-2 F1 most, until none does: a bound, not a
    system.
    """
    bags = [words(sentence) for sentence in document.sentences]
    reference = [_grams([words(s) for s in document.summary], order) for order in (1, 2)]
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < budget:
        rest = [index for index in range(len(bags)) if index not in chosen]
        values = {i: _overlap([bags[j] for j in sorted([*chosen, i])], reference) for i in rest}
        winner = max(values, key=lambda i: (values[i], -i), default=None)
        if winner is None or values[winner] <= best:
            break
        best = values[winner]
        chosen.append(winner)
    return sorted(chosen)


def _overlap(bags: Sequence[Sequence[str]], reference: Sequence[Counter[tuple[str, ...]]]) -> float:
    total = 0.0
    for order, wanted in enumerate(reference, 1):
        got = _grams(bags, order)
        total += 2 * (got & wanted).total() / max(1, got.total() + wanted.total())
    return total


def _grams(bags: Sequence[Sequence[str]], order: int) -> Counter[tuple[str, ...]]:
    flat = [word for bag in bags for word in bag]
    return Counter(zip(*(flat[start:] for start in range(order)), strict=False))


def our_picks(documents: Sequence[Document]) -> dict[str, Pick]:
    """Return ours with and without the title, each article ranked by the trees of the other folds."""
    rankers = [
        Ranker.from_json(train([document for document in documents if document.fold != fold]))
        for fold in range(FOLDS)
    ]

    def pick(document: Document, budget: int, title: str) -> list[int]:
        ranker = rankers[document.fold]
        return sorted(
            best_first(document.sentences, budget, title, paragraphs=document.paragraphs, ranker=ranker)
        )

    return {
        "ours": lambda document, budget: pick(document, budget, document.title),
        "ours, no title": lambda document, budget: pick(document, budget, ""),
    }


def scores(documents: Sequence[Document], pick: Pick, budget: int) -> NDArray[np.float64]:
    """Return ROUGE F1, 0 to 100, of shape (documents, ``METRICS``)."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(METRICS, tokenizer=UnicodeTokenizer())
    rows = []
    for document in documents:
        summary = "\n".join(document.sentences[index] for index in pick(document, budget))
        result = scorer.score("\n".join(document.summary), summary)
        rows.append([100 * result[metric].fmeasure for metric in METRICS])
    return np.array(rows)


def interval(values: NDArray[np.float64], draws: NDArray[np.intp]) -> tuple[float, float, float]:
    """Return the mean and the 2.5 and 97.5 percentiles of the means of the resamples ``draws``."""
    means = values[draws].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return round(float(values.mean()), 2), round(float(low), 2), round(float(high), 2)


def table(
    documents: Sequence[Document], budgets: Sequence[int]
) -> tuple[list[BudgetScores], list[Comparison]]:
    """Return every system at every budget, and ours against Lead. The resamples are the same for all."""
    draws = np.random.default_rng(0).integers(len(documents), size=(RESAMPLES, len(documents)))
    systems = {"LexRank": sumy_pick("LexRank"), "TextRank": sumy_pick("TextRank")}
    systems |= our_picks(documents) | {"oracle": oracle}
    rows, comparisons = [], []
    leads = {budget: scores(documents, lead, budget) for budget in sorted({1, *budgets})}
    rows += [_row("Lead", budget, values, draws) for budget, values in leads.items()]
    for budget in budgets:
        for name, pick in systems.items():
            values = scores(documents, pick, budget)
            rows.append(_row(name, budget, values, draws))
            if name == "ours":
                comparisons += _comparisons(values - leads[budget], budget, draws)
    return rows, comparisons


def _row(name: str, budget: int, values: NDArray[np.float64], draws: NDArray[np.intp]) -> BudgetScores:
    columns = zip(METRICS, values.T, strict=True)
    return BudgetScores(name, budget, {metric: interval(column, draws) for metric, column in columns})


def _comparisons(gains: NDArray[np.float64], budget: int, draws: NDArray[np.intp]) -> list[Comparison]:
    found = []
    for metric, column in zip(METRICS, gains.T, strict=True):
        losses = int((column[draws].mean(axis=1) <= 0).sum())
        found.append(Comparison(budget, metric, interval(column, draws), (losses + 1) / (len(draws) + 1)))
    return found


def markdown(rows: Sequence[BudgetScores], comparisons: Sequence[Comparison]) -> str:
    """Return both tables for people."""
    lines = ["| system | sentences | ROUGE-1 | ROUGE-2 | ROUGE-Lsum |", "|---|---|---|---|---|"]
    for row in rows:
        cells = " | ".join("{:.2f} ({:.2f}–{:.2f})".format(*row.scores[metric]) for metric in METRICS)
        lines.append(f"| {row.system} | {row.sentences} | {cells} |")
    lines += ["", "| ours − Lead | sentences | difference | p |", "|---|---|---|---|"]
    for one in comparisons:
        difference = "{:+.2f} ({:+.2f} to {:+.2f})".format(*one.difference)
        lines.append(f"| {one.metric} | {one.sentences} | {difference} | {one.p:.4f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DEFAULT, help="IndoSum, JSON lines, xz")
    parser.add_argument("--documents", type=int, help="only the first so many")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    documents = load(arguments.data, arguments.documents)
    rows, comparisons = table(documents, (2, 3))
    if arguments.json:
        record: dict[str, object] = {
            "documents": len(documents),
            "rows": [asdict(row) for row in rows],
            "comparisons": [asdict(one) for one in comparisons],
        }
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(documents)} documents\n\n" + markdown(rows, comparisons))


if __name__ == "__main__":
    main()
