"""Stop a change that makes scores worse: by more than is allowed, and by more than chance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics import formula
from eval.report.formats import Report, ScoreEntry, SystemEntry
from eval.significance import Halves, Resampling, randomisation, shuffles, unpaired
from service.errors import Mismatch, UsageError
from service.escape import markdown_line


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
    """Return ``["BLEU=0.5"]`` as numbers. Raises :class:`UsageError`."""
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


def judge(report: Report, baseline: Report, allowed: Mapping[str, float], plan: Resampling) -> list[Verdict]:
    """Return each system of the baseline against the one of its name, or against the only one.

    The test is paired (approximate randomisation) when both reports carry statistics, else by intervals.
    Raises :class:`Mismatch` when the two do not belong together: no system, other text, other options of
    a metric.
    """
    before = {s["name"]: s for s in baseline["systems"]}
    after = {s["name"]: s for s in report["systems"]}
    pairs = [(name, before[name], after[name]) for name in before if name in after]
    if not pairs and len(before) == len(after) == 1:
        pairs = [(name, before[other], after[name]) for name, other in zip(after, before, strict=True)]
    if not pairs:
        raise Mismatch(
            "gate.no_system",
            "no system of the baseline ({baseline}) is in the report ({report})",
            baseline=", ".join(before),
            report=", ".join(after),
        )
    verdicts = []
    for name, old, new in pairs:
        sums = [s.get("data", {}).get("sha256") for s in (old, new)]
        if None not in sums and sums[0] != sums[1]:
            raise Mismatch(
                "gate.other_text",
                "the baseline was scored on other text; gates compare the same test set",
                at=name,
            )
        verdicts += [_verdict(name, metric, (old, new), drop, plan) for metric, drop in allowed.items()]
    return verdicts


def _entry(system: SystemEntry, metric: str) -> ScoreEntry:
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
    return found[0]


# What may differ between two scores that can be compared: versions, and how intervals were drawn.
_FREE = re.compile(r"(?:bs|seed|version|warta|rouge_score|comet):")


def options(signature: str) -> tuple[str, ...]:
    """Return the options of the metric that a score's signature states."""
    own = signature.partition("|data:")[0].split("|")
    return tuple(sorted(part for part in own if part and not _FREE.match(part)))


def _verdict(
    name: str,
    metric: str,
    pair: tuple[SystemEntry, SystemEntry],
    allowed: float,
    plan: Resampling,
) -> Verdict:
    old, new = (_entry(system, metric) for system in pair)
    stated = [options(entry.get("signature", "")) for entry in (old, new)]
    if all(stated) and stated[0] != stated[1]:
        raise Mismatch(
            "gate.options",
            "the baseline's {system} was computed with other options ({old}, not {new})",
            at=name,
            system=old["name"],
            old="|".join(stated[0]),
            new="|".join(stated[1]),
        )
    sign = -1 if "lower" in (old.get("better"), new.get("better")) else 1
    drop = sign * (old["score"] - new["score"])
    if "statistics" in old and "statistics" in new:
        tables = [np.asarray(entry["statistics"], dtype=np.float64) for entry in (old, new)]
        a, b = (Halves(t.sum(axis=0), kept) for t, kept in zip(tables, shuffles(tables, plan), strict=True))
        p = randomisation(a, b, formula(old["name"], old.get("signature", "")))
        test = f"paired, {plan.trials} trials, seed {plan.seed}"
    else:
        p = unpaired(drop, _bounds(old), _bounds(new))
        test = "unpaired, from the intervals"
    failed = drop > allowed and p < plan.alpha
    return Verdict(name, old["name"], old["score"], new["score"], drop, allowed, p, test, failed)


def _bounds(entry: ScoreEntry) -> tuple[float, float]:
    low, high = entry["interval"]
    return low, high


def summary(verdicts: Sequence[Verdict], mismatch: str = "") -> str:
    """Return the outcome as GitHub-flavoured Markdown, for the summary of a CI job."""
    if mismatch:
        return f"### :warning: The baseline does not match\n\n{markdown_line(mismatch)}\n"
    failed = sum(verdict.failed for verdict in verdicts)
    head = (
        f":x: {failed} of {len(verdicts)} scores dropped" if failed else ":white_check_mark: No score dropped"
    )
    rows = [
        f"| {':x:' if v.failed else ':white_check_mark:'} "
        f"| {markdown_line(v.system)} | {markdown_line(v.metric)} | {v.before:.2f} "
        f"| {v.after:.2f} | {-v.drop if v.drop else 0:+.2f} | {v.allowed:g} | {v.p:.4f} |"
        for v in verdicts
    ]
    lines = [
        f"### {head}",
        "",
        "| | system | metric | baseline | now | better by | drop allowed | p |",
        "|---|---|---|---:|---:|---:|---:|---:|",
        *rows,
        "",
        f"A score fails when it dropped by more than allowed and by more than chance ({verdicts[0].test}).",
    ]
    return "\n".join(lines) + "\n"
