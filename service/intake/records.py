"""From files and folders to records, one at a time, however large the input is.

A record that cannot be read is a :class:`BadRecord` in its place; the ones after it are read all the same.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from service.errors import InputError
from service.intake.formats import decode, read_text
from service.settings import MAX_INPUT_BYTES

_WIDE = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MARK = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Record:
    """One text to work on. ``key`` is a hash of place and content, and the position in its file.

    ``place`` is for people: the file, and the line in it where there is one. ``fields`` is what else
    the record holds.
    """

    key: str
    text: str
    place: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read, and why."""

    key: str
    place: str
    error: str


Reader = Callable[[Path, str], Iterator[Record | BadRecord]]
"""A file and the name of the column that holds the text -> its records."""


def read_records(path: Path, *, column: str) -> Iterator[Record | BadRecord]:
    """The records of one file, by its suffix; a file that cannot be read is one BadRecord."""
    reader = READERS.get(path.suffix.lower())
    if not reader:
        kind = path.suffix or "without a suffix"
        yield bad(str(path), 1, f"a file {kind} is not read here; there are: {', '.join(sorted(READERS))}")
        return
    try:
        yield from reader(path, column)
    except OSError as error:
        yield bad(str(path), 0, f"cannot be read: {error.strerror or error}")


def list_files(path: Path, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path | BadRecord]:
    """``path`` itself, or the files below it in the order of their names; hidden ones are passed over.

    A link to a folder is followed; one that leads back to a folder above it is a BadRecord.
    """
    if not path.is_dir():
        yield path
        return
    try:
        status = path.stat()
        inside = sorted(path.iterdir())
    except OSError as error:
        yield bad(str(path), 0, f"cannot be read: {error.strerror or error}")
        return
    own = status.st_dev, status.st_ino
    if own in above:
        yield bad(str(path), 0, "a link back to a folder above it")
        return
    for child in inside:
        if not child.name.startswith("."):
            yield from list_files(child, above | {own})


def good(place: str, position: int, text: str, fields: Mapping[str, Any]) -> Record:
    """A record with its key."""
    content = json.dumps([text, fields], ensure_ascii=False, default=str) if fields else text
    return Record(_key(place, position, content), text, place, fields)


def bad(place: str, position: int, error: str) -> BadRecord:
    """A bad record with its key."""
    return BadRecord(_key(place, position, error), place, error)


def _key(place: str, position: int, content: str) -> str:
    digest = sha256(f"{place}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digest[:16]}-{position}"


def _read_txt(path: Path, column: str) -> Iterator[Record | BadRecord]:
    """The whole file is one article."""
    del column
    try:
        yield good(str(path), 1, read_text(path, MAX_INPUT_BYTES), {})
    except InputError as error:
        yield bad(str(path), 1, str(error).removeprefix(f"{path}: "))


def _read_jsonl(path: Path, column: str) -> Iterator[Record | BadRecord]:
    """An object a line, or the text itself as a string; empty lines are passed over."""
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), start=1):
            place = f"{path}:{number}"
            if line is None:
                yield bad(place, number, _TOO_LONG)
            elif line.strip():
                yield _parsed(line, place, number, column)


def _parsed(line: str, place: str, number: int, column: str) -> Record | BadRecord:
    try:
        value = json.loads(line)
    except ValueError as error:
        return bad(place, number, f"not JSON: {error}")
    except RecursionError:
        return bad(place, number, "not JSON: nested too deeply")
    if isinstance(value, str):
        value = {column: value}
    if not isinstance(value, dict):
        return bad(place, number, f"a JSON {type(value).__name__}, not an object")
    return _chosen(value, place, number, column)


def _chosen(values: dict[str, Any], place: str, number: int, column: str) -> Record | BadRecord:
    if column not in values:
        there = ", ".join(values) or "nothing"
        return bad(place, number, f"no {column!r} in it; there is: {there}")
    text = values.pop(column)
    if not isinstance(text, str):
        return bad(place, number, f"{column!r} is not a text")
    if not text.strip():
        return bad(place, number, f"{column!r} is empty")
    return good(place, number, text, values)


def _read_csv(path: Path, column: str) -> Iterator[Record | BadRecord]:
    """A header, then a record a row, quoted as RFC 4180 has it; ``;``, tab and ``|`` may stand for ``,``."""
    yield from _read_table(path, column, None)


def _read_tsv(path: Path, column: str) -> Iterator[Record | BadRecord]:
    """A header, then a record a line; as in IANA's TSV a quotation mark is a letter like any other."""
    yield from _read_table(path, column, "\t")


def _read_table(path: Path, column: str, delimiter: str | None) -> Iterator[Record | BadRecord]:
    with path.open("rb") as file:
        lines = (line or "" for line in _lines(file))
        blank, first = next(((n, line) for n, line in enumerate(lines) if line.strip()), (0, ""))
        if not first:
            yield bad(str(path), 1, "empty")
            return
        if delimiter:
            rows = csv.reader(_chained(first, lines), delimiter=delimiter, quoting=csv.QUOTE_NONE)
        else:
            # Strict, so that a quote left open is an error, and not one record with all the rest in it.
            delimiter = max(_DELIMITERS, key=first.count)
            rows = csv.reader(_chained(first, lines), delimiter=delimiter, strict=True)
        yield from _table_records(path, column, rows, blank)


def _chained(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _table_records(path: Path, column: str, rows: Any, blank: int) -> Iterator[Record | BadRecord]:
    # The default of 131,072 characters is less than a long article; the limit is the process's own.
    csv.field_size_limit(MAX_INPUT_BYTES)
    header: list[str] = []
    while True:
        number = blank + rows.line_num + 1
        place = f"{path}:{number}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield bad(place, number, f"not a row: {error}")
            continue
        if not header:
            header = [name.strip() for name in row]
            if header.count(column) != 1:
                number_of = "no" if column not in header else "more than one"
                yield bad(str(path), 1, f"{number_of} column {column!r}; there is: {', '.join(header)}")
                return
        elif any(value.strip() for value in row):
            yield (
                _chosen(dict(zip(header, row, strict=True)), place, number, column)
                if len(row) == len(header)
                else bad(place, number, f"{len(row)} fields, where the header has {len(header)}")
            )


_TOO_LONG = f"longer than {MAX_INPUT_BYTES // 1_000_000} MB"


def _lines(file: BinaryIO) -> Iterator[str | None]:
    """The lines of a file, with their ends; None for one that is too long to be held."""
    mark = file.read(3)
    wide = next((name for start, name in _WIDE if mark.startswith(start)), None)
    file.seek(3 if mark == _MARK else 0)
    if wide:
        # Only a line feed ends a line: a text may hold U+2028.
        wrapper = io.TextIOWrapper(file, wide, errors="replace", newline="\n")
        try:
            yield from wrapper
        finally:
            wrapper.detach()  # the file is the caller's to close
        return
    while line := file.readline(MAX_INPUT_BYTES):
        if len(line) < MAX_INPUT_BYTES or line.endswith(b"\n"):
            yield line_text(line)
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_INPUT_BYTES)
        yield None


def line_text(line: bytes) -> str:
    """One line of a file as text: UTF-8, and Windows-1252 for bytes that are not."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # The space keeps a line from being taken for a file of another kind by its first bytes.
        return decode(b" " + line.replace(b"\0", b"\xef\xbf\xbd"))[1:]


READERS: Mapping[str, Reader] = {
    ".txt": _read_txt,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
}
