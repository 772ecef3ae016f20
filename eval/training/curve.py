"""The learning curve of a run as a picture.

python -m eval.training.curve --curve OUT/curve.tsv --to docs/embedded-model-curve.png
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import isnan
from pathlib import Path

SMOOTH = 15  # steps on each side


def smoothed(values: Sequence[float], reach: int = SMOOTH) -> list[float]:
    """Return the mean of each value and its neighbours, not-a-number left out."""
    parts = [
        [v for v in values[max(0, n - reach) : n + reach + 1] if not isnan(v)] for n in range(len(values))
    ]
    return [sum(part) / len(part) if part else float("nan") for part in parts]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--curve", type=Path, required=True, help="what eval.training.adapt wrote")
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = [line.split("\t") for line in options.curve.read_text("utf-8").splitlines()]
    pairs, rates, losses = ([float(row[n]) for row in rows] for n in (2, 3, 4))
    figure, axis = plt.subplots(figsize=(7, 3.5), layout="constrained")
    axis.plot(pairs, losses, ".", color="0.75", markersize=3, label="each step")
    axis.plot(pairs, smoothed(losses), color="tab:blue", label=f"mean of {2 * SMOOTH + 1} steps")
    axis.set(xlabel="pairs seen", ylabel="loss, nats a target token")
    other = axis.twinx()
    other.plot(pairs, rates, color="tab:orange", linewidth=0.8)
    other.set_ylabel("learning rate", color="tab:orange")
    other.spines[["top"]].set_visible(False)
    axis.spines[["top"]].set_visible(False)
    axis.legend(frameon=False)
    figure.savefig(options.to, dpi=110, metadata={"Software": ""})


if __name__ == "__main__":
    main()
