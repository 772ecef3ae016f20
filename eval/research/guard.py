"""How good the guard is.

::

    python -m eval.research.guard labels      precision and recall against the hand labels
    python -m eval.research.guard references  findings on perfect references
    python -m eval.research.guard synthetic   recall on references broken on purpose

``--data`` names the folder with the FLORES dev, NTREX and TICO-19 pairs and ``peers/``. Outputs are
JSON lines with ``i`` (the FLORES line), ``source``, ``text`` and ``score``. Bounds
were tuned on lines of even index; lines of odd index are for reporting.
"""

from __future__ import annotations

import argparse
import calendar
import json
import math
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from service.document import Decoding, Finding, Output
from service.engines.base import Engine
from service.text.segment import split_long
from service.translation.guard.check import KINDS, check
from service.translation.repair import repair

SYSTEMS = ("argos", "bergamot-tiny", "google", "microsoft", "nllb", "opusmt")
LABELS = Path(__file__).parents[2] / "tests" / "data" / "guard-labels.tsv"
HALVES = ("even", "odd")

Pair = tuple[str, str]


def lines(path: Path) -> list[str]:
    """Return the lines of a file; other line separators than ``\\n`` are text."""
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def pairs(path: Path) -> list[Pair]:
    """Return the last two columns of a TSV: source and reference."""
    rows = (line.split("\t") for line in lines(path))
    return [(row[-2], row[-1]) for row in rows]


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    share = hits / count
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, (middle - spread) / (1 + z * z / count)), min(
        1.0, (middle + spread) / (1 + z * z / count)
    )


def share(hits: int, count: int) -> str:
    """Return ``0.95 (19/20, 0.76-0.99)``."""
    if not count:
        return "-"
    low, high = wilson(hits, count)
    return f"{hits / count:.2f} ({hits}/{count}, {low:.2f}-{high:.2f})"


def read_labels(path: Path) -> dict[str, dict[tuple[str, int], bool]]:
    """Return kind -> (system, line) -> whether the error is there. The row of all other lines is left out."""
    labels: dict[str, dict[tuple[str, int], bool]] = defaultdict(dict)
    for line in lines(path)[1:]:
        system, index, kind, label, _ = line.split("\t")
        if system != "*":
            labels[kind][system, int(index)] = label == "1"
    return labels


def _labelled(kind: str) -> str:
    """Return the kind that the labels have for a finding's: a name exchanged is one of ``entity``."""
    return "entity" if kind == "name" else kind


def _kinds(source: str, target: str) -> set[str]:
    return {_labelled(finding.kind) for finding in check(source, target)}


def against_labels(data: Path) -> Iterator[str]:
    """Yield precision and recall a kind, for both halves."""
    sources = lines(data / "peers" / "flores-dev.id")
    labels = read_labels(LABELS)
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for system in SYSTEMS:
        targets = lines(data / "peers" / f"flores-dev.{system}.en")
        for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
            for finding in check(source, target):
                found[_labelled(finding.kind)].add((system, index))
    yield "kind        half  precision                  recall                     flagged, not judged"
    for kind in labels:
        for half in (0, 1, None):
            judged = {key: label for key, label in labels[kind].items() if half in (None, key[1] % 2)}
            flagged = {key for key in found[kind] if half in (None, key[1] % 2)}
            right = sum(judged.get(key, False) for key in flagged)
            known = flagged & judged.keys()
            name = "all" if half is None else HALVES[half]
            recall = share(right, sum(judged.values()))
            yield f"{kind:11} {name:5} {share(right, len(known)):26} {recall:26} {len(flagged - known)}"
    lengths = [key for key in found["dropped"] if key[0] == "google"]
    yield f"dropped, false alarms on google: {share(len(lengths), len(sources))}"


def on_references(data: Path) -> Iterator[str]:
    """Yield the share of perfect references with a finding, a kind and corpus."""
    for name in ("flores200.dev.ind-eng.tsv", "ntrex128.ind-eng.tsv", "tico19.test.ind-eng.tsv"):
        corpus = pairs(data / name)
        kinds: dict[str, int] = dict.fromkeys(KINDS, 0)
        for source, target in corpus:
            for kind in {finding.kind for finding in check(source, target)}:
                kinds[kind] += 1
        shares = ", ".join(f"{kind} {count / len(corpus):.1%}" for kind, count in kinds.items() if count)
        yield f"{name}: {len(corpus)} lines: {shares}"


def _replaced(pattern: str, change: Callable[[re.Match[str]], str]) -> Callable[[str, str], str]:
    compiled = re.compile(pattern)
    return lambda _, target: compiled.sub(change, target, count=1)


_MONTHS = tuple(calendar.month_name)[1:]
_NEXT_MONTH = dict(zip(_MONTHS, (*_MONTHS[1:], _MONTHS[0]), strict=True))
_NEGATED = re.compile(r"\b(?:tidak|bukan|belum|tanpa|jangan)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(not|no|never|without|cannot|none|nothing|nor|neither)\b|n['’]t\b")


def _without_negation(source: str, target: str) -> str:
    if (
        len(_NOT.findall(target)) != 1
        or re.search(r"not (?:only|just)|or not|not yet", target)
        or not _NEGATED.search(source)
    ):
        return target
    return _NOT.sub(lambda match: "can" if match[0] == "cannot" else "", target)


def _without_last_sentence(source: str, target: str) -> str:
    sentences = re.split(r"(?<=[a-z]{3}[.!?]) (?=[A-Z])", target)
    several = len(re.split(r"(?<=[a-z]{3}[.!?]) (?=[A-Z])", source)) == len(sentences)
    return " ".join(sentences[:-1]) if several and len(sentences) > 1 else target


def _without_tail(_: str, target: str) -> str:
    words = target.split()
    return " ".join(words[: len(words) // 2]) if len(words) > 15 else target


def _without_name(source: str, target: str) -> str:
    for match in re.finditer(r"[A-Z][a-z]{3,}(?: [A-Z][a-z]+)*", target):
        inside = target[: match.start()][-2:].strip() not in ("", ".", '"', "“")
        if inside and all(word in source.split() for word in match[0].split()):
            return target.replace(match[0], "Halvorsen")
    return target


def _looped(_: str, target: str) -> str:
    words = target.split()
    return " ".join(words + words[-3:] * 3) if len(words) > 6 else target


CORRUPTIONS: tuple[tuple[str, str, Callable[[str, str], str]], ...] = (
    (
        "number",
        "a digit dropped: 1894, 189",
        _replaced(r"(?<![\d.,:])(\d{2,})\b(?![.,]\d)", lambda m: m[1][:-1]),
    ),
    ("number", "times ten: 40, 400", _replaced(r"(?<![\d.,:])(\d+)\b(?![.,:]\d)", lambda m: m[1] + "0")),
    ("number", "the decimal point lost: 2.3, 23", _replaced(r"\b(\d+)\.(\d+)\b", lambda m: m[1] + m[2])),
    (
        "number",
        "another month",
        _replaced(rf"\b({'|'.join(_MONTHS)}) (?=\d)", lambda m: _NEXT_MONTH[m[1]] + " "),
    ),
    ("number", "million, billion", _replaced(r"\bmillion\b", lambda _: "billion")),
    ("number", "three, four", _replaced(r"\bthree\b", lambda _: "four")),
    ("number", "percent, percentage points", _replaced(r"%| percent\b", lambda _: " percentage points")),
    ("number", "kilometres, miles", _replaced(r"\b(?:km|kilomet(?:er|re)s?)\b", lambda _: "miles")),
    ("dropped", "the last sentence dropped", _without_last_sentence),
    ("dropped", "the second half dropped", _without_tail),
    ("negation", "the only negation removed", _without_negation),
    ("entity", "a name replaced by another", _without_name),
    ("repetition", "the last three words four times", _looped),
    ("echo", "the source itself", lambda source, _: source),
)


def on_synthetic(data: Path) -> Iterator[str]:
    """Yield the share of broken references that the guard finds under the right kind, an error at a time."""
    corpus = pairs(data / "flores200.dev.ind-eng.tsv") + pairs(data / "ntrex128.ind-eng.tsv")
    for kind, name, corrupt in CORRUPTIONS:
        broken = []
        for source, target in corpus:
            changed = corrupt(source, target)
            if changed != target and kind not in _kinds(source, target):
                broken.append(kind in _kinds(source, changed))
        yield f"{kind:11} {name:32} {share(sum(broken), len(broken))}"


def fit(rows: Sequence[Sequence[float]], targets: Sequence[float], ridge: float = 1e-2) -> list[float]:
    """Return logistic regression by Newton's method; ``ridge`` keeps it finite."""
    import numpy as np

    x, y = np.array(rows), np.array(targets)
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (y - p) - ridge * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(x.shape[1])
        weights = weights + np.linalg.solve(hessian, gradient)
    return [float(weight) for weight in weights]


def on_repair(data: Path, outputs: Path | None) -> Iterator[str]:
    """Yield findings, BLEU and chrF2 before and after repair by the embedded model, and the extra time.

    ``outputs`` are JSON lines of FLORES dev; without them all of it is translated first.
    """
    engine, decoding = _embedded()
    references = [target for _, target in pairs(data / "flores200.dev.ind-eng.tsv")]
    rows = [json.loads(line) for line in lines(outputs)] if outputs else _translated(engine, decoding, data)
    targets = [references[row["i"]] for row in rows]
    before = [Output(row["text"], row["score"], row["tokens"], row["truncated"]) for row in rows]
    start = time.perf_counter()
    after = [
        repair(row["source"], first, engine, decoding, split=split_long)
        for row, first in zip(rows, before, strict=True)
    ]
    seconds = time.perf_counter() - start
    were = [
        check(row["source"], first.text, truncated=first.truncated)
        for row, first in zip(rows, before, strict=True)
    ]
    results = (
        ("before", [output.text for output in before], were),
        ("after", [repaired.output.text for repaired in after], [repaired.findings for repaired in after]),
    )
    for name, texts, findings in results:
        yield f"{name:6} {_flagged_and_scored(texts, findings, targets)}"
    rungs = Counter(attempt.rung for repaired in after for attempt in repaired.attempts)
    yield f"{seconds:.0f} s more; rungs tried: {dict(rungs)}"


def _embedded() -> tuple[Engine, Decoding]:
    """Return the embedded model of this user's home, and how it decodes."""
    import os

    from service import presets, settings
    from service.models.load import open_engine
    from service.models.store import Store

    preset = presets.get("gemma-3-270m")
    chosen = settings.Settings(settings.home(os.environ))
    engine = open_engine(preset, Store(chosen.home / "models"), chosen, lambda _: None)
    return engine, preset.decoding


def _flagged_and_scored(
    texts: Sequence[str], findings: Sequence[Sequence[Finding]], targets: Sequence[str]
) -> str:
    """Return how many texts have findings, of which kinds, and their scores against ``targets``."""
    import sacrebleu

    kinds = Counter(kind for found in findings for kind in {finding.kind for finding in found})
    bleu = sacrebleu.corpus_bleu(texts, [targets]).score
    chrf = sacrebleu.corpus_chrf(texts, [targets]).score
    flagged = sum(map(bool, findings))
    return f"{flagged} of {len(texts)} flagged, BLEU {bleu:.2f}, chrF2 {chrf:.2f}, {dict(kinds)}"


def _translated(engine: Engine, decoding: Decoding, data: Path) -> list[dict[str, Any]]:
    sources = [source for source, _ in pairs(data / "flores200.dev.ind-eng.tsv")]
    made = zip(sources, engine.generate(sources, decoding), strict=True)
    return [{"i": i, "source": source, **asdict(output)} for i, (source, output) in enumerate(made)]


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=("labels", "references", "synthetic", "repair"))
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    parser.add_argument("--outputs", type=Path)
    options = parser.parse_args()
    if options.command == "repair":
        report = on_repair(options.data, options.outputs)
    else:
        commands = {"labels": against_labels, "references": on_references, "synthetic": on_synthetic}
        report = commands[options.command](options.data)
    for line in report:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
