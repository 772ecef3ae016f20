"""Fetching a pinned model from a hub, converting it and putting it into the store."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import CRITICAL
from pathlib import Path
from typing import Any

from service.errors import StoreError
from service.models.convert import TOKENIZER_FILES, convert
from service.models.store import Progress, Store, partial_folder, seal, sha256
from service.presets import Preset

CONFIG_FILES = ("config.json", "generation_config.json")
CHECKPOINTS = ("model.safetensors", "pytorch_model.bin")
"""Whole-model weight files, the safer kind first: a pickle is only fetched where nothing else is."""

CONVERSION_SHARE = 1.6
"""Free disk asked for, as a share of the download: the original, int8 (a quarter) and room to write."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to fetch: a large one has a SHA-256, a small one its git object id (SHA-1)."""

    name: str
    size: int
    sha256: str = ""
    blob_id: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a pull would fetch, for the user to agree to. ``cached`` is the local hub cache's copy."""

    preset: Preset
    revision: str
    files: tuple[RemoteFile, ...]
    cached: Path | None = None

    @property
    def size(self) -> int:
        """Bytes of the original checkpoint."""
        return sum(file.size for file in self.files)


def offer(preset: Preset, *, cache: Path | None = None, endpoint: str | None = None) -> Offer:
    """Finds the pinned revision: in the hub's local cache first, then on the hub.

    ``cache`` and ``endpoint`` default to the hub client's own (``HF_HUB_CACHE``,
    ``HF_ENDPOINT``). Raises StoreError.
    """
    snapshot = _cached_snapshot(preset, cache)
    if snapshot is not None:
        names = _wanted(path.name for path in snapshot.iterdir())
        files = tuple(RemoteFile(name, (snapshot / name).stat().st_size) for name in names)
        return Offer(preset, snapshot.name, files, snapshot)
    with _hub_errors(preset):
        info = _model_info(preset, endpoint)
    sizes = {s.rfilename: s for s in info.siblings or ()}
    names = _wanted(sizes)
    if not names:
        raise StoreError(
            "models.no_checkpoint",
            "{model} holds no checkpoint that Warta can read",
            at=preset.name,
            model=preset.model,
        )
    return Offer(preset, info.sha, tuple(_remote(sizes[name]) for name in names))


def pull(store: Store, offered: Offer, progress: Progress, *, endpoint: str | None = None) -> Path:
    """Fetches, checks, converts and installs what was offered; the model's folder.

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
            _fetch_all(offered, original, progress, endpoint)
            progress("converting", 0, 0)
            shutil.rmtree(partial / "int8", ignore_errors=True)
            convert(original, partial / "int8", preset, "int8")
            progress("checking", 0, 0)
            seal(partial, target, preset, offered.revision, _converter())
    except OSError as error:
        raise _disk_error(preset, error) from error
    return target


def _remote(sibling: Any) -> RemoteFile:
    large = sibling.lfs.sha256 if sibling.lfs else ""
    return RemoteFile(sibling.rfilename, sibling.size or 0, large, sibling.blob_id or "")


def _wanted(names: Iterable[str]) -> list[str]:
    """The files of a repository that are needed: configuration, tokenizer and one set of weights."""
    there = set(names)
    weights = next(([c] for c in CHECKPOINTS if c in there), [])
    if not weights or "config.json" not in there:
        return []
    return [name for name in (*CONFIG_FILES, *TOKENIZER_FILES) if name in there] + weights


def _cached_snapshot(preset: Preset, cache: Path | None) -> Path | None:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    root = cache or Path(constants.HF_HUB_CACHE)
    snapshots = root / repo_folder_name(repo_id=preset.model, repo_type="model") / "snapshots"
    found = sorted(snapshots.glob(preset.revision + "*"))
    complete = [folder for folder in found if _wanted(path.name for path in folder.iterdir())]
    return complete[0] if complete else None


def _model_info(preset: Preset, endpoint: str | None) -> Any:
    """The repository at the pinned commit; an abbreviated hash is looked up in its history."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint, library_name="warta")
    revision = preset.revision
    if len(revision) < 40:
        commits = [c.commit_id for c in api.list_repo_commits(preset.model)]
        matches = [c for c in commits if c.startswith(revision)]
        if len(matches) != 1:
            raise StoreError(
                "models.commits",
                "{model} has {count} commits that begin {revision}",
                at=preset.name,
                model=preset.model,
                count=len(matches),
                revision=revision,
            )
        revision = matches[0]
    return api.model_info(preset.model, revision=revision, files_metadata=True)


def _fetch_all(offered: Offer, folder: Path, progress: Progress, endpoint: str | None) -> None:
    done = 0
    for file in offered.files:
        path = folder / file.name
        if not (path.is_file() and path.stat().st_size == file.size):
            if offered.cached:
                _link(offered.cached / file.name, path)
            else:
                _download(offered, file, path, _from(progress, done, offered.size), endpoint)
        done += file.size
        progress("fetching", done, offered.size)


def _from(progress: Progress, done: int, total: int) -> Progress:
    return lambda what, size, _: progress(what, done + size, total)


def _link(source: Path, path: Path) -> None:
    """The cached file under ``path``: a hard link where the file system allows, else a copy."""
    try:
        os.link(source.resolve(), path)
    except OSError:
        shutil.copyfile(source, path)


def _download(offered: Offer, file: RemoteFile, path: Path, progress: Progress, endpoint: str | None) -> None:
    """One file, from where an earlier try stopped; kept only if size and SHA-256 are right."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    preset = offered.preset
    part = path.with_name(path.name + ".part")
    if part.exists() and part.stat().st_size > file.size:
        part.unlink()
    url = hf_hub_url(preset.model, file.name, revision=offered.revision, endpoint=endpoint)
    with part.open("ab") as stream, _hub_errors(preset):
        http_get(
            url,
            stream,
            resume_size=stream.tell(),
            headers=build_hf_headers(library_name="warta"),
            expected_size=file.size,
            tqdm_class=_bar(progress),
        )
    if not _sound(part, file):
        part.unlink()
        raise StoreError(
            "models.arrived_damaged",
            "{file} arrived damaged (its sum differs); pull again",
            at=preset.name,
            file=file.name,
        )
    part.rename(path)


def _sound(path: Path, file: RemoteFile) -> bool:
    if file.sha256:
        return sha256(path) == file.sha256
    data = path.read_bytes()
    # Git's object id, the one sum a hub states for a small file; not a matter of secrecy.
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == file.blob_id


def _bar(progress: Progress) -> type[Any]:
    """The hub client reports through a tqdm class; this one draws nothing and passes the count on."""
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            self._size = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self._size += int(n or 0)
            progress("fetching", self._size, 0)
            return None

    return Bar


def _check_space(offered: Offer, folder: Path) -> None:
    have = sum(path.stat().st_size for path in folder.iterdir())
    need = int((offered.size - have) + offered.size * (CONVERSION_SHARE - 1))
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
    """Holds the lock of one model's pull; a second pull of the same model says so and stops."""
    import filelock

    lock = filelock.FileLock(partial.with_suffix(".lock"), timeout=0)
    try:
        with lock:
            yield
    except filelock.Timeout as error:
        raise StoreError("models.pulling", "another process is pulling it", at=preset.name) from error


def _converter() -> str:
    import ctranslate2

    return f"ctranslate2-{ctranslate2.__version__}/int8"


@contextmanager
def _hub_errors(preset: Preset) -> Iterator[None]:
    """The hub client's errors as StoreError, in one line; its own log is kept quiet meanwhile."""
    import httpx2
    from huggingface_hub import logging
    from huggingface_hub.errors import (
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    level = logging.get_verbosity()
    logging.set_verbosity(CRITICAL)
    try:
        yield
    except RevisionNotFoundError as error:
        raise StoreError(
            "models.no_revision",
            "{model} has no revision {revision}",
            at=preset.name,
            model=preset.model,
            revision=preset.revision,
        ) from error
    except RepositoryNotFoundError as error:
        raise StoreError(
            "models.no_repository",
            "there is no repository {model} on the hub",
            at=preset.name,
            model=preset.model,
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise StoreError(
            "models.hub_status",
            "the hub answered {status} for {model}; try again later",
            at=preset.name,
            status=status,
            model=preset.model,
        ) from error
    except OfflineModeIsEnabled as error:
        raise StoreError(
            "models.offline", "not in the local hub cache, and HF_HUB_OFFLINE is set", at=preset.name
        ) from error
    except httpx2.HTTPError as error:
        raise StoreError(
            "models.hub_unreachable",
            "the hub cannot be reached ({reason}); pull again to go on where it stopped",
            at=preset.name,
            reason=type(error).__name__,
        ) from error
    finally:
        logging.set_verbosity(level)
