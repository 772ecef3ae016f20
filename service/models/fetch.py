"""The files of an offer, fetched or copied, compared with their sums, and unpacked."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from pathlib import Path
from typing import Any

from service.errors import StoreError
from service.models.offer import Offer, hub_errors
from service.models.store import Progress, sha256
from service.presets import RemoteFile
from service.version import __version__


def fetch_all(offered: Offer, folder: Path, progress: Progress) -> None:
    """Put every file of the offer into ``folder``, from where an earlier try stopped.

    ``progress`` is told of bytes as they are on the line, packed. Raises StoreError for a file whose size or
    sum is not what was offered.
    """
    done = 0
    for file in offered.files:
        path = folder / file.kept
        if not _there(path, file):
            if place := offered.local.get(file.name):
                _copy(offered, file, place, path)
            else:
                _download(offered, file, path, _from(progress, done, offered.size))
        done += file.size
        progress("fetching", done, offered.size)


def fetched(offered: Offer, folder: Path) -> int:
    """Return how many bytes of the offer are in ``folder`` from an earlier try."""
    done = 0
    for file in offered.files:
        path = folder / file.kept
        part = _part(path)
        done += file.size if _there(path, file) else part.stat().st_size if part.is_file() else 0
    return done


def _there(path: Path, file: RemoteFile) -> bool:
    """Return whether the file is there whole: it gets its name only after its sum was found right."""
    if not path.is_file():
        return False
    # What was unpacked has another size than what was offered; that it has its name is enough.
    return file.name.endswith(".gz") or path.stat().st_size == file.size


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _from(progress: Progress, done: int, total: int) -> Progress:
    return lambda what, size, _: progress(what, done + size, total)


def _copy(offered: Offer, file: RemoteFile, source: Path, path: Path) -> None:
    """Copy the local file to ``path``, not linked: whoever changes the source changes no model."""
    part = _part(path)
    shutil.copyfile(source, part)
    _keep(offered, file, part, path)


def _download(offered: Offer, file: RemoteFile, path: Path, progress: Progress) -> None:
    """Download one file from where an earlier try stopped; keep it only if size and sum are right."""
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    preset, part = offered.preset, _part(path)
    # Longer than the whole: it is no beginning of this file.
    if part.exists() and part.stat().st_size > file.size:
        part.unlink()
    # A hub's token goes to the hub and to nobody else; and to make its headers the client asks the hub.
    hub = preset.host == "hub"
    headers = build_hf_headers(library_name="warta") if hub else {"user-agent": f"warta/{__version__}"}
    where = "the hub" if hub else offered.origin
    # An earlier try may have ended between the last byte and the comparison of sums.
    if not (part.exists() and part.stat().st_size == file.size):
        with part.open("ab") as stream, hub_errors(preset, where):  # appended from where it stopped
            http_get(
                offered.urls[file.name],
                stream,
                resume_size=stream.tell(),
                headers=headers,
                expected_size=file.size,
                tqdm_class=_bar(progress),
            )
    _keep(offered, file, part, path)


def _keep(offered: Offer, file: RemoteFile, part: Path, path: Path) -> None:
    name = offered.preset.name
    if part.stat().st_size != file.size or not _sound(part, file):
        # The next pull begins it anew, for nobody knows where the damage is.
        part.unlink()
        raise StoreError(
            "models.arrived_damaged",
            "{file} arrived damaged (its sum differs); pull again",
            at=name,
            file=file.name,
        )
    if not file.name.endswith(".gz"):
        part.rename(path)
        return
    unpacked = path.with_name(path.name + ".unpacked")
    try:
        with gzip.open(part, "rb") as packed, unpacked.open("wb") as stream:
            shutil.copyfileobj(packed, stream)
    except (EOFError, gzip.BadGzipFile) as error:
        raise StoreError(
            "models.not_unpacked", "{file} cannot be unpacked", at=name, file=file.name
        ) from error
    size = unpacked.stat().st_size
    wrong = file.unpacked_sha256 and sha256(unpacked) != file.unpacked_sha256
    if wrong or (file.unpacked_size and size != file.unpacked_size):
        unpacked.unlink()
        raise StoreError(
            "models.unpacked_other",
            "what is packed in {file} is not what is known (its sum differs)",
            at=name,
            file=file.name,
        )
    # In this order: one that is killed in between has the file whole, and a part too many.
    unpacked.replace(path)
    part.unlink()


def _sound(path: Path, file: RemoteFile) -> bool:
    if file.sha256:
        return sha256(path) == file.sha256
    # No sum is known: its size was compared, more is not to be had.
    if not file.blob_id:
        return True
    data = path.read_bytes()
    # Git's object id, the one sum a hub states for a small file; not a matter of secrecy.
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == file.blob_id


def _bar(progress: Progress) -> type[Any]:
    """Return a tqdm class for the hub client to report through: it draws nothing and passes the count on."""
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # A bar that is switched off draws nothing, and counts nothing either: so it is counted here.
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            self._size = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self._size += int(n or 0)
            progress("fetching", self._size, 0)
            return None

    return Bar
