"""From files and folders to records, one at a time, however large the input is.

A record that cannot be read is a :class:`BadRecord` in its place; the ones after it are read all the same.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.errors import InputError
from service.intake.compression import open_unpacked, unpacked_name
from service.intake.documents import SUFFIXES, document_text, sheet_rows
from service.intake.record import BadRecord, Record, bad, good
from service.intake.tables import (
    PARQUET,
    line_text,
    read_csv,
    read_jsonl,
    read_parquet,
    read_tsv,
    sheet_records,
)
from service.settings import MAX_INPUT_BYTES

__all__ = (
    "BadRecord",
    "Record",
    "Source",
    "line_text",
    "list_files",
    "read_records",
    "read_whole",
    "source_of",
)

UNPACKED = 10
"""How many times the largest document a packed one may unpack to."""

# A ZIP archive (Office, EPUB), PDF, old Office, RTF: known whatever their names.
_DOCUMENT_HEADS = (b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0", b"{\\rtf")
_OFFICE_LOCK = "~$"  # "~$report.docx" lies beside a document while it is open


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of file with records in it. ``many`` says that it may hold more than one.

    ``read`` gets the file's path as it is shown, the open file, and the column of the texts.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, io.BufferedReader, str], Iterator[Record | BadRecord]]
    many: bool = True


def _read_document(
    path: Path, file: io.BufferedReader, column: str, keys: Sequence[str] = ()
) -> Iterator[Record | BadRecord]:
    """Yield the whole file as one article; a workbook with the column in it has a record a row."""
    data = read_whole(file)
    name = unpacked_name(path.name)
    rows = sheet_rows(data, name, MAX_INPUT_BYTES)
    if found := sheet_records(path, rows, column):
        yield from found
    else:
        yield good(str(path), 1, document_text(data, name, MAX_INPUT_BYTES, keys), {})


def read_whole(file: io.BufferedReader) -> bytes:
    """Return what :func:`open_unpacked` gave, for a document.

    Raises InputError for an empty or too large one.
    """
    # A raw file is not packed; of a packed one the limit is for what it unpacks to.
    most = MAX_INPUT_BYTES if isinstance(file.raw, io.FileIO) else MAX_INPUT_BYTES * UNPACKED
    data = file.read(most + 1)
    if len(data) > most:
        raise InputError("input.size", "larger than the limit of {size} bytes", size=f"{most:,}")
    if not data:
        raise InputError("input.empty", "empty")
    return data


DOCUMENT = Source("document", SUFFIXES, _read_document, many=False)
PARQUET_TABLE = Source("Parquet", (".parquet", ".pq"), read_parquet)
SOURCES = (
    Source("JSON lines", (".jsonl", ".ndjson"), read_jsonl),
    Source("CSV", (".csv",), read_csv),
    Source("TSV", (".tsv", ".tab"), read_tsv),
    PARQUET_TABLE,
    DOCUMENT,
)
"""What is read, by suffix; what a document is inside, its content says."""


def source_of(name: str, head: bytes) -> Source:
    """Return the kind of a file by how it begins, and where that says nothing by its name. Raises InputError.

    A file without a suffix is taken for text.
    """
    suffix = Path(unpacked_name(name)).suffix.lower()
    if head.startswith(PARQUET):
        return PARQUET_TABLE
    if head.startswith(_DOCUMENT_HEADS) or not suffix:
        return DOCUMENT
    found = next((source for source in SOURCES if suffix in source.suffixes), None)
    if not found:
        known = sorted(suffix for source in SOURCES for suffix in source.suffixes)
        raise InputError(
            "records.kind",
            "a file {suffix} is not read here; there are: {known}",
            suffix=suffix,
            known=", ".join(known),
        )
    if found is PARQUET_TABLE:
        if not head:
            raise InputError("input.empty", "empty")
        raise InputError("records.not_parquet", "not a Parquet file, or a broken one")
    return found


def read_records(
    path: Path, *, column: str, keys: Sequence[str] = (), shown: Path | None = None
) -> Iterator[Record | BadRecord]:
    """Yield the records of one file; one that cannot be read, or no further, ends with a BadRecord.

    Their places name the file as ``shown``, else by its path. ``keys`` are the paths that are read in a JSON
    document.
    """
    shown = shown or path
    try:
        with open_unpacked(path) as file:
            source = source_of(path.name, file.peek(8)[:8])
            if source is DOCUMENT:
                yield from _read_document(shown, file, column, keys)
            else:
                yield from source.read(shown, file, column)
    except InputError as error:
        yield bad(str(shown), 1, str(error))
    except OSError as error:
        yield bad(str(shown), 0, f"cannot be read: {error.strerror or error}")


def list_files(path: Path, above: frozenset[tuple[int, int]] | None = None) -> Iterator[Path | BadRecord]:
    """Yield ``path`` itself, or the files below it in the order of their names; hidden ones are passed over.

    A link to a folder is followed; one that leads back to a folder above it, below ``path`` or not, is a
    BadRecord, as is what is no file: a pipe would be waited for.
    """
    try:
        status = path.stat()
        if not stat.S_ISDIR(status.st_mode):
            yield path if stat.S_ISREG(status.st_mode) else bad(str(path), 0, "not a file")
            return
        with os.scandir(path) as entries:
            inside = sorted(entry.name for entry in entries)  # a name takes less memory than a path
    except FileNotFoundError:
        yield bad(str(path), 0, "no such file")
        return
    except OSError as error:
        yield bad(str(path), 0, f"cannot be read: {error.strerror or error}")
        return
    own = status.st_dev, status.st_ino
    # A link may lead to a folder that is above where the walk began.
    above = frozenset(_identities(path.resolve().parents)) if above is None else above
    if own in above:
        yield bad(str(path), 0, "a link back to a folder above it")
        return
    for name in inside:
        if not name.startswith((".", _OFFICE_LOCK)):
            yield from list_files(path / name, above | {own})


def _identities(folders: Iterable[Path]) -> Iterator[tuple[int, int]]:
    """Yield device and inode of each that can be seen."""
    for folder in folders:
        with suppress(OSError):
            status = folder.stat()
            yield status.st_dev, status.st_ino
