"""What a pull would fetch, and from where: a folder, the hub's local cache, a hub, GitHub's large files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from logging import CRITICAL
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.errors import StoreError
from service.presets import Preset, RemoteFile

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

LFS = "https://media.githubusercontent.com/media"
"""Where GitHub serves large files: below it come owner, repository, commit and path."""

SAFER = {"pytorch_model.bin": "model.safetensors"}
"""Weights that are taken instead where a repository has them: no pickle."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look, in this order; what is empty is left out or the usual place.

    ``folder`` holds files that were carried here and is the only place asked if given. ``cache`` is the hub
    client's (``HF_HUB_CACHE``), ``endpoint`` a hub (``HF_ENDPOINT``), ``mirror`` stands for :data:`LFS`.
    """

    folder: Path | None = None
    cache: Path | None = None
    endpoint: str | None = None
    mirror: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a pull would fetch, for the user to agree to.

    ``origin`` names the place in words. ``urls`` are where each file is by its name, and ``local`` where
    those are that are on this machine already.
    """

    preset: Preset
    revision: str
    files: tuple[RemoteFile, ...]
    origin: str
    urls: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, Path] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.files)


def offer(preset: Preset, sources: Sources | None = None) -> Offer:
    """Return what a pull of ``preset`` would fetch. Raises StoreError."""
    sources = sources or Sources()
    if sources.folder:
        return _carried(preset, sources.folder)
    if preset.host == "lfs":
        return _large_files(preset, sources.mirror or LFS)
    snapshot = _snapshot(preset, sources.cache or _hub_cache())
    return _cached(preset, snapshot, "the local hub cache") if snapshot else _on_hub(preset, sources.endpoint)


def _carried(preset: Preset, folder: Path) -> Offer:
    """Return the files in ``folder``: by name, in a folder of the preset's name, or laid out as a hub
    cache."""
    if not folder.is_dir():
        raise StoreError("file.no_folder", "{path} is not a folder", at=preset.name, path=folder)
    if preset.host == "hub" and (snapshot := _snapshot(preset, folder)):
        return _cached(preset, snapshot, str(folder))
    found: dict[str, Path] = {}
    for file in preset.files:
        # Where the repository has the safer file, it is what was most likely carried here.
        for name in (file.name, SAFER.get(file.name, file.name)):
            base = name.rpartition("/")[2]
            places = (folder / name, folder / base, folder / preset.name / base)
            if place := next((place for place in places if place.is_file()), None):
                found[name] = place
    files = _chosen(preset, found, str(folder))
    sized = tuple(
        file if file.size else replace(file, size=found[file.name].stat().st_size) for file in files
    )
    return Offer(preset, preset.revision, sized, str(folder), local=found)


def _large_files(preset: Preset, base: str) -> Offer:
    root = f"{base.rstrip('/')}/{preset.model}/{preset.revision}"
    urls = {file.name: f"{root}/{file.name}" for file in preset.files}
    return Offer(preset, preset.revision, preset.files, root.split("/")[2], urls)


def _cached(preset: Preset, snapshot: Path, origin: str) -> Offer:
    found = {path.name: path for path in snapshot.iterdir()}
    files = tuple(
        replace(file, size=found[file.name].stat().st_size) for file in _chosen(preset, found, origin)
    )
    return Offer(preset, snapshot.name, files, origin, local={file.name: found[file.name] for file in files})


def _on_hub(preset: Preset, endpoint: str | None) -> Offer:
    from huggingface_hub import hf_hub_url

    with hub_errors(preset):
        info = _model_info(preset, endpoint)
    stated = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    files = tuple(_stated(preset, file, stated[file.name]) for file in _chosen(preset, stated, preset.model))
    urls = {
        file.name: hf_hub_url(preset.model, file.name, revision=info.sha, endpoint=endpoint) for file in files
    }
    return Offer(preset, info.sha, files, "the hub", urls)


def _chosen(preset: Preset, there: Iterable[str], where: str) -> list[RemoteFile]:
    """Return the preset's files among the names that are there. Raises StoreError for a missing one."""
    names = set(there)
    chosen = []
    for file in preset.files:
        safer = SAFER.get(file.name, "")
        # Its sum is not the preset's, which is of the pickle: what the hub states of it is compared instead.
        if safer in names:
            chosen.append(RemoteFile(safer))
        elif file.name in names:
            chosen.append(file)
        elif not file.optional:
            raise StoreError(
                "models.holds_none", "{where} holds no {file}", at=preset.name, where=where, file=file.name
            )
    return chosen


def _stated(preset: Preset, file: RemoteFile, sibling: RepoSibling) -> RemoteFile:
    """Return ``file`` with what the hub states of it, which must not differ from what the preset knows."""
    sum_, size = sibling.lfs.sha256 if sibling.lfs else "", sibling.size or 0
    # A hub that serves another file under the pinned commit is not to be trusted with either.
    if (file.sha256 and sum_ and sum_ != file.sha256) or (file.size and size != file.size):
        raise StoreError(
            "models.holds_other",
            "{model} holds another {file} than the one that is known",
            at=preset.name,
            model=preset.model,
            file=file.name,
        )
    return replace(file, size=size, sha256=file.sha256 or sum_, blob_id=sibling.blob_id or "")


def _hub_cache() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def _snapshot(preset: Preset, root: Path) -> Path | None:
    """Return a complete snapshot of the pinned revision in a hub cache, if there is one."""
    from huggingface_hub.file_download import repo_folder_name

    snapshots = root / repo_folder_name(repo_id=preset.model, repo_type="model") / "snapshots"
    # The cache names folders by the whole hash, a preset may have its beginning.
    for folder in sorted(snapshots.glob(preset.revision + "*")):
        try:
            _chosen(preset, (path.name for path in folder.iterdir()), str(folder))
        except StoreError:
            continue
        return folder
    return None


def _model_info(preset: Preset, endpoint: str | None) -> Any:
    """Return the repository at the pinned commit; an abbreviated hash is looked up in its history."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint, library_name="warta")
    revision = preset.revision
    # The hub's interface takes whole hashes only.
    if len(revision) < 40:
        commits = [c.commit_id for c in api.list_repo_commits(preset.model)]
        matches = [c for c in commits if c.startswith(revision)]
        if len(matches) != 1:
            raise StoreError(
                "models.commits",
                "{model} has {count} commit that begins {revision}",
                plural="{model} has {count} commits that begin {revision}",
                at=preset.name,
                model=preset.model,
                count=len(matches),
                revision=revision,
            )
        revision = matches[0]
    return api.model_info(preset.model, revision=revision, files_metadata=True)


@contextmanager
def hub_errors(preset: Preset, where: str = "the hub") -> Iterator[None]:
    """Raise the hub client's errors as StoreError, in one line; its own log is kept quiet meanwhile."""
    import httpx2
    from huggingface_hub import logging
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    level = logging.get_verbosity()
    logging.set_verbosity(CRITICAL)
    try:
        yield
    except (HfHubHTTPError, OfflineModeIsEnabled, httpx2.HTTPError) as error:
        raise _hub_error(error, preset, where) from error
    finally:
        logging.set_verbosity(level)


def _hub_error(error: Exception, preset: Preset, where: str) -> StoreError:
    from huggingface_hub import errors

    name, model = preset.name, preset.model
    match error:
        case errors.RevisionNotFoundError():
            return StoreError(
                "models.no_revision",
                "{model} has no revision {revision}",
                at=name, model=model, revision=preset.revision,
            )  # fmt: skip
        case errors.RepositoryNotFoundError():
            return StoreError(
                "models.no_repository",
                "there is no repository {model} on {where}",
                at=name, model=model, where=where,
            )  # fmt: skip
        case errors.HfHubHTTPError(response=response):
            return StoreError(
                "models.host_status",
                "{where} answered {status} for {model}; try again later",
                at=name,
                where=where,
                status=response.status_code,
                model=model,
            )
        case errors.OfflineModeIsEnabled():
            return StoreError(
                "models.offline", "not in the local hub cache, and HF_HUB_OFFLINE is set", at=name
            )
    return StoreError(
        "models.unreachable",
        "{where} cannot be reached ({reason}); pull again to go on where it stopped",
        at=name,
        where=where,
        reason=type(error).__name__,
    )
