"""Which sentences of an article a brief is made of: what happened, and the key points.

Two small linear models score each sentence on the ranker's features, what the fact ledger reads in it and
how it is built. Their weights are in ``data/brief.json``; ``data/NOTICE`` says from what they were
learned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.document import Article
from service.facts.ledger import Mentions
from service.facts.lexicon import SPEECH
from service.summary import features as ranking
from service.summary.extractive import Ranker, shipped_ranker
from service.summary.features import Floats, words
from service.summary.verbs import has_verb

OWN = (
    "rank",  # the ranker's log-odds
    "rank_best",  # that, less the best of the article
    "first",
    "second",
    "last",
    "early",  # 1 / (1 + position)
    "short",  # under eight words
    "long",  # words over 35, in tens
    "people",
    "organisations",
    "places",
    "offices",
    "figures",
    "money",
    "dates",
    "new_facts",  # names and figures that no sentence before has
    "speech",  # says outside quotation marks who said it
    "quoted",  # share of its characters that are quoted
    "part_of_quote",
    "points_back",
    "verbless",
    "colon",  # ends with one: what it announces stands elsewhere
    "names_of_title",  # share of the title's names and figures
)
# The weights belong to these features in this order; see Chooser.from_json.
NAMES = (*ranking.NAMES, *OWN)
_QUOTED, _PART_OF_QUOTE = NAMES.index("quoted"), NAMES.index("part_of_quote")
_MOSTLY, _WHOLLY = 0.5, 0.85
"""Shares of quoted words above which a sentence does not tell what happened, or not even who says it."""
MOST_POINTS, FEWEST_POINTS = 4, 2
_SENTENCES_A_POINT = 3
_LEANS, _LOOSE = 2.0, 1.2
"""Log-odds that a sentence loses which wants the one before it: as what happened, and as a point where that
is not shown.
"""
_DOUBT = 0.9
"""Log-odds that a sentence of doubtful English loses as what happened: another has to say nearly as much."""
_CAPTION = re.compile(r"(?:Ilustrasi|Foto|Keterangan foto|Dok\.|Sumber foto)\b", re.IGNORECASE)
# "Kamu bisa menjadi member komunitas ...": what a site says of itself.
_PROMOTES = re.compile(
    r"(?:Kamu|Anda|Kalian) (?:bisa|dapat|juga bisa) (?:menjadi|mengunduh|mengikuti|bergabung|berlangganan)\b"
    r"|(?:Ikuti|Dapatkan|Simak|Unduh|Download|Baca) (?:berita|informasi|update|kabar|juga|terus|aplikasi)\b"
    r"|.{0,40}\badalah portal berita\b|Klik (?:di sini|tautan|link)\b",
    re.IGNORECASE,
)
# Words that want a sentence before them, besides those that the ranker knows.
_WANTS_ANOTHER = re.compile(
    r"^(?:Pihaknya|Menurutnya|Akibatnya|Namun|Meski demikian|Yakni|Yaitu|Ada (?:juga|pula)"
    r"|(?!(?:Hari|Saat|Pekan|Tahun|Bulan|Malam|Pagi|Siang|Sore|Kali|Minggu|Musim|Sampai|Hingga) )"
    r"[A-Z][a-z]{2,20} ini"
    r"|[A-Z][a-z]{1,20} (?:[a-z]{1,20} )?(?:ia|dia|mereka))\b"
    r"|\bdalam (?:insiden|peristiwa|kejadian|kecelakaan|serangan) (?:itu|tersebut)\b"
)
_SOMEBODY = re.compile(r"\b(?:[Ii]a|[Dd]ia|[Mm]ereka|[Bb]eliau)\b")
_SOME = frozenset(("person", "organisation", "office"))
_BEGINS_QUOTED = re.compile(r"[\"“”'‘«]")
_FIRST_PERSON = re.compile(r"\b(?:[Ss]aya|[Kk]ami|[Aa]ku|[Gg]ue)\b")
_SPEAKS = re.compile(
    r"\b(?:mengatakan|menyatakan|menyebut|menjelaskan|menuturkan|mengungkapkan|menegaskan)\b"
)


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic model of standardised features: ``mean``, ``scale`` and ``weights`` have one entry each."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def scores(self, rows: Floats) -> Floats:
        """Return the log-odds of each row."""
        result: Floats = (rows - self.mean) / self.scale @ self.weights + self.bias
        return result


@dataclass(frozen=True, slots=True)
class Chooser:
    """``what`` scores sentences as what happened, ``point`` as a key point.

    A repeated word costs a point ``redundancy`` log-odds by the cubed share of words that stand in what is
    chosen already. A third and fourth point is taken where it has at least ``least`` log-odds. ``name`` and
    ``figure`` score names and figures (:mod:`service.summary.keyfacts`), each with the least it is shown for.
    """

    what: Linear
    point: Linear
    redundancy: float
    least: float
    name: tuple[Linear, float] | None = None
    figure: tuple[Linear, float] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Chooser:
        """Return the chooser of a parsed file; raises ValueError for weights of other features."""
        if tuple(data["names"]) != NAMES:
            raise ValueError(
                "the brief's weights belong to other features: run python -m eval.training.brief"
            )
        what, point = (linear(data[name]) for name in ("what", "point"))
        facts = [
            (linear(data[n]), float(data[n]["least"])) if n in data else None for n in ("name", "figure")
        ]
        return cls(what, point, float(data["redundancy"]), float(data["least"]), *facts)


def linear(data: Mapping[str, Any]) -> Linear:
    """Return a model from its part of the file."""
    arrays = [np.array(data[name], dtype=float) for name in ("mean", "scale", "weights")]
    return Linear(arrays[0], arrays[1], arrays[2], float(data["bias"]))


@lru_cache(maxsize=1)
def shipped_chooser() -> Chooser:
    """Return the chooser that comes with the package."""
    return Chooser.from_json(json.loads(files(__package__).joinpath("data", "brief.json").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Scored:
    """The sentences of an article, scored; one that is not ``able`` is taken only where no other is left.

    ``telling`` are those that can be what happened: they are told, and not quoted. Those that ``points_back``
    begin with *ia*, *hal itu* and the like, or say *dia* of nobody they name, want the sentence before them.
    """

    what: Floats
    point: Floats
    able: NDArray[np.bool_]
    telling: NDArray[np.bool_]
    points_back: NDArray[np.bool_]
    bags: tuple[frozenset[str], ...]


def scored(
    article: Article, held: Sequence[Mentions], chooser: Chooser, ranker: Ranker | None = None
) -> Scored:
    """Score the sentences of an article; ``held`` is what :func:`service.facts.ledger.mentions` gives.

    ``ranker`` replaces the shipped one.
    """
    rows = features(article, held, ranker)
    sentences = article.body.sentences
    parts = [part for part in held if part.sentence is not None]
    spoken = (rows[:, _QUOTED] > _WHOLLY) | [_is_spoken(part) for part in parts]
    able = np.array([not reason for reason in unfit(article)], dtype=bool) & ~spoken
    bags = tuple(frozenset(words(sentence)) for sentence in sentences)
    wanting = [
        bool(_WANTS_ANOTHER.search(s)) or _names_nobody(p) for s, p in zip(sentences, parts, strict=True)
    ]
    back = (rows[:, NAMES.index("points_back")] > 0) | wanting
    quoted = np.array([bool(_BEGINS_QUOTED.match(sentence)) for sentence in sentences], dtype=bool)
    telling = able & ~quoted & (rows[:, _QUOTED] < _MOSTLY) & (rows[:, _PART_OF_QUOTE] == 0)
    return Scored(chooser.what.scores(rows), chooser.point.scores(rows), able, telling, back, bags)


def _is_spoken(part: Mentions) -> bool:
    """Return whether a sentence is somebody's own words, of a quotation whose marks stand in other
    sentences.
    """
    outside = _outside(part)
    return _FIRST_PERSON.search(outside) is not None and not _speaks(outside)


def _names_nobody(part: Mentions) -> bool:
    """Return whether a sentence speaks of *dia* or *mereka* outside quotation marks, and of nobody before."""
    found = _SOMEBODY.search(_outside(part))
    if not found:
        return False
    # Its place in the whole sentence, or behind it: the same word may stand in a quotation before.
    place = part.text.find(found[0], found.start())
    return not any(name.kind in _SOME and name.start < place for name in part.names)


def unfit(article: Article) -> list[str]:
    """Return, for each sentence, why a brief does not take it, or nothing.

    A line without a verb, a subhead, a caption, what a site says of itself, or a question.
    """
    roles = dict(enumerate(article.roles))
    captions = frozenset(article.captions)
    reasons = []
    for sentence, paragraph in zip(article.body.sentences, article.body.paragraphs(), strict=True):
        if roles.get(paragraph) == "subhead" or sentence.endswith(":"):
            reasons.append("subhead")
        elif sentence in captions or _CAPTION.match(sentence):
            reasons.append("caption")
        elif _PROMOTES.match(sentence):
            reasons.append("promotion")
        elif not has_verb(sentence):
            reasons.append("verbless")
        else:
            reasons.append("question" if sentence.rstrip('"”’) ').endswith("?") else "")
    return reasons


def choose(scores: Scored, chooser: Chooser, doubtful: frozenset[int] = frozenset()) -> tuple[int, list[int]]:
    """Return the sentence of what happened, and the key points in the order of the article.

    ``doubtful`` sentences, whose English is likely wrong, are key points only where there are too few others;
    what happened is told by one only where no other says it nearly as well.
    """
    doubt = _LEANS * scores.points_back + [_DOUBT * (i in doubtful) for i in range(len(scores.bags))]
    order = np.argsort(doubt - scores.what, kind="stable").tolist()
    # What tells, else what may be shown, else anything: a brief always has a first sentence.
    pool = [i for i in order if scores.telling[i]] or [i for i in order if scores.able[i]] or order
    what = pool[0]
    points: list[int] = []
    covered = set(scores.bags[what])
    left = [i for i in range(len(scores.bags)) if i != what and scores.able[i] and scores.bags[i]]
    # A point for every three sentences, rounded up.
    most = max(FEWEST_POINTS, min(MOST_POINTS, -(-len(scores.bags) // _SENTENCES_A_POINT)))
    # First without doubtful sentences; then with them, but only up to the fewest points.
    for careful in (True, False):
        while len(points) < most:
            able = [i for i in left if i not in points and not (careful and i in doubtful)]
            loose = [_LOOSE * (scores.points_back[i] and i - 1 not in (what, *points)) for i in able]
            values = [_value(scores, chooser, i, covered) - lost for i, lost in zip(able, loose, strict=True)]
            if not able:
                break
            best = int(np.argmax(values))
            if len(points) >= FEWEST_POINTS and (not careful or values[best] < chooser.least):
                break
            points.append(able[best])
            covered |= scores.bags[able[best]]
    return what, sorted(points)


def _value(scores: Scored, chooser: Chooser, index: int, covered: set[str]) -> float:
    bag = scores.bags[index]
    repeated = len(bag & covered) / max(1, len(bag))
    # Cubed for the reason given in extractive.py: only near repeats cost much.
    return float(scores.point[index]) - chooser.redundancy * repeated**3


def features(article: Article, held: Sequence[Mentions], ranker: Ranker | None = None) -> Floats:
    """Return the matrix (sentences x ``NAMES``)."""
    sentences = article.body.sentences
    rows = ranking.features(sentences, article.title, article.body.paragraphs())
    ranks = (ranker or shipped_ranker()).scores(rows)
    column = {name: index for index, name in enumerate(ranking.NAMES)}
    title = next((_keys(part) for part in held if part.sentence is None), frozenset[str]())
    parts = [part for part in held if part.sentence is not None]
    seen: set[str] = set()
    own = []
    for index, (sentence, part) in enumerate(zip(sentences, parts, strict=True)):
        size = rows[index, column["words"]]
        keys = _keys(part)
        own.append(
            (
                ranks[index],
                ranks[index] - ranks.max(),
                index == 0,
                index == 1,
                index == len(sentences) - 1,
                1 / (1 + index),
                size < 8,
                max(0.0, size - 35) / 10,
                *_counts(part),
                min(4, len(keys - seen)),
                *_speech(sentence, part),
                rows[index, column["dependent"]],
                not has_verb(sentence),
                sentence.endswith(":"),
                len(keys & title) / max(1, len(title)),
            )
        )
        seen |= keys
    return np.hstack([rows, np.array(own, dtype=float)])


def _counts(part: Mentions) -> tuple[int, ...]:
    """Return people, organisations, places, offices, figures, money, dates; four of a kind are as good
    as many.
    """
    names = [name.kind for name in part.names]
    figures = [figure.kind for figure in part.figures]
    return (
        *(min(4, names.count(kind)) for kind in ("person", "organisation", "place", "office")),
        min(4, figures.count("number")),
        min(4, figures.count("money")),
        min(4, figures.count("date") + figures.count("time")),
    )


def _speech(sentence: str, part: Mentions) -> tuple[bool, float, bool]:
    """Return whether it says who speaks, the share of it that is quoted, and whether it is a part of a
    quotation.
    """
    quoted = sum(span.end - span.start for span in part.quotations) / max(1, len(sentence))
    return _speaks(_outside(part)), quoted, any(not (span.opens and span.closes) for span in part.quotations)


def _outside(part: Mentions) -> str:
    """Return the sentence without what is quoted in it."""
    kept, at = [], 0
    for span in part.quotations:
        kept.append(part.text[at : span.start])
        at = span.end
    return " ".join((*kept, part.text[at:]))


def _speaks(outside: str) -> bool:
    return not SPEECH.isdisjoint(words(outside)) or _SPEAKS.search(outside) is not None


def _keys(part: Mentions) -> frozenset[str]:
    """Return the names and figures of a sentence, to count each once in an article."""
    names = [part.text[name.start : name.end].lower() for name in part.names]
    return frozenset((*names, *(part.text[figure.start : figure.end].lower() for figure in part.figures)))
