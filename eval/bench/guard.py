"""How many pairs a second the guard checks on one core: ``python -m eval.bench.guard [--json FILE]``.

The pairs are a source and a translation of it (``--pairs FILE``: source, tab, target a line). The
best of several passes counts, in processor time, so that other programs on the machine do not.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from service.translation.guard.check import check

# Written for this bench: half of it with numbers, as in news.
_OWN = (
    ("Pertumbuhan ekonomi triwulan kedua mencapai 5,05 persen, kata Kepala BPS.",
     "Second-quarter economic growth reached 5.05 percent, the head of BPS said."),
    ("Hujan deras membuat ratusan warga di bantaran sungai mengungsi ke balai desa.",
     "Heavy rain forced hundreds of residents along the river to take shelter in the village hall."),
    ("Rapat itu dijadwalkan pukul 19.30 WIB di Jakarta dan dihadiri 120 utusan.",
     "The meeting was scheduled for 7:30 p.m. in Jakarta and attended by 120 delegates."),
    ("Pelatih menyatakan para pemain belum pulih sepenuhnya setelah laga tandang yang melelahkan itu.",
     "The coach said the players had not fully recovered after that tiring away match."),
)  # fmt: skip


def measure(pairs: list[tuple[str, str]], passes: int) -> dict[str, float]:
    """Return pairs a second in the best of ``passes``, and the share of pairs with a finding."""
    best = float("inf")
    flagged = 0
    for _ in range(passes):
        start = time.process_time()
        flagged = sum(bool(check(source, target)) for source, target in pairs)
        best = min(best, time.process_time() - start)
    return {
        "pairs": len(pairs),
        "pairs_per_second": round(len(pairs) / best),
        "flagged": flagged / len(pairs),
    }


def main() -> None:
    """Print the speed, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, help="source<TAB>target a line; else pairs of our own")
    parser.add_argument("--passes", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    pairs = list(_OWN) * 500
    if options.pairs:
        lines = options.pairs.read_text(encoding="utf-8").split("\n")
        pairs = [(first, second) for first, _, second in (line.partition("\t") for line in lines) if second]
    result = measure(pairs, options.passes)
    speed, share = result["pairs_per_second"], result["flagged"]
    print(f"{speed:,} pairs a second over {result['pairs']:,}; {share:.1%} flagged")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
