"""A table for a table: the input's own columns as they are, and what was made of each row behind them.

While the batch runs, only what is made is written, a line of JSON a row. At the end it is joined to the
input, which is read once more: so nothing of the input passes through another type, and an interrupted run
ends with the bytes of an uninterrupted one.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from service.batch.job import Inputs, Job
from service.batch.journal import beside
from service.batch.outputs import PARQUET, Make, arrow_type, storable, suffixes_of, writer_of
from service.batch.rows import META, Names, SegmentFinding, encoded, text_cell
from service.document import Signature
from service.errors import InputError, UsageError
from service.escape import cell
from service.intake.compression import open_unpacked, unpacked_name
from service.intake.documents import add_columns, sheet_rows
from service.intake.documents.columns import MOST
from service.intake.encoding import has_mark
from service.intake.records import read_whole, source_of
from service.intake.tables import Rows, file_lines, is_binary, open_parquet, rows_of, which_column
from service.settings import MAX_INPUT_BYTES

if TYPE_CHECKING:
    import pyarrow

JSONL, CSV, TSV, XLSX = ".jsonl", ".csv", ".tsv", ".xlsx"
STREAMED = (JSONL, CSV, TSV)
"""The tables that are written row by row."""
_KINDS = {"JSON lines": JSONL, "CSV": CSV, "TSV": TSV, "Parquet": PARQUET}
_TYPES: Mapping[str, object] = {
    "translation": str,
    "error": str,
    "confidence": float,
    "findings": list[SegmentFinding],
}
_BATCH = 10_000
"""Rows of a Parquet file that are joined at once."""


def as_table(job: Job) -> Job:
    """Return the job as one for a table where that is wanted and can be: one table in, one of its type out.

    Any other job is returned as it is, and gives a row a record. Raises InputError for a table that cannot be
    read or lacks the column, UsageError for an Excel output of another input.
    """
    kind, header = "", Header()
    if job.wide and not job.folder and job.task == "translate" and len(job.inputs) == 1:
        kind, header = _seen(job)
    output = job.output.with_suffix(kind) if kind and job.follow else job.output
    # Only a table of the same type can keep the input's own columns as they are written.
    if kind and kind == suffixes_of(output)[0]:
        return replace(job, output=output, table=kind, names=job.names.beside(header))
    if suffixes_of(job.output)[0] == XLSX:
        raise UsageError(
            "batch.workbook",
            "{name} can only be made of one Excel workbook with the column {column!r} in it",
            name=job.output.name,
            column=job.column,
        )
    return job


def made_by(job: Job) -> Path:
    """Return the output that a job made which follows its input's type; there is one."""
    ways = (job.output.with_suffix(kind) for kind in (*_KINDS.values(), XLSX))
    return next((path for path in ways if path.exists()), job.output)


class Header(frozenset[str]):
    """The names of a table's columns."""


def _seen(job: Job) -> tuple[str, Header]:
    """Return what kind of table the only input is, empty where it is none, and the names in it."""
    path, column = job.inputs[0], job.column
    if not path.is_file():
        return "", Header()
    try:
        with open_unpacked(path) as file:
            source = source_of(path.name, file.peek(8)[:8])
            kind = _KINDS.get(source.name, "")
            if kind == JSONL:
                return kind, Header(_keys(file, job.names))
            if kind in (CSV, TSV):
                return kind, Header(_header(rows_of(file, "\t" if kind == TSV else None), column))
            if kind == PARQUET:
                with open_parquet(file) as parquet:
                    return kind, Header(_columns(parquet.schema_arrow, column))
            return _workbook(read_whole(file), unpacked_name(path.name), column)
    except InputError as error:
        raise InputError("batch.record", "{reason}", at=job.shown(path), reason=str(error)) from error
    except OSError as error:
        raise InputError(
            "file.unreadable", "cannot be read: {reason}", at=job.shown(path), reason=error.strerror or error
        ) from error


def _keys(file: io.BufferedReader, names: Names) -> Iterator[str]:
    """Yield those names of new columns that objects have already."""
    # A few renamed ones are looked for at once, so that one reading is enough.
    wanted = {f"{name}{ending}" for name in asdict(names).values() for ending in ("", *Names.ENDINGS)}
    texts = [json.dumps(name) for name in asdict(names).values()]
    # ``"translation`` without its closing quote: a line without any such text need not be parsed.
    starts = tuple(text[:-1] for text in texts)
    # What a stream that breaks off holds is worked on all the same.
    with suppress(InputError):
        for line in file_lines(file):
            if line and any(start in line for start in starts):
                yield from wanted & _object(line).keys()


def _object(line: str) -> dict[str, object]:
    """Return a line's object; an empty one where it holds none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _header(found: Rows | None, column: str) -> Sequence[str]:
    if not found:
        raise InputError("input.empty", "empty")
    try:
        header = [name.strip() for name in next(found.rows)]
    except csv.Error as error:
        raise InputError("records.header", "not a header: {reason}", reason=error) from error
    # Twice is as bad as never: nobody could say which one is meant.
    if header.count(column) != 1:
        raise InputError(which_column(header, column))
    return header


def _columns(schema: pyarrow.Schema, column: str) -> Sequence[str]:
    names: Sequence[str] = schema.names
    if names.count(column) != 1:
        raise InputError(which_column(names, column))
    if is_binary(schema.field(column).type):
        raise InputError(
            "records.column_kind",
            "column {column!r} holds {kind}, not text",
            column=column,
            kind=schema.field(column).type,
        )
    return names


def _workbook(data: bytes, name: str, column: str) -> tuple[str, Header]:
    """Return whether it is one with the column in it, and the names in its headers."""
    headers: dict[str, list[str]] = {}
    for sheet, _, cells in sheet_rows(data, name, MAX_INPUT_BYTES):
        # The header is the first row of a sheet that holds anything.
        if any(cells):
            headers.setdefault(sheet, cells)
    named = [cells for cells in headers.values() if cells.count(column) == 1]
    return (XLSX, Header(name for cells in named for name in cells)) if named else ("", Header())


def is_workbook_table(data: bytes, name: str, column: str) -> bool:
    """Return whether a workbook has a sheet whose first row names the column. Raises InputError."""
    return _workbook(data, name, column)[0] == XLSX


def joiner_of(job: Job, signature: Signature) -> Make:
    """Return what makes a table's output of the input and the rows that were made."""
    return partial(_join, job, str(signature))


def _join(job: Job, signature: str, made: Path, target: Path) -> None:
    counts = _checked(job, made)
    said = {"signature": signature, "task": job.task, "column": job.column, "columns": asdict(job.names)}
    with made.open("rb") as lines:
        results = map(json.loads, lines)
        if job.table == PARQUET:
            _join_parquet(job, said, results, target)
            return
        if job.table == XLSX:
            _join_workbook(job, results, target)
        else:
            _join_text(job, results, target)
    # That of JSON lines is one, for what reads nothing else.
    _keep(beside(job.output, META), {**said, **counts}, None if job.table == JSONL else 2)


def _checked(job: Job, made: Path) -> dict[str, int]:
    """Return how many rows there are, and failures. Raises UsageError where the input is another by now."""
    records = failures = 0
    with made.open("rb") as lines:
        # The input is read once more, and may have changed since.
        for item, line in zip_longest(Inputs(job).items(), lines):
            result = json.loads(line) if line else {}
            if not item or result.get("key") != item.record.key:
                raise _other(job)
            records += 1
            failures += result["error"] is not None
    return {"records": records, "failures": failures}


def _keep(path: Path, said: Mapping[str, object], indent: int | None) -> None:
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        json.dump(said, file, ensure_ascii=False, indent=indent)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _join_text(job: Job, results: Iterator[dict[str, object]], target: Path) -> None:
    with writer_of(target, suffixes_of(job.output)[1]) as out:
        for line in table_lines(job, results):
            out.write(line.encode("utf-8", "backslashreplace"))


def table_lines(job: Job, results: Iterator[dict[str, object]]) -> Iterator[str]:
    """Yield the lines of a table of text with what was made of each row, taken from ``results`` as it is
    wanted.

    Raises UsageError where the table has rows that nothing was made of.
    """
    join = _json_lines if job.table == JSONL else _cells
    with open_unpacked(job.inputs[0]) as file:
        # Excel takes a table without the mark for Windows-1252; JSON may not have one (RFC 8259).
        if job.table != JSONL and has_mark(file.peek(4)[:4]):
            yield "\ufeff"
        yield from join(job, file, results)


def _next(job: Job, results: Iterator[dict[str, object]]) -> dict[str, object]:
    if (result := next(results, None)) is None:
        raise _other(job)
    return result


def _other(job: Job) -> UsageError:
    return UsageError(
        "batch.input_other",
        "{path} has changed since it was translated; --fresh starts over",
        path=job.shown(job.inputs[0]),
    )


def _values(job: Job, result: Mapping[str, object]) -> dict[str, object]:
    """Return the new columns of a row by their names."""
    return {name: result[what] for what, name in asdict(job.names).items()}


def _json_lines(job: Job, file: io.BufferedReader, results: Iterator[dict[str, object]]) -> Iterator[str]:
    # Of a stream that breaks off, what was said of it is the last row.
    with suppress(InputError):
        for line in file_lines(file):
            if line is None or line.strip():
                yield _json_line(job, line, _next(job, results))
    for result in results:
        yield encoded(_values(job, result)) + "\n"


def _json_line(job: Job, line: str | None, result: Mapping[str, object]) -> str:
    """Return the object as it is written, with the new keys at its end."""
    new = encoded(_values(job, result))
    text = (line or "").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # What is no JSON is kept as text, so that nothing is lost.
        value = text
    if not isinstance(value, dict):
        return encoded({job.column: value, **_values(job, result)}) + "\n"
    inside = text[1:-1].strip()
    # Spliced as text: parsed and written anew, 1.0 or an escaped letter would come out otherwise.
    return f"{text[:-1].rstrip()}{', ' if inside else ''}{new[1:]}\n"


def _cells(job: Job, file: io.BufferedReader, results: Iterator[dict[str, object]]) -> Iterator[str]:
    """Yield the rows as they are written, whatever their quotes, with the new cells at their ends."""
    found = rows_of(file, "\t" if job.table == TSV else None)
    if not found:
        return
    # ``taken`` holds the lines of the row as they are in the file, which csv has made into cells.
    columns, end = next(found.rows), _end(found.taken)
    yield _body(found.taken) + found.delimiter + _row(job, found, list(asdict(job.names).values())) + end
    with suppress(InputError):  # as above
        yield from _table_rows(job, found, results, len(columns), end)
    for result in results:
        yield found.delimiter * len(columns) + _row(job, found, _texts(job, result)) + end


def _table_rows(
    job: Job, found: Rows, results: Iterator[dict[str, object]], width: int, end: str
) -> Iterator[str]:
    while True:
        found.taken.clear()
        try:
            cells = next(found.rows)
        except StopIteration:
            return
        except csv.Error:
            # Its quotes are not to spoil what follows: all that it holds goes into its first cell.
            own = _row(job, found, [_body(found.taken), *[""] * (width - 1)])
        else:
            if not any(value.strip() for value in cells):
                continue
            # A row with too few cells is filled up, so that the new ones stand below their names.
            own = _body(found.taken) + found.delimiter * (width - len(cells))
            # One with too many: the last column takes the rest, for the same reason.
            if len(cells) > width:
                rest = (" " if job.table == TSV else found.delimiter).join(cells[width - 1 :])
                own = _row(job, found, [*cells[: width - 1], rest])
        yield own + found.delimiter + _row(job, found, _texts(job, _next(job, results))) + end


def _texts(job: Job, result: Mapping[str, object]) -> list[str]:
    """Return the new cells; no spreadsheet is to compute one, unless they are wanted raw."""
    keep = str if job.raw else cell
    return [keep(text_cell(value)) for value in _values(job, result).values()]


def _row(job: Job, found: Rows, cells: Sequence[str]) -> str:
    if job.table == TSV:
        # TSV knows no quotes, so what would end a cell or a row becomes a space.
        return "\t".join(
            " ".join(text.replace("\r\n", "\n").replace("\t", "\n").splitlines()) for text in cells
        )
    target = io.StringIO()
    csv.writer(target, delimiter=found.delimiter, lineterminator="").writerow(cells)
    return target.getvalue()


def _body(taken: Sequence[str]) -> str:
    """Return a row as it is written, without its end."""
    return "".join(taken).removesuffix("\n").removesuffix("\r")


def _end(taken: Sequence[str]) -> str:
    # As the header ends. CRLF, as RFC 4180 wants, where that has no end at all.
    return "\n" if taken[-1].endswith("\n") and not taken[-1].endswith("\r\n") else "\r\n"


def _join_parquet(
    job: Job, said: Mapping[str, object], results: Iterator[dict[str, object]], target: Path
) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    new = [pa.field(name, arrow_type(_TYPES[what])) for what, name in asdict(job.names).items()]
    with open_unpacked(job.inputs[0]) as file, open_parquet(file) as source:
        own = source.schema_arrow
        noted: dict[bytes | str, bytes | str] = {b"warta": json.dumps(said, ensure_ascii=False).encode()}
        # What others noted stays, such as pandas' types; of an earlier run of ours the new note takes the
        # place.
        noted = {**noted, **{name: value for name, value in (own.metadata or {}).items() if name != b"warta"}}
        schema = pa.schema([*own, *new], metadata=noted)
        with target.open("wb") as out, parquet.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in source.iter_batches(batch_size=_BATCH):
                made = [_values(job, storable(one)) for one in islice(results, batch.num_rows)]
                added = [pa.array([one[field.name] for one in made], field.type) for field in new]
                arrays = [*batch.columns, *added]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _join_workbook(job: Job, results: Iterator[dict[str, object]], target: Path) -> None:
    path = job.inputs[0]
    with open_unpacked(path) as file:
        data, name = read_whole(file), unpacked_name(path.name)
    sheets: dict[str, dict[int, Sequence[str | float | None]]] = {}
    for result in results:
        # A place is ``path:sheet:row``. A path may hold colons, the name of a sheet may not.
        _, sheet, number = str(result["place"]).rsplit(":", 2)
        sheets.setdefault(sheet, {})[int(number)] = _sheet_cells(_values(job, result).values())
    for sheet, header in _header_rows(data, name, job.column).items():
        sheets.setdefault(sheet, {})[header] = list(asdict(job.names).values())
    target.write_bytes(add_columns(data, name, sheets, MAX_INPUT_BYTES))


def _header_rows(data: bytes, name: str, column: str) -> dict[str, int]:
    """Return the row of the header in each sheet that names the column."""
    first: dict[str, tuple[int, bool]] = {}
    for sheet, number, cells in sheet_rows(data, name, MAX_INPUT_BYTES):
        if any(cells):
            first.setdefault(sheet, (number, cells.count(column) == 1))
    return {sheet: number for sheet, (number, named) in first.items() if named}


def _sheet_cells(values: Iterable[object]) -> list[str | float | None]:
    """Return a row's new cells. A text that a cell cannot hold ends with ``…``."""
    texts = (value if isinstance(value, float) else text_cell(value) for value in values)
    return [
        text if isinstance(text, float) or len(text) <= MOST else f"{text[: MOST - 1]}…" for text in texts
    ]
