"""What a batch is asked to do, and the records it is to do it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from service.batch import rows
from service.batch.journal import BESIDE, beside
from service.batch.outputs import format_of, maker_of
from service.document import Message
from service.errors import UsageError, WartaError
from service.intake.records import BadRecord, Record, list_files, read_records
from service.pipeline import SummaryRequest


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for. ``column`` holds the text in a table; ``strict`` stops at the first bad record.

    ``folder`` says that the output is one, for :mod:`service.batch.folder`; ``raw`` that no text in a CSV
    or TSV file is made safe for spreadsheets. Rows and errors name files as they are seen from ``base``,
    where there is one: a server's folders are none of its clients' business. ``wide`` asks for a table's own
    columns with those of ``names`` behind them; ``follow`` has the output take the table's
    type, whatever its own suffix; ``table`` is that type where it is one, which
    :func:`service.batch.tables.as_table` finds out. ``attributes`` and ``keys`` say what of a document is
    translated, as :class:`service.intake.documents.blocks.How` has it.
    """

    inputs: Sequence[Path]
    output: Path
    task: str = "translate"
    column: str = "text"
    brief: SummaryRequest = field(default_factory=SummaryRequest)
    keep_furniture: bool = False
    strict: bool = False
    fresh: bool = False
    folder: bool = False
    raw: bool = False
    base: Path | None = None
    wide: bool = False
    follow: bool = False
    names: rows.Names = field(default_factory=rows.Names)
    table: str = ""
    attributes: bool = False
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task not in rows.TASKS:
            raise UsageError(
                "batch.unknown_task",
                "unknown task {task!r}; there are: {known}",
                task=self.task,
                known=", ".join(rows.TASKS),
            )
        # An Excel output is no rows; whether it can be made, as_table() finds out.
        if not self.folder and not (self.wide and self.output.suffix.lower() == ".xlsx"):
            format_of(self.output)
            maker_of(self.output)
        self._look()

    def _look(self) -> None:
        """Look whether inputs and output are where they are said to be. Raises UsageError, WartaError."""
        path = self.output.parent
        try:
            if not path.is_dir():
                raise UsageError("file.no_folder", "{path} is not a folder", path=path)
            for path in self.inputs:
                if not path.exists():
                    raise UsageError("file.neither", "no such file or folder", at=self.shown(path))
        except OSError as error:
            raise WartaError(
                "file.unseen",
                "cannot be looked at: {reason}",
                at=self.shown(path),
                reason=error.strerror or error,
            ) from error

    def shown(self, path: Path) -> Path:
        """Return a path as it is shown to whoever asked."""
        return path.relative_to(self.base) if self.base and path.is_relative_to(self.base) else path

    @property
    def format(self) -> rows.Format:
        """How the rows are written as they are made."""
        if self.table:
            return rows.FORMATS[".jsonl"]
        return format_of(self.output, raw=self.raw)

    @property
    def columns(self) -> Sequence[str]:
        """Of the rows as they are made."""
        if self.table:
            return ("key", "place", *(one.name for one in fields(rows.Names)))
        return (*rows.COMMON, *rows.TASKS[self.task].model_fields)


@dataclass(frozen=True, slots=True)
class Item:
    """A record, and the share of the input up to its end, from 0 to 1."""

    record: Record | BadRecord
    share: float


Say = Callable[[Message], None]
"""Tells a person what is worth knowing beside the progress."""


class Inputs:
    """The files of a job, and the records in them. ``say`` is told of columns that are renamed."""

    def __init__(self, job: Job, say: Say = lambda _: None) -> None:
        self._say = say
        # The output may be in a folder that is an input.
        own = {beside(job.output, kind).resolve() for kind in (*BESIDE, rows.META)}
        self._own = own | {job.output.resolve()}
        self._job = job
        self.sizes = {str(job.shown(path)): self._size(path) for path in job.inputs}
        self._bytes = max(1, sum(size for _, size in self.sizes.values()))

    def items(self) -> Iterator[Item]:
        """Yield every record of every file, in order."""
        before = 0
        for file in (file for path in self._job.inputs for file in self._files(path)):
            if isinstance(file, BadRecord):
                place = str(self._job.shown(Path(file.place)))
                yield Item(replace(file, place=place), before / self._bytes)
                continue
            # A table keeps its columns, so there is no renaming to tell of.
            size, seen, said = _bytes(file), 0, bool(self._job.table)
            shown = self._job.shown(file)
            for record in read_records(file, column=self._job.column, keys=self._job.keys, shown=shown):
                if self._job.table and isinstance(record, BadRecord) and record.sheet:
                    continue  # it stays in the workbook as it is
                if isinstance(record, Record) and record.note and not said:
                    said = True
                    self._say(record.note.placed(shown))
                seen += len(record.text.encode("utf-8", "replace")) if isinstance(record, Record) else 0
                # Texts of a packed file are longer than the file: it is not counted for more than it is.
                yield Item(record, (before + min(size, seen)) / self._bytes)
            before += size

    def _files(self, path: Path) -> Iterator[Path | BadRecord]:
        return (f for f in list_files(path) if isinstance(f, BadRecord) or f.resolve() not in self._own)

    def _size(self, path: Path) -> tuple[int, int]:
        """Return files, and bytes in them."""
        sizes = [_bytes(file) for file in self._files(path) if isinstance(file, Path)]
        return len(sizes), sum(sizes)


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
