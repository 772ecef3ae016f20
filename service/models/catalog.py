"""Every model that can run here: what it is for, how good, whether it is installed, its size and licence."""

from __future__ import annotations

from dataclasses import dataclass

from service import presets
from service.errors import DamagedModel
from service.models.gemma import build as embedded
from service.models.store import Store
from service.presets import Preset


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model of the list.

    ``state`` is installed, ready, damaged, built in, served (by a server of the user's) or empty; ``size`` is
    in bytes on this disk, ``download`` what a pull fetches. ``quality`` is in words, with whether it was
    published or measured, and empty where nothing is known.
    """

    name: str
    task: str
    state: str
    size: int
    revision: str
    licence: str
    licence_note: str
    model: str
    about: str
    download: int
    quality: str
    quality_source: str
    speed: str
    licence_word: str
    purpose: str
    recommended: bool


def rows(store: Store) -> list[ListedModel]:
    """Return every preset, those that translate first: the recommended one, the best next, echo last."""
    ordered = sorted(presets.all_presets().values(), key=_place)
    return [_row(store, preset) for preset in ordered]


def _place(preset: Preset) -> tuple[bool, bool, bool, int, str]:
    # False comes before True.
    return (
        preset.task == "summarize",
        preset.architecture == "echo",
        not preset.recommended,
        -preset.preference,
        preset.name,
    )


def _row(store: Store, preset: Preset) -> ListedModel:
    state, size, revision = "", 0, preset.revision
    try:
        manifest = store.manifest(preset)
        if manifest:
            state, size, revision = "installed", manifest.size, manifest.revision
        elif preset.architecture == "causal" and embedded.available():
            state = "ready"
        elif preset.architecture == "echo":
            state = "built in"
        elif preset.architecture == "endpoint":
            state = "served"
    except DamagedModel:
        state = "damaged"
    quality = preset.quality
    return ListedModel(
        name=preset.name,
        task=preset.task,
        state=state,
        size=size,
        revision=revision,
        licence=preset.licence,
        licence_note=preset.licence_note,
        model=preset.model,
        about=preset.about,
        download=preset.download,
        quality=str(quality) if quality else "",
        quality_source=f"{quality.test}; {quality.source}" if quality else "",
        speed=preset.speed,
        licence_word=preset.licence_word,
        purpose=preset.purpose,
        recommended=preset.recommended,
    )
