"""How good briefs are, beside the first sentences and the ranker: ``python -m eval.research.briefs``.

On the half of the data that nothing was chosen by: how far the chosen sentences are those that an editor
quoted, which of the editor's figures and names are found, and ROUGE of the Indonesian. ``--english N``
translates what is shown of N of these articles and compares the English with the editor's; ``--indosum``
and ``--bench`` give ROUGE and length on other summaries.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from eval import indosum
from eval.briefs import Written, load, same_figure, same_name
from eval.research.summaries import UnicodeTokenizer
from eval.training import ranker as training
from service.document import Article, SegmentTranslation
from service.facts.ledger import mentions
from service.summary import keyfacts
from service.summary.chooser import choose, scored, shipped_chooser
from service.summary.extractive import Ranker, best_first
from service.text import segment
from service.translation.glossary import Glossary

METRICS = ("rouge1", "rouge2", "rougeL")
HEAD = "ROUGE-1 | ROUGE-2 | ROUGE-L | words"
TABLE = (f"| system | {HEAD} |", "|---|---|---|---|---|")
BENCH = Path(__file__).parents[2] / "eval" / "data" / "warta-bench.jsonl"
GLOSSARY = Glossary.load()
Pick = Callable[[Article, Ranker | None], tuple[int, list[int]]]
"""The sentence of what happened, and all sentences in the order of the article."""


def lead(count: int) -> Pick:
    """Return a pick of the first sentences."""
    return lambda article, _: (0, list(range(min(count, len(article.body.sentences)))))


def ranked(count: int) -> Pick:
    """Return a pick of the ranker's best sentences: today's key sentences."""

    def pick(article: Article, ranker: Ranker | None) -> tuple[int, list[int]]:
        paragraphs = article.body.paragraphs()
        best = best_first(article.body.sentences, count, article.title, paragraphs=paragraphs, ranker=ranker)
        return (best or [0])[0], sorted(best)

    return pick


def brief(article: Article, ranker: Ranker | None) -> tuple[int, list[int]]:
    """Pick the sentences of the brief."""
    chooser = shipped_chooser()
    what, points = choose(scored(article, mentions(article, GLOSSARY), chooser, ranker), chooser)
    return what, sorted((what, *points))


SYSTEMS: dict[str, Pick] = {
    "Lead-3": lead(3),
    "Lead-4": lead(4),
    "Lead-5": lead(5),
    "key sentences, 3": ranked(3),
    "key sentences, 4": ranked(4),
    "key sentences, 5": ranked(5),
    "brief": brief,
}


def rouge(pairs: Iterable[tuple[str, str]]) -> list[float]:
    """Return mean ROUGE F1, 0 to 100, of (reference, text) pairs, for each of ``METRICS``."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(METRICS, tokenizer=UnicodeTokenizer())
    rows = [[r[m].fmeasure for m in METRICS] for r in (scorer.score(*pair) for pair in pairs)]
    return [float(value) for value in 100 * np.mean(rows, axis=0)]


def overlap(briefs: Sequence[Written], pick: Pick) -> list[float]:
    """Return percentages: what happened right, precision, recall, the editor's points covered."""
    rows = []
    for one in briefs:
        what, chosen = pick(one.article, None)
        right = len(one.support & set(chosen))
        told = (one.what_support, *one.point_support)
        rows.append(
            (
                what in one.what_support,
                right / max(1, len(chosen)),
                right / max(1, len(one.support)),
                sum(not support.isdisjoint(chosen) for support in told) / len(told),
            )
        )
    return [float(value) for value in 100 * np.mean(rows, axis=0)]


def facts(briefs: Sequence[Written]) -> dict[str, tuple[int, int, int, int]]:
    """Return, for names and figures: how many are shown, right, wanted by the editor, and found."""
    chooser = shipped_chooser()
    totals = {"names": [0] * 4, "figures": [0] * 4}
    for one in briefs:
        held = mentions(one.article, GLOSSARY)
        what, points = choose(scored(one.article, held, chooser), chooser)
        names, figures = keyfacts.names(held, what, points), keyfacts.figures(held, what, points)
        if not chooser.name or not chooser.figure:
            continue
        shown_names = keyfacts.pick(*names, *chooser.name, keyfacts.MOST_NAMES)
        shown_figures = keyfacts.pick(*figures, *chooser.figure, keyfacts.MOST_FIGURES)
        marks = {
            "names": [[same_name(w, c.name) for w in one.names] for c in shown_names],
            "figures": [[same_figure(w, c.values) for w in one.figures] for c in shown_figures],
        }
        for kind, wanted in (("names", len(one.names)), ("figures", len(one.figures))):
            right = sum(map(any, marks[kind]))
            found = sum(map(any, zip(*marks[kind], strict=True)))
            totals[kind] = [
                a + b for a, b in zip(totals[kind], (len(marks[kind]), right, wanted, found), strict=True)
            ]
    return {kind: (a, b, c, d) for kind, (a, b, c, d) in totals.items()}


def chosen_text(article: Article, pick: Pick, ranker: Ranker | None = None) -> str:
    """Return the picked Indonesian sentences, one a line."""
    return "\n".join(article.body.sentences[index] for index in pick(article, ranker)[1])


def held_out(briefs: Sequence[Written]) -> str:
    """Return the tables on the briefs: overlap, ROUGE of the Indonesian, figures and names."""
    lines = [
        f"{len(briefs)} articles",
        "",
        f"| system | what happened | precision | recall | points covered | {HEAD} |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, pick in SYSTEMS.items():
        texts = [chosen_text(one.article, pick) for one in briefs]
        values = [*overlap(briefs, pick), *rouge(zip((b.indonesian for b in briefs), texts, strict=True))]
        lines.append(_row(name, values, texts))
    lines += [
        "",
        "| | shown | right | precision | wanted | found | recall |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, (shown, right, wanted, found) in facts(briefs).items():
        shares = (100 * right / max(1, shown), 100 * found / max(1, wanted))
        lines.append(
            f"| {kind} | {shown} | {right} | {shares[0]:.1f} | {wanted} | {found} | {shares[1]:.1f} |"
        )
    return "\n".join(lines) + "\n"


def other(cases: Sequence[tuple[Article, str, Ranker | None]]) -> str:
    """Return ROUGE and length against other summaries: (article, summary, the ranker to use)."""
    lines = [f"{len(cases)} articles", "", *TABLE]
    for name, pick in SYSTEMS.items():
        texts = [chosen_text(article, pick, ranker) for article, _, ranker in cases]
        values = rouge(zip((summary for _, summary, _ in cases), texts, strict=True))
        lines.append(_row(name, values, texts))
    return "\n".join(lines) + "\n"


def _row(name: str, values: Sequence[float], texts: Sequence[str]) -> str:
    words = float(np.mean([len(text.split()) for text in texts]))
    return f"| {name} | {' | '.join(f'{value:.1f}' for value in values)} | {words:.0f} |"


def indosum_cases(limit: int | None) -> list[tuple[Article, str, Ranker | None]]:
    """Return IndoSum's articles, each with a ranker that saw none of its fold."""
    documents = indosum.load(limit=limit)
    rankers = [
        Ranker.from_json(training.train([d for d in documents if d.fold != fold]))
        for fold in range(indosum.FOLDS)
    ]
    return [
        (_article(d.id, d.title, d.sentences, d.paragraphs), "\n".join(d.summary), rankers[d.fold])
        for d in documents
    ]


def bench_cases() -> list[tuple[Article, str, Ranker | None]]:
    """Return the articles of warta-bench with their Indonesian summaries."""
    rows = [json.loads(line) for line in BENCH.read_text("utf-8").split("\n") if line]
    cases: list[tuple[Article, str, Ranker | None]] = []
    for row in rows:
        spans = [(n, pair["id"]) for n, paragraph in enumerate(row["paragraphs"]) for pair in paragraph]
        article = _article(row["id"], row["title_id"], [t for _, t in spans], [n for n, _ in spans])
        cases.append((article, str(row["summary_id"]), None))
    return cases


def _article(id: str, title: str, sentences: Sequence[str], paragraphs: Sequence[int]) -> Article:
    """Return an article of sentences that are split already; a line break inside one becomes a space."""
    whole: list[str] = []
    for index, sentence in enumerate(sentences):
        last = index + 1 == len(sentences)
        gap = "" if last else " " if paragraphs[index] == paragraphs[index + 1] else "\n\n"
        whole += [" ".join(sentence.split()), gap]
    return Article(id, segment.split("".join(whole)), title)


def in_english(briefs: Sequence[Written], memory: str) -> str:
    """Return ROUGE of the English against the editor's, as the model at hand translates it."""
    import warta
    from service.document import Passage
    from service.summary.brief import brief as make

    pipeline = warta.load(memory=bool(memory), memory_at=memory)._pipeline
    texts: dict[str, list[str]] = {
        "Lead-3": [],
        "key sentences, 3": [],
        "brief, whole sentences": [],
        "brief": [],
    }
    for one in briefs:

        def english(wanted: Sequence[str], one: Written = one) -> list[SegmentTranslation]:
            titles = frozenset(i for i, text in enumerate(wanted) if text == one.article.title)
            (done,) = pipeline.translate_all([Passage(tuple(wanted), one.article.text, titles)])
            return done

        sentences = one.article.body.sentences
        made = make(one.article, GLOSSARY, english, pipeline.signature)
        shown = (made.what, *made.points)
        for name, chosen in (
            ("Lead-3", SYSTEMS["Lead-3"](one.article, None)[1]),
            ("key sentences, 3", SYSTEMS["key sentences, 3"](one.article, None)[1]),
            ("brief, whole sentences", [sentence.sentence for sentence in shown]),
        ):
            done = english([sentences[index] for index in chosen])
            texts[name].append("\n".join(part.target for part in done))
        texts["brief"].append("\n".join(sentence.text for sentence in shown))
    lines = [f"{len(briefs)} articles", "", *TABLE]
    for name, found in texts.items():
        lines.append(_row(name, rouge(zip((b.english for b in briefs), found, strict=True)), found))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--english", type=Path, help="a file of ids, one a line, of articles to translate")
    parser.add_argument("--memory", default="", help="a translation memory to keep what is translated in")
    parser.add_argument("--indosum", action="store_true", help="ROUGE and length on IndoSum instead")
    parser.add_argument("--bench", action="store_true", help="the same on warta-bench")
    parser.add_argument("--documents", type=int, help="only the first so many of IndoSum")
    arguments = parser.parse_args()
    if arguments.indosum:
        text = other(indosum_cases(arguments.documents))
    elif arguments.bench:
        text = other(bench_cases())
    else:
        _, briefs = load()
        wanted = arguments.english.read_text("utf-8").split() if arguments.english else None
        chosen = [one for one in briefs if wanted is None or one.article.id in wanted]
        text = in_english(chosen, arguments.memory) if wanted else held_out(chosen)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
