"""How soon the command answers: whole processes, the median of several, and what is imported.

``python -m eval.bench.startup [--runs N] [--json FILE]``. ``warta --help``; one sentence through the
embedded model, prepared before (a first run of ``warta translate`` does that); the peer for the first
is an empty Python. The import table is ``-X importtime`` of ``--help``, the slowest first.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

SENTENCE = "Harga beras naik 12 persen pada bulan Maret.\n"
COMMANDS: dict[str, tuple[str, ...]] = {
    "python -c pass": ("-c", "pass"),
    "warta --help": ("-m", "warta", "--help"),
    "warta translate - (echo)": ("-m", "warta", "translate", "-", "--model", "echo"),
    "warta translate - (embedded)": ("-m", "warta", "translate", "-", "--no-memory"),
}
ROOT = Path(__file__).parents[2]


def seconds(arguments: Sequence[str]) -> float:
    """Return wall time of one run from start to exit."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], input=SENTENCE, cwd=ROOT, text=True, capture_output=True, check=True
    )
    return time.perf_counter() - began


def imports(arguments: Sequence[str], most: int = 8) -> list[tuple[str, float]]:
    """Return the modules with the largest own import time, in milliseconds."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], cwd=ROOT, text=True, capture_output=True, check=True
    )
    # ``import time:       412 \|      1033 \|   encodings.utf_8``: a module's own microseconds, with those it
    # imports, its name.
    lines = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr)
    return sorted(((name, int(own) / 1000) for own, name in lines), key=lambda row: -row[1])[:most]


def main() -> None:
    """Print the medians and the table; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    medians = {}
    for name, command in COMMANDS.items():
        seconds(command)
        medians[name] = statistics.median(seconds(command) for _ in range(arguments.runs))
        print(f"{medians[name]:6.2f} s  {name}", flush=True)
    table = imports(COMMANDS["warta --help"])
    for module, own in table:
        print(f"{own:6.1f} ms  {module}")
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"seconds": medians, "imports": table}, indent=2) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
