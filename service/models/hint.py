"""One line, once, on how to get a better model where only the embedded one is there."""

from __future__ import annotations

from contextlib import suppress

from service import presets
from service.errors import WartaError
from service.models.load import choose
from service.models.store import Store
from service.settings import Settings

SAID = "hint-said"
"""The file at home that says that the line was said."""


def better(settings: Settings) -> str:
    """Return how to get a better model where ``auto`` takes the embedded one; else, or once told, nothing.

    The line is said once on a machine: a file at home keeps that.
    """
    said = settings.home / SAID
    if settings.model != "auto" or said.exists():
        return ""
    try:
        chosen = choose("auto", "translate", Store(settings.home / "models"))
    except WartaError:
        return ""
    if chosen.architecture != "causal":
        return ""
    with suppress(OSError):
        said.parent.mkdir(parents=True, exist_ok=True)
        said.touch()
    best = presets.recommended()
    size = f", {best.download / 1e6:.0f} MB" if best.download else ""
    how = f"warta models pull recommended ({best.name}{size})"
    return f"{chosen.name} translates; a better model is one command away: {how}"
