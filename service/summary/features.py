"""What the ranker sees of an article: a row of numbers for each sentence. Linear in the words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.text.words import listed

Floats = NDArray[np.float64]

# The ranker's trees name these columns by their place: add to the end, and train anew.
NAMES = (
    "position",  # from 0
    "relative_position",  # 0 to 1
    "sentences",  # of the article
    "words",
    "words_before",  # the sentence, from the start of the article
    "words_of_previous",  # -1 for the first
    "words_of_next",  # -1 for the last
    "centrality",
    "lead_similarity",
    "frequency",  # mean log frequency of its words in the article
    "novelty",  # share of its weight in words that no earlier sentence has
    "title_covered",  # share of the title's weight that the sentence has
    "title_share",  # share of the sentence's weight that is the title's
    "titled",  # whether there is a title
    "capitals",  # share of capitalised words, the first left out
    "acronyms",
    "numbers",
    "quotes",  # has a quotation mark
    "inside_quote",  # stands within a quotation that another sentence opened
    "dependent",  # opens with words that point back
    "furniture",  # opens like a link to another article
    "question",
    "dateline",
    "paragraph_lead",
    "paragraph_size",  # sentences
)

# "anak-anak", "Jum'at", "2026"; no marks.
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
# "(23/11)", "(23/11/2026)", as datelines and leads have it.
_DATE = re.compile(r"\(\d{1,2}/\d{1,2}(?:/\d{2,4})?\)")
# "JAKARTA, KOMPAS.com -- " and then a sentence.
_DATELINE = re.compile(r"^.{3,60}?\s(?:-{1,2}|[–—])\s*(?=\S)")
_POINTERS = frozenset(["itu", "tersebut"])
_FURNITURE = frozenset(["baca", "simak", "lihat", "tonton", "read", "watch"])
_QUOTES = '"“”'


def words(text: str) -> list[str]:
    """Return lower-case words; hyphens and apostrophes inside a word stay in it."""
    return [word.lower() for word in _WORD.findall(text)]


_DEPENDENT = listed(
    """
    ia dia mereka beliau itu ini hal tersebut begitu demikian namun tetapi tapi sementara selain kemudian
    lalu selanjutnya menurutnya sebab karena padahal meski meskipun walau walaupun sedangkan adapun akibatnya
    bahkan jadi sehingga pasalnya sebelumnya nantinya kendati keduanya itulah inilah hasilnya
    he she they it this that these those but however meanwhile then also moreover because although
    """
)


@dataclass(frozen=True, slots=True)
class TermMatrix:
    """A sparse sentence by term matrix of TF-IDF weights, each row of unit length.

    ``rows``, ``terms``, ``counts`` and ``weights`` have one entry for each different word of a sentence.
    """

    rows: NDArray[np.intp]
    terms: NDArray[np.intp]
    counts: Floats
    weights: Floats
    idf: Floats
    vocabulary: dict[str, int]

    @classmethod
    def of(cls, bags: Sequence[Sequence[str]]) -> TermMatrix:
        """Make one of the words of each sentence; idf is ln((1 + sentences) / sentences that have the
        word).
        """
        vocabulary: dict[str, int] = {}
        tokens = [vocabulary.setdefault(word, len(vocabulary)) for bag in bags for word in bag]
        size = max(1, len(vocabulary))
        lengths = [len(bag) for bag in bags]
        # A number for each pair of sentence and word, so that equal pairs can be counted at once.
        keys = np.repeat(np.arange(len(bags)), lengths) * size + np.asarray(tokens, dtype=np.intp)
        cells, repeats = np.unique(keys, return_counts=True)
        rows, terms, counts = cells // size, cells % size, repeats.astype(float)
        idf = np.log((1 + len(bags)) / np.maximum(1, np.bincount(terms, minlength=size)))
        weights = counts * idf[terms]
        # Never 0: even a word of all sentences has ln((1 + n) / n).
        norms = np.sqrt(_sums(rows, weights**2, len(bags)))
        return cls(rows, terms, counts, weights / norms[rows], idf, vocabulary)

    def term_sums(self, values: Floats) -> Floats:
        """Return the sum of ``values`` (one a cell) for each term."""
        return _sums(self.terms, values, len(self.idf))


def _sums(places: NDArray[np.intp], values: Floats, size: int) -> Floats:
    return np.bincount(places, values, size).astype(float)


def features(sentences: Sequence[str], title: str, paragraphs: Sequence[int]) -> Floats:
    """Return the matrix (sentences x ``NAMES``); ``paragraphs`` is the paragraph number of each sentence."""
    bags = [words(sentence) for sentence in sentences]
    lexical = _lexical(bags, words(title))
    surface = _surface(sentences)
    count = len(sentences)
    position = np.arange(count, dtype=float)
    lengths = np.array([len(bag) for bag in bags], dtype=float)
    padded = np.concatenate([[-1.0], lengths, [-1.0]])
    numbers, sizes = np.unique(np.asarray(paragraphs), return_inverse=True, return_counts=True)[1:]
    leads = np.diff(np.asarray(paragraphs), prepend=paragraphs[0] - 1) != 0
    columns = [
        position,
        position / max(1, count - 1),
        np.full(count, float(count)),
        lengths,
        np.cumsum(lengths) - lengths,
        padded[:-2],
        padded[2:],
        *lexical,
        np.full(count, float(bool(title.strip()))),
        *surface,
        leads.astype(float),
        sizes[numbers].astype(float),
    ]
    return np.column_stack(columns)


def _lexical(bags: Sequence[Sequence[str]], title: Sequence[str]) -> list[Floats]:
    """Return centrality, similarity to the lead, frequency, novelty, title covered, title share.

    Centrality is the mean cosine to the other sentences. It is LexRank's continuous score without
    damping: the stationary distribution of a walk on a symmetric graph is proportional to the degrees.
    Summing over terms first keeps it linear, with no sentence by sentence matrix.
    """
    matrix, count = TermMatrix.of(bags), len(bags)
    rows, terms, weights = matrix.rows, matrix.terms, matrix.weights
    size = len(matrix.idf)
    lead = np.zeros(size)
    lead[terms[rows == 0]] = weights[rows == 0]
    # The first sentence of each word.
    first = np.full(size, count)
    np.minimum.at(first, terms, rows)
    wanted = np.zeros(size)
    wanted[[matrix.vocabulary[word] for word in set(title) if word in matrix.vocabulary]] = 1.0
    totals = matrix.term_sums(matrix.counts)
    lengths = np.maximum(1, [len(bag) for bag in bags])
    cells = [
        weights * matrix.term_sums(weights)[terms],
        weights * lead[terms],
        matrix.counts * np.log(totals[terms]),
        weights**2 * (first[terms] == rows),
        wanted[terms] * matrix.idf[terms],
        weights**2 * wanted[terms],
    ]
    centrality, similarity, frequency, novelty, covered, share = (
        _sums(rows, values, count) for values in cells
    )
    return [
        # Less its likeness to itself, which is 1 where it has words.
        (centrality - (np.bincount(rows, minlength=count) > 0)) / max(1, count - 1),
        similarity,
        frequency / lengths,
        novelty,
        covered / max(1e-9, float(wanted @ matrix.idf)),
        share,
    ]


def _surface(sentences: Sequence[str]) -> list[Floats]:
    """Return capitals, acronyms, numbers, quotes, inside a quote, dependent, boilerplate, question,
    dateline.
    """
    rows, within = [], False
    for sentence in sentences:
        tokens = _WORD.findall(sentence)
        marks = sum(sentence.count(mark) for mark in _QUOTES)
        opening = [token.lower() for token in tokens[:4]]
        rows.append(
            (
                sum(token[0].isupper() for token in tokens[1:]) / max(1, len(tokens)),
                sum(token.isupper() and len(token) > 1 for token in tokens),
                sum(token[0].isdigit() for token in tokens),
                marks > 0,
                within and not marks,
                opening[:1] != [] and (opening[0] in _DEPENDENT or not _POINTERS.isdisjoint(opening)),
                not _FURNITURE.isdisjoint(opening[:2]),
                sentence.rstrip().endswith("?"),
                bool(_DATELINE.match(sentence)) or bool(_DATE.search(sentence)),
            )
        )
        # An odd number of marks opens a quotation, or closes one.
        within ^= marks % 2 == 1
    return list(np.array(rows, dtype=float).T)
