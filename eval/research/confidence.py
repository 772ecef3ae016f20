"""Fits the confidence to sentences that were read: ``python -m eval.research.confidence [--write]``.

``eval/data/reading-labels.tsv`` has a line for each sentence: where it is from, which adapter of the
embedded model translated it, its document, the label (ok, minor, major, critical) and type, a second
reader's label where there is one, and the features of :func:`service.translation.confidence.features` as
they were when it was translated; of those that were read before words were compared the counts of words are
not known, and they are not fitted to. The sentences themselves are press text for the greater part and are
not here. Figures are of what ships, and of sentences whose document was not fitted to (ten folds by
document); ``--write`` fits all and writes ``service/translation/data/confidence.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from eval.research.guard import fit, wilson
from service.translation.confidence import HIGH, LOW, NAMES, logistic

LABELS = Path(__file__).parents[1] / "data" / "reading-labels.tsv"
OUTPUT = Path(__file__).parents[2] / "service" / "translation" / "data" / "confidence.json"
WRONG = frozenset(("major", "critical"))
BANDS = (("likely right", HIGH, 2.0), ("unclear", LOW, HIGH), ("likely wrong", -1.0, LOW))
FOLDS = 10
RIDGE = 3.0
SHIPS = "eighth, chosen"
"""Whose sentences the figures are of: the adapter that ships, with its beam's answers compared. Those of
others help to fit.
"""


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence that was read: its set, whose it is, document, labels and features, if all are known."""

    set: str
    adapter: str
    document: str
    label: str
    second: str
    values: tuple[float, ...]

    @property
    def wrong(self) -> bool:
        """Whether a fact or the sense is wrong."""
        return self.label in WRONG


def load(path: Path = LABELS) -> list[Read]:
    """Return the sentences of a file of labels. Raises ValueError for another list of features."""
    head, *lines = path.read_text("utf-8").rstrip("\n").split("\n")
    names = tuple(head.split("\t")[7:])
    if names != NAMES:
        raise ValueError(f"{path.name} has other features: {', '.join(names)}")
    rows = [line.split("\t") for line in lines]
    return [Read(r[0], r[1], r[2], r[4], r[6], tuple(map(float, r[7:])) if all(r[7:]) else ()) for r in rows]


def learned(rows: Sequence[Read]) -> list[float]:
    """Return the weights that best tell what is not wrong, for what ships."""
    whole = [row for row in rows if row.values]
    values = [row.values + _shift(row) for row in whole]
    return fit(values, [float(not row.wrong) for row in whole], RIDGE)[: len(NAMES)]


def _shift(row: Read) -> tuple[float, ...]:
    """Return what another adapter is surer or less sure by: values of their own, which do not ship."""
    if row.adapter == SHIPS:
        return (0.0, 0.0, 0.0)
    return (1.0, row.values[NAMES.index("score")], row.values[NAMES.index("summed score")])


def held_out(rows: Sequence[Read]) -> list[tuple[float, Read]]:
    """Return each sentence of the adapter that ships, with its confidence by weights that saw nothing of its
    document.
    """
    fold = [int(sha256(row.document.encode()).hexdigest(), 16) % FOLDS for row in rows]
    found = []
    for number in range(FOLDS):
        weights = learned([row for row, own in zip(rows, fold, strict=True) if own != number])
        found += [
            (logistic(weights, row.values), row)
            for row, own in zip(rows, fold, strict=True)
            if own == number and row.adapter == SHIPS and row.values
        ]
    return found


def auc(scored: Sequence[tuple[float, Read]]) -> float:
    """Return the share of pairs, one wrong and one not, in which the wrong one has less confidence."""
    good = [value for value, row in scored if not row.wrong]
    bad = [value for value, row in scored if row.wrong]
    return sum((g > b) + (g == b) / 2 for g in good for b in bad) / (len(good) * len(bad))


def report(rows: Sequence[Read]) -> Iterator[str]:
    """Yield the figures, a line each."""
    scored = held_out(rows)
    wrong = sum(row.wrong for _, row in scored) / len(scored)
    yield f"{len(scored)} of {len(rows)} sentences, {wrong:.1%} wrong; AUC {auc(scored):.3f}"
    twice = [row for row in rows if row.second]
    same = sum(row.wrong == (row.second in WRONG) for row in twice)
    yield f"read twice: {len(twice)}, of which both readers say wrong or both say not {same / len(twice):.1%}"
    for name in ("all", *sorted({row.set for _, row in scored})):
        part = [(value, row) for value, row in scored if name in ("all", row.set)]
        for band, low, high in (
            ("likely right", HIGH, 2.0),
            ("unclear", LOW, HIGH),
            ("likely wrong", -1.0, LOW),
        ):
            inside = [row for value, row in part if low <= value < high]
            errors = sum(row.wrong for row in inside)
            least, most = wilson(errors, len(inside))
            share = len(inside) / max(1, len(part))
            yield (
                f"{name}: {band}: {len(inside)} ({share:.0%}), wrong {errors / max(1, len(inside)):.1%} "
                f"({least:.1%} to {most:.1%})"
            )
    for label in ("ok", "minor", "major", "critical"):
        own = [value for value, row in scored if row.label == label]
        yield f"{label}: {len(own)}, called likely wrong {sum(v < LOW for v in own) / len(own):.1%}"
    marked = [(value < LOW or any(row.values[-3:]), row) for value, row in scored]
    for name, group in (
        ("critical", ("critical",)),
        ("major", ("major",)),
        ("right or minor", ("ok", "minor")),
    ):
        own = [mark for mark, row in marked if row.label in group]
        yield f"{name}: marked {sum(own) / len(own):.1%}"
    bare = [row.wrong for mark, row in marked if not mark]
    yield f"not marked: {len(bare)}, wrong {sum(bare) / len(bare):.1%}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--write", action="store_true", help="fit all, and write the weights")
    options = parser.parse_args()
    rows = load(options.labels)
    sys.stdout.writelines(f"{line}\n" for line in report(rows))
    if options.write:
        weights = dict(zip(NAMES, (round(weight, 4) for weight in learned(rows)), strict=True))
        fitted = sum(bool(row.values) for row in rows)
        OUTPUT.write_text(json.dumps({"labels": fitted, "weights": weights}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
