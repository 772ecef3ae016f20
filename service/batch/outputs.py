"""Outputs that cannot grow row by row: packed ones and Parquet, made of the whole rows at the end.

What is made depends on the rows alone: an interrupted run ends with the bytes of an uninterrupted one.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

from service.batch.rows import FORMATS, RAW, TASKS, Format
from service.errors import UsageError
from service.intake.compression import need

if TYPE_CHECKING:
    import pyarrow

Make = Callable[[Path, Path], None]
"""Makes the second file, which is the output, of the first, which holds the rows."""

PARQUET = ".parquet"
PACKED = (".gz", ".zst")
_ALIASES = {".ndjson": ".jsonl", ".tab": ".tsv", ".pq": PARQUET}
# A group of rows is in memory at once, and is one row group of the file.
_GROUP_ROWS, _GROUP_BYTES = 10_000, 32_000_000
_GZIP_LEVEL, _ZSTD_LEVEL = 6, 9


def format_of(output: Path, *, raw: bool = False) -> Format:
    """Return how the rows of an output are written as they come; ``raw`` keeps what a spreadsheet would
    compute.

    Raises UsageError.
    """
    suffix, packing = suffixes_of(output)
    # Parquet is made of JSON lines at the end, and packs itself.
    kind = ".jsonl" if suffix == PARQUET and not packing else suffix
    if kind not in FORMATS:
        known = [*FORMATS, PARQUET, *(f"{kind}{packing}" for kind in FORMATS for packing in PACKED)]
        raise UsageError(
            "batch.output_kind",
            "the output is to be one of {known} or a folder/, not {name}",
            known=", ".join(known),
            name=output.name,
        )
    return (RAW if raw else FORMATS)[kind]


def maker_of(output: Path) -> Make | None:
    """Return what makes the output of its rows at the end, None where the rows are the output.

    Raises InputError where a library is missing.
    """
    suffix, packing = suffixes_of(output)
    if packing == ".gz":
        return _gzip
    if packing:
        # Asked for now, so that a missing library does not end a batch on its last step.
        _zstandard()
        return _zstd
    if suffix == PARQUET:
        _pyarrow()
        return _parquet
    return None


def suffixes_of(output: Path) -> tuple[str, str]:
    """Return the suffix of the rows, and that of the packing or nothing."""
    suffix = output.suffix.lower()
    inner, packing = (Path(output.stem).suffix.lower(), suffix) if suffix in PACKED else (suffix, "")
    return _ALIASES.get(inner, inner), packing


def _gzip(source: Path, target: Path) -> None:
    with source.open("rb") as rows, writer_of(target, ".gz") as packed:
        shutil.copyfileobj(rows, packed, 1 << 20)


def _zstd(source: Path, target: Path) -> None:
    compressor = _zstandard().ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
    with source.open("rb") as rows, target.open("wb") as file:
        compressor.copy_stream(rows, file)


@contextmanager
def writer_of(target: Path, packing: str) -> Iterator[BinaryIO]:
    """Write a new file, packed as its suffix ``packing`` says, or not where that is empty."""
    with target.open("wb") as file:
        if packing == ".gz":
            # Without the name and the time that gzip notes, equal rows give equal bytes.
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
                yield cast("BinaryIO", packed)
        elif packing:
            compressor = _zstandard().ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            with compressor.stream_writer(file, closefd=False) as packed:
                yield packed
        else:
            yield file


def _parquet(source: Path, target: Path) -> None:
    pyarrow = _pyarrow()
    from pyarrow import parquet

    with target.open("wb") as file:
        writer = None
        for rows in _groups(source):
            # Every row of a job has the same columns.
            schema = _schema(list(rows[0]))
            writer = writer or parquet.ParquetWriter(file, schema, compression="zstd")
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
        if writer:
            writer.close()
        else:
            parquet.write_table(pyarrow.table({}), file)  # no rows, so no columns are known either


def _groups(source: Path) -> Iterator[list[dict[str, object]]]:
    """Yield the rows, in lists that fit into memory."""
    rows: list[dict[str, object]] = []
    size = 0
    with source.open("rb") as lines:
        for line in lines:
            row = storable(json.loads(line))
            # Whatever else a record holds: its columns differ from input to input.
            row["fields"] = json.dumps(row["fields"], ensure_ascii=False)
            rows.append(row)
            size += len(line)
            if len(rows) == _GROUP_ROWS or size >= _GROUP_BYTES:
                yield rows
                rows, size = [], 0
    if rows:
        yield rows


def storable(value: object) -> Any:
    """Return ``value`` without lone surrogates, of which a file name that is not UTF-8 is made."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {name: storable(inner) for name, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, list) else value


def _schema(columns: Sequence[str]) -> pyarrow.Schema:
    """Return typed columns, as the rows' models say; those that no model has are text."""
    import pyarrow as pa

    # The facts of a brief are others than those of a reading: the task is the one with most of the columns.
    able = [model.model_fields for model in TASKS.values() if model.model_fields.keys() <= set(columns)]
    fields = {name: field.annotation for name, field in max(able, key=len, default={}).items()}
    return pa.schema([(name, arrow_type(fields.get(name, str))) for name in columns])


def arrow_type(annotation: object) -> pyarrow.DataType:
    """Return Arrow's type for the type of a model's field. Raises TypeError for one that rows do not have."""
    import pyarrow as pa

    plain: dict[object, pyarrow.DataType] = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
    }
    if annotation in plain:
        return plain[annotation]
    if get_origin(annotation) is Literal:
        return arrow_type(type(get_args(annotation)[0]))
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if get_origin(annotation) in (Union, UnionType) and len(kinds) == 1:
        return arrow_type(kinds[0])
    if get_origin(annotation) is list:
        return pa.list_(arrow_type(kinds[0]))
    if get_origin(annotation) is dict:
        return pa.map_(*map(arrow_type, kinds))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return pa.struct([(name, arrow_type(field.annotation)) for name, field in fields])
    raise TypeError(f"a row with {annotation} has no type in Parquet")


def _pyarrow() -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise need(error, "parquet", "pyarrow") from error
    return pyarrow


def _zstandard() -> ModuleType:
    try:
        import zstandard
    except ImportError as error:
        raise need(error, "documents", "zstandard") from error
    return zstandard
