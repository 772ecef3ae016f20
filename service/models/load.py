"""Which model runs, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable

from service import presets
from service.document import Message
from service.engines.base import Engine
from service.errors import EngineError, NotInstalled, UsageError
from service.messages import text
from service.models.gemma import build as embedded
from service.models.store import Store
from service.presets import Preset
from service.settings import Settings

Notice = Callable[[str], None]
"""Told, in a line, of work that takes a while before the first sentence."""


def choose(name: str, task: str, store: Store) -> Preset:
    """Return the preset of that name, or for ``auto`` the best one of the task that can run here.

    Nothing is fetched and no network is asked. Raises UnknownModel, NotInstalled.
    """
    if name != "auto":
        return presets.get(name, task)
    # A preset of negative preference runs only for who names it.
    able = [p for p in presets.all_presets().values() if p.task == task and p.preference >= 0]
    best = sorted((p for p in able if is_installed(p, store)), key=lambda p: -p.preference)
    if not best:
        others = ", ".join(p.name for p in sorted(able, key=lambda p: -p.preference))
        raise NotInstalled(
            "models.no_model",
            "no model to {task} with is installed; get one with: warta models pull NAME ({others}), "
            'or the embedded one with: pip install "warta[embedded]"',
            task=Message("term", task),
            others=others,
        )
    return best[0]


def open_engine(preset: Preset, store: Store, settings: Settings, notice: Notice) -> Engine:
    """Return the preset's model, loaded. The embedded one is prepared on first use.

    Its files are compared with what was installed: see :meth:`Store.check`. Raises ModelError,
    EngineError, UsageError, StoreError.
    """
    if preset.architecture in ("echo", "endpoint"):
        return _open_without_weights(preset, settings)
    device, threads = _device(settings.device), settings.threads
    if preset.architecture == "causal":
        if settings.engine == "transformers":
            raise UsageError(
                "engine.ctranslate2_only", "{name} runs on the ctranslate2 engine only", name=preset.name
            )
        return _open_embedded(preset, store, device, threads, notice)
    if preset.architecture in ("ct2", "firefox"):
        return _open_as_published(preset, store, settings, device)
    part = "original" if settings.engine == "transformers" else "int8"
    store.check(preset, part)
    if settings.engine == "transformers":
        from service.engines.transformers import TransformersEngine

        return TransformersEngine(store.folder(preset) / "original", preset, device=device, threads=threads)
    from service.engines.ctranslate2 import CTranslate2Engine

    return CTranslate2Engine(store.folder(preset) / "int8", preset, device=device, threads=threads)


def _open_without_weights(preset: Preset, settings: Settings) -> Engine:
    """Return an engine with no weights on this machine: echo, or one that asks a server of the user's."""
    chosen = (settings.engine, settings.device) != ("auto", "auto")
    if preset.architecture == "echo":
        if chosen:
            raise UsageError(
                "engine.echo_options", "echo has no weights: it takes no --engine and no --device"
            )
        from service.engines.echo import EchoEngine

        return EchoEngine()
    if chosen:
        raise UsageError(
            "engine.endpoint_options",
            "{name} runs on a server of yours: it takes no --engine and no --device",
            name=preset.name,
        )
    from service.engines.endpoint import EndpointEngine

    return EndpointEngine(preset, settings.server)


def _open_as_published(preset: Preset, store: Store, settings: Settings, device: str) -> Engine:
    """Return a model that is run from the files it is published as: quickmt's and Firefox's.

    quickmt's weights are float16 in CTranslate2's format; on a CPU int8 is made at load.
    """
    firefox = preset.architecture == "firefox"
    usual = "fxtranslate" if firefox else "CTranslate2"
    if settings.engine == "transformers" or (firefox and settings.engine != "auto"):
        raise UsageError(
            "engine.only",
            "{name} runs with {engine} only; leave --engine out",
            name=preset.name,
            engine=usual,
        )
    if firefox and settings.device == "cuda":
        raise UsageError(
            "engine.processor_only", "{name} runs on the processor only; leave --device out", name=preset.name
        )
    store.check(preset, "original")
    folder = store.folder(preset) / "original"
    if firefox:
        from service.engines.firefox import FirefoxEngine

        return FirefoxEngine(folder, preset)
    from service.engines.ctranslate2 import CTranslate2Engine

    kind = "int8" if device == "cpu" else "default"
    return CTranslate2Engine(folder, preset, device=device, compute_type=kind, threads=settings.threads)


def is_installed(preset: Preset, store: Store) -> bool:
    """Return whether the preset's model can run here without a fetch."""
    if preset.architecture == "causal":
        return embedded.available() or store.manifest(preset) is not None
    return store.manifest(preset) is not None


def _preparing(preset: Preset, stage: str) -> str:
    return text(
        Message.of("progress.preparing", "Preparing {name}, once: {stage}", name=preset.name, stage=stage)
    )


def _open_embedded(preset: Preset, store: Store, device: str, threads: int | None, notice: Notice) -> Engine:
    from service.engines.causal import CausalEngine

    embedded.prepare(store, preset, lambda stage: notice(_preparing(preset, stage)))
    store.check(preset)
    return CausalEngine(store.folder(preset), preset, device=device, threads=threads)


def _device(asked: str) -> str:
    """Return ``cpu`` or ``cuda``; ``auto`` is the GPU if CTranslate2 sees one. Raises EngineError."""
    import ctranslate2

    found = ctranslate2.get_cuda_device_count() > 0
    if asked == "cuda" and not found:
        raise EngineError("engine.no_cuda", "no CUDA device was found; use --device cpu")
    return "cuda" if found and asked != "cpu" else "cpu"
