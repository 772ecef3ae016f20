"""Stop a change that makes scores worse: by more than is allowed, and by more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.metrics import formula
from eval.significance import Halves, Resampling, randomisation, shuffles, unpaired
from service.errors import InputError, UsageError


@dataclass(frozen=True, slots=True)
class Verdict:
    """One metric of one system against the baseline. ``drop`` is positive when the score got worse."""

    system: str
    metric: str
    before: float
    after: float
    drop: float
    allowed: float
    p: float
    test: str
    failed: bool

    def __str__(self) -> str:
        return (
            f"{'FAIL' if self.failed else 'ok'}: {self.system} {self.metric} "
            f"{self.before:.2f} -> {self.after:.2f}, "
            f"drop {self.drop:+.2f} (allowed {self.allowed:g}), p={self.p:.4f} ({self.test})"
        )


def allowances(options: list[str]) -> dict[str, float]:
    """``["BLEU=0.5"]`` as numbers. Raises :class:`UsageError`."""
    allowed = {}
    for option in options:
        name, _, value = option.partition("=")
        try:
            allowed[name] = float(value)
        except ValueError:
            raise UsageError(
                "gate.drop_option", "--max-drop takes METRIC=NUMBER, not {option!r}", option=option
            ) from None
    return allowed


def judge(
    report: Mapping[str, Any], baseline: Mapping[str, Any], allowed: Mapping[str, float], plan: Resampling
) -> list[Verdict]:
    """Each system of the baseline against the one of its name, or against the only one.

    The test is paired (approximate randomisation) when both reports carry statistics, else by intervals.
    Raises :class:`InputError` when the two do not belong together.
    """
    before = {s["name"]: s for s in baseline["systems"]}
    after = {s["name"]: s for s in report["systems"]}
    pairs = [(name, before[name], after[name]) for name in before if name in after]
    if not pairs and len(before) == len(after) == 1:
        pairs = [(name, before[other], after[name]) for name, other in zip(after, before, strict=True)]
    if not pairs:
        raise InputError(
            "gate.no_system",
            "no system of the baseline ({baseline}) is in the report ({report})",
            baseline=", ".join(before),
            report=", ".join(after),
        )
    verdicts = []
    for name, old, new in pairs:
        sums = [s.get("data", {}).get("sha256") for s in (old, new)]
        if None not in sums and sums[0] != sums[1]:
            raise InputError(
                "gate.other_text",
                "the baseline was scored on other text; gates compare the same test set",
                at=name,
            )
        verdicts += [_verdict(name, metric, (old, new), drop, plan) for metric, drop in allowed.items()]
    return verdicts


def _entry(system: Mapping[str, Any], metric: str) -> Mapping[str, Any]:
    found = [s for s in system["scores"] if s["name"].casefold() == metric.casefold()]
    if not found:
        names = ", ".join(s["name"] for s in system["scores"])
        raise UsageError(
            "gate.no_score",
            "{system} has no score {metric!r}; it has: {known}",
            system=system["name"],
            metric=metric,
            known=names,
        )
    entry: Mapping[str, Any] = found[0]
    return entry


def _verdict(
    name: str,
    metric: str,
    pair: tuple[Mapping[str, Any], Mapping[str, Any]],
    allowed: float,
    plan: Resampling,
) -> Verdict:
    old, new = (_entry(system, metric) for system in pair)
    sign = -1 if "lower" in (old.get("better"), new.get("better")) else 1
    drop = sign * (old["score"] - new["score"])
    if "statistics" in old and "statistics" in new:
        tables = [np.asarray(entry["statistics"], dtype=np.float64) for entry in (old, new)]
        a, b = (Halves(t.sum(axis=0), kept) for t, kept in zip(tables, shuffles(tables, plan), strict=True))
        p = randomisation(a, b, formula(old["name"]))
        test = f"paired, {plan.trials} trials, seed {plan.seed}"
    else:
        p = unpaired(drop, tuple(old["interval"]), tuple(new["interval"]))
        test = "unpaired, from the intervals"
    failed = drop > allowed and p < plan.alpha
    return Verdict(name, old["name"], old["score"], new["score"], drop, allowed, p, test, failed)
