"""What is installed, and whether it is still what was installed.

A model is a folder ``<root>/<preset>/`` with ``manifest.json``; a folder without one is not
installed. Folders appear whole, by rename: the work is done in ``<root>/<preset>.partial/``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from service.errors import DamagedModel, NotInstalled
from service.presets import Preset

MANIFEST = "manifest.json"

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
        """Where the preset's model is, or would be."""
        return self.root / preset.name

    def manifest(self, preset: Preset) -> Manifest | None:
        """The manifest of an installed model; None if it is not installed. Raises DamagedModel."""
        path = self.folder(preset) / MANIFEST
        try:
            table = json.loads(path.read_text("utf-8"))
            files = {name: FileSum(**entry) for name, entry in table.pop("files").items()}
            return Manifest(**table, files=files)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedModel(f"{preset.name}: {path} cannot be read; {repair_hint(preset)}") from error

    def require(self, preset: Preset) -> Manifest:
        """The manifest, or NotInstalled with the way to get the model."""
        manifest = self.manifest(preset)
        if manifest is None:
            raise NotInstalled(
                f"{preset.name} is not installed; get it with: warta models pull {preset.name}"
            )
        return manifest

    def verify(self, preset: Preset) -> list[str]:
        """The files that differ from the manifest, each with how; empty if all is well."""
        manifest, folder = self.require(preset), self.folder(preset)
        problems = []
        for name, expected in manifest.files.items():
            path = folder / name
            if not path.is_file():
                problems.append(f"{name}: missing")
            elif path.stat().st_size != expected.size:
                problems.append(f"{name}: {path.stat().st_size} bytes, not {expected.size}")
            elif sha256(path) != expected.sha256:
                problems.append(f"{name}: SHA-256 differs")
        return problems

    def remove(self, preset: Preset) -> int:
        """Deletes the model and what an unfinished pull left; the bytes freed.

        Raises NotInstalled if there was neither.
        """
        folders = [f for f in (self.folder(preset), partial_folder(self.folder(preset))) if f.exists()]
        if not folders:
            raise NotInstalled(f"{preset.name} is not installed")
        freed = sum(f.stat().st_size for folder in folders for f in folder.rglob("*") if f.is_file())
        # The manifest goes first, so that a removal cut short is not an installed model.
        (self.folder(preset) / MANIFEST).unlink(missing_ok=True)
        for folder in folders:
            shutil.rmtree(folder)
        return freed


def partial_folder(folder: Path) -> Path:
    """Where the model of ``folder`` is built before it is renamed."""
    return folder.with_name(folder.name + ".partial")


def repair_hint(preset: Preset) -> str:
    """How to get a sound copy of a damaged model."""
    return f"mend it with: warta models remove {preset.name} && warta models pull {preset.name}"


def seal(partial: Path, target: Path, preset: Preset, revision: str, converter: str) -> None:
    """Writes the manifest of all files in ``partial`` and puts it in ``target``'s place."""
    write_manifest(partial, preset, revision, converter)
    aside = target.with_name(target.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists():
        target.rename(aside)
    partial.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def write_manifest(folder: Path, preset: Preset, revision: str, converter: str) -> None:
    """Describes what ``folder`` holds, in ``folder``."""
    files = {
        path.relative_to(folder).as_posix(): FileSum(path.stat().st_size, sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    manifest = Manifest(preset.name, preset.model, revision, preset.licence, converter, files)
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, "utf-8")


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
