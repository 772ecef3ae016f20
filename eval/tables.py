"""Read the lines and tables of a test set: plain, gzip, xz or Zstandard, a file or standard input."""

from __future__ import annotations

import csv
import io
import lzma
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.errors import InputError
from service.intake.compression import open_unpacked

STDIN = Path("-")
PACKED = (".xz", ".gz", ".zst", ".zstd")

_XZ = b"\xfd7zXZ\x00"
_CELL_LIMIT = 10_000_000  # characters in one CSV cell; the csv module stops at 131,072 by itself
# What header cells are called, the clearest first: "id" is a language only where nothing says "source".
_SOURCES = ("source", "src", "source_text", "sumber", "indonesian", "ind_latn", "ind", "id")
_REFERENCES = ("reference", "ref", "target", "tgt", "translation", "english", "eng_latn", "eng", "en")
_NUMBERED = re.compile(r"(?:_?[0-9]++|_[a-z]|_?[A-Z])\Z")
_NO_WORD = re.compile(r"[\W_]++")


def read_text(path: Path, shown: str = "") -> str:
    """Return the text of a UTF-8 file, unpacked where it is packed; ``-`` is standard input.

    An error names the file as ``shown``, else by its path. Raises :class:`InputError` that names the line
    where the bytes are no UTF-8.
    """
    name = shown or str(path)
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read()
        else:
            with open_unpacked(path) as stream:
                data = stream.read()
        if data.startswith(_XZ) or path.suffix == ".xz":
            data = lzma.decompress(data)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError("file.problem", "{reason}", at=name, reason=error.strerror or error) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("score.line_utf8", "line {line} is not UTF-8", at=name, line=line) from None
    except lzma.LZMAError:
        raise InputError("score.not_xz", "not an xz file", at=name) from None
    except InputError as error:
        raise InputError(error, at=name) from None


def read_lines(path: Path, shown: str = "") -> list[str]:
    """Return the lines of a UTF-8 file without trailing spaces, split at "\\n" only.

    An error names the file as ``shown``, else by its path.
    ``splitlines`` would also split at U+2028 and put every later line beside the wrong reference.
    """
    lines = read_text(path, shown).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip(" \r") for line in lines]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; ``header`` is empty where the first row was already data. All rows are as long."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, index: int) -> tuple[str, ...]:
        """Return one column, without white space around its cells."""
        return tuple(row[index].strip() for row in self.rows)


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns hold the sources and the references; the others say something about the segments."""

    source: int
    references: tuple[int, ...]


def suffix(path: Path) -> str:
    """Return the suffix of the file that is packed, if it is: ``.tsv`` of ``set.tsv.gz``."""
    return (path.with_suffix("") if path.suffix in PACKED else path).suffix


def separated(path: Path) -> list[list[str]]:
    """Return the rows of a ``.tsv`` or ``.csv`` file, blank lines at its end left out.

    A tab-separated line is split at tabs and quotes mean nothing in it; CSV has quoted cells, which may
    hold line breaks. Raises :class:`InputError` that names the line.
    """
    if suffix(path) != ".csv":
        return _without_tail([line.split("\t") if line else [] for line in read_lines(path)])
    csv.field_size_limit(_CELL_LIMIT)
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        return _without_tail(list(reader))
    except csv.Error as error:
        raise InputError(
            "score.line_problem", "line {line}: {reason}", at=path, line=reader.line_num, reason=error
        ) from None


def _without_tail(rows: list[list[str]]) -> list[list[str]]:
    while rows and not rows[-1]:
        rows.pop()
    return rows


def read_table(path: Path) -> tuple[Table, Roles]:
    """Return a table and what its columns are: by the header where there is one, else source, reference.

    The first row is a header when its cells name a source and a reference column. Further references are
    columns of the same name with a number or a letter: ``reference``, ``reference2`` or ``refA``, ``refB``.
    Raises :class:`InputError` that names a line with too few columns, or with more than two that no header
    names.
    """
    rows = separated(path)
    roles = header_roles(rows[0]) if rows else None
    header = tuple(cell.strip() for cell in rows[0]) if roles else ()
    roles = roles or Roles(0, (1,))
    width = len(header) or 1 + max(roles.source, *roles.references)
    body = rows[1:] if header else rows
    if not header and (long := next((n for n, row in enumerate(body, 1) if any(row[width:])), 0)):
        # Left out unsaid, a second reference would change the scores, and a first column the sources.
        raise InputError(
            "score.unnamed_columns",
            "line {line} has {count} columns; where there are more than source and reference, a first line "
            "names them, as in source, reference, reference2",
            at=path,
            line=long,
            count=len(body[long - 1]),
        )
    short = [n for n, row in enumerate(body, 2 if header else 1) if len(row) < width]
    if short:
        what = f"{width} columns as the header" if header else "source, reference"
        raise InputError(
            "score.short_line",
            "line {line} has too few columns ({wanted})",
            at=path,
            line=short[0],
            wanted=what,
        )
    return Table(header, tuple(map(tuple, body))), roles


def header_roles(row: Sequence[str]) -> Roles | None:
    """Return what the columns of a header are, or ``None`` for a row that is no header."""
    exact = [normal(cell) for cell in row]
    bare = [normal(_NUMBERED.sub("", cell.strip())) for cell in row]
    source = next((exact.index(name) for name in _SOURCES if name in exact), None)
    if source is None:
        return None
    for name in _REFERENCES:
        named = tuple(i for i in range(len(row)) if i != source and name in (exact[i], bare[i]))
        if named:
            return Roles(source, named)
    return None


def normal(cell: str) -> str:
    """Return a header cell as names are compared: small letters, runs of other signs as one ``_``."""
    return _NO_WORD.sub("_", cell.strip().lower()).strip("_")
