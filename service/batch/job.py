"""What a batch is asked to do, and the records it is to do it with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from service.batch import rows
from service.batch.journal import BESIDE, beside
from service.batch.outputs import format_of, maker_of
from service.errors import UsageError
from service.intake.records import BadRecord, Record, list_files, read_records
from service.pipeline import Brief


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for. ``column`` holds the text in a table; ``strict`` stops at the first bad record.

    ``folder`` says that the output is one, for :mod:`service.batch.folder`; ``raw`` that no text in a CSV
    or TSV file is made safe for spreadsheets. Rows and errors name files as they are seen from ``base``,
    where there is one: a server's folders are none of its clients' business.
    """

    inputs: Sequence[Path]
    output: Path
    task: str = "translate"
    column: str = "text"
    brief: Brief = field(default_factory=Brief)
    keep_furniture: bool = False
    strict: bool = False
    fresh: bool = False
    folder: bool = False
    raw: bool = False
    base: Path | None = None

    def __post_init__(self) -> None:
        if self.task not in rows.TASKS:
            raise UsageError(f"unknown task {self.task!r}; there are: {', '.join(rows.TASKS)}")
        if not self.folder:
            format_of(self.output)
            maker_of(self.output)
        if not self.output.parent.is_dir():
            raise UsageError(f"{self.output.parent} is not a folder")
        for path in self.inputs:
            if not path.exists():
                raise UsageError(f"{self.shown(path)}: no such file or folder")

    def shown(self, path: Path) -> Path:
        """Return a path as it is shown to whoever asked."""
        return path.relative_to(self.base) if self.base and path.is_relative_to(self.base) else path

    @property
    def columns(self) -> Sequence[str]:
        """Of the output."""
        return (*rows.COMMON, *rows.TASKS[self.task].model_fields)


@dataclass(frozen=True, slots=True)
class Item:
    """A record, and the share of the input up to its end, from 0 to 1."""

    record: Record | BadRecord
    share: float


class Inputs:
    """The files of a job, and the records in them."""

    def __init__(self, job: Job) -> None:
        own = {beside(job.output, kind).resolve() for kind in BESIDE}
        self._own = own | {job.output.resolve()}
        self._job = job
        self.sizes = {str(job.shown(path)): self._size(path) for path in job.inputs}
        self._bytes = max(1, sum(size for _, size in self.sizes.values()))

    def items(self) -> Iterator[Item]:
        """Every record of every file, in order."""
        before = 0
        for file in (file for path in self._job.inputs for file in self._files(path)):
            if isinstance(file, BadRecord):
                place = str(self._job.shown(Path(file.place)))
                yield Item(replace(file, place=place), before / self._bytes)
                continue
            size, seen = _bytes(file), 0
            for record in read_records(file, column=self._job.column, shown=self._job.shown(file)):
                seen += len(record.text.encode("utf-8", "replace")) if isinstance(record, Record) else 0
                yield Item(record, (before + min(size, seen)) / self._bytes)
            before += size

    def _files(self, path: Path) -> Iterator[Path | BadRecord]:
        return (f for f in list_files(path) if isinstance(f, BadRecord) or f.resolve() not in self._own)

    def _size(self, path: Path) -> tuple[int, int]:
        """Files, and bytes in them."""
        sizes = [_bytes(file) for file in self._files(path) if isinstance(file, Path)]
        return len(sizes), sum(sizes)


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
