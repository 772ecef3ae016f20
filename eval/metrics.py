"""The metrics: each a table of sufficient statistics and a score over their sums.

Keeping every metric in that one shape is what lets :mod:`eval.significance` resample all of
them at once. The counting is the libraries' own (sacreBLEU, rouge_score); only the last
formula is written again for arrays, and the tests hold it to the libraries' numbers.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from eval.significance import Array, Resampling, Scorer
from eval.text import numbers, sentences, words
from service.document import Finding
from service.errors import NotInstalled, UsageError
from service.extras import absent
from service.version import __version__

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One system's output beside the data. All sequences have one entry a segment.

    ``sources`` is empty when unknown; ``findings`` and ``support`` (sentences carried by the
    source, all sentences) are ``None`` when nobody looked.
    """

    hypotheses: Sequence[str]
    references: Sequence[str]
    sources: Sequence[str] = ()
    findings: Sequence[Sequence[Finding]] | None = None
    support: Sequence[tuple[int, int]] | None = None


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
        """The formula of this metric, which its name alone decides."""
        return formula(self.name)


@dataclass(frozen=True, slots=True)
class Options:
    """What some metrics take: ``terms`` are (source, target) pairs, ``weights`` local models by metric."""

    stem: bool = False
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


def _library(name: str, library: Any, plan: Resampling, better: Better = "higher") -> Metric:
    library.num_refs = 1
    signature = library.get_signature()
    signature.update("bs", plan.resamples)
    signature.update("seed", plan.seed)

    # The references' n-grams are the same for every system.
    counted = lru_cache(maxsize=1)(lambda references: library._cache_references([references]))

    def statistics(corpus: Corpus) -> Array:
        library._ref_cache = counted(tuple(corpus.references))
        return np.asarray(library._extract_corpus_statistics(corpus.hypotheses, None), dtype=np.float64)

    return Metric(name, str(signature), statistics, better)


def bleu_score(sums: Array) -> Array:
    """BLEU from [hypothesis length, reference length, 4 matches, 4 totals], exponential smoothing.

    The formula of sacreBLEU's ``BLEU.compute_bleu`` with its default settings.
    """
    length, reference, matches, totals = sums[..., 0], sums[..., 1], sums[..., 2:6], sums[..., 6:10]
    halvings = np.cumsum(matches == 0, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        smoothed = np.where(matches == 0, 100 / (2.0**halvings * totals), 100 * matches / totals)
        penalty = np.where(length < reference, np.exp(1 - reference / length), 1.0)
        score = penalty * np.exp(np.log(smoothed).mean(axis=-1))
    defined = (matches > 0).any(axis=-1) & (totals > 0).all(axis=-1)
    return np.where(defined, score, 0.0)


def chrf_score(sums: Array) -> Array:
    """chrF2 from [hypothesis, reference, match] a row of n-grams; orders nobody has are left out."""
    rows = sums.reshape(*sums.shape[:-1], -1, 3)
    hypothesis, reference, match = rows[..., 0], rows[..., 1], rows[..., 2]
    counted = (hypothesis > 0) & (reference > 0)
    orders = np.maximum(counted.sum(axis=-1), 1)
    match = np.where(counted, match, 0.0)
    precision = _divide(match, hypothesis, np.zeros_like(match)).sum(axis=-1) / orders
    recall = _divide(match, reference, np.zeros_like(match)).sum(axis=-1) / orders
    return _divide(500 * precision * recall, 4 * precision + recall, np.zeros_like(precision))


def ter_score(sums: Array) -> Array:
    """TER from [edits, reference words]; only-empty references count as all wrong, as in sacreBLEU."""
    edits, reference = sums[..., 0], sums[..., 1]
    return _divide(100 * edits, reference, np.where(edits > 0, 100.0, 0.0))


def _ratio(scale: float) -> Scorer:
    """Column 0 over column 1; undefined (NaN) where nothing could be counted."""

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


def formula(name: str) -> Scorer:
    """From sums of statistics to scores, for the metric of this name; no library is needed."""
    return _FORMULAS.get(name) or _ratio(_SCALES.get(name, 100.0))


def _bleu(options: Options) -> Metric:
    return _library("BLEU", _sacrebleu().BLEU(force=True), options.plan)


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
    return _library("spBLEU", _sacrebleu().BLEU(force=True, tokenize="flores200"), options.plan)


def _chrf(name: str, word_order: int) -> Callable[[Options], Metric]:
    def build(options: Options) -> Metric:
        return _library(name, _sacrebleu().CHRF(word_order=word_order), options.plan)

    return build


def _ter(options: Options) -> Metric:
    return _library("TER", _sacrebleu().TER(), options.plan, "lower")


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
    """Mean F1 in percent over the segments."""

    def build(options: Options) -> Metric:
        library = _import("rouge_score.rouge_scorer", name, "rouge-score")
        scorer = library.RougeScorer([kind], tokenizer=_Words(options.stem))
        lines = (lambda text: "\n".join(sentences(text))) if kind == "rougeLsum" else str

        def statistics(corpus: Corpus) -> Array:
            pairs = zip(corpus.references, corpus.hypotheses, strict=True)
            values = [scorer.score(lines(reference), lines(text))[kind].fmeasure for reference, text in pairs]
            return np.array([[value, 1.0] for value in values])

        parts = ["tok:unicode", f"stemmer:{'porter' if options.stem else 'none'}"]
        parts += ["sentences:lines-or-marks"] if kind == "rougeLsum" else []
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
    """A metric that is one count over another."""

    def build(options: Options) -> Metric:
        def statistics(corpus: Corpus) -> Array:
            return np.array([count(corpus, i) for i in range(len(corpus.hypotheses))], dtype=np.float64)

        signature = "|".join([*_resampled(options), f"warta:{__version__}"])
        return Metric(name, signature, statistics, better, needs)

    return build


def _length(corpus: Corpus, i: int) -> tuple[float, float]:
    return len(words(corpus.hypotheses[i])), len(words(corpus.references[i]))


def _copied(corpus: Corpus, i: int) -> tuple[float, float]:
    """A line whose reference is its source (a name, a score line) is no copy and is not counted."""
    source = words(corpus.sources[i])
    countable = bool(source) and words(corpus.references[i]) != source
    return float(countable and words(corpus.hypotheses[i]) == source), float(countable)


def _numbers_kept(corpus: Corpus, i: int) -> tuple[float, float]:
    source = numbers(corpus.sources[i])
    return (source & numbers(corpus.hypotheses[i])).total(), source.total()


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
    """Of the terms found in a source line, how many have their target in the hypothesis (whole words)."""
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


def _mean(name: str, values: Callable[[Corpus], Sequence[float]], model: str, options: Options) -> Metric:
    def statistics(corpus: Corpus) -> Array:
        return np.array([[value, 1.0] for value in values(corpus)], dtype=np.float64)

    needs: Literal["", "sources"] = "sources" if name == "COMET" else ""
    signature = "|".join([*_resampled(options), f"weights:{model}"])
    return Metric(name, signature, statistics, "higher", needs)


def _comet(options: Options) -> Metric:
    comet = _import("comet", "COMET", "unbabel-comet")
    path = _weights(options, "COMET", "a checkpoint such as wmt22-comet-da")
    model = comet.load_from_checkpoint(path, local_files_only=True)

    def values(corpus: Corpus) -> Sequence[float]:
        rows = zip(corpus.sources, corpus.hypotheses, corpus.references, strict=True)
        data = [{"src": source, "mt": text, "ref": reference} for source, text, reference in rows]
        scores: list[float] = model.predict(data, batch_size=16, gpus=0, progress_bar=False).scores
        return scores

    return _mean("COMET", values, Path(path).name, options)


def _bertscore(options: Options) -> Metric:
    bert_score = _import("bert_score", "BERTScore", "bert-score")
    path = _weights(options, "BERTScore", "an encoder such as roberta-large")

    def values(corpus: Corpus) -> Sequence[float]:
        _, _, f1 = bert_score.score(
            list(corpus.hypotheses), list(corpus.references), model_type=path, num_layers=17
        )
        scores: list[float] = f1.tolist()
        return scores

    return _mean("BERTScore", values, f"{Path(path).name}|layer:17", options)


def _lase(options: Options) -> Metric:
    # PyPI's "lase" is another program, so the message names the repository.
    lase = _import("LaSE", "LaSE", "in the folder LaSE of the repository csebuetnlp/CrossSum")
    path = _weights(options, "LaSE", "a folder with LaBSE and fastText's language model")
    scorer = lase.LaSEScorer(cache_dir=path)

    def values(corpus: Corpus) -> Sequence[float]:
        pairs = zip(corpus.references, corpus.hypotheses, strict=True)
        lines = ((" ".join(reference.split()), " ".join(text.split())) for reference, text in pairs)
        return [scorer.score(*pair, target_lang="english").LaSE for pair in lines]

    return _mean("LaSE", values, "LaBSE", options)


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


def build(names: Sequence[str], options: Options) -> list[Metric]:
    """The metrics of these names, case aside. Raises :class:`UsageError` with the list for an unknown one."""
    known = {name.casefold(): name for name in METRICS}
    unknown = [name for name in names if name.casefold() not in known]
    if unknown:
        raise UsageError(
            "score.unknown_metric",
            "unknown metric {name!r}; there are: {known}",
            name=unknown[0],
            known=", ".join(METRICS),
        )
    return [METRICS[known[name.casefold()]](options) for name in dict.fromkeys(names)]
