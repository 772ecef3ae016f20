"""The metrics: each a table of sufficient statistics and a score over their sums.

Keeping every metric in that one shape is what lets :mod:`eval.significance` resample all of
them at once. The counting is the libraries' own (sacreBLEU, rouge_score); only the last
formula is written again for arrays, and the tests hold it to the libraries' numbers.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from eval.outside.comet import Comet
from eval.significance import Array, Resampling, Scorer
from eval.text import sentences, words
from service.document import Finding, Message
from service.errors import NotInstalled, UsageError
from service.extras import absent
from service.text.number_words import ENGLISH, INDONESIAN
from service.text.numbers import numbers, unmatched
from service.version import __version__

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One system's output beside the data. All sequences have one entry a segment.

    ``sources`` is empty when unknown; ``others`` are further reference sides; ``findings`` and
    ``support`` (sentences carried by the source, all sentences) are ``None`` when nobody looked;
    ``given`` holds the segment scores that came with the output, by metric.
    """

    hypotheses: Sequence[str]
    references: Sequence[str]
    sources: Sequence[str] = ()
    findings: Sequence[Sequence[Finding]] | None = None
    support: Sequence[tuple[int, int]] | None = None
    others: Sequence[Sequence[str]] = ()
    given: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def all_references(self) -> list[Sequence[str]]:
        """Every reference side, the first one first."""
        return [self.references, *self.others]


@dataclass(frozen=True, slots=True)
class Metric:
    """``statistics`` gives a (segments, k) table, :attr:`score` maps sums (…, k) to scores (…)."""

    name: str
    signature: str
    statistics: Callable[[Corpus], Array]
    better: Better = "higher"
    needs: Literal["", "sources", "findings", "support"] = ""

    @property
    def score(self) -> Scorer:
        """The formula of this metric, which its name and signature alone decide."""
        return formula(self.name, self.signature)


@dataclass(frozen=True, slots=True)
class Counting:
    """The options of sacreBLEU; those that are left as they are here are its defaults.

    ``tokenize`` and ``smooth`` (``smooth_value`` for ``floor`` and ``add-k``) are those of BLEU;
    ``lowercase`` makes BLEU and chrF blind to case, as TER is unless ``ter_case``.
    """

    tokenize: str = "13a"
    lowercase: bool = False
    smooth: str = "exp"
    smooth_value: float | None = None
    ter_case: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """What some metrics take: ``terms`` are (source, target) pairs, ``weights`` local models by metric.

    ``references`` is how many reference sides there are; ``comet`` is the Python of another environment
    that has COMET, empty for this one; ``given`` names the metrics whose segment scores come with the
    outputs, and their better side.
    """

    stem: bool = False
    references: int = 1
    counting: Counting = field(default_factory=Counting)
    comet: str = ""
    given: Mapping[str, Better] = field(default_factory=dict)
    terms: tuple[tuple[str, str], ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    plan: Resampling = field(default_factory=Resampling)


def _divide(top: Array, bottom: Array, undefined: Array) -> Array:
    quotient: Array = np.divide(top, bottom, out=undefined, where=bottom != 0)
    return quotient


# --- sacreBLEU ---------------------------------------------------------------------------------


def _import(module: str, metric: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if absent(error):
            raise NotInstalled(
                "score.package_missing",
                "{metric} needs the package {package}",
                metric=metric,
                package=package,
            ) from error
        raise NotInstalled(
            "score.package_broken",
            "{metric} needs {package}, which cannot be imported: {reason}",
            metric=metric,
            package=package,
            reason=error,
        ) from error


def _sacrebleu() -> ModuleType:
    return _import("sacrebleu.metrics", "BLEU, chrF and TER", "sacrebleu")


def _library(name: str, library: Any, options: Options, better: Better = "higher") -> Metric:
    library.num_refs = options.references
    signature = library.get_signature()
    signature.update("bs", options.plan.resamples)
    signature.update("seed", options.plan.seed)

    # The references' n-grams are the same for every system.
    counted = lru_cache(maxsize=1)(library._cache_references)

    def statistics(corpus: Corpus) -> Array:
        library._ref_cache = counted(tuple(map(tuple, corpus.all_references)))
        return np.asarray(library._extract_corpus_statistics(corpus.hypotheses, None), dtype=np.float64)

    return Metric(name, str(signature), statistics, better)


def bleu_score(sums: Array, smooth: str = "exp", value: float = 0.0) -> Array:
    """Return BLEU from [hypothesis length, reference length, 4 matches, 4 totals].

    The formula of sacreBLEU's ``BLEU.compute_bleu``, with its four ways of smoothing and without its
    effective order.
    """
    length, reference, matches, totals = sums[..., 0], sums[..., 1], sums[..., 2:6], sums[..., 6:10]
    defined = (matches > 0).any(axis=-1)
    if smooth == "add-k":
        added = np.array([0.0, value, value, value])
        matches, totals = matches + added, totals + added
    missed = matches == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        filled = {
            "exp": 100 / (2.0 ** np.cumsum(missed, axis=-1) * totals),
            "floor": 100 * value / totals,
        }.get(smooth, np.zeros_like(totals))
        smoothed = np.where(missed, filled, 100 * matches / totals)
        penalty = np.where(length < reference, np.exp(1 - reference / length), 1.0)
        score = penalty * np.exp(np.log(smoothed).mean(axis=-1))
    return np.where(defined & (totals > 0).all(axis=-1), score, 0.0)


def chrf_score(sums: Array) -> Array:
    """Return chrF2 from [hypothesis, reference, match] a row of n-grams; orders nobody has are left out."""
    rows = sums.reshape(*sums.shape[:-1], -1, 3)
    hypothesis, reference, match = rows[..., 0], rows[..., 1], rows[..., 2]
    counted = (hypothesis > 0) & (reference > 0)
    orders = np.maximum(counted.sum(axis=-1), 1)
    match = np.where(counted, match, 0.0)
    precision = _divide(match, hypothesis, np.zeros_like(match)).sum(axis=-1) / orders
    recall = _divide(match, reference, np.zeros_like(match)).sum(axis=-1) / orders
    return _divide(500 * precision * recall, 4 * precision + recall, np.zeros_like(precision))


def ter_score(sums: Array) -> Array:
    """Return TER from [edits, reference words]; only-empty references count as all wrong, as in sacreBLEU."""
    edits, reference = sums[..., 0], sums[..., 1]
    return _divide(100 * edits, reference, np.where(edits > 0, 100.0, 0.0))


def _ratio(scale: float) -> Scorer:
    """Return column 0 over column 1; undefined (NaN) where nothing could be counted."""

    def score(sums: Array) -> Array:
        top, bottom = sums[..., 0], sums[..., 1]
        return _divide(scale * top, bottom, np.full(np.shape(top), np.nan))

    return score


_FORMULAS: Mapping[str, Scorer] = {
    "BLEU": bleu_score,
    "spBLEU": bleu_score,
    "chrF2": chrf_score,
    "chrF++": chrf_score,
    "TER": ter_score,
}
_SCALES: Mapping[str, float] = {"length-ratio": 1.0, "findings-per-1000": 1000.0}


# As sacreBLEU signs them: smooth:exp, smooth:floor[0.10], smooth:add-k[1.00], smooth:none.
_SMOOTHED = re.compile(r"\bsmooth:(floor|add-k|none)(?:\[([0-9.]++)\])?")


def formula(name: str, signature: str = "") -> Scorer:
    """Return what makes scores of sums of statistics, for the metric of this name and signature; no
    library is needed.
    """
    smoothed = _SMOOTHED.search(signature) if name in ("BLEU", "spBLEU") else None
    if smoothed:
        return partial(bleu_score, smooth=smoothed[1], value=float(smoothed[2] or 0))
    return _FORMULAS.get(name) or _ratio(_SCALES.get(name, 100.0))


def _new_bleu(options: Options, tokenize: str) -> Any:
    """Return sacreBLEU's own object. Raises :class:`UsageError` for options that it does not know."""
    library, chosen = _sacrebleu(), options.counting
    known = (
        (Message("term", "tokenizer"), tokenize, library.BLEU.TOKENIZERS),
        (Message("term", "smoothing"), chosen.smooth, SMOOTHINGS),
    )
    for what, name, names in known:
        if name not in names:
            raise UsageError(
                "score.unknown_choice",
                "unknown {what} {name!r}; there are: {known}",
                what=what,
                name=name,
                known=", ".join(names),
            )
    if chosen.smooth_value is not None and chosen.smooth not in ("floor", "add-k"):
        raise UsageError("score.smoothing_which", "a smoothing value goes with the smoothing floor or add-k")
    if chosen.smooth_value is not None and not 0 < chosen.smooth_value < 100:
        raise UsageError("score.smoothing_range", "the smoothing value must lie between 0 and 100")
    # The signature shows two decimals, and the formula is read off it.
    value = None if chosen.smooth_value is None else round(chosen.smooth_value, 2)
    try:
        return library.BLEU(
            force=True,
            tokenize=tokenize,
            lowercase=chosen.lowercase,
            smooth_method=chosen.smooth,
            smooth_value=value,
        )
    except (ImportError, RuntimeError) as error:
        raise NotInstalled(
            "score.bleu_tokenizer",
            "BLEU with the tokenizer {tokenizer}: {reason}",
            tokenizer=tokenize,
            reason=" ".join(str(error).split()),
        ) from error


SMOOTHINGS = ("exp", "floor", "add-k", "none")


def _bleu(options: Options) -> Metric:
    return _library("BLEU", _new_bleu(options, options.counting.tokenize), options)


def _spbleu(options: Options) -> Metric:
    folder = _import("sacrebleu.utils", "spBLEU", "sacrebleu").SACREBLEU_DIR
    model = Path(folder) / "models" / "flores200sacrebleuspm"
    if not model.is_file():
        raise NotInstalled(
            "score.spbleu_model",
            "spBLEU needs the FLORES-200 SentencePiece model as {path}; `sacrebleu --tokenize flores200` "
            "fetches it when online",
            path=model,
        )
    return _library("spBLEU", _new_bleu(options, "flores200"), options)


def _chrf(name: str, word_order: int) -> Callable[[Options], Metric]:
    def build(options: Options) -> Metric:
        library = _sacrebleu().CHRF(word_order=word_order, lowercase=options.counting.lowercase)
        return _library(name, library, options)

    return build


def _ter(options: Options) -> Metric:
    library = _sacrebleu().TER(case_sensitive=options.counting.ter_case)
    return _library("TER", library, options, "lower")


# --- ROUGE -------------------------------------------------------------------------------------


class _Words:
    """``rouge_score``'s tokenizer interface over :func:`eval.text.words`; its stemmer is English only."""

    def __init__(self, stem: bool) -> None:
        self._stem: Callable[[str], str] | None = None
        if stem:
            porter = _import("nltk.stem.porter", "the stemmer of ROUGE", "nltk")
            self._stem = porter.PorterStemmer().stem

    def tokenize(self, text: str) -> list[str]:
        tokens = words(text)
        if self._stem is None:
            return tokens
        return [self._stem(token) if len(token) > 3 else token for token in tokens]


def _rouge(name: str, kind: str) -> Callable[[Options], Metric]:
    """Return mean F1 in percent over the segments; of several references the one with the highest F1
    counts.
    """

    def build(options: Options) -> Metric:
        library = _import("rouge_score.rouge_scorer", name, "rouge-score")
        scorer = library.RougeScorer([kind], tokenizer=_Words(options.stem))
        lines = (lambda text: "\n".join(sentences(text))) if kind == "rougeLsum" else str

        def statistics(corpus: Corpus) -> Array:
            rows = zip(corpus.hypotheses, *corpus.all_references, strict=True)
            values = [
                max(scorer.score(lines(reference), lines(text))[kind].fmeasure for reference in references)
                for text, *references in rows
            ]
            return np.array([[value, 1.0] for value in values])

        parts = ["tok:unicode", f"stemmer:{'porter' if options.stem else 'none'}"]
        parts += ["sentences:lines-or-marks"] if kind == "rougeLsum" else []
        parts += [f"nrefs:{options.references}(best)"] if options.references > 1 else []
        signature = "|".join([*_resampled(options), *parts, f"rouge_score:{version('rouge_score')}"])
        return Metric(name, signature, statistics)

    return build


# --- our own counts ----------------------------------------------------------------------------


def _resampled(options: Options) -> list[str]:
    return [f"bs:{options.plan.resamples}", f"seed:{options.plan.seed}"]


Count = Callable[[Corpus, int], tuple[float, float]]


def _counted(
    name: str, count: Count, better: Better, needs: Literal["", "sources"] = "sources"
) -> Callable[[Options], Metric]:
    """Return a metric that is one count over another."""

    def build(options: Options) -> Metric:
        def statistics(corpus: Corpus) -> Array:
            return np.array([count(corpus, i) for i in range(len(corpus.hypotheses))], dtype=np.float64)

        signature = "|".join([*_resampled(options), f"warta:{__version__}"])
        return Metric(name, signature, statistics, better, needs)

    return build


def _length(corpus: Corpus, i: int) -> tuple[float, float]:
    """Compare lengths; of several references the nearest counts, the shorter of two equally near, as in
    BLEU.
    """
    own = len(words(corpus.hypotheses[i]))
    return own, min((len(words(side[i])) for side in corpus.all_references), key=lambda n: (abs(n - own), n))


def _copied(corpus: Corpus, i: int) -> tuple[float, float]:
    """Count a copied line; one whose reference is its source (a name, a score line) is not counted."""
    source = words(corpus.sources[i])
    countable = bool(source) and all(words(side[i]) != source for side in corpus.all_references)
    return float(countable and words(corpus.hypotheses[i]) == source), float(countable)


def _numbers_kept(corpus: Corpus, i: int) -> tuple[float, float]:
    """Count the firm numbers of a source, and those with an equal in the output, as the guard reads them."""
    here = numbers(corpus.sources[i], INDONESIAN)
    missing, _ = unmatched(here, numbers(corpus.hypotheses[i], ENGLISH), corpus.sources[i])
    wanted = sum(number.firm for number in here)
    return wanted - len(missing), wanted


def _compression(corpus: Corpus, i: int) -> tuple[float, float]:
    return len(words(corpus.hypotheses[i])), len(words(corpus.sources[i]))


def _novelty(corpus: Corpus, i: int) -> tuple[float, float]:
    def bigrams(text: str) -> Counter[tuple[str, str]]:
        tokens = words(text)
        return Counter(pairwise(tokens))

    known, ours = bigrams(corpus.sources[i]), bigrams(corpus.hypotheses[i])
    return sum(n for bigram, n in ours.items() if bigram not in known), ours.total()


def _findings(options: Options) -> Metric:
    def statistics(corpus: Corpus) -> Array:
        return np.array([[len(found), 1.0] for found in corpus.findings or ()], dtype=np.float64)

    signature = "|".join([*_resampled(options), "guard", f"warta:{__version__}"])
    return Metric("findings-per-1000", signature, statistics, "lower", "findings")


def _support(options: Options) -> Metric:
    def statistics(corpus: Corpus) -> Array:
        return np.array(corpus.support or (), dtype=np.float64)

    signature = "|".join([*_resampled(options), "sentences-with-support", f"warta:{__version__}"])
    return Metric("support-rate", signature, statistics, "higher", "support")


def _term_accuracy(options: Options) -> Metric:
    """Return how many of the terms found in a source line have their target in the hypothesis (whole
    words).
    """
    if not options.terms:
        raise UsageError(
            "score.needs_terms", "term-accuracy needs a list of terms: --terms FILE (source TAB target)"
        )
    terms = [(f" {' '.join(words(s))} ", f" {' '.join(words(t))} ") for s, t in options.terms]

    def count(corpus: Corpus, i: int) -> tuple[float, float]:
        source, text = (f" {' '.join(words(t))} " for t in (corpus.sources[i], corpus.hypotheses[i]))
        wanted = [target for term, target in terms if term in source]
        return sum(target in text for target in wanted), len(wanted)

    return _counted("term-accuracy", count, "higher")(options)


# --- neural extras -----------------------------------------------------------------------------


def _weights(options: Options, metric: str, what: str) -> str:
    if metric not in options.weights:
        raise NotInstalled(
            "score.needs_weights",
            "{metric} needs {what} on this machine: --weights {metric}=PATH",
            metric=metric,
            what=what,
        )
    return options.weights[metric]


def _neural(
    name: str, values: Callable[[Corpus], Sequence[float]], model: str, options: Options, several: str
) -> Metric:
    """Return a mean of segment scores; of several references the ``mean`` or the ``best`` score counts, as
    told.
    """

    def statistics(corpus: Corpus) -> Array:
        sides = [replace(corpus, references=side, others=()) for side in corpus.all_references]
        table = np.array([values(side) for side in sides], dtype=np.float64)
        chosen = table.mean(axis=0) if several == "mean" else table.max(axis=0)
        return np.column_stack([chosen, np.ones_like(chosen)])

    needs: Literal["", "sources"] = "sources" if name == "COMET" else ""
    counted = [f"nrefs:{options.references}({several})"] if options.references > 1 else []
    signature = "|".join([*_resampled(options), *counted, f"weights:{model}"])
    return Metric(name, signature, statistics, "higher", needs)


def _comet(options: Options) -> Metric:
    score, version = _comet_scorer(options)

    def values(corpus: Corpus) -> Sequence[float]:
        rows = zip(corpus.sources, corpus.hypotheses, corpus.references, strict=True)
        return score([{"src": source, "mt": text, "ref": reference} for source, text, reference in rows])

    model = f"{Path(options.weights['COMET']).name}|comet:{version}"
    return _neural("COMET", values, model, options, "mean")


def _comet_scorer(options: Options) -> tuple[Callable[[Sequence[Mapping[str, str]]], list[float]], str]:
    """Return COMET of the environment that the options name, else of this one; and its version."""
    what = "a checkpoint such as wmt22-comet-da"
    if options.comet:
        remote = Comet(options.comet, _weights(options, "COMET", what))
        return remote, remote.version
    comet = _import("comet", "COMET", "unbabel-comet (or its own environment: --comet-python)")
    path = _weights(options, "COMET", what)
    model = comet.load_from_checkpoint(path, local_files_only=True)

    def score(rows: Sequence[Mapping[str, str]]) -> list[float]:
        scores: list[float] = model.predict(list(rows), batch_size=16, gpus=0, progress_bar=False).scores
        return scores

    return score, str(getattr(comet, "__version__", "unknown"))


def _bertscore(options: Options) -> Metric:
    bert_score = _import("bert_score", "BERTScore", "bert-score")
    path = _weights(options, "BERTScore", "an encoder such as roberta-large")

    def values(corpus: Corpus) -> Sequence[float]:
        _, _, f1 = bert_score.score(
            list(corpus.hypotheses), list(corpus.references), model_type=path, num_layers=17
        )
        scores: list[float] = f1.tolist()
        return scores

    return _neural("BERTScore", values, f"{Path(path).name}|layer:17", options, "best")


def _lase(options: Options) -> Metric:
    # PyPI's "lase" is another program, so the message names the repository.
    lase = _import("LaSE", "LaSE", "in the folder LaSE of the repository csebuetnlp/CrossSum")
    path = _weights(options, "LaSE", "a folder with LaBSE and fastText's language model")
    scorer = lase.LaSEScorer(cache_dir=path)

    def values(corpus: Corpus) -> Sequence[float]:
        pairs = zip(corpus.references, corpus.hypotheses, strict=True)
        lines = ((" ".join(reference.split()), " ".join(text.split())) for reference, text in pairs)
        return [scorer.score(*pair, target_lang="english").LaSE for pair in lines]

    return _neural("LaSE", values, "LaBSE", options, "best")


# --- scores from elsewhere ---------------------------------------------------------------------

# Metrics whose scores are fractions and are shown in percent, here and in their papers.
_FRACTIONS = ("COMET", "BERTScore", "LaSE")


def _given(name: str, better: Better, options: Options) -> Metric:
    """Return the mean of segment scores that came with the output; COMET's fractions become percent."""
    scale = 1.0 if name in _FRACTIONS else 0.01  # the formula multiplies by a hundred

    def statistics(corpus: Corpus) -> Array:
        values = np.array(corpus.given.get(name, [np.nan] * len(corpus.hypotheses)), dtype=np.float64)
        there = ~np.isnan(values)
        return np.column_stack([np.where(there, scale * values, 0.0), there.astype(np.float64)])

    return Metric(name, "|".join([*_resampled(options), "imported"]), statistics, better)


METRICS: Mapping[str, Callable[[Options], Metric]] = {
    "BLEU": _bleu,
    "chrF2": _chrf("chrF2", 0),
    "chrF++": _chrf("chrF++", 2),
    "TER": _ter,
    "spBLEU": _spbleu,
    "ROUGE-1": _rouge("ROUGE-1", "rouge1"),
    "ROUGE-2": _rouge("ROUGE-2", "rouge2"),
    "ROUGE-L": _rouge("ROUGE-L", "rougeL"),
    "ROUGE-Lsum": _rouge("ROUGE-Lsum", "rougeLsum"),
    "length-ratio": _counted("length-ratio", _length, "neither", ""),
    "copy-rate": _counted("copy-rate", _copied, "lower"),
    "numbers-kept": _counted("numbers-kept", _numbers_kept, "higher"),
    "findings-per-1000": _findings,
    "term-accuracy": _term_accuracy,
    "compression": _counted("compression", _compression, "neither"),
    "novelty": _counted("novelty", _novelty, "neither"),
    "support-rate": _support,
    "COMET": _comet,
    "BERTScore": _bertscore,
    "LaSE": _lase,
}

_MT = ("BLEU", "chrF2", "chrF++", "TER", "length-ratio", "copy-rate", "numbers-kept", "findings-per-1000")
_SUM = (
    "ROUGE-1",
    "ROUGE-2",
    "ROUGE-L",
    "ROUGE-Lsum",
    "length-ratio",
    "compression",
    "novelty",
    "support-rate",
)
DEFAULTS: Mapping[str, tuple[str, ...]] = {"mt": _MT, "sum": _SUM}


def available(names: Sequence[str], options: Options) -> tuple[list[Metric], list[str]]:
    """Return the metrics of these names, case aside, and one line for each that is not installed.

    Segment scores that came with the output go before a metric of the same name. Raises
    :class:`UsageError` with the list for an unknown name, and :class:`NotInstalled` where no metric is left.
    """
    found, missing = _built(names, options)
    return found, [str(error) for error in missing]


def _built(names: Sequence[str], options: Options) -> tuple[list[Metric], list[NotInstalled]]:
    known = {name.casefold(): name for name in (*METRICS, *options.given)}
    unknown = [name for name in names if name.casefold() not in known]
    if unknown:
        raise UsageError(
            "score.unknown_metric",
            "unknown metric {name!r}; there are: {known}",
            name=unknown[0],
            known=", ".join(METRICS),
        )
    found: list[Metric] = []
    missing: list[NotInstalled] = []
    for name in dict.fromkeys(known[name.casefold()] for name in names):
        try:
            given = options.given.get(name)
            found.append(_given(name, given, options) if given else METRICS[name](options))
        except NotInstalled as error:
            missing.append(error)
    if missing and not found:
        raise missing[0]
    return found, missing


def build(names: Sequence[str], options: Options) -> list[Metric]:
    """Return the metrics of these names; one that is not installed raises :class:`NotInstalled`."""
    found, missing = _built(names, options)
    if missing:
        raise missing[0]
    return found
