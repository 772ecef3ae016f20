"""COMET in another Python environment, as one process for all the systems of an evaluation."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import IO

from service.errors import EngineError, NotInstalled

BATCH = 16
# A path of this project's would put its packages before those of the other environment.
_NOT_PASSED_ON = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class Comet:
    """A checkpoint loaded by the Python of another environment; it ends with this object.

    ``python`` is that environment's interpreter and ``checkpoint`` a file on this machine; nothing is
    fetched. Raises :class:`NotInstalled` where the one cannot be run or the other cannot be loaded.
    """

    def __init__(self, python: str, checkpoint: str) -> None:
        self._notes: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process ends
        self._name = python
        try:
            self._process = _start(python, self._notes)
        except OSError as error:
            self._notes.close()
            raise NotInstalled(
                "score.comet_start",
                "COMET: {python} cannot be run: {reason}",
                python=python,
                reason=error.strerror or error,
            ) from None
        weakref.finalize(self, _end, self._process, self._notes)
        try:
            asked = {"model": str(Path(checkpoint).expanduser().resolve()), "batch": BATCH}
            self.version = str(self._ask(asked)["version"])
        except (EngineError, KeyError) as error:
            raise NotInstalled(
                "score.comet_version", "COMET in {python}: {reason}", python=python, reason=error
            ) from None

    def __call__(self, rows: Sequence[Mapping[str, str]]) -> list[float]:
        """Return one score a row of ``src``, ``mt`` and ``ref``. Raises :class:`EngineError`."""
        scores = self._ask({"rows": list(rows)}).get("scores")
        if not isinstance(scores, list) or len(scores) != len(rows):
            raise EngineError(
                "score.comet_few", "COMET in {python} gave no score for every segment", python=self._name
            )
        return [float(score) for score in scores]

    def _ask(self, record: Mapping[str, object]) -> dict[str, object]:
        channel, answers = self._process.stdin, self._process.stdout
        if channel is None or answers is None:
            raise EngineError("score.comet_pipe", "COMET in {python} has no pipe", python=self._name)
        try:
            channel.write(json.dumps(record).encode() + b"\n")
            channel.flush()
            line = answers.readline()
        except OSError:
            line = b""
        try:
            answer = json.loads(line)
        except ValueError:
            raise EngineError(
                "score.comet_ended",
                "COMET in {python} ended without an answer{note}",
                python=self._name,
                note=self._last_note(),
            ) from None
        if not isinstance(answer, dict) or "error" in answer:
            said = answer["error"] if isinstance(answer, dict) else "an answer of no known form"
            raise EngineError(
                "score.comet_said", "COMET in {python}: {reason}", python=self._name, reason=said
            )
        return answer

    def _last_note(self) -> str:
        """Return the last line of what the process wrote to standard error: of a traceback, its reason."""
        self._process.wait(timeout=10)
        self._notes.seek(0)
        lines = self._notes.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {last}" if last else ""


def _start(python: str, notes: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start COMET's Python, its script given as text: run as a file it would find this folder's modules
    before COMET's.
    """
    script = (files("eval") / "outside" / "comet_side.py").read_text("utf-8")
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    # It runs in another folder. A link is not followed: by it an environment's Python knows its packages.
    given = Path(python).expanduser()
    program = str(given.absolute()) if given.is_file() else python
    return subprocess.Popen(  # noqa: S603 - the interpreter is the user's choice, no shell is involved
        [program, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=notes,
        env=kept | _OFFLINE,
        cwd=tempfile.gettempdir(),
    )


def _end(process: subprocess.Popen[bytes], notes: IO[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    notes.close()
