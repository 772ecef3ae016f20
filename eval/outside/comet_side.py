"""Score with COMET in the environment that has it: JSON lines in, JSON lines out.

This text is run by the Python given with ``--comet-python``, which may be an old one, so it imports
nothing of this project and keeps to plain Python 3.8. The first line in is ``{"model": path, "batch": n}``
and is answered by ``{"version": …}``; each further line is ``{"rows": [{"src", "mt", "ref"}, …]}`` and is
answered by ``{"scores": [...]}``. An answer may be ``{"error": …}`` instead. End of input ends the process.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TextIO


def _version() -> str:
    try:
        from importlib.metadata import version

        return version("unbabel-comet")
    except Exception:
        return "unknown"


def _serve(answers: TextIO) -> None:
    def answer(record: object) -> None:
        answers.write(json.dumps(record) + "\n")
        answers.flush()

    try:
        asked = json.loads(sys.stdin.readline())
        import comet

        model = comet.load_from_checkpoint(asked["model"], local_files_only=True)
        answer({"version": _version()})
        for line in sys.stdin:
            rows = json.loads(line)["rows"]
            done = model.predict(rows, batch_size=asked["batch"], gpus=0, progress_bar=False)
            answer({"scores": [float(value) for value in done.scores]})
    except Exception as error:
        answer({"error": "{}: {}".format(type(error).__name__, " ".join(str(error).split()))})


if __name__ == "__main__":
    # What COMET and Lightning print goes to standard error, so that the pipe holds answers only.
    _answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _serve(_answers)
