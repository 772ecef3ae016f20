"""What one server process holds: each model opened once and shared by all its requests."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from tempfile import TemporaryFile

from service import presets
from service.engines.base import Engine
from service.errors import EngineError, NotInstalled
from service.models.load import Notice, choose, open_engine
from service.models.store import Store
from service.pipeline import Opener, Pipeline, build_pipeline, memory_of
from service.presets import Preset
from service.runtime.batching import QueueLimits, SharedEngine
from service.runtime.resident import ResidentEngine
from service.runtime.sandbox import Sandbox
from service.settings import Settings
from service.translation import own_terms
from service.translation.memory.base import Memory
from service.translation.own_terms import OwnTerms
from service.translation.translator import Tally

KEPT = 2
"""So many models that requests chose stay open."""


class Host:
    """The pipelines of one server process: each model's engine is opened once and shared.

    Safe from many threads. ``notice`` is told of work before a model's first sentence. Of the models that
    requests chose, the ``kept`` used last stay open, and those at work; the settings' own always does.
    """

    def __init__(
        self,
        settings: Settings,
        limits: QueueLimits | None = None,
        notice: Notice = lambda _: None,
        opener: Opener | None = None,
        kept: int = KEPT,
    ) -> None:
        """Open nothing yet. ``limits`` holds for each model's queue; ``opener`` opens what is shared."""
        self.settings = settings
        self.store = Store(settings.home / "models")
        self._limits = limits or QueueLimits()
        self._notice = notice
        self._opener = opener or self._load
        self._kept = kept
        # Where whatever clients send is worked on; a process of its own from the first use on.
        self.sandbox = Sandbox()
        # Held for a glance at what is below it, never while a model is opened: that takes seconds, and
        # whoever asks how the server does must not wait for it.
        self._lock = threading.Lock()
        self._loading: dict[str, threading.RLock] = {}
        self._tidying = threading.Lock()
        self._opening = Counter[str]()
        self._closed = False
        self._engines: dict[str, ResidentEngine] = {}
        self._warned = set[str]()
        self._pipelines: dict[tuple[str, int | None], Pipeline] = {}
        self._past: dict[str, Tally] = {}
        self._memory: Memory | None = None
        self.terms = OwnTerms(settings.home / own_terms.NAME)

    def pipeline(self, model: str = "auto", *, beam_size: int | None = None) -> Pipeline:
        """Return the pipeline of a preset, opened on first use and kept; ``auto`` is what the settings say.

        Raises UnknownModel, NotInstalled, EngineError, StoreError, UsageError.
        """
        asked = self.settings.model if model == "auto" else model
        name = choose(asked, "translate", self.store).name
        key = name, beam_size or self.settings.beam_size
        # Without the lock: to look into a dict is one step, and most calls end here.
        if found := self._pipelines.get(key):
            return found
        with self._loads(name):
            # Another thread may have built it while this one waited.
            if found := self._pipelines.get(key):
                return found
            settings = replace(self.settings, model=name, beam_size=key[1])
            made = build_pipeline(settings, self._notice, self._open, self._warn)
            with self._lock:
                self._pipelines[key] = made
            return made

    def memory(self) -> Memory | None:
        """Return the translation memory of the settings, opened on first use; None where there is none.

        Raises UsageError, StoreError.
        """
        if not self.settings.memory:
            return None
        with self._loads(""):
            self._memory = self._memory or memory_of(self.settings)
            return self._memory

    def renew(self) -> None:
        """Build every pipeline anew at its next use, as when the user's terms have changed."""
        with self._lock:
            for (name, _), pipeline in self._pipelines.items():
                self._past.setdefault(name, Tally()).merge(*pipeline.tally.counts())
            self._pipelines.clear()

    def engine(self, name: str) -> Engine:
        """Return the engine of a preset for work in the background, opened on first use. Raises as above."""
        return self._open(presets.get(name))

    def engines(self) -> Mapping[str, ResidentEngine]:
        """Return the engines that were opened, by their preset's name; some may be at rest."""
        with self._lock:
            return dict(self._engines)

    def tallies(self) -> Mapping[str, tuple[int, dict[str, int]]]:
        """Return segments and findings by kind, so far, by the preset's name."""
        with self._lock:
            pipelines = dict(self._pipelines)
            found = {name: tally.counts() for name, tally in self._past.items()}
        for (name, _), pipeline in pipelines.items():
            segments, kinds = pipeline.tally.counts()
            before, counts = found.get(name, (0, {}))
            found[name] = before + segments, dict(Counter(counts) + Counter(kinds))
        return found

    def unwritable(self) -> str:
        """Return why nothing can be kept at home, in a line; empty where it can."""
        home = self.settings.home
        try:
            home.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=home):
                return ""
        except OSError as error:
            return f"{home}: cannot be written ({error.strerror}): no jobs, translations and models are kept"

    def close(self, seconds: float | None = None) -> None:
        """Close every engine and the sandbox; what waits in their queues fails.

        Batches that run are waited for, ``seconds`` at most.
        """
        self.sandbox.close()
        with self._lock:
            self._closed = True
            engines = dict(self._engines)
            self._pipelines.clear()
            self._engines.clear()
            memory, self._memory = self._memory, None
        if memory:
            memory.close()
        due = None if seconds is None else time.monotonic() + seconds
        for engine in engines.values():
            engine.close(None if due is None else max(0.0, due - time.monotonic()))

    def _warn(self, line: str) -> None:
        """Tell a warning once: every pipeline has the same memory."""
        if line not in self._warned:
            self._warned.add(line)
            self._notice(line)

    def _load(self, preset: Preset) -> Engine:
        return open_engine(preset, self.store, self.settings, self._notice)

    @contextmanager
    def _loads(self, name: str) -> Iterator[None]:
        """Let one thread at a time build what belongs to a model; others build what belongs to other
        models.
        """
        with self._lock:
            # One that its holder may take again: building a pipeline opens the engine of the same model.
            lock = self._loading.setdefault(name, threading.RLock())
        with lock:
            yield

    def _open(self, preset: Preset) -> ResidentEngine:
        asked = preset.name == self.settings.model
        if preset.architecture == "endpoint" and not self.settings.server.url and not asked:
            # A client names a model; it does not make this machine ask a server that nobody spoke of.
            raise NotInstalled(
                "models.endpoint_serve",
                "{name} runs on a server: start warta serve with --endpoint to offer it",
                name=preset.name,
            )
        with self._loads(preset.name):
            if found := self._engines.get(preset.name):
                return found
            made = ResidentEngine(partial(self._shared, preset), self._tidy)
            with self._lock:
                if not self._closed:
                    self._engines[preset.name] = made
                    return made
        made.close()
        raise EngineError("server.closing", "the server is closing")

    def _shared(self, preset: Preset) -> SharedEngine:
        with self._lock:
            # Counted before there is room: two that are opened at once must both find it.
            self._opening[preset.name] += 1
        try:
            with self._tidying:
                self._make_room()
            return SharedEngine(self._opener(preset), limits=self._limits)
        finally:
            with self._lock:
                # Counter's own subtraction, which drops what falls to 0.
                self._opening -= Counter([preset.name])

    def _tidy(self) -> None:
        """Close what was opened beyond the limit because everything was in use."""
        if sum(kept.open for kept in self.engines().values()) > self._kept:
            with self._tidying:
                self._make_room()

    def _make_room(self) -> None:
        """Put to rest what was used longest ago, until no more is open or being opened than may stay."""
        # Before the lock is taken, as it reads the disk.
        usual = self._usual()
        with self._lock:
            opening = self._opening.keys() - {usual}
            chosen = [k for name, k in self._engines.items() if name not in (usual, *opening) and k.open]
        many = len(chosen) + len(opening) - self._kept
        for kept in sorted(chosen, key=lambda kept: kept.used):
            # One in use does not rest: the next oldest does.
            if many > 0 and kept.rest():
                many -= 1

    def _usual(self) -> str:
        try:
            return choose(self.settings.model, "translate", self.store).name
        except NotInstalled:
            return ""
