"""What provenance finds on IndoSum and on corrupted sentences: ``python -m eval.research.provenance``.

The bounds were chosen on fold 0 and on warta-bench; the IndoSum rows are of the other folds.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.indosum import DEFAULT, Document, load
from service.summary.provenance import findings, support

KINDS = ("number", "entity", "negation", "unsupported")
Case = tuple[str, Sequence[str]]
Corrupt = Callable[[str, random.Random, str, Sequence[str]], str | None]
BENCH = DEFAULT.with_name("warta-bench.jsonl")

_DIGIT = re.compile(r"\d")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_VERB = re.compile(r"(?<=[a-z,] )(?:me|ber|di|ter)[a-z]{4,}")
_END = re.compile(r"(?<=[.!?”]) (?=[A-Z“])")
_NOT = re.compile(r"\b(?:tidak|tak|bukan|belum|jangan) ")


@dataclass(frozen=True, slots=True)
class KindShares:
    """How many of ``sentences`` had a finding of each kind, in percent, and their mean support score."""

    what: str
    sentences: int
    support: float
    found: dict[str, float]


def check(sentence: str, source: Sequence[str]) -> tuple[float, set[str]]:
    """Return the support score of a sentence and the kinds of its findings."""
    indices, score = support(sentence, source)
    return score, {finding.kind for finding in findings(sentence, [source[index] for index in indices])}


def row(what: str, cases: Sequence[Case]) -> KindShares:
    """Count over pairs of a summary sentence and its source sentences."""
    results = [check(sentence, source) for sentence, source in cases]
    counts = Counter(kind for _, kinds in results for kind in kinds)
    total = max(1, len(results))
    mean = sum(score for score, _ in results) / total
    found = {kind: round(100 * counts[kind] / total, 1) for kind in KINDS}
    return KindShares(what, len(results), round(mean, 3), found)


def change_number(text: str, rng: random.Random, _article: str, _names: Sequence[str]) -> str | None:
    """Change one digit into another."""
    match = _choice(_DIGIT, text, rng)
    if match is None:
        return None
    other = rng.choice([digit for digit in "123456789" if digit != match.group()])
    return text[: match.start()] + other + text[match.end() :]


def change_name(text: str, rng: random.Random, article: str, names: Sequence[str]) -> str | None:
    """Return a capitalised word becomes one that the article does not have."""
    match = _choice(_NAME, text, rng)
    strange = [name for name in rng.sample(names, min(50, len(names))) if name.lower() not in article]
    other = next(iter(strange), None)
    if match is None or other is None:
        return None
    return text[: match.start()] + other + text[match.end() :]


def add_negation(text: str, rng: random.Random, _article: str, _names: Sequence[str]) -> str | None:
    """Put *tidak* before a verb that has no negation yet."""
    match = None if _NOT.search(text) else _choice(_VERB, text, rng)
    return None if match is None else text[: match.start()] + "tidak " + text[match.start() :]


def drop_negation(text: str, rng: random.Random, _article: str, _names: Sequence[str]) -> str | None:
    """Leave out a negation."""
    match = _choice(_NOT, text, rng)
    return None if match is None else text[: match.start()] + text[match.end() :]


def _choice(pattern: re.Pattern[str], text: str, rng: random.Random) -> re.Match[str] | None:
    matches = list(pattern.finditer(text))
    return rng.choice(matches) if matches else None


CORRUPTIONS: dict[str, tuple[str, Corrupt]] = {
    "number changed": ("number", change_number),
    "name swapped": ("entity", change_name),
    "negation added": ("negation", add_negation),
    "negation dropped": ("negation", drop_negation),
}


def table(documents: Sequence[Document]) -> tuple[float, float, list[KindShares]]:
    """Return accuracy on copied sentences, agreement of human ones with the labels, both percent; and
    the rows.
    """
    marked = [(s, d) for d in documents for s, gold in zip(d.sentences, d.gold, strict=True) if gold]
    written = [(s, d) for d in documents for s in d.summary]
    exact = sum([d.sentences[i] for i in support(s, d.sentences)[0]] == [s] for s, d in marked)
    top = sum(any(d.gold[i] for i in support(s, d.sentences, 1)[0]) for s, d in written)
    copied: list[Case] = [(s, d.sentences) for s, d in marked]
    human: list[Case] = [(s, d.sentences) for s, d in written]
    half = len(human) // 2
    strangers = [(s, other) for (s, _), (_, other) in zip(human, human[half:] + human[:half], strict=True)]
    rows = [row("copied", copied), row("human", human), row("human, of another article", strangers)]
    rows += [*corrupted("copied", copied), *corrupted("human", human)]
    return 100 * exact / len(copied), 100 * top / len(human), rows


def corrupted(origin: str, cases: Sequence[Case]) -> Iterator[KindShares]:
    """Yield a row for each corruption, over the sentences that had no finding of its kind before."""
    names = sorted({name for _, source in cases for s in source for name in _NAME.findall(s)})
    for what, (kind, corrupt) in CORRUPTIONS.items():
        rng = random.Random(0)  # noqa: S311 - a fixed seed, so that the table repeats
        changed = [(corrupt(s, rng, " ".join(source).lower(), names), s, source) for s, source in cases]
        kept = [(new, source) for new, s, source in changed if new and kind not in check(s, source)[1]]
        if kept:
            yield row(f"{origin}, {what}", kept)


def bench_rows(path: Path, language: str) -> list[KindShares]:
    """Return the human summaries of our own articles (JSON lines), and the same corrupted."""
    cases: list[Case] = []
    for line in path.read_text("utf-8").splitlines():
        article = json.loads(line)
        source = [pair[language] for paragraph in article["paragraphs"] for pair in paragraph]
        cases += [(sentence, source) for sentence in _END.split(article[f"summary_{language}"])]
    origin = f"warta-bench, {language}"
    return [row(origin, cases), *corrupted(origin, cases)]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DEFAULT, help="IndoSum, JSON lines, xz")
    parser.add_argument(
        "--bench", type=Path, default=BENCH, help="our own articles, JSON lines; may be absent"
    )
    parser.add_argument("--documents", type=int, help="only the first so many of the file")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    documents = [document for document in load(arguments.data, arguments.documents) if document.fold]
    exact, top, rows = table(documents)
    if arguments.bench.exists():
        rows += [*bench_rows(arguments.bench, "id"), *bench_rows(arguments.bench, "en")]
    lines = [
        f"{len(documents)} documents",
        f"copied sentences: support is that sentence alone: {exact:.2f} %",
        f"human sentences: the best segment is a gold one: {top:.2f} %",
        "",
        "| sentence | n | mean support | " + " | ".join(f"{kind} %" for kind in KINDS) + " |",
        "|---|" + "---|" * (2 + len(KINDS)),
    ]
    for one in rows:
        cells = " | ".join(f"{one.found[kind]:.1f}" for kind in KINDS)
        lines.append(f"| {one.what} | {one.sentences} | {one.support:.3f} | {cells} |")
    if arguments.json:
        record = {"documents": len(documents), "exact": exact, "top": top, "rows": [asdict(r) for r in rows]}
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
