"""Put on ``PYTHONPATH`` as ``sitecustomize``: every answer of CTranslate2 is cut at one length and noted.

For processes of other projects too, so nothing of this one is imported. ``FIXED_LENGTH_TOKENS`` is the
length; each call appends a line to the file ``FIXED_LENGTH_LOG``: a list of [source pieces, target pieces],
both joined.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from typing import Any

EOS = "</s>"
JOINT = " "


def fix_length(translator: Any, tokens: int, log: str) -> None:
    """Give the class ``translator`` a ``translate_batch`` that stops at ``tokens`` and write to ``log``."""
    search, lock = translator.translate_batch, threading.Lock()

    def fixed(self: Any, source: Sequence[Sequence[str]], *arguments: Any, **options: Any) -> Any:
        results = search(self, source, *arguments, **{**options, "max_decoding_length": tokens})
        rows = [(JOINT.join(row), JOINT.join(made.hypotheses[0])) for row, made in zip(source, results)]  # noqa: B905
        with lock, open(log, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(json.dumps(rows) + "\n")
        return results

    translator.translate_batch = fixed


# Only where Python loads it at the start, not where this project imports it.
if __name__ == "sitecustomize":
    import ctranslate2

    fix_length(ctranslate2.Translator, int(os.environ["FIXED_LENGTH_TOKENS"]), os.environ["FIXED_LENGTH_LOG"])
