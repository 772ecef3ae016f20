"""How well and how fast pages are cleaned: ``python -m eval.bench.lines [--json FILE] [PAGES…]``.

Without PAGES: the pages written for this project (``eval/data/pages…``, learnt from or held out) and,
where there, the development pages of ``../shared/data/pages``.
Then the time for a page, and for texts of 1,000 to 100,000 lines.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from eval.pages import HAND, LAST, MORE, MORE_UNSEEN, OTHER, OTHER_UNSEEN, UNSEEN, Page, load, measure
from service.intake.clean import clean

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "pages" / "dev.jsonl.xz"
SIZES = (1_000, 10_000, 100_000)


def page_times(pages: list[Page], repeats: int = 3) -> dict[str, float]:
    """Return milliseconds of processor time to clean a page: median and the slowest twentieth."""
    # The first call loads the classifier.
    clean(pages[0].raw)
    times = []
    for page in pages:
        # The best of a few: whatever else the machine does only ever adds time.
        best = min(_seconds(page.raw) for _ in range(repeats))
        times.append(best * 1000)
    times.sort()
    return {
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[len(times) * 95 // 100], 2),
    }


def growth(page: Page) -> dict[str, float]:
    """Return seconds for a text of many lines, all different."""
    lines = page.raw.split("\n")
    times = {}
    for size in SIZES:
        # A number on each line, for equal lines would be found by a look-up and cost next to nothing.
        text = "\n".join(f"{lines[i % len(lines)]} {i}" for i in range(size))
        times[str(size)] = round(_seconds(text), 2)
    return times


def _seconds(raw: str) -> float:
    began = time.process_time()
    clean(raw)
    return time.process_time() - began


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("pages", nargs="*", type=Path)
    arguments = parser.parse_args()
    written = [HAND, UNSEEN, OTHER, OTHER_UNSEEN, MORE, MORE_UNSEEN, LAST]
    sources = arguments.pages or [*written, *([SHARED] if SHARED.exists() else [])]
    result: dict[str, object] = {path.name: measure(load(path)).as_json() for path in sources}
    hand = load(HAND)
    result["speed"] = {**page_times(hand), "lines_in_a_page": _mean_lines(hand), "seconds": growth(hand[0])}
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


def _mean_lines(pages: list[Page]) -> float:
    return round(statistics.mean(len(page.lines) for page in pages), 1)


if __name__ == "__main__":
    main()
