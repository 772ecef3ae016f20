"""Fetching what was offered, converting it and putting it into the store."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import StoreError
from service.models.convert import CONVERTED, convert
from service.models.fetch import fetch_all, fetched
from service.models.offer import Offer
from service.models.store import Progress, Store, partial_folder, seal
from service.presets import Preset

CONVERSION_SHARE = 0.6
"""Free disk asked for beside the download, as a share of it: int8 is a quarter, and room to write."""

STAGES = ("fetching", "converting", "checking")
"""What a pull tells that it is doing."""


def pull(store: Store, offered: Offer, progress: Progress) -> Path:
    """Fetch, check, convert and install what was offered; return the model's folder.

    An interrupted pull leaves a ``.partial`` folder that the next one goes on from, never a
    folder that looks installed. Raises StoreError.
    """
    preset = offered.preset
    target = store.folder(preset)
    partial = partial_folder(target)
    original = partial / "original"
    try:
        original.mkdir(parents=True, exist_ok=True)
        with _alone(partial, preset):
            _check_space(offered, original)
            fetch_all(offered, original, progress)
            converter = ""
            if preset.architecture in CONVERTED:
                progress("converting", 0, 0)
                # What a killed conversion left: unlike a download it cannot be gone on with.
                shutil.rmtree(partial / "int8", ignore_errors=True)
                convert(original, partial / "int8", preset, "int8")
                converter = _converter()
            progress("checking", 0, 0)
            seal(partial, target, preset, offered.revision, converter)
    except OSError as error:
        raise _disk_error(preset, error) from error
    return target


def under_way(store: Store, offered: Offer) -> int:
    """Return how many bytes of the offer an earlier, unfinished pull left."""
    return fetched(offered, partial_folder(store.folder(offered.preset)) / "original")


def _check_space(offered: Offer, folder: Path) -> None:
    have = sum(path.stat().st_size for path in folder.iterdir())
    converted = offered.preset.architecture in CONVERTED
    need = int(max(0, offered.size - have) + offered.size * (CONVERSION_SHARE if converted else 0))
    free = shutil.disk_usage(folder).free
    if free < need:
        name = offered.preset.name
        raise StoreError(
            "models.room",
            "needs {size} GB on disk, {free} GB are free in {folder}",
            at=name,
            size=f"{need / 1e9:.1f}",
            free=f"{free / 1e9:.1f}",
            folder=folder,
        )


def _disk_error(preset: Preset, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            "models.disk_full", "the disk is full; free some space and pull again to go on", at=preset.name
        )
    return StoreError(
        "models.disk",
        "{reason}: {path}",
        at=preset.name,
        reason=error.strerror or error,
        path=error.filename or "",
    )


@contextmanager
def _alone(partial: Path, preset: Preset) -> Iterator[None]:
    """Hold the lock of one model's pull; a second pull of the same model says so and stops."""
    import filelock

    lock = filelock.FileLock(partial.with_suffix(".lock"), timeout=0)
    try:
        with lock:
            yield
    # It is an OSError, which pull() would take for trouble with the disk.
    except filelock.Timeout as error:
        raise StoreError("models.pulling", "another process is pulling it", at=preset.name) from error


def _converter() -> str:
    import ctranslate2

    return f"ctranslate2-{ctranslate2.__version__}/int8"
