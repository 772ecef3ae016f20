"""A batch done in a confined process, its sentences translated by the engines of this one.

What reads, cleans, splits and checks what strangers send can so be stopped at any moment, holds up no request
of the server, and leaves no memory behind. Nothing is lost when it is killed: the journal goes on behind the
last commit, as after a crash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.batch.executors import in_this_process
from service.batch.folder import mirror_with
from service.batch.job import Job
from service.batch.journal import Totals
from service.batch.run import Progress, Watch, run
from service.document import Decoding, Output
from service.engines.base import Engine
from service.pipeline import build_pipeline
from service.presets import Preset
from service.runtime.sandbox import Confinement
from service.settings import Settings
from service.validation import plain, restored

if TYPE_CHECKING:
    from service.pool import Host

# Sentences of one question to the server.
_SENTENCES = 512
MEMORY_BYTES = 2_000_000_000
FILE_BYTES = 1_000_000_000
Ask = Callable[..., Any]


def run_away(
    host: Host, job: Job, model: str, watch: Watch = lambda _: None, file_bytes: int = FILE_BYTES
) -> Totals:
    """Run ``job`` as :func:`service.batch.run.run` does, confined, with the engines of ``host``.

    ``file_bytes`` bounds each file that it writes. Raises what that raises, LimitExceeded, WorkerFailed.
    """
    pipeline = host.pipeline(model)
    side = _Side(host, pipeline.tally.merge, watch)
    # By its name: there, "auto" could choose another model than the one that is open here.
    settings = replace(host.settings, model=pipeline.signature.preset)
    limits = Confinement(
        # No limit of processor time: a batch may rightly take hours.
        cpu_seconds=0,
        memory_bytes=MEMORY_BYTES,
        file_bytes=file_bytes,
        files=256,
        output_bytes=100_000_000,
    )
    work = ".batch.away:work", plain(settings), plain(job)
    # Taken to its end, so that the process is cleared away here.
    totals, *_ = host.sandbox.stream(*work, limits=limits, answer=side.answer)
    return restored(Totals, totals)


class _Side:
    """What the server does for a batch elsewhere."""

    def __init__(self, host: Host, tally: Callable[[int, Mapping[str, int]], None], watch: Watch) -> None:
        self._host = host
        self._tally = tally
        self._watch = watch

    def answer(self, what: str, *values: object) -> object:
        """Answer one question. Raises EngineError and what the watch raises."""
        questions: Mapping[str, Callable[..., Any]] = {
            "engine": self._signature,
            "generate": self._generate,
            "alternatives": self._alternatives,
            "count": self._count,
            "progress": self._progress,
        }
        return questions[what](*values)

    def _signature(self, name: str) -> str:
        return self._host.engine(name).signature

    def _generate(self, name: str, texts: Sequence[str], decoding: Mapping[str, object]) -> list[object]:
        outputs = self._host.engine(name).generate(texts, restored(Decoding, decoding))
        return [plain(output) for output in outputs]

    def _alternatives(self, name: str, text: str, decoding: Mapping[str, object], count: int) -> list[object]:
        outputs = self._host.engine(name).alternatives(text, restored(Decoding, decoding), count)
        return [plain(output) for output in outputs]

    def _count(self, name: str, text: str) -> int:
        return self._host.engine(name).count_tokens(text)

    def _progress(self, progress: Mapping[str, object], segments: int, findings: Mapping[str, int]) -> None:
        self._tally(segments, findings)
        self._watch(restored(Progress, progress))


class _There:
    """An engine of the server, seen from the confined process."""

    def __init__(self, ask: Ask, preset: Preset) -> None:
        self._ask = ask
        self._name = preset.name
        self.signature: str = ask("engine", preset.name)

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        outputs = list[Output]()
        # A long article's sentences, all at once, would be held twice more in the server.
        for start in range(0, len(texts), _SENTENCES):
            some = [*texts[start : start + _SENTENCES]]
            made = self._ask("generate", self._name, some, plain(decoding))
            outputs += [restored(Output, one) for one in made]
        return outputs

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        made = self._ask("alternatives", self._name, text, plain(decoding), count)
        return [restored(Output, one) for one in made]

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        return int(self._ask("count", self._name, text))


def work(ask: Ask, settings: Mapping[str, object], job: Mapping[str, object]) -> object:
    """Return the totals of the job, in the confined process. One with a folder as output mirrors its
    files.
    """

    def opened(preset: Preset) -> Engine:
        return _There(ask, preset)

    pipeline = build_pipeline(restored(Settings, settings), lambda _: None, opened)
    told: Counter[str] = Counter()

    def watch(progress: Progress) -> None:
        # The server adds up what it is told, so it is told what is new since the last time.
        segments, findings = pipeline.tally.counts()
        now = Counter({"": segments, **findings})
        new = now - told
        told.update(new)
        ask("progress", plain(progress), new.pop("", 0), new)

    wanted = restored(Job, job)
    if wanted.folder:
        with in_this_process(wanted, pipeline) as executor:
            return plain(mirror_with(executor, watch))
    return plain(run(wanted, pipeline, watch))
