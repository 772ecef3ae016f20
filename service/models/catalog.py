"""Every model that can run here: what it is for, whether it is installed, its size and licence."""

from __future__ import annotations

from dataclasses import dataclass

from service import presets
from service.errors import DamagedModel
from service.models.gemma import build as embedded
from service.models.store import Store
from service.presets import Preset


@dataclass(frozen=True, slots=True)
class Row:
    """One model of the list. ``state`` is installed, ready, damaged, built in or empty; ``size`` in bytes."""

    name: str
    task: str
    state: str
    size: int
    revision: str
    licence: str
    licence_note: str
    model: str
    about: str


def rows(store: Store) -> list[Row]:
    """Every preset, the installed ones first."""
    found = [_row(store, preset) for preset in presets.all_presets().values()]
    return sorted(found, key=lambda row: (row.task == "summarize", not row.state, row.name))


def _row(store: Store, preset: Preset) -> Row:
    state, size, revision = "", 0, preset.revision
    try:
        manifest = store.manifest(preset)
        if manifest:
            state, size, revision = "installed", manifest.size, manifest.revision
        elif preset.architecture == "causal" and embedded.available():
            state = "ready"
        elif preset.architecture == "echo":
            state = "built in"
    except DamagedModel:
        state = "damaged"
    facts = (preset.licence, preset.licence_note, preset.model, preset.about)
    return Row(preset.name, preset.task, state, size, revision, *facts)
