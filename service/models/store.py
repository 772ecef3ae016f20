"""What is installed, and whether it is still what was installed.

A model is a folder ``<root>/<preset>/`` with ``manifest.json``; a folder without one is not
installed. Folders appear whole, by rename: the work is done in ``<root>/<preset>.partial/``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from service.document import Message
from service.errors import DamagedModel, NotInstalled
from service.presets import Preset

MANIFEST = "manifest.json"

CHECKED = "checked.json"
"""Beside the manifest: what each file's time and inode were when its sum was last found right."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the bytes done, and the bytes in all (0: unknown)."""


@dataclass(frozen=True, slots=True)
class FileSum:
    """Size in bytes and SHA-256 (hexadecimal) of one file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder holds. ``files`` are paths relative to the folder, ``/`` between parts."""

    preset: str
    model: str
    revision: str
    licence: str
    converter: str
    files: dict[str, FileSum]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files.values())


class Store:
    """The models under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, preset: Preset) -> Path:
        """Return where the preset's model is, or would be."""
        return self.root / preset.name

    def manifest(self, preset: Preset) -> Manifest | None:
        """Return the manifest of an installed model; None if it is not installed. Raises DamagedModel."""
        path = self.folder(preset) / MANIFEST
        try:
            table = json.loads(path.read_text("utf-8"))
            files = {name: FileSum(**entry) for name, entry in table.pop("files").items()}
            return Manifest(**table, files=files)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedModel(
                "models.unreadable",
                "{path} cannot be read; {hint}",
                at=preset.name,
                path=path,
                hint=repair_hint(preset),
            ) from error

    def require(self, preset: Preset) -> Manifest:
        """Return the manifest. Raises NotInstalled with the way to get the model."""
        manifest = self.manifest(preset)
        if manifest is None:
            raise NotInstalled(
                "models.not_installed_pull",
                "{name} is not installed; get it with: warta models pull {name}",
                name=preset.name,
            )
        return manifest

    def verify(self, preset: Preset) -> list[Message]:
        """Return how each file that differs from the manifest does; empty if all is well."""
        manifest, folder = self.require(preset), self.folder(preset)
        problems = []
        for name, expected in manifest.files.items():
            path = folder / name
            if not path.is_file():
                problems.append(Message.of("models.file_missing", "missing", at=name))
            elif path.stat().st_size != expected.size:
                size = path.stat().st_size
                problems.append(
                    Message.of(
                        "models.file_size",
                        "{size} bytes, not {wanted}",
                        at=name,
                        size=size,
                        wanted=expected.size,
                    )
                )
            elif sha256(path) != expected.sha256:
                problems.append(Message.of("models.file_sum", "SHA-256 differs", at=name))
        return problems

    def check(self, preset: Preset, part: str = "") -> None:
        """Make sure that the files below the subfolder ``part`` are what was installed.

        Sizes are compared each time, sums only where a file's time or inode is not what it was at the last
        comparison. Raises NotInstalled, DamagedModel.
        """
        manifest, folder = self.require(preset), self.folder(preset)
        checked = _checked(folder)
        for name, expected in manifest.files.items():
            # A checkpoint and its conversion lie side by side; only the one that is to run is read through.
            if not name.startswith(f"{part}/" if part else ""):
                continue
            stamp = _stamp(folder / name)
            if not stamp or stamp[0] != expected.size:
                raise _damaged(preset, name)
            # The sum is part of it, so that a new manifest makes all be read again. JSON gives lists back,
            # not tuples.
            if checked.get(name) != [*stamp, expected.sha256]:
                if sha256(folder / name) != expected.sha256:
                    raise _damaged(preset, name)
                checked[name] = [*stamp, expected.sha256]
                # After each file: what was read of some gigabytes is not lost if the next one takes too long.
                _remember(folder, checked)

    def remove(self, preset: Preset) -> int:
        """Delete the model and what an unfinished pull left; return the bytes freed.

        Raises NotInstalled if there was neither.
        """
        folders = [f for f in (self.folder(preset), partial_folder(self.folder(preset))) if f.exists()]
        if not folders:
            raise NotInstalled("models.not_installed", "{name} is not installed", name=preset.name)
        freed = sum(f.stat().st_size for folder in folders for f in folder.rglob("*") if f.is_file())
        # The manifest goes first, so that a removal cut short is not an installed model.
        (self.folder(preset) / MANIFEST).unlink(missing_ok=True)
        for folder in folders:
            shutil.rmtree(folder)
        return freed


def _damaged(preset: Preset, name: str) -> DamagedModel:
    return DamagedModel(
        "models.changed",
        "{name} is not what was installed; {hint}",
        at=preset.name,
        name=name,
        hint=repair_hint(preset),
    )


def _stamp(path: Path) -> list[int]:
    """Return size, time of the last change in nanoseconds and inode; nothing for what is no file."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ino] if path.is_file() else []


def _checked(folder: Path) -> dict[str, list[object]]:
    try:
        table = json.loads((folder / CHECKED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def _remember(folder: Path, checked: dict[str, list[object]]) -> None:
    """Write it whole or not at all; where that cannot be, sums are made again each time."""
    # The process is part of the name: two that check at once do not write into one file.
    partial = folder / f"{CHECKED}.{os.getpid()}.partial"
    with suppress(OSError):
        partial.write_text(json.dumps(checked), "utf-8")
        partial.replace(folder / CHECKED)


def partial_folder(folder: Path) -> Path:
    """Return where the model of ``folder`` is built before it is renamed."""
    return folder.with_name(folder.name + ".partial")


def repair_hint(preset: Preset) -> Message:
    """Return how to get a sound copy of a damaged model."""
    how = f"warta models remove {preset.name} && warta models pull {preset.name}"
    return Message.of("models.mend", "mend it with: {how}", how=how)


def seal(partial: Path, target: Path, preset: Preset, revision: str, converter: str) -> None:
    """Write the manifest of all files in ``partial`` and put it in ``target``'s place."""
    manifest = write_manifest(partial, preset, revision, converter)
    # Their sums were made just now, and renaming changes neither time nor inode.
    sums = {name: [*_stamp(partial / name), entry.sha256] for name, entry in manifest.files.items()}
    _remember(partial, sums)
    # A folder cannot be renamed onto another that holds something. Between the two renames there is no model;
    # one that is killed there leaves it in the old folder, and not installed.
    aside = target.with_name(target.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists():
        target.rename(aside)
    partial.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def write_manifest(folder: Path, preset: Preset, revision: str, converter: str) -> Manifest:
    """Describe what ``folder`` holds, in ``folder``."""
    files = {
        path.relative_to(folder).as_posix(): FileSum(path.stat().st_size, sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, CHECKED)  # they describe the rest
    }
    manifest = Manifest(preset.name, preset.model, revision, preset.licence, converter, files)
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, "utf-8")
    return manifest


def sha256(path: Path) -> str:
    """Return SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
