"""Uploaded files: kept under names of our own, of a kind that is read, within a size.

What is inside is read later, with the limits of :mod:`service.intake.documents` and
:mod:`service.intake.compression` on what it may unpack to.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import BinaryIO

from service.errors import InputError
from service.intake.records import source_of

# ".csv", ".jsonl.gz".
_SUFFIXES = re.compile(r"(?:\.[a-z0-9]{1,10}){1,2}")
_CHUNK = 1 << 20


def keep(file: BinaryIO, name: str, folder: Path, max_bytes: int) -> Path:
    """Write an upload into ``folder``; where it is. Only the suffixes of ``name`` are used.

    Raises InputError for a kind that is not read, an empty file or one over the limit; OSError.
    """
    head = file.read(_CHUNK)
    if not head:
        raise InputError("upload.empty", "the file is empty")
    suffixes = "".join(PurePath(name.replace("\\", "/")).suffixes[-2:]).lower()
    suffixes = suffixes if _SUFFIXES.fullmatch(suffixes) else ""
    target = folder / f"upload{suffixes}"
    # Raises for a kind that is not read, before anything is written.
    source_of(target.name, head[:8])
    size = 0
    with target.open("xb") as kept:
        while head:
            size += len(head)
            if size > max_bytes:
                raise InputError(
                    "upload.size", "the file is larger than the limit of {size} bytes", size=f"{max_bytes:,}"
                )
            kept.write(head)
            head = file.read(_CHUNK)
    return target
