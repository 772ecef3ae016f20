"""Outputs that cannot grow row by row: packed ones and Parquet, made of the whole rows at the end.

What is made depends on the rows alone: an interrupted run ends with the bytes of an uninterrupted one.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

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
_GROUP_ROWS, _GROUP_BYTES = 10_000, 32_000_000
_GZIP_LEVEL, _ZSTD_LEVEL = 6, 9


def format_of(output: Path, *, raw: bool = False) -> Format:
    """How the rows of an output are written as they come; ``raw`` keeps what a spreadsheet would compute.

    Raises UsageError.
    """
    suffix, packing = _suffixes(output)
    kind = ".jsonl" if suffix == PARQUET and not packing else suffix
    if kind not in FORMATS:
        known = [*FORMATS, PARQUET, *(f"{kind}{packing}" for kind in FORMATS for packing in PACKED)]
        raise UsageError(f"the output is to be one of {', '.join(known)} or a folder/, not {output.name}")
    return (RAW if raw else FORMATS)[kind]


def maker_of(output: Path) -> Make | None:
    """What makes the output of its rows at the end, None where the rows are the output.

    Raises InputError where a library is missing.
    """
    suffix, packing = _suffixes(output)
    if packing == ".gz":
        return _gzip
    if packing:
        _zstandard()
        return _zstd
    if suffix == PARQUET:
        _pyarrow()
        return _parquet
    return None


def _suffixes(output: Path) -> tuple[str, str]:
    """The suffix of the rows, and that of the packing or nothing."""
    suffix = output.suffix.lower()
    return (Path(output.stem).suffix.lower(), suffix) if suffix in PACKED else (suffix, "")


def _gzip(source: Path, target: Path) -> None:
    # Without the name and the time that gzip notes, equal rows give equal bytes.
    with (
        source.open("rb") as rows,
        target.open("wb") as file,
        gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed,
    ):
        shutil.copyfileobj(rows, packed, 1 << 20)


def _zstd(source: Path, target: Path) -> None:
    compressor = _zstandard().ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
    with source.open("rb") as rows, target.open("wb") as file:
        compressor.copy_stream(rows, file)


def _parquet(source: Path, target: Path) -> None:
    pyarrow = _pyarrow()
    from pyarrow import parquet

    with target.open("wb") as file:
        writer = None
        for rows in _groups(source):
            schema = _schema(list(rows[0]))
            writer = writer or parquet.ParquetWriter(file, schema, compression="zstd")
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
        if writer:
            writer.close()
        else:
            parquet.write_table(pyarrow.table({}), file)


def _groups(source: Path) -> Iterator[list[dict[str, Any]]]:
    """The rows, in lists that fit into memory."""
    rows: list[dict[str, Any]] = []
    size = 0
    with source.open("rb") as lines:
        for line in lines:
            row = _storable(json.loads(line))
            # Whatever else a record holds: its columns differ from input to input.
            row["fields"] = json.dumps(row["fields"], ensure_ascii=False)
            rows.append(row)
            size += len(line)
            if len(rows) == _GROUP_ROWS or size >= _GROUP_BYTES:
                yield rows
                rows, size = [], 0
    if rows:
        yield rows


def _storable(value: Any) -> Any:
    """``value`` without lone surrogates, of which a file name that is not UTF-8 is made."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _storable(inner) for name, inner in value.items()}
    return [_storable(inner) for inner in value] if isinstance(value, list) else value


def _schema(columns: Sequence[str]) -> pyarrow.Schema:
    """Typed columns, as the rows' models say; those that no model has are text."""
    import pyarrow as pa

    fields = {
        name: field.annotation for model in TASKS.values() for name, field in model.model_fields.items()
    }
    return pa.schema([(name, _arrow(fields.get(name, str))) for name in columns])


def _arrow(annotation: Any) -> pyarrow.DataType:
    """Return Arrow's type for the type of a model's field. Raises TypeError for one that rows do not have."""
    import pyarrow as pa

    plain: dict[Any, pyarrow.DataType] = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
    }
    if annotation in plain:
        return plain[annotation]
    if get_origin(annotation) is Literal:
        return _arrow(type(get_args(annotation)[0]))
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if get_origin(annotation) in (Union, UnionType) and len(kinds) == 1:
        return _arrow(kinds[0])
    if get_origin(annotation) is list:
        return pa.list_(_arrow(kinds[0]))
    if get_origin(annotation) is dict:
        return pa.map_(*map(_arrow, kinds))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return pa.struct([(name, _arrow(field.annotation)) for name, field in fields])
    raise TypeError(f"a row with {annotation} has no type in Parquet")


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise need(error, "parquet", "pyarrow") from error
    return pyarrow


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise need(error, "documents", "zstandard") from error
    return zstandard
