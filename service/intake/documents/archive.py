"""Limits on what a file may unpack to, and the two containers: compressed streams and ZIP."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from service.errors import InputError
from service.intake.compression import DEPTH, GZIP, RATIO, RATIO_FREE, ZstdReader

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What a part of a file that another program wrote may be wrong in.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused. ``unpacked`` is in bytes; ``ratio`` is unpacked over packed size.

    Office XML rarely reaches 50; below 1 MB no ratio is refused.
    """

    unpacked: int
    ratio: int = RATIO
    depth: int = DEPTH
    members: int = 10_000
    pages: int = 5_000
    cells: int = 5_000_000


def unpack(data: bytes, limits: Limits) -> bytes:
    """Return what the compressed stream ``data`` holds. Raises InputError for a broken or too large one."""
    most = min(limits.unpacked, max(len(data) * limits.ratio, RATIO_FREE))
    unpacked = _gunzip(data, most) if data.startswith(GZIP) else _unzstd(data, most)
    if len(unpacked) > most:
        raise InputError(
            "input.bomb_size",
            "unpacks to more than {size} bytes; refused as a possible bomb",
            size=f"{most:,}",
        )
    return unpacked


def _gunzip(data: bytes, most: int) -> bytes:
    try:
        with gzip.open(BytesIO(data)) as stream:
            return stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise InputError("input.gzip", "a broken gzip file: {reason}", reason=problem) from problem


def _unzstd(data: bytes, most: int) -> bytes:
    stream, parts, size = ZstdReader(BytesIO(data)), list[bytes](), 0
    while size <= most and (part := stream.read(_CHUNK)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


class Archive:
    """A ZIP file whose members were checked before any of them is read; nothing is extracted to disk.

    ``zipfile`` reads no more of a member than its header announces, so announced sizes bound
    what reading costs.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Raise InputError for a broken, encrypted, oversized or hostile archive."""
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except BROKEN_ZIP as problem:
            raise InputError(
                "archive.broken", "a broken ZIP or Office file: {reason}", reason=problem
            ) from problem
        self.members = self._zip.infolist()
        self.names = frozenset(member.filename for member in self.members)
        self._check(limits)

    def _check(self, limits: Limits) -> None:
        if len(self.members) > limits.members:
            raise InputError(
                "archive.files", "an archive of more than {count} files", count=f"{limits.members:,}"
            )
        if len(self.names) < len(self.members):
            raise InputError("archive.twice", "an archive that holds one name twice")
        if sum(member.file_size for member in self.members) > limits.unpacked:
            raise InputError(
                "input.bomb_size",
                "unpacks to more than {size} bytes; refused as a possible bomb",
                size=f"{limits.unpacked:,}",
            )
        for member in self.members:
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts:
                raise InputError(
                    "archive.outside",
                    "an archive with a name that leaves its folder: {name!r}",
                    name=member.filename,
                )
            if member.file_size > max(member.compress_size * limits.ratio, RATIO_FREE):
                raise InputError(
                    "archive.bomb", "{name!r} in it is packed like a bomb; refused", name=member.filename
                )
            if member.flag_bits & 1:
                raise InputError("document.locked", "password-protected")

    def read(self, name: str) -> bytes:
        """Return the bytes of a member. Raises InputError if it is missing or broken."""
        try:
            return self._zip.read(name)
        except KeyError:
            raise InputError(
                "document.part_missing", "broken: it lacks its part {name!r}", name=name
            ) from None
        except (*BROKEN_ZIP, RuntimeError) as problem:
            raise InputError(
                "document.part_broken",
                "broken: its part {name!r} cannot be read: {reason}",
                name=name,
                reason=problem,
            ) from problem

    def copy(self, changed: dict[str, bytes]) -> bytes:
        """Return the archive again, with the members of ``changed`` replaced or added and the rest as they
        were.
        """
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for member in self.members:
                target.writestr(member, changed.get(member.filename, b"") or self.read(member.filename))
            for name in sorted(changed.keys() - self.names):
                # Of one date, so that equal documents are equal files.
                target.writestr(zipfile.ZipInfo(name), changed[name], zipfile.ZIP_DEFLATED)
        return out.getvalue()
