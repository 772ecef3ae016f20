"""Learns the lexical table of the word aligner: ``python -m eval.training.aligner``.

IBM model 2 with a prior for the diagonal and a Dirichlet prior over translations, as fast_align (Dyer,
Chahuneau and Smith 2013) has it, in both directions, over written translations and the cleaner parallel
sources of ``../shared/data/train``. Writes ``service/text/data/lexicon.npz``: words, and how likely one is
translated by another; no sentence of the data can be had back from it.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.text.aligner import DIAGONAL, english_unit, tokens
from service.text.stems import bare

SHARED = Path(__file__).parents[3] / "shared" / "data" / "train"
OUTPUT = Path(__file__).parents[2] / "service" / "text" / "data" / "lexicon.npz"
SOURCES = ("panl_int", "smeru", "ausaid", "tatoeba_gusti", "tatoeba_lppier", "tico_all")
TERM_TIMES = 3
"""How often a term of the glossary counts."""
LONGEST = 60
ROUNDS = 6
# The values that fast_align itself has, as has DIAGONAL.
ALPHA = 0.01
NULL = 0.08
LITTLE = 1e-12
LEAST_COUNT = 3
"""How often an Indonesian word is met to have a row of its own; a rarer one stands for its stem."""
ENGLISH_COUNT = 3
ROW = 24
"""How many translations a word has at the most."""
LEAST_TIMES = 0.2
"""How often a pair is met, by expectation, to be kept."""
LEAST = 0.001
"""The probability, in one of the directions, from which a pair is kept."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def pairs(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (Indonesian, English) of the written translations and of the sources of :data:`SOURCES`."""
    with lzma.open(folder / "written.tsv.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield tuple(line.rstrip("\n").split("\t")[-2:])  # type: ignore[misc]
    with lzma.open(folder / "parallel.tsv.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            source, _, indonesian, english = line.rstrip("\n").split("\t")
            if source in SOURCES:
                yield indonesian, english
    yield from sorted(terms()) * TERM_TIMES


def terms() -> Iterator[tuple[str, str]]:
    """Yield (Indonesian, English) of the glossary and of the list of words."""
    for name in ("news.tsv", "words.tsv"):
        head, *lines = (files("prompts") / "glossary" / name).read_text("utf-8").rstrip("\n").split("\n")
        for line in lines:
            row = dict(zip(head.split("\t"), line.split("\t"), strict=False))
            for form in (row["id"], row.get("expansion", ""), *row.get("variants", "").split("|")):
                if form:
                    yield form, row["en"]


def source_units(sentences: Sequence[Sequence[str]]) -> tuple[list[list[str]], frozenset[str]]:
    """Return the sentences with rare words replaced by a form that is frequent, and the frequent words."""
    counts = Counter(word for sentence in sentences for word in sentence)
    known = frozenset(word for word, count in counts.items() if count >= LEAST_COUNT)
    instead = {
        word: next((f for f in bare(word) if f in known), word) for word in counts if word not in known
    }
    return [[instead.get(word, word) for word in sentence] for sentence in sentences], known


@dataclass(frozen=True, slots=True)
class Cells:
    """Every pair of a source and a target word of one sentence, all sentences one after the other.

    ``pair`` indexes the distinct pairs, whose words are ``left`` (0: no word) and ``right``; ``token`` says
    which running target word a cell is of; ``prior`` is that of its place.
    """

    pair: NDArray[np.int32]
    token: NDArray[np.int32]
    prior: NDArray[np.float32]
    left: Ints
    right: Ints


def cells(left: Sequence[Ints], right: Sequence[Ints], width: int) -> Cells:
    """Return the cells of aligned sentences as word numbers from 1; ``width`` is above all of ``right``."""
    keys, tokens_, priors, at = [], [], [], 0
    for one, other in zip(left, right, strict=True):
        count, length = len(one), len(other)
        places = np.abs((np.arange(count)[:, None] + 0.5) / count - (np.arange(length) + 0.5) / length)
        # (source words, target words); the places of a target word sum to 1 less what is kept for no word.
        prior = np.exp(-DIAGONAL * places)
        prior *= (1 - NULL) / prior.sum(0)
        prior = np.vstack([np.full(length, NULL), prior])
        # A pair as one number; 0 on the left stands for no word.
        keys.append((np.concatenate([[0], one])[:, None] * width + other).ravel())
        tokens_.append(np.tile(np.arange(at, at + length, dtype=np.int32), count + 1))
        priors.append(prior.astype(np.float32).ravel())
        at += length
    distinct, pair = np.unique(np.concatenate(keys), return_inverse=True)
    return Cells(
        pair.astype(np.int32),
        np.concatenate(tokens_),
        np.concatenate(priors),
        distinct // width,
        distinct % width,
    )


def digamma(values: Floats) -> Floats:
    """Return the derivative of the logarithm of the gamma function, for positive values."""
    low = np.zeros_like(values)
    high = values.copy()
    # Moved up by the recurrence until the series below is exact enough.
    for _ in range(6):
        low -= np.where(high < 6, 1 / high, 0)
        high = np.where(high < 6, high + 1, high)
    square = 1 / (high * high)
    return low + np.log(high) - 0.5 / high - square * (1 / 12 - square * (1 / 120 - square / 252))


def learned(data: Cells, rounds: int = ROUNDS) -> tuple[Floats, Floats]:
    """Return the probability of each distinct pair's target word given its source word, and its count."""
    chances = np.ones(len(data.left), dtype=np.float32)
    size = int(data.right.max()) + 1
    for number in range(rounds):
        # Each running target word is shared out among the source words of its sentence.
        weights = chances[data.pair] * data.prior
        total = np.bincount(data.token, weights)
        weights /= total[data.token].astype(np.float32)
        counts: Floats = np.bincount(data.pair, weights, minlength=len(data.left)).astype(np.float64)
        whole: Floats = np.maximum(np.bincount(data.left, counts)[data.left], LITTLE).astype(np.float64)
        # The last round gives plain shares; the prior is for learning.
        if number + 1 == rounds:
            return counts / whole, counts
        chances = np.exp(digamma(counts + ALPHA) - digamma(whole + ALPHA * size)).astype(np.float32)
    raise ValueError("no rounds")


def numbered(sentences: Sequence[Sequence[str]]) -> tuple[list[Ints], list[str]]:
    """Return the sentences as word numbers from 1, and the words; the first, empty one is no word."""
    words = [""]
    known: dict[str, int] = {}
    found = []
    for sentence in sentences:
        for word in sentence:
            if word not in known:
                known[word] = len(words)
                words.append(word)
        found.append(np.array([known[word] for word in sentence], dtype=np.int64))
    return found, words


Row = tuple[float, str, float, float]
"""The greater probability, the stem, and the probability in each direction."""


def table(rows: Sequence[tuple[list[str], list[str]]]) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of the file, as :class:`service.text.aligner.Lexicon` reads them."""
    left, known = source_units([one for one, _ in rows])
    right = [other for _, other in rows]
    english = Counter(word for sentence in right for word in sentence)
    ids, words = numbered(left)
    others, stems = numbered(right)
    there = cells(ids, others, len(stems))
    forward, counts = learned(there)
    pairs_there, keys = (there.left, there.right), there.left * len(stems) + there.right
    # Some gigabytes, before the other direction needs as much.
    del there
    back = cells(others, ids, len(words))
    backward, _ = learned(back)
    mirrored = dict(zip((back.right * len(stems) + back.left).tolist(), backward.tolist(), strict=True))
    reverse = np.array([mirrored.get(key, 0.0) for key in keys.tolist()])
    nothing = _alone(pairs_there, forward, stems)
    alone = _alone((back.left, back.right), backward, words)
    keep: dict[str, list[Row]] = {}
    chosen = (pairs_there[0] > 0) & (np.maximum(forward, reverse) > LEAST) & (counts > LEAST_TIMES)
    for place in np.flatnonzero(chosen):
        word, stem = words[pairs_there[0][place]], stems[pairs_there[1][place]]
        if word in known and english[stem] >= ENGLISH_COUNT:
            pair = float(forward[place]), float(reverse[place])
            keep.setdefault(word, []).append((max(pair), stem, *pair))
    return _arrays({word: sorted(found, reverse=True)[:ROW] for word, found in keep.items()}, nothing, alone)


def _alone(pairs: tuple[Ints, Ints], chances: Floats, words: Sequence[str]) -> dict[str, float]:
    """Return how likely each word is to come from none."""
    rows = zip(*pairs, chances.tolist(), strict=True)
    return {words[right]: chance for left, right, chance in rows if not left}


def _arrays(
    keep: dict[str, list[Row]], nothing: dict[str, float], alone: dict[str, float]
) -> dict[str, NDArray[np.generic]]:
    words = sorted(keep)
    stems = sorted({stem for found in keep.values() for _, stem, _, _ in found})
    at = {stem: number for number, stem in enumerate(stems)}
    rows = [row for word in words for row in sorted(keep[word], key=lambda row: row[1])]
    return {
        "words": np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        "stems": np.frombuffer("\n".join(stems).encode(), dtype=np.uint8),
        # A row has at most ROW translations, and there are fewer than 65,536 stems.
        "sizes": np.array([len(keep[word]) for word in words], dtype=np.uint8),
        "which": np.array([at[row[1]] for row in rows], dtype=np.uint16),
        "forward": packed([row[2] for row in rows]),
        "backward": packed([row[3] for row in rows]),
        "stems_alone": packed([nothing.get(stem, 0.0) for stem in stems]),
        "words_alone": packed([alone.get(word, 0.0) for word in words]),
    }


def packed(chances: Sequence[float]) -> NDArray[np.uint8]:
    """Return probabilities as bytes: 255 is 1, each 16 less is a half; 0 is 2^-16 and less."""
    values = np.log2(np.maximum(np.array(chances), 2.0**-16))
    scaled: NDArray[np.uint8] = np.clip(np.rint(255 + values * 16), 0, 255).astype(np.uint8)
    return scaled


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--out", type=Path, default=OUTPUT)
    options = parser.parse_args()
    rows = []
    for indonesian, english in pairs(options.data):
        one = [token.unit for token in tokens(indonesian)]
        other = [english_unit(token.unit) for token in tokens(english)]
        if 0 < len(one) <= LONGEST and 0 < len(other) <= LONGEST and len(one) < 3 * len(other) + 3:
            rows.append((one, other))
    arrays = table(rows)
    options.out.parent.mkdir(exist_ok=True)
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    sys.stdout.write(
        f"{len(rows):,} pairs; {len(arrays['sizes']):,} words, {len(arrays['which']):,} translations; "
        f"{options.out.stat().st_size:,} bytes\n"
    )


if __name__ == "__main__":
    main()
