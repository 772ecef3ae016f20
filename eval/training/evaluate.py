"""Stage 5: the product's own pipeline with an adapter that is not (yet) the shipped one.

    python -m eval.training.evaluate --adapter FILE --out DIR --data DIR --dataset ntrex128 --limit 300
    python -m eval.training.evaluate --out DIR …              # the shipped one, by the same code

Both run ``warta eval run --model gemma-3-270m`` in a model folder of their own; then

    warta eval compare BEFORE AFTER

gives intervals and the paired test. ``--samples N`` prints N sentences chosen by a fixed seed
out of two finished runs, as the model card shows them.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from service.models.gemma import build as embedded

PRESET = "gemma-3-270m"
SEED = 20


def use(adapter: Path) -> None:
    """Makes this process take ``adapter`` for the one that ships; models are kept by its sum."""
    data = adapter.read_bytes()
    embedded.ADAPTER = hashlib.sha256(data).hexdigest()
    embedded._adapter = lambda preset: data  # noqa: ARG005 - its name is the signature


def sample(lines: int, count: int, seed: int = SEED) -> list[int]:
    """``count`` line numbers out of ``lines``, in order, the same every time."""
    return sorted(random.Random(seed).sample(range(lines), min(count, lines)))  # noqa: S311


def table(columns: Sequence[Sequence[str]], count: int) -> str:
    """Markdown: source, before, after, reference of the lines that :func:`sample` chooses."""
    rows = ["| | |", "|---|---|"]
    names = ("source", "before", "after", "reference")
    for n in sample(min(map(len, columns)), count):
        rows += [
            f"| **{n + 1}** {name} | {c[n].replace('|', '/')} |"
            for name, c in zip(names, columns, strict=True)
        ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--adapter", type=Path, help="by default the one that ships")
    parser.add_argument(
        "--home", type=Path, help="folder for the models that are built; by default WARTA_HOME's"
    )
    parser.add_argument("--samples", type=int, help="print so many lines instead of running")
    options, rest = parser.parse_known_args()
    if options.samples:
        print(table([Path(name).read_text("utf-8").splitlines() for name in rest], options.samples))
        return
    if options.home:
        os.environ["WARTA_HOME"] = str(options.home)
    if options.adapter:
        use(options.adapter)
    from service.cli.app import main as warta

    sys.argv = ["warta", "eval", "run", "--model", PRESET, *rest]
    warta()


if __name__ == "__main__":
    main()
