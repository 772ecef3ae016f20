"""Readers of what holds many records: JSON lines, CSV, TSV, Excel sheets and Parquet."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from service.document import Message
from service.errors import InputError
from service.escape import uncell
from service.intake.compression import need
from service.intake.encoding import decode
from service.intake.record import OWN_COLUMNS, BadRecord, Record, bad, good
from service.settings import MAX_INPUT_BYTES

if TYPE_CHECKING:
    from _csv import Reader

    from pyarrow import DataType
    from pyarrow.parquet import ParquetFile

PARQUET = b"PAR1"

_WIDE = (
    (b"\xff\xfe\0\0", "utf-32"),  # before UTF-16, whose mark begins this one
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MARK = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"
_SAMPLE = 1024
_ROWS = 256
"""Rows of a Parquet file that are held at once."""
_TOO_LONG = f"longer than {MAX_INPUT_BYTES // 1_000_000} MB"

Records = Iterator[Record | BadRecord]


def read_jsonl(path: Path, file: io.BufferedReader, column: str) -> Records:
    """Read an object a line, or the text itself as a string; empty lines are passed over."""
    for number, line in enumerate(file_lines(file), start=1):
        place = f"{path}:{number}"
        if line is None:
            yield bad(place, number, _TOO_LONG)
        elif line.strip():
            yield _parsed(line, place, number, column)


def _parsed(line: str, place: str, number: int, column: str) -> Record | BadRecord:
    double: list[Sequence[str]] = []

    def whole(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        double.append([name for name, _ in pairs])
        # A name that comes twice gets a number, so that no value is lost.
        return dict(zip(distinct(double[-1]), (value for _, value in pairs), strict=True))

    try:
        value = json.loads(line, object_pairs_hook=whole)
    except ValueError as error:
        return bad(place, number, f"not JSON: {error}")
    except RecursionError:
        return bad(place, number, "not JSON: nested too deeply")
    if isinstance(value, str):
        value = {column: value}
    if not isinstance(value, dict):
        return bad(place, number, f"a JSON {type(value).__name__}, not an object")
    # Objects within come before the one that holds them.
    outer = double[-1] if double and distinct(double[-1]) == list(value) else ()
    if outer and outer.count(column) > 1:
        return bad(place, number, str(which_column(outer, column)))
    return _chosen(value, place, number, column, _renamed(double[-1]) if double else None)


def _chosen(
    row: Mapping[str, object], place: str, number: int, column: str, note: Message | None = None
) -> Record | BadRecord:
    values = dict(row)
    if column not in values:
        there = ", ".join(values) or "nothing"
        return bad(place, number, f"no {column!r} in it; there is: {there}", values)
    text = values.pop(column)
    if text is not None and not isinstance(text, str):
        return bad(place, number, f"{column!r} is not a text", {**values, column: text})
    if not text or not text.strip():
        return bad(place, number, f"{column!r} is empty", values)
    made = good(place, number, text, values)
    return replace(made, note=note) if note else made


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names of columns, each once: a later one of a name gets a number behind it."""
    taken, made = set(names), list[str]()
    last = dict[str, int]()
    for name in names:
        if name not in last:
            last[name] = 1
            made.append(name)
            continue
        while (free := f"{name}_{last[name] + 1}") in taken:
            last[name] += 1
        last[name] += 1
        taken.add(free)
        made.append(free)
    return made


def _renamed(names: Sequence[str]) -> Message | None:
    """Return what is to be said of columns of one name, None where there are none."""
    pairs = zip(names, distinct(names), strict=True)
    changed = ", ".join(f"{old} → {new}" for old, new in pairs if old != new)
    if not changed:
        return None
    return Message.of("records.renamed", "columns of one name are called otherwise: {names}", names=changed)


def read_csv(path: Path, file: io.BufferedReader, column: str) -> Records:
    """Read a header, then a record a row, quoted as RFC 4180 has it; ``;``, tab and ``|`` may stand for
    ``,``.
    """
    yield from _read_table(path, file, column, None)


def read_tsv(path: Path, file: io.BufferedReader, column: str) -> Records:
    """Read a header, then a record a line; as in IANA's TSV a quotation mark is a letter like any other."""
    yield from _read_table(path, file, column, "\t")


def _read_table(path: Path, file: io.BufferedReader, column: str, delimiter: str | None) -> Records:
    found = rows_of(file, delimiter)
    if not found:
        yield bad(str(path), 1, "empty")
        return
    yield from _table_records(path, column, found.rows, found.blank)


@dataclass(slots=True)
class Rows:
    """The rows of a CSV or TSV file as its reader gives them.

    ``blank`` counts the lines before the header. ``taken`` holds the lines that were read since it was last
    emptied, so that a row can be had as it is written.
    """

    rows: Reader
    delimiter: str
    blank: int
    taken: list[str]


def rows_of(file: io.BufferedReader, delimiter: str | None) -> Rows | None:
    """Return the rows of a table; without a ``delimiter`` it is CSV. None for an empty file."""
    lines = (line or "" for line in file_lines(file))
    blank, first = next(((n, line) for n, line in enumerate(lines) if line.strip()), (0, ""))
    if not first:
        return None
    # The default of 131,072 characters is less than a long article; the limit is the process's own.
    csv.field_size_limit(MAX_INPUT_BYTES)
    taken: list[str] = []
    source = _noted(_chained(first, lines), taken)
    if delimiter:
        return Rows(csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE), delimiter, blank, taken)
    # Strict, so that a quote left open is an error, and not one record with all the rest in it.
    # The commonest sign of the header, where texts with commas in them are not expected.
    delimiter = max(_DELIMITERS, key=first.count)
    return Rows(csv.reader(source, delimiter=delimiter, strict=True), delimiter, blank, taken)


def _noted(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _chained(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _table_records(path: Path, column: str, rows: Reader, blank: int) -> Records:
    header: list[str] = []
    names: list[str] = []
    own, note = False, None
    while True:
        # Before the row is read: it may take several lines, and is named by its first.
        number = blank + rows.line_num + 1
        place = f"{path}:{number}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield bad(place, number, f"not a row: {error}")
            # The reader goes on with the next line.
            continue
        if not header:
            header = [name.strip() for name in row]
            # A table that this program wrote: its cells were made safe for spreadsheets, which is taken back
            # below.
            own = tuple(header[: len(OWN_COLUMNS)]) == OWN_COLUMNS
            if header.count(column) != 1:
                yield bad(str(path), 1, str(which_column(header, column)))
                return
            names, note = distinct(header), _renamed(header)
        elif any(value.strip() for value in row):
            row = [uncell(value) for value in row] if own else row
            yield (
                _chosen(dict(zip(names, row, strict=True)), place, number, column, note)
                if len(row) == len(header)
                else _ragged(row, names, place, number)
            )


def _ragged(row: Sequence[str], names: Sequence[str], place: str, number: int) -> BadRecord:
    more = [f"column {i}" for i in range(len(names) + 1, len(row) + 1)]
    held = dict(zip([*names, *more], row, strict=False))
    return bad(place, number, f"{len(row)} fields, where the header has {len(names)}", held)


def which_column(header: Iterable[str], column: str) -> Message:
    names = list(header)
    known = ", ".join(names)
    if column in names:
        return Message.of(
            "records.columns", "more than one column {name!r}; there is: {known}", name=column, known=known
        )
    return Message.of("records.no_column", "no column {name!r}; there is: {known}", name=column, known=known)


def sheet_records(path: Path, rows: Iterable[tuple[str, int, list[str]]], column: str) -> Records | None:
    """Read a record a row of the sheets whose first row names the column, None where no sheet does.

    A sheet that does not name it among others that do is a BadRecord.
    """
    headers: dict[str, list[str]] = {}
    found: list[Record | BadRecord] = []
    for sheet, number, cells in rows:
        if not any(cells):
            continue
        place = f"{path}:{sheet}:{number}"
        if sheet not in headers:
            headers[sheet] = cells
            if cells.count(column) != 1:
                found.append(replace(bad(place, number, str(which_column(cells, column))), sheet=True))
            continue
        header = headers[sheet]
        if header.count(column) == 1:
            width = max(len(header), len(cells))
            given = header + [""] * (width - len(header))
            names = [name or f"column {i}" for i, name in enumerate(given, 1)]
            padded = zip(distinct(names), given, cells + [""] * (width - len(cells)), strict=True)
            # A column without a name and without a text is only the sheet's width.
            values: dict[str, object] = {name: text for name, named, text in padded if named or text}
            found.append(_chosen(values, place, number, column, _renamed(names)))
    named = [cells for cells in headers.values() if cells.count(column) == 1]
    return iter(found) if named else None


def read_parquet(path: Path, file: io.BufferedReader, column: str) -> Records:
    """Return a record a row, read by row group, however large the file. Raises InputError."""
    with open_parquet(file) as parquet:
        yield from _parquet_records(path, parquet, column)


@contextmanager
def open_parquet(file: io.BufferedReader) -> Iterator[ParquetFile]:
    """Open a Parquet file, packed or not. Raises InputError, also for what breaks inside the block."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise need(error, "parquet", "pyarrow") from error
    with tempfile.TemporaryFile() as spare:
        # A Parquet file is read from its end, which a packed one shows last.
        source: BinaryIO = file
        if not isinstance(file.raw, io.FileIO):
            shutil.copyfileobj(file, spare)
            source = spare
        try:
            yield ParquetFile(source, pre_buffer=False)
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(
                "records.parquet", "a broken Parquet file: {reason}", reason=" ".join(str(error).split())
            ) from error


def _parquet_records(path: Path, parquet: ParquetFile, column: str) -> Records:
    schema = parquet.schema_arrow
    if schema.names.count(column) != 1:
        raise InputError(which_column(schema.names, column))
    kind = schema.field(column).type
    if not _is_text(kind):
        raise InputError(
            "records.column_kind", "column {column!r} holds {kind}, not text", column=column, kind=kind
        )
    number = 0
    names, note = distinct(schema.names), _renamed(schema.names)
    for batch in parquet.iter_batches(batch_size=_ROWS):
        # Under distinct names: a dict would keep only the last of two columns of one name.
        for values in batch.rename_columns(names).to_pylist():
            number += 1
            place = f"{path}:{number}"
            plain = {name: _plain(value) for name, value in values.items()}
            long = isinstance(plain[column], str) and len(plain[column]) > MAX_INPUT_BYTES
            yield (bad(place, number, _TOO_LONG) if long else _chosen(plain, place, number, column, note))


def _is_text(kind: DataType) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_binary,
        types.is_large_binary,
    )
    return types.is_null(kind) or any(test(kind) for test in tests)


def is_binary(kind: DataType) -> bool:
    """Return whether a column of that type holds bytes, which may be anything."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    tests = types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary
    return any(test(kind) for test in tests)


def _plain(value: object) -> Any:
    """Return a value as JSON holds it: bytes that are no text in base 64, dates as ISO 8601, NaN as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON has no NaN
    if isinstance(value, bytes):
        return _text_or_base64(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int) else str(value)


def _text_or_base64(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")


def file_lines(file: io.BufferedReader) -> Iterator[str | None]:
    """Yield the lines of a file, with their ends; None for one that is too long to be held."""
    head = file.peek(_SAMPLE)[:_SAMPLE]
    wide = next((name for start, name in _WIDE if head.startswith(start)), None) or _unmarked(head)
    if wide:
        # Only a line feed ends a line: a text may hold U+2028.
        wrapper = io.TextIOWrapper(file, wide, errors="replace", newline="\n")
        try:
            yield from wrapper
        finally:
            # The file is the caller's to close, who may have done so before the last line was read.
            if not file.closed:
                wrapper.detach()
        return
    if head.startswith(_MARK):
        file.read(len(_MARK))
    while line := file.readline(MAX_INPUT_BYTES):
        if len(line) < MAX_INPUT_BYTES or line.endswith(b"\n"):
            yield line_text(line)
            continue
        # The rest of it, in pieces, so that the next line is whole.
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_INPUT_BYTES)
        yield None


def _unmarked(head: bytes) -> str | None:
    """Return UTF-16 without a mark: every other byte of what is mostly Latin script is zero."""
    zeros = head[0::2].count(0), head[1::2].count(0)
    if max(zeros) * 4 > len(head) and min(zeros) * 20 <= max(zeros):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return None


def line_text(line: bytes) -> str:
    """Return one line of a file as text: UTF-8, and Windows-1252 for bytes that are not."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # The space keeps a line from being taken for a file of another kind by its first bytes.
        return decode(b" " + line.replace(b"\0", b"\xef\xbf\xbd"))[1:]
