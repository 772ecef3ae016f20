"""Firefox's own models through fxtranslate, a compiled wheel: greedy, one sentence a call, no scores.

What the library was found to do (fxtranslate 0.5.0, on models written by hand; tests/firefox.py):

- A translator belongs to the thread that made it and panics in any other. So it has a thread of its own here,
  and callers from all others wait for that.
- It holds Python's lock while it works (``python -m eval.bench.models --lock``), so that a second thread
  with a second translator would gain nothing.
- A panic arrives as an exception that ``except Exception`` does not catch. It is one here.
- A sentence beyond the model's context is cut in silence, so sources are counted and cut before, and said to
be.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from service.document import Decoding, Output
from service.errors import EngineError, UsageError
from service.extras import lacks
from service.presets import Preset

if TYPE_CHECKING:
    from fxtranslate import Translator

_Job = tuple[str, "Future[str]"] | None


class FirefoxEngine:
    """One folder with model, vocabulary and shortlist as Mozilla names them, on a thread of its own."""

    def __init__(self, folder: Path, preset: Preset) -> None:
        """Load the model. Raises EngineError, UsageError where the wheel is not installed."""
        try:
            import fxtranslate
        except ImportError as error:
            raise UsageError(
                "models.needs",
                "{name} {reason}",
                name=preset.name,
                reason=lacks(error, "firefox", "fxtranslate"),
            ) from error
        import sentencepiece

        self._preset = preset
        model, vocabulary, shortlist = (_only(folder, preset, end) for end in ("model*", "vocab*", "lex*"))
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary))
        except (OSError, RuntimeError) as error:
            raise EngineError(
                "engine.not_sentencepiece_named",
                "{file} is not a SentencePiece model",
                at=preset.name,
                file=vocabulary.name,
            ) from error
        # Source and target share one vocabulary, and the library wants it twice.
        pieces = vocabulary.read_bytes()
        parts = model.read_bytes(), pieces, pieces, shortlist.read_bytes()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        ready: Future[str] = Future()
        arguments = (lambda: fxtranslate.Translator(*parts), self._jobs, ready, preset.name)
        # The thread holds no reference to the engine, so that dropping the engine ends it.
        self._thread = threading.Thread(target=_work, args=arguments, daemon=True, name=preset.name)
        self._thread.start()
        kernel = ready.result()
        self.signature = f"fxtranslate-{_version()}/cpu/{kernel}"

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:  # noqa: ARG002
        """See :class:`service.engines.base.Engine`.

        The model alone decides how it searches and when it ends, not ``decoding``; scores are all 0.
        """
        cut = [self._first(text) for text in texts]
        running: list[Future[str]] = []
        # Put in the queue all at once: the thread is not idle while this one fetches answers.
        for source, _ in cut:
            done: Future[str] = Future()
            self._jobs.put((source, done))
            running.append(done)
        return [
            self._output(future.result(), truncated=truncated)
            for future, (_, truncated) in zip(running, cut, strict=True)
        ]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:  # noqa: ARG002
        """Refuse: the library gives one translation. Raises UsageError."""
        raise UsageError(
            "engine.one_answer",
            "{name} gives one translation of a sentence; alternatives are not to be had",
            name=self._preset.name,
        )

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        return len(self._pieces.encode(text))

    def close(self) -> None:
        """End the thread; what was asked before is answered."""
        self._jobs.put(None)
        self._thread.join()

    def __del__(self) -> None:
        # Loading may have failed before there was a queue.
        if jobs := getattr(self, "_jobs", None):
            jobs.put(None)

    def _first(self, text: str) -> tuple[str, bool]:
        """Return as much of the text as the model takes, on one line, and whether that is less than all."""
        line, limit = " ".join(text.split()), self._preset.max_input_tokens
        ids = self._pieces.encode(line)
        return (line, False) if len(ids) <= limit else (str(self._pieces.decode(ids[:limit])), True)

    def _output(self, text: str, *, truncated: bool) -> Output:
        # The end token counts too, as with the other engines.
        return Output(text.strip(), 0.0, len(self._pieces.encode(text)) + 1, truncated=truncated)


def _work(
    make: Callable[[], Translator], jobs: queue.SimpleQueue[_Job], ready: Future[str], name: str
) -> None:
    """Make a translator and answer with it until told to end; this is what a thread runs."""
    try:
        translator = make()
        ready.set_result(translator.backend())
    except BaseException as error:  # a panic of the library is not an Exception
        ready.set_exception(
            EngineError("engine.load", "cannot be loaded: {reason}", at=name, reason=_line(error))
        )
        return
    while job := jobs.get():  # None ends it
        source, done = job
        try:
            done.set_result(translator.translate(source) if source else "")
        except BaseException as error:
            done.set_exception(
                EngineError(
                    "engine.translating", "translating failed: {reason}", at=name, reason=_line(error)
                )
            )


def _only(folder: Path, preset: Preset, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise EngineError(
            "engine.files",
            "{folder} has {count} file {pattern}, not one",
            plural="{folder} has {count} files {pattern}, not one",
            at=preset.name,
            folder=folder,
            count=len(found),
            pattern=pattern,
        )
    return found[0]


def _version() -> str:
    from importlib.metadata import version

    return version("fxtranslate")


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
