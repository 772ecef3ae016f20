"""Run by the peer's Python, not by this project's: Argos Translate over the articles of a JSON file.

``argos.py ARTICLES OUTPUT``: ``ARTICLES`` is a list of texts, the first of which is for warming up. The
answers, and the seconds and processor time that the others took, are written to ``OUTPUT``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(articles: Path, output: Path) -> None:
    """Translate one text after the other, as a script of its users does."""
    from argostranslate.translate import get_translation_from_codes

    first, *rest = json.loads(articles.read_text("utf-8"))
    translation = get_translation_from_codes("id", "en")
    translation.translate(first)
    began, used = time.perf_counter(), time.process_time()
    answers = [translation.translate(text) for text in rest]
    seconds, cores = time.perf_counter() - began, time.process_time() - used
    output.write_text(json.dumps({"seconds": seconds, "core_seconds": cores, "answers": answers}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
