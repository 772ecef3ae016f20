"""Intervals and tests against sacreBLEU's own and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from eval import significance as sig
from eval.datasets import load
from eval.metrics import Corpus, Options, build
from eval.significance import Array, Halves, Resampling

PLAN = Resampling(resamples=200, trials=500)


def worn(lines: tuple[str, ...], seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(word for word in line.split() if rng.random() > 0.2) for line in lines]


REFERENCES = load("warta-bench").references
SYSTEMS = [worn(REFERENCES, seed) for seed in (1, 2)]


def test_intervals_are_sacrebleus() -> None:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    metrics = build(["BLEU", "chrF2"], Options(plan=PLAN))
    tables = [metric.statistics(Corpus(SYSTEMS[0], REFERENCES)) for metric in metrics]
    for metric, sums, library in zip(metrics, sig.bootstrap(tables, PLAN), (BLEU(), CHRF()), strict=True):
        low, high = sig.interval(metric.score(sums))
        theirs = library.corpus_score(SYSTEMS[0], [list(REFERENCES)], n_bootstrap=PLAN.resamples)
        assert (high - low) / 2 == pytest.approx(theirs._ci, abs=1e-4)


@pytest.mark.parametrize(("kind", "samples"), [("bs", PLAN.resamples), ("ar", PLAN.trials)])
def test_p_values_are_sacrebleus(kind: str, samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.significance import PairedTest

    monkeypatch.setenv("SACREBLEU_SEED", str(PLAN.seed))
    named = [("a", SYSTEMS[0]), ("b", SYSTEMS[1])]
    theirs = PairedTest(named, {"BLEU": BLEU()}, [list(REFERENCES)], kind, n_samples=samples)  # type: ignore[arg-type]
    (metric,) = build(["BLEU"], Options(plan=PLAN))
    tables = [metric.statistics(Corpus(system, REFERENCES)) for system in SYSTEMS]
    difference = float(metric.score(tables[0].sum(axis=0)) - metric.score(tables[1].sum(axis=0)))
    if kind == "bs":
        draws = [metric.score(sums) for sums in sig.bootstrap(tables, PLAN)]
        ours = sig.paired_bootstrap(draws[0], draws[1], difference)
    else:
        ours = sig.randomisation(*halves(tables), metric.score)
    result = theirs()[1]["BLEU"][1]
    assert ours == getattr(result, "p_value")  # noqa: B009 - typed as a string or a result
    assert 0.05 < ours < 1


def halves(tables: list[Array]) -> tuple[Halves, Halves]:
    kept = sig.shuffles(tables, PLAN)
    return Halves(tables[0].sum(axis=0), kept[0]), Halves(tables[1].sum(axis=0), kept[1])


def mean(sums: Array) -> Array:
    return sums[..., 0] / sums[..., 1]


def table(values: list[float]) -> Array:
    return np.array([[value, 1.0] for value in values])


@pytest.mark.parametrize(
    ("a", "b", "real"),
    [
        ([0.0, 1.0] * 20, [0.0, 1.0] * 20, False),
        ([1.0] + [0.0] * 39, [0.0] * 40, False),
        ([1.0, 0.9] * 20, [0.0, 0.1] * 20, True),
    ],
)
def test_ties_and_equal_systems_are_no_difference(a: list[float], b: list[float], real: bool) -> None:
    tables = [table(a), table(b)]
    draws = [mean(sums) for sums in sig.bootstrap(tables, PLAN)]
    difference = float(np.mean(a) - np.mean(b))
    assert (sig.randomisation(*halves(tables), mean) < 0.05) is real
    assert (sig.paired_bootstrap(draws[0], draws[1], difference) < 0.05) is real


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [table([float(i) for i in range(50)])]
    whole = sig.bootstrap(tables, PLAN)[0], sig.shuffles(tables, PLAN)[0]
    monkeypatch.setattr(sig, "_BLOCK", 350)
    parts = sig.bootstrap(tables, PLAN)[0], sig.shuffles(tables, PLAN)[0]
    assert np.array_equal(whole[0], parts[0])
    assert np.array_equal(whole[1], parts[1])


def test_another_seed_draws_otherwise() -> None:
    tables = [table([float(i) for i in range(50)])]
    other = Resampling(resamples=200, seed=1)
    assert not np.array_equal(sig.bootstrap(tables, PLAN)[0], sig.bootstrap(tables, other)[0])


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    """300 samples of a known mean: the 95 % interval must hold it in about 95 % of them."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        (sums,) = sig.bootstrap([table(rng.normal(0, 1, 60).tolist())], PLAN)
        low, high = sig.interval(mean(sums))
        held += low <= 0 <= high
    assert 0.90 <= held / 300 <= 0.985


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5], [0.5]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([], []),
    ],
)
def test_holm(p: list[float], adjusted: list[float]) -> None:
    assert sig.holm(p) == pytest.approx(adjusted)


def test_unpaired_is_the_normal_approximation() -> None:
    assert sig.unpaired(1.96, (0.0, 3.92), (0.0, 0.0)) == pytest.approx(0.05, abs=1e-3)
    assert sig.unpaired(0.0, (0.0, 1.0), (0.0, 1.0)) == 1.0
    assert sig.unpaired(0.0, (1.0, 1.0), (1.0, 1.0)) == 1.0
    assert sig.unpaired(2.0, (1.0, 1.0), (3.0, 3.0)) == 0.0
