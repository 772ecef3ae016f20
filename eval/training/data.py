"""Stage 1: from the collected pairs to the pairs to train on, with a count of what went and why.

    python -m eval.training.data --pairs parallel.tsv.xz --tests DIR --out OUT
    python -m eval.training.data --pairs parallel.tsv.xz --written written.tsv.xz --tests DIR --out OUT

writes ``OUT/train.tsv``, ``OUT/held.tsv`` (columns: source, licence, Indonesian, English) and
``OUT/data.json``, the counts by reason and by source and licence. With ``--written`` most of
``train.tsv`` is text written for this project, in the order to learn it in, and whole documents
of it are kept out: ``OUT/kept-out.tsv`` (columns: kind, document, Indonesian, English).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval.training.settings import settings

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# "<b>", "&nbsp;", "%s", "{0}", "$name": texts of programs, of which collected pairs are full.
_MARKUP = re.compile(r"</?\w+[^>]*>|&\w+;|%\w\b|\{\w*\}|\$\w+|https?://|\\n")
_CLOSERS = "\"'”’)»"


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: where it is from, its licence as found, Indonesian and English."""

    source: str
    licence: str
    indonesian: str
    english: str

    @property
    def line(self) -> str:
        return "\t".join((self.source, self.licence, self.indonesian, self.english)) + "\n"


def read_pairs(path: Path) -> list[Pair]:
    """Return the rows of a TSV file, compressed or not, white space collapsed."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [Pair(s, licence, " ".join(i.split()), " ".join(e.split())) for s, licence, i, e in rows]


@dataclass(frozen=True, slots=True)
class Written:
    """One row of the written pairs: kind (news, wiki, headline, story, drill:PATTERN) and document."""

    kind: str
    document: str
    pair: Pair

    @property
    def line(self) -> str:
        return "\t".join((self.kind, self.document, self.pair.indonesian, self.pair.english)) + "\n"


KEPT_OUT = "kept-out.tsv"
WRITTEN_LICENCE = "English written for Warta, Indonesian as found"


def read_written(path: Path) -> list[Written]:
    """Return the rows of a TSV file of kind, document, source, Indonesian, English, compressed with xz or
    not.
    """
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [
        Written(kind, document, Pair(source, WRITTEN_LICENCE, " ".join(i.split()), " ".join(e.split())))
        for kind, document, source, i, e in rows
    ]


def key(text: str) -> str:
    """Return ``text`` as duplicates are compared: letters and digits, folded."""
    # Without spaces: "ke depan" and "kedepan" are one text here.
    return "".join(_WORD.findall(text.casefold()))


def digits_agree(a: str, b: str) -> bool:
    """Return whether both sides hold the same numbers written in digits, however thousands are grouped."""
    # Points and commas go, for "1.000" is English "1,000". Order does not count, as sentences are turned
    # round.
    one, other = (sorted(re.sub(r"[.,]", "", n) for n in _NUMBER.findall(side)) for side in (a, b))
    return one == other


def ends_agree(a: str, b: str) -> bool:
    """Return whether both sides end, or neither ends, as a sentence does."""
    return _ends(a) == _ends(b)


def _ends(text: str) -> bool:
    return text.rstrip(_CLOSERS)[-1:] in (".", "!", "?")


def length_fits(pair: Pair, words: Sequence[int], ratio: Sequence[float]) -> bool:
    count = len(_WORD.findall(pair.indonesian))
    share = len(pair.english) / max(len(pair.indonesian), 1)
    return words[0] <= count <= words[1] and ratio[0] <= share <= ratio[1]


def is_text(pair: Pair) -> bool:
    """Return whether it is neither markup nor a lower-cased corpus nor the same text twice."""
    both = (pair.indonesian, pair.english)
    letters = [sum(c.isalpha() or c.isspace() for c in side) / max(len(side), 1) for side in both]
    return (
        min(letters) > 0.7
        and not any(_MARKUP.search(side) for side in both)
        and pair.english != pair.english.lower()  # no capital at all: a lower-cased corpus
        and key(pair.indonesian) != key(pair.english)
    )


def languages_fit(pair: Pair) -> bool:
    """Return whether the left is Indonesian (or Malay, which identifiers confuse with it), the right English.

    Below eight words an identifier guesses: those rows pass.
    """
    if len(_WORD.findall(pair.indonesian)) < 8:
        return True
    left, right = (_identifier().classify(side)[0] for side in (pair.indonesian, pair.english))
    return left in ("id", "ms") and right == "en"


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    # An identifier of its own, since the module's is shared and set_languages would change it for all.
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=False)
    # Only what such corpora hold: among a hundred languages short lines go astray.
    identifier.set_languages(["id", "ms", "en", "jv", "nl", "de", "fr", "es", "pt", "it", "tl"])
    return identifier


class TestText:
    """Everything that is scored on: whole lines, and shingles of words."""

    __test__ = False

    def __init__(self, lines: Iterable[str], size: int) -> None:
        self._size = size
        self._keys: set[str] = set()
        self._shingles: set[tuple[str, ...]] = set()
        for line in lines:
            self._keys.add(key(line))
            self._shingles.update(self._of(line))

    def _of(self, text: str) -> list[tuple[str, ...]]:
        words = _WORD.findall(text.casefold())
        return [tuple(words[i : i + self._size]) for i in range(len(words) - self._size + 1)]

    def holds(self, text: str) -> bool:
        return key(text) in self._keys

    def overlap(self, text: str) -> float:
        """Return the share of the text's shingles that stand in a test set; 0 for a text too short for
        one.
        """
        shingles = self._of(text)
        return sum(s in self._shingles for s in shingles) / len(shingles) if shingles else 0.0


def near(tests: TestText, text: str, limit: float) -> bool:
    """Return whether ``text`` stands in a test set, or so much of it as ``limit`` says."""
    return tests.holds(text) or tests.overlap(text) >= limit


def test_lines(folder: Path) -> Iterator[str]:
    """Yield both sides of every test set: the last two columns of ``*.tsv``, and warta-bench whole."""
    for path in sorted(folder.glob("*.tsv")):
        for line in path.read_text("utf-8").split("\n"):
            yield from line.split("\t")[-2:]
    for path in sorted(folder.glob("warta-bench.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield from _strings(json.loads(line))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def quota(source: str, rows: Mapping[str, int]) -> str | None:
    """Return the entry of ``rows`` that ``source`` falls under."""
    return next((n for n in rows if source == n or (n.endswith("*") and source.startswith(n[:-1]))), None)


def rules(config: Mapping[str, Any], tests: TestText) -> dict[str, Callable[[Pair], bool]]:
    """Return what a row must pass, cheapest first, by the name under which its failures are counted."""

    def sides(pair: Pair) -> tuple[str, str]:
        return pair.indonesian, pair.english

    return {
        "source not used": lambda p: quota(p.source, config["rows"]) is not None,
        "not text": is_text,
        "length": lambda p: length_fits(p, config["words"], config["length_ratio"]),
        "digits differ": lambda p: digits_agree(*sides(p)),
        "ends differ": lambda p: ends_agree(*sides(p)),
        "in a test set": lambda p: not any(map(tests.holds, sides(p))),
        "near a test set": lambda p: not _resembles(p, tests, config["overlap"]),
        "language": languages_fit,
    }


def filtered(
    pairs: Iterable[Pair], checks: Mapping[str, Callable[[Pair], bool]]
) -> tuple[list[Pair], Counter[str]]:
    """Return the rows that pass every check and repeat neither side of an earlier one; the others counted."""
    kept, gone = [], Counter[str]()
    seen: set[str] = set()
    for pair in pairs:
        failed = next((name for name, passes in checks.items() if not passes(pair)), None)
        # A letter before, so that the two sides are told apart in one set. Either side alone makes a repeat:
        # of two translations of one text the first stays.
        keys = {"i" + key(pair.indonesian), "e" + key(pair.english)}
        if failed is None and seen & keys:
            failed = "duplicate"
        if failed is None:
            seen |= keys
            kept.append(pair)
        else:
            gone[failed] += 1
    return kept, gone


def sampled(pairs: Sequence[Pair], rows: Mapping[str, int], seed: int) -> list[Pair]:
    """Return at most the quota of each source, chosen by the seed; the longer half is twice as likely."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[quota(pair.source, rows) or ""].append(pair)
    dice, chosen = random.Random(seed), []  # noqa: S311 - a sample, not a secret
    for name in rows:
        group = groups[name]
        median = sorted(len(p.english) for p in group)[len(group) // 2] if group else 0
        # Half a random number is twice as likely to be among the smallest.
        draw = [(dice.random() / (2 if len(p.english) > median else 1), n) for n, p in enumerate(group)]
        chosen += [group[n] for _, n in sorted(draw)[: rows[name]]]
    dice.shuffle(chosen)
    return chosen


def group(row: Written) -> str:
    """Return what a tenth is kept out of: all documents together, the headlines, the drills of one
    pattern.
    """
    return row.kind if row.kind == "headline" or row.kind.startswith("drill") else "document"


def kept_out(rows: Sequence[Written], config: Mapping[str, Any]) -> set[int]:
    """Return the places of the rows to be scored on: whole documents, headlines, and drills of every pattern.

    ``held_share`` of all rows, taken from the part of the file after ``held_from`` (a share of its
    length), so that an adapter that learnt from the part before it can be scored as well. What is
    chosen depends on ``held_seed`` and the text alone.
    """

    def chance(name: str) -> str:
        return hashlib.sha256(f"{config['held_seed']}\t{name}".encode()).hexdigest()

    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, row in enumerate(rows):
        # Drills are made by pattern and stand anywhere, so they are taken from all of the file.
        if place >= config["held_from"] * len(rows) or row.kind.startswith("drill"):
            # A row without a document is one by itself.
            found[group(row)][row.document or row.pair.indonesian].append(place)
    counts = Counter(map(group, rows))
    chosen: set[int] = set()
    for kind, documents in found.items():
        wanted, taken = max(1, round(config["held_share"] * counts[kind])), 0
        # By a hash of its name: what is chosen stays chosen when the file grows.
        for name in sorted(documents, key=chance):
            if taken >= wanted:
                break
            chosen.update(documents[name])
            taken += len(documents[name])
    return chosen


def lessons(
    rows: Sequence[Written], others: Sequence[Pair], tests: TestText, config: Mapping[str, Any]
) -> tuple[list[Pair], list[Written], Counter[str]]:
    """Return the pairs to train on in their order, the rows kept out, and a count of what went.

    First comes the part of the file after ``first_from`` with the drills, then the part before it;
    ``others`` are spread over both. A pair that resembles a test set or what is kept out goes.
    """
    places = kept_out(rows, config["written"])
    apart = [row for place, row in enumerate(rows) if place in places]
    sides = (side for row in apart for side in (row.pair.indonesian, row.pair.english))
    own = TestText(sides, config["shingle"])
    checks = {
        "near a test set": lambda p: not _resembles(p, tests, config["overlap"]),
        "near what is kept out": lambda p: not _resembles(p, own, config["overlap"]),
    }
    border = config["written"]["first_from"] * len(rows)
    first: list[Pair] = []
    later: list[Pair] = []
    for place, row in enumerate(rows):
        if place not in places:
            (first if place >= border or row.kind.startswith("drill") else later).append(row.pair)
    # The others are spread in the same proportion over both parts.
    cut = round(len(others) * len(first) / max(1, len(first) + len(later)))
    dice = random.Random(config["seed"])  # noqa: S311 - an order, not a secret
    # Shuffled within each part but not across, since the order of the parts is the lesson.
    order = [
        pair
        for part in ([*first, *others[:cut]], [*later, *others[cut:]])
        for pair in dice.sample(part, len(part))
    ]
    kept, gone = filtered(order, checks)
    return kept, apart, gone


def _resembles(pair: Pair, text: TestText, limit: float) -> bool:
    return any(near(text, side, limit) for side in (pair.indonesian, pair.english))


def build(
    pairs: Path, tests: Path, out: Path, config: Mapping[str, Any], written: Path | None = None
) -> dict[str, Any]:
    """Run the stage; return what ``data.json`` holds."""
    held_text = TestText(test_lines(tests), config["shingle"])
    everything = read_pairs(pairs)
    quotas = config["written"]["mixture"] if written else config["rows"]
    kept, gone = filtered(everything, rules({**config, "rows": quotas}, held_text))
    chosen = sampled(kept, quotas, config["seed"])
    out.mkdir(parents=True, exist_ok=True)
    report = {"rows": len(everything), "removed": dict(gone.most_common()), "passed": len(kept)}
    if written:
        rows = read_written(written)
        train, apart, lost = lessons(rows, chosen, held_text, config)
        held = [row.pair for row in apart]
        random.Random(config["seed"]).shuffle(held)  # noqa: S311 - an order, not a secret
        held = held[: config["held_out"]]
        (out / KEPT_OUT).write_text("".join(row.line for row in apart), "utf-8", newline="\n")
        report |= {"written": len(rows), "kept out": len(apart), "removed of these": dict(lost.most_common())}
    else:
        held, train = chosen[: config["held_out"]], chosen[config["held_out"] :]
    for name, part in (("held", held), ("train", train)):
        (out / f"{name}.tsv").write_text("".join(p.line for p in part), "utf-8", newline="\n")
    used = Counter((p.source, p.licence) for p in train)
    report |= {
        "train": len(train),
        "held": len(held),
        "used": [[*name, count] for name, count in used.most_common()],
    }
    (out / "data.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=Path, required=True, help="TSV: source, licence, Indonesian, English")
    parser.add_argument("--written", type=Path, help="TSV: kind, document, source, Indonesian, English")
    parser.add_argument("--tests", type=Path, required=True, help="folder of the test sets to keep out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--settings", type=Path)
    options = parser.parse_args()
    report = build(
        options.pairs, options.tests, options.out, settings(options.settings)["data"], options.written
    )
    print(json.dumps({name: value for name, value in report.items() if name != "used"}, indent=1))


if __name__ == "__main__":
    main()
