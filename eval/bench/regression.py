"""Ratios that show whether something became slow; it prints and does not judge.

Run as ``python -m eval.bench.regression [--json FILE]``, in under a minute. Every ratio is of two
runs on the same machine within seconds of one another, so that the machine drops out of it: opus-mt's
shape with random weights and answers of a forced length, on CTranslate2 and on transformers; and a
batch against the bare engine calls in it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.bench import batch
from eval.bench.alone import alone, peak_mb
from eval.bench.marian import FULL, NAME, checkpoint
from eval.bench.serve import SENTENCES
from service import presets
from service.engines.base import thread_layout
from service.models.convert import convert

PIECES, END = 300, 0
ROWS, BATCH, BEAM, SOURCE, TARGET = 16, 16, 4, 30, 30


@dataclass(frozen=True, slots=True)
class Task:
    """What both sides do: ``rows`` sources of ``source`` tokens, ``target`` tokens for each."""

    rows: int
    batch: int
    beam: int
    source: int
    target: int
    cores: int


@dataclass(frozen=True, slots=True)
class Run:
    """One side: seconds to load and to work, peak memory in MB, and the ids that came out."""

    name: str
    load: float
    seconds: float
    core_seconds: float
    peak_mb: float
    outputs: tuple[tuple[int, ...], ...]

    def rate(self, task: Task) -> float:
        """Target tokens a second."""
        return task.rows * task.target / self.seconds


def build(folder: Path) -> None:
    """A checkpoint of opus-mt's shape with random weights, and its conversions to int8 and float32."""
    checkpoint(folder / "checkpoint", SENTENCES, FULL)
    for kind in ("int8", "float32"):
        convert(folder / "checkpoint", folder / kind, presets.get(NAME), kind)


def sources(task: Task) -> list[list[int]]:
    """Ids of ordinary pieces, the same for both sides; the end is not among them."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    return [[chance.randrange(3, PIECES) for _ in range(task.source - 1)] for _ in range(task.rows)]


def ours(folder: Path, kind: str, task: Task) -> Run:
    """CTranslate2 with the thread layout that Warta's engines have."""
    import ctranslate2

    began = time.perf_counter()
    workers, inner = thread_layout(task.cores)
    translator = ctranslate2.Translator(
        str(folder / kind), compute_type=kind, inter_threads=workers, intra_threads=inner
    )
    loaded = time.perf_counter()
    names = json.loads((folder / kind / "shared_vocabulary.json").read_text("utf-8"))
    place = {name: i for i, name in enumerate(names)}
    tokens = [[names[i] for i in (*row, END)] for row in sources(task)]

    def work(rows: Sequence[list[str]]) -> Any:
        return translator.translate_batch(
            rows, max_batch_size=task.batch * task.source, batch_type="tokens", beam_size=task.beam,
            min_decoding_length=task.target, max_decoding_length=task.target,
        )  # fmt: skip

    work(tokens[:2])
    start, busy = time.perf_counter(), time.process_time()
    results = work(tokens)
    seconds, core_seconds = time.perf_counter() - start, time.process_time() - busy
    outputs = tuple(tuple(place[t] for t in result.hypotheses[0]) for result in results)
    return Run(f"ctranslate2 {kind}", loaded - began, seconds, core_seconds, peak_mb(), outputs)


def theirs(folder: Path, task: Task) -> Run:
    """``transformers.generate`` in float32, in batches of the same rows."""
    import torch
    from transformers import MarianMTModel

    torch.set_num_threads(task.cores)
    began = time.perf_counter()
    model = MarianMTModel.from_pretrained(folder / "checkpoint", dtype=torch.float32)
    model.train(False)
    loaded = time.perf_counter()
    ids = torch.tensor([[*row, END] for row in sources(task)])

    def work(rows: Any) -> Any:
        with torch.inference_mode():
            return model.generate(
                input_ids=rows, attention_mask=torch.ones_like(rows), num_beams=task.beam, do_sample=False,
                min_length=None, max_length=None, min_new_tokens=task.target, max_new_tokens=task.target,
                renormalize_logits=True, forced_eos_token_id=None,
            )  # fmt: skip

    work(ids[:2])
    start, busy = time.perf_counter(), time.process_time()
    found = [work(ids[at : at + task.batch]) for at in range(0, task.rows, task.batch)]
    seconds, core_seconds = time.perf_counter() - start, time.process_time() - busy
    outputs = tuple(tuple(row[1:].tolist()) for batch in found for row in batch)
    return Run("transformers float32", loaded - began, seconds, core_seconds, peak_mb(), outputs)


def agreement(one: Run, other: Run) -> float:
    """The part of the positions at which both have the same token."""
    pairs = [pair for a, b in zip(one.outputs, other.outputs, strict=True) for pair in zip(a, b, strict=True)]
    return sum(a == b for a, b in pairs) / len(pairs)


def ratios(folder: Path) -> dict[str, float]:
    """Each ratio by name."""
    task = Task(ROWS, BATCH, BEAM, SOURCE, TARGET, len(os.sched_getaffinity(0)))
    build(folder)
    peer = alone(theirs, folder, task)
    found = {}
    for kind in ("int8", "float32"):
        run = alone(ours, folder, kind, task)
        name = f"marian beam {BEAM}, ctranslate2 {kind} / transformers float32"
        found[f"{name}: tokens/s"] = run.rate(task) / peer.rate(task)
        found[f"{name}: peak memory"] = run.peak_mb / peer.peak_mb
        found[f"{name}: part of the tokens that is the same"] = agreement(run, peer)
    added = batch.overhead(folder, records=60)
    found["batch / bare engine of 2 ms a segment, seconds"] = added["batch_s"] / added["bare_s"]
    return found


def main() -> None:
    """Print the ratios; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = ratios(Path(folder))
    for name, ratio in found.items():
        print(f"{ratio:6.2f}  {name}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
