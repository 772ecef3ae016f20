"""Measures what the glossary brings to any system: term accuracy and BLEU, as it is and after each step.

``python -m eval.bench.glossary [--data DIR] [--json FILE]`` takes the peers' outputs for FLORES-200 dev.
``--write DIR`` writes the sentences of warta-bench, or with ``--corpus ntrex`` the first 160 of NTREX-128
that hold a term, plain and with the English names put in; ``--plain FILE --injected FILE`` then takes a
system's translations of them, a line a sentence.

A term counts as right when the target holds one of the renderings that the glossary accepts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from service.translation.glossary import Glossary
from service.translation.terms import ArticleTerms

DATA = Path(__file__).parents[3] / "shared" / "data"
# Enough for a decision, few enough for a small machine.
NTREX_ROWS, NTREX_LENGTH = 160, 260
PEERS = ("argos", "opusmt", "nllb", "bergamot-tiny", "microsoft", "google")


@dataclass(frozen=True, slots=True)
class GlossaryScores:
    """The scores of one list of targets; ``changed`` counts those that differ from the system's own."""

    name: str
    terms: int
    right: int
    bleu: float
    chrf: float
    changed: int


class Corpus:
    """Sources and references in reading order, with the glossary at work on each article."""

    def __init__(self, articles: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """Take ``articles``, pairs of the whole text and its (source, reference) sentences."""
        glossary = Glossary.load()
        self.rows = [
            (ArticleTerms(glossary, text), source, reference)
            for text, pairs in articles
            for source, reference in pairs
        ]

    def measure(self, name: str, targets: Sequence[str], own: Sequence[str]) -> GlossaryScores:
        """Return term accuracy and corpus scores of ``targets``; ``own`` is what the system wrote."""
        import sacrebleu

        checks = [t.check(source, target) for (t, source, _), target in zip(self.rows, targets, strict=True)]
        total = sum(len(check.matches) for check in checks)
        references = [[reference for *_, reference in self.rows]]
        return GlossaryScores(
            name,
            total,
            total - sum(len(check.misses) for check in checks),
            round(sacrebleu.corpus_bleu(targets, references).score, 2),
            round(sacrebleu.corpus_chrf(targets, references).score, 2),
            sum(a != b for a, b in zip(targets, own, strict=True)),
        )

    def edit(self, targets: Sequence[str]) -> list[str]:
        """Return the targets after :meth:`ArticleTerms.edit`."""
        return [t.edit(source, target) for (t, source, _), target in zip(self.rows, targets, strict=True)]

    def better(self, first: Sequence[str], second: Sequence[str]) -> list[str]:
        """Return the first translation, or the second where that has fewer misses."""
        return [
            (a, b)[t.choose(source, (a, b))]
            for (t, source, _), a, b in zip(self.rows, first, second, strict=True)
        ]


def read_articles(path: Path) -> Corpus:
    """Return a corpus from a file in warta-bench's form."""
    articles = []
    for line in _lines(path):
        record = json.loads(line)
        pairs = [(pair["id"], pair["en"]) for paragraph in record["paragraphs"] for pair in paragraph]
        articles.append((" ".join([record["title_id"], *(source for source, _ in pairs)]), pairs))
    return Corpus(articles)


def read_ntrex(path: Path) -> Corpus:
    """Return the first sentences of NTREX-128 that hold a term, each with its document around it."""
    documents: dict[str, list[tuple[str, str]]] = {}
    for line in _lines(path):
        document, source, reference = line.split("\t")
        documents.setdefault(document, []).append((source, reference))
    corpus = Corpus([("\n".join(source for source, _ in pairs), pairs) for pairs in documents.values()])
    # Only rows in which a term is put in can differ.
    held = [row for row in corpus.rows if len(row[1]) < NTREX_LENGTH and row[0].inject(row[1]) != row[1]]
    corpus.rows = held[:NTREX_ROWS]
    return corpus


def measure_peers(folder: Path) -> list[GlossaryScores]:
    """Return each peer's output for FLORES-200 dev, as it is and edited."""
    pairs = list(zip(_lines(folder / "flores-dev.id"), _lines(folder / "flores-dev.en"), strict=True))
    # FLORES' sentences are of many articles, so there is none around them.
    corpus = Corpus([("", pairs)])
    rows = [corpus.measure("reference", [reference for _, reference in pairs], [r for _, r in pairs])]
    for peer in PEERS:
        own = _lines(folder / f"flores-dev.{peer}.en")
        rows += [corpus.measure(peer, own, own), corpus.measure(f"{peer} +edit", corpus.edit(own), own)]
    return rows


def measure_steps(corpus: Corpus, plain: Sequence[str], injected: Sequence[str]) -> list[GlossaryScores]:
    """Return a system's output for warta-bench, as it is and after each step."""
    references = [reference for *_, reference in corpus.rows]
    on_a_miss, unless_missed = corpus.better(plain, injected), corpus.better(injected, plain)
    steps = {
        "reference": references,
        "as it is": plain,
        "edit": corpus.edit(plain),
        "inject on a miss": on_a_miss,
        "inject on a miss, edit": corpus.edit(on_a_miss),
        "inject": injected,
        "inject, plain on a miss": unless_missed,
        "  and edit": corpus.edit(unless_missed),
    }
    return [
        corpus.measure(name, targets, references if name == "reference" else plain)
        for name, targets in steps.items()
    ]


def _corpus(options: argparse.Namespace) -> Corpus:
    if options.corpus == "ntrex":
        return read_ntrex(options.data / "ntrex128.ind-eng.tsv")
    return read_articles(options.data / "warta-bench.jsonl")


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def _write(corpus: Corpus, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plain.id").write_text("".join(f"{source}\n" for _, source, _ in corpus.rows), "utf-8")
    injected = (t.inject(source) for t, source, _ in corpus.rows)
    (folder / "injected.id").write_text("".join(f"{source}\n" for source in injected), "utf-8")


def main(argv: list[str] | None = None) -> int:
    """Print a table; 0 when it could be made."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--corpus", choices=("warta-bench", "ntrex"), default="warta-bench")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--plain", type=Path)
    parser.add_argument("--injected", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    if bool(options.plain) != bool(options.injected):
        parser.error("--plain and --injected go together")
    if options.write:
        _write(_corpus(options), options.write)
        return 0
    if options.plain:
        corpus = _corpus(options)
        rows = measure_steps(corpus, _lines(options.plain), _lines(options.injected))
    else:
        rows = measure_peers(options.data / "peers")
    print(f"{'':26}{'terms':>7}{'right %':>9}{'BLEU':>8}{'chrF2':>8}{'changed':>9}")
    for row in rows:
        share = 100 * row.right / row.terms
        print(f"{row.name:26}{row.terms:7}{share:9.1f}{row.bleu:8.2f}{row.chrf:8.2f}{row.changed:9}")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
