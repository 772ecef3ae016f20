"""Time and memory against the size of the input: a slope of 1 and a flat line are wanted.

``python -m eval.bench.growth [--model echo] [--largest 100000] [--json FILE]``. Different sentences
stream through ``warta translate --lines``' own code, each size in a process of its own. The slope is
that of log time over log size, start-up left out.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.bench.fresh_process import in_fresh_process, peak_mb

SUBJECTS = ("Pemerintah", "Polisi", "Petani", "Nelayan", "Menteri", "Warga", "Gubernur", "Peneliti")
VERBS = ("membeli", "menjual", "memeriksa", "melaporkan", "menyiapkan", "menerima", "mengirim", "mencatat")
THINGS = ("beras", "ikan", "rumah", "surat", "bantuan", "mobil", "obat", "kapal")


@dataclass(frozen=True, slots=True)
class Size:
    """One size: sentences, seconds without start-up, and peak memory of the process in MB."""

    sentences: int
    seconds: float
    peak_mb: float


def sentences(count: int) -> Iterator[bytes]:
    """Yield ``count`` sentences, no two alike, a line each."""
    for number in range(count):
        a, b, c = number % 8, number // 8 % 8, number // 64 % 8
        yield f"{SUBJECTS[a]} {VERBS[b]} {number:,} {THINGS[c]} pada hari Senin.\n".replace(",", ".").encode()


class _Lines(io.RawIOBase):
    """A stream of generated lines, of which nothing is kept."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def read1(self, _size: int = -1, /) -> bytes:
        """Return whole lines, about as many bytes as a pipe holds."""
        return b"".join(itertools.islice(self._lines, 1000))


class _Count(io.RawIOBase):
    """A target that counts lines and forgets them."""

    lines = 0

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.lines += data.count(b"\n")
        return len(data)


def measure(model: str, count: int) -> Size:
    """Run ``count`` sentences through the model."""
    from service.cli.many import translate_lines
    from service.pipeline import build_pipeline
    from service.settings import Settings, home

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home({}) if model != "echo" else Path(folder), model=model)
        pipeline = build_pipeline(settings, lambda _: None)
        # What is loaded at the first sentence is no part of the time.
        translate_lines(pipeline, _Lines(sentences(8)), _Count())  # type: ignore[arg-type]
        target, began = _Count(), time.perf_counter()
        translate_lines(pipeline, _Lines(sentences(count)), target)  # type: ignore[arg-type]
        seconds = time.perf_counter() - began
    if target.lines != count:
        raise AssertionError(f"{count} lines in, {target.lines} out")
    return Size(count, seconds, peak_mb())


def slope(sizes: list[Size]) -> float:
    """Return the least-squares slope of log seconds over log sentences."""
    xs = [math.log(size.sentences) for size in sizes]
    ys = [math.log(size.seconds) for size in sizes]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def main() -> None:
    """Print the sizes and the slope; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="echo")
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    sizes = []
    count = 100
    while count <= arguments.largest:
        sizes.append(in_fresh_process(measure, arguments.model, count))
        last = sizes[-1]
        print(
            f"{count:8,} sentences  {last.seconds:8.2f} s  {count / last.seconds:8.0f} a second"
            f"  peak {last.peak_mb:5.0f} MB",
            flush=True,
        )
        count *= 10
    growth = sizes[-1].peak_mb / sizes[0].peak_mb
    print(f"slope {slope(sizes):.3f}; peak memory {growth:.2f} times the smallest's")
    if arguments.json:
        figures = {"model": arguments.model, "slope": slope(sizes), "sizes": [asdict(size) for size in sizes]}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
