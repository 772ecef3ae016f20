"""Stage 5: the product's own pipeline with an adapter that is not (yet) the shipped one.

    python -m eval.training.evaluate --adapter FILE --out DIR --data DIR --dataset ntrex128 --limit 300
    python -m eval.training.evaluate --out DIR …              # the shipped one, by the same code

Both do what ``warta eval run --model gemma-3-270m`` does, with the model built in a folder of its own; then

    warta eval compare BEFORE AFTER

gives intervals and the paired test. ``--samples N`` prints N sentences chosen by a fixed seed
out of two finished runs, as the model card shows them.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from eval import harness
from eval.datasets import first, load
from eval.report import formats
from eval.report.folder import write
from eval.scoring import Evaluation, evaluate
from service.engines.base import Engine
from service.models.gemma import build as embedded
from service.models.store import Store
from service.pipeline import build_pipeline
from service.presets import Preset
from service.settings import Settings, home
from service.translation.guard.check import check

PRESET = "gemma-3-270m"
SEED = 20


def opened(preset: Preset, settings: Settings, adapter: bytes | None) -> Engine:
    """Return the engine of the embedded model with ``adapter``, by default the shipped one."""
    from service.engines.causal import CausalEngine

    store = Store(settings.home / "models")
    embedded.prepare(store, preset, _note, adapter)
    store.check(preset)
    return CausalEngine(store.folder(preset), preset, threads=settings.threads)


def evaluated(name: str, options: argparse.Namespace, adapter: bytes | None) -> Evaluation:
    """Return the scores on a test set, as ``warta eval run`` has them, and write the report."""
    loaded = load(name, options.data, "mt")
    dataset = first(loaded, options.limit) if options.limit else loaded
    settings = Settings(options.home or home(os.environ), model=PRESET)

    def system() -> harness.System:
        opener = partial(opened, settings=settings, adapter=adapter)
        return harness.PipelineSystem(build_pipeline(settings, _note, opener), "mt")

    folder = options.out / dataset.name if len(options.dataset) > 1 else options.out
    outputs = harness.run(dataset, {PRESET: system}, folder)
    evaluation = evaluate(dataset, outputs, (), check=check)
    write(evaluation, folder)
    return evaluation


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def sample(lines: int, count: int, seed: int = SEED) -> list[int]:
    """Return ``count`` line numbers out of ``lines``, in order, the same every time."""
    return sorted(random.Random(seed).sample(range(lines), min(count, lines)))  # noqa: S311


def table(columns: Sequence[Sequence[str]], count: int) -> str:
    """Return source, before, after and reference of the lines that :func:`sample` chooses, as Markdown."""
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
    parser.add_argument("--dataset", action="append", default=[], help="a named set or a .tsv")
    parser.add_argument("--data", type=Path, help="folder that holds the named sets")
    parser.add_argument("--limit", type=int, help="only the first N segments")
    parser.add_argument("--out", type=Path, help="folder for answers and report")
    parser.add_argument("--samples", type=int, help="print so many lines of FILEs instead")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="for --samples")
    options = parser.parse_args()
    if options.samples:
        print(table([path.read_text("utf-8").splitlines() for path in options.files], options.samples))
        return
    if not options.out or not options.dataset:
        parser.error("--out and --dataset say what to run on, and where the report goes")
    adapter = options.adapter.read_bytes() if options.adapter else None
    for name in options.dataset:
        print(formats.FORMATS["text"](evaluated(name, options, adapter)), end="")


if __name__ == "__main__":
    main()
