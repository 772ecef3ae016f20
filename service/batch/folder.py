"""A folder for a folder: each input file's counterpart in the same place below the output.

A document whose structure can be kept comes back as one, other documents as text, a table as a table of
rows. What became of each file is a row of ``warta.jsonl`` in the folder, which is written by the rules of
any batch: a file counts when it is in its place, an interrupted run goes on with the first that does not.
"""

from __future__ import annotations

import errno
import os
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path, PurePath

from pydantic import Field

from service.batch import rows
from service.batch.commits import LARGEST, CommitSize, commits
from service.batch.executors import Pool
from service.batch.job import Say
from service.batch.journal import BESIDE, Journal, Totals, beside, chained, opened, sync_folder
from service.batch.outputs import format_of
from service.batch.run import Job, Progress, Watch, counted, described, run_with
from service.batch.tables import as_table, is_workbook_table
from service.batch.worker import WHOLE
from service.document import Article, Passage, SegmentTranslation, Translation
from service.errors import InputError, UsageError, WartaError
from service.intake.compression import open_unpacked, unpacked_name
from service.intake.documents import XLSX, document_text, kind_of, translate_data
from service.intake.documents.blocks import How
from service.intake.record import BadRecord
from service.intake.records import list_files, read_whole, source_of
from service.pipeline import Pipeline, to_article
from service.render import schema
from service.render.brief import brief_markdown
from service.render.marks import notes
from service.render.text import reading_markdown, summary_markdown, translation_text
from service.settings import MAX_INPUT_BYTES

REPORT = "warta.jsonl"
"""The file of the output folder that says what became of each input file."""


class PlacedFinding(schema.Finding):
    """A finding in a document; ``place`` says where in it."""

    place: str


class FileRow(schema.Model):
    """What became of an input file: a line of the report."""

    key: str
    place: str
    error: str | None = None
    output: str | None = None
    type: str | None = None
    records: int = 0
    failures: int = 0
    findings: list[rows.SegmentFinding] | list[PlacedFinding] = Field(default_factory=list)


@dataclass(slots=True)
class _File:
    """An input file, its counterpart relative to the output folder, and what is to be done with it."""

    place: str
    key: str
    error: str = ""
    path: Path = field(default_factory=Path)
    target: PurePath = field(default_factory=PurePath)
    kind: str = ""
    table: bool = False
    data: bytes = b""
    article: Article | None = None
    share: float = 0.0


def mirror_with(executor: Pool, watch: Watch = lambda _: None, say: Say = lambda _: None) -> Totals:
    """Do the executor's job, whose output is a folder, or the rest of it; a record of the totals is a file.

    Raises what :func:`service.batch.run.run_with` raises, UsageError for a folder that holds other files.
    """
    job = executor.job
    report = job.output / REPORT
    try:
        begun = beside(report, "journal").exists()
        job.output.mkdir(exist_ok=True)
        ours = {beside(report, kind) for kind in BESIDE}
        if not job.fresh and not begun and any(path not in ours for path in job.output.iterdir()):
            raise UsageError(
                "batch.folder_full", "{path} is not empty; --fresh writes over what is in it", path=job.output
            )
    except OSError as error:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=job.output, reason=error.strerror
        ) from error
    inputs = _Inputs(job)
    with opened(report, described(job, executor.about, inputs.sizes), b"", fresh=job.fresh) as journal:
        if not journal.placed:
            _Mirror(executor, journal, watch, say).work(inputs)
        journal.finish()
        return journal.last.totals


class _Inputs:
    """The input files and the names of their counterparts."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._own = job.output.resolve()
        self._taken = {_same(PurePath(name)) for name in (REPORT, *(f"{REPORT}.{kind}" for kind in BESIDE))}
        self.sizes = {str(path): self._size(path) for path in job.inputs}
        self._bytes = max(1, sum(size for _, size in self.sizes.values()))

    def files(self) -> Iterator[_File]:
        """Yield every file, in order, read as far as it must be to know what it is."""
        before = 0
        for root in self._job.inputs:
            top = self._top(root)
            for path in self._below(root):
                if isinstance(path, BadRecord):
                    yield _File(path.place, path.key, path.error, share=before / self._bytes)
                    continue
                relative = top / path.relative_to(root) if root.is_dir() else PurePath(path.name)
                before += path.stat().st_size if path.exists() else 0  # a broken link is listed too
                yield self._seen(path, relative, before / self._bytes)

    def _below(self, root: Path) -> Iterator[Path | BadRecord]:
        for path in list_files(root):
            # The output may lie below an input: what a run makes is not its input.
            if isinstance(path, BadRecord) or self._own not in path.resolve().parents:
                yield path

    def _size(self, root: Path) -> tuple[int, int]:
        sizes = [path.stat().st_size for path in self._below(root) if isinstance(path, Path)]
        return len(sizes), sum(sizes)

    def _top(self, root: Path) -> PurePath:
        """Return where the files of an input folder go: to the top for one folder, else to one of its
        name.
        """
        if len(self._job.inputs) == 1 or not root.is_dir():
            return PurePath()
        return self._free(PurePath(root.resolve().name or "root"))

    def _seen(self, path: Path, relative: PurePath, share: float) -> _File:
        # Until the content is read the key is of the name alone: a file that cannot be read has one too.
        file = _File(str(path), sha256(os.fsencode(path)).hexdigest()[:16], path=path, share=share)
        try:
            file.key = _sum(path)
            name, file.kind, file.table, file.data = _counterpart(path, self._job)
            file.target = self._free(relative.with_name(name))
        except InputError as error:
            file.error = str(error)
        except OSError as error:
            file.error = f"cannot be read: {error.strerror or error}"
        return file

    def _free(self, wanted: PurePath) -> PurePath:
        """Return ``wanted``, with a number where another counterpart has the name, on any system."""
        target, number = wanted, 1
        while _same(target) in self._taken:
            number += 1
            target = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        self._taken.add(_same(target))
        return target


@dataclass(frozen=True, slots=True)
class _Made:
    """A file's row in the report, what it adds to the totals, and its counterpart, if it has one."""

    row: FileRow
    totals: Totals
    data: bytes | None = None


class _Mirror:
    """One run."""

    def __init__(self, executor: Pool, journal: Journal, watch: Watch, say: Say) -> None:
        self._say = say
        self._executor = executor
        self._job = executor.job
        self._journal = journal
        self._watch = watch
        self._before = journal.last.totals
        self._chain = ""
        self._started = self._last = time.perf_counter()

    def work(self, inputs: _Inputs) -> None:
        """Do what is not done yet, in order: documents together, and each table by itself."""
        files, size = inputs.files(), CommitSize()
        # Those that are done are read again as well: so the others get the names that they would have had.
        for number in range(1, self._before.records + 1):
            file = next(files, None)
            self._chain = chained(self._chain, file.key if file else "")
            self._journal.check(number, self._chain)
        # groupby is lazy and keeps the order: a run of documents shares commits, a table ends it.
        for tables, some in groupby(files, lambda file: file.table and not file.error):
            if tables:
                for file in some:
                    self._done([file], [self._table(file)])
            else:
                read = (_read(self._job, file) for file in some)
                for group, made in self._executor.ordered(_counterparts, commits(read, size, _sentences_in)):
                    size.took(time.perf_counter() - self._last)
                    self._done(group, made)

    def _done(self, files: Sequence[_File], made: Sequence[_Made]) -> None:
        """Put the counterparts in their places and commit them."""
        bad = next((n for n, one in enumerate(made) if one.row.error), -1) if self._job.strict else -1
        # The files before the bad one count.
        if bad > 0:
            self._done(files[:bad], made[:bad])
        if bad >= 0:
            raise InputError("batch.record", "{reason}", at=made[bad].row.place, reason=made[bad].row.error)
        # In their places first, then in the report: a crash in between makes them once more, and loses none.
        placed = [self._placed(file, one) for file, one in zip(files, made, strict=True)]
        now = time.perf_counter()
        seconds, self._last = Totals(seconds=now - self._last), now
        totals = sum((one.totals for one in placed), self._journal.last.totals + seconds)
        for file in files:
            self._chain = chained(self._chain, file.key)
        text = "".join(one.row.dumped() + "\n" for one in placed)
        self._journal.commit(text.encode("utf-8", "backslashreplace"), totals, self._chain)
        self._watch(Progress(totals, self._before, now - self._started, files[-1].share))

    def _placed(self, file: _File, made: _Made) -> _Made:
        try:
            if made.data is not None:
                self._put(file, made.data)
        except InputError as error:
            return _failed(file, error)
        return made

    def _table(self, file: _File) -> _Made:
        """Make a table by a batch of its own, which goes on by itself where it was stopped."""
        output = self._job.output / file.target
        before = self._journal.last.totals

        def watch(progress: Progress) -> None:
            # A table is one record of this job, and not before it is done.
            inside = replace(before + progress.totals, records=before.records, failures=before.failures)
            self._watch(Progress(inside, self._before, time.perf_counter() - self._started, file.share))

        # A table that is in its place, but not in the report, was finished in the moment of a crash.
        fresh = self._job.fresh or (output.exists() and not beside(output, "journal").exists())
        job = replace(self._job, inputs=[file.path], output=output, folder=False, fresh=fresh)
        try:
            with self._writing(output):
                _make_folder(output.parent)
            job = as_table(job)
            totals = run_with(job, self._executor.of(job), watch, self._say)
        except InputError as error:
            return _failed(file, error)
        row = _row(file, records=totals.records, failures=totals.failures)
        # Its time is in that of the commit.
        return _Made(row, replace(totals, records=1, failures=int(totals.failures > 0), seconds=0.0))

    def _put(self, file: _File, data: bytes) -> None:
        """Write a counterpart: whole, durable and in its place. Raises InputError for a name too long."""
        target = self._job.output / file.target
        partial = beside(target, "partial")
        with self._writing(target):
            _make_folder(target.parent)
            with partial.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            partial.replace(target)
            # Before the report says that the file is there.
            sync_folder(target.parent)

    @contextmanager
    def _writing(self, target: Path) -> Iterator[None]:
        """Raise what the system refuses in a line: InputError for a name too long, else WartaError."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise InputError(
                    "batch.long_name", "a name too long to be written", at=target.name
                ) from error
            raise WartaError(
                "batch.unwritable",
                "cannot be written: {reason}; {count} file is safe, and the same command goes on",
                plural="cannot be written: {reason}; {count} files are safe, and the same command goes on",
                at=target,
                reason=error.strerror,
                count=f"{self._journal.last.totals.records:,}",
            ) from error


def _make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, durably."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in new:
        sync_folder(one.parent)


def _read(job: Job, file: _File) -> _File:
    """Return the file with its article, if it is read as one."""
    if file.error or file.kind != "text":
        return file
    try:
        text = document_text(file.data, unpacked_name(file.path.name), MAX_INPUT_BYTES, job.keys)
        file.article = to_article(text, id=file.place, keep_furniture=job.keep_furniture)
    except InputError as error:
        file.error = str(error)
    file.data = b""
    return file


def _sentences_in(file: _File) -> int:
    """Return how many sentences a file counts for; a document with its structure ends a commit."""
    if file.article:
        return len(file.article.sources)
    return 1 if file.error else LARGEST


def _counterparts(job: Job, pipeline: Pipeline, files: Sequence[_File]) -> list[_Made]:
    """Return what a worker makes of a commit's documents."""
    texts = iter(_texts(job, pipeline, [file for file in files if file.article]))
    how = How(attributes=job.attributes, keys=job.keys, notes=notes)
    # The texts come in the order of the files that have an article.
    return [next(texts) if file.article else _document(pipeline, file, how) for file in files]


def _document(pipeline: Pipeline, file: _File, how: How) -> _Made:
    """Return a document with its structure."""
    asked: list[SegmentTranslation] = []

    def translate(passage: Passage) -> list[SegmentTranslation]:
        (done,) = pipeline.translate_all([passage])
        asked.extend(done)
        return done

    try:
        if file.error:
            raise InputError("batch.record", "{reason}", reason=file.error)
        name = unpacked_name(file.path.name)
        done, found = translate_data(file.data, name, translate, MAX_INPUT_BYTES, how)
    except InputError as error:
        return _failed(file, error)
    findings = [
        PlacedFinding(place=item.place, **dict(schema.Finding.model_validate(item.finding))) for item in found
    ]
    totals = replace(_totals(asked), findings=len(findings))
    return _Made(_row(file, records=1, findings=findings), totals, done)


def _texts(job: Job, pipeline: Pipeline, files: Sequence[_File]) -> list[_Made]:
    articles = [file.article for file in files if file.article]
    translations: Sequence[Translation | None] = [None] * len(articles)
    if job.task in WHOLE:
        done = pipeline.translate_all([article.passage() for article in articles])
        translations = list(map(pipeline.assemble, articles, done))
    whole = zip(files, articles, translations, strict=True)
    return [_text(job, pipeline, file, article, translation) for file, article, translation in whole]


def _text(
    job: Job, pipeline: Pipeline, file: _File, article: Article, translation: Translation | None
) -> _Made:
    try:
        if job.task == "translate" and translation:
            text = translation_text(translation)
        elif translation:
            reading = pipeline.read(article, job.brief, translation)
            # A file is the same whoever makes it, and when.
            text = reading_markdown(replace(reading, seconds=0.0))
        elif job.task == "brief":
            text = brief_markdown(pipeline.brief(article))
        else:
            text = summary_markdown(pipeline.summarize(article, job.brief))
    except InputError as error:
        return _failed(file, error)
    findings = rows.findings(translation) if translation else []
    row = _row(file, records=1, findings=findings)
    return _Made(row, counted(article, translation), text.encode("utf-8", "replace"))


def _failed(file: _File, error: InputError) -> _Made:
    row = FileRow(key=file.key, place=file.place, type=file.kind or None, error=str(error))
    return _Made(row, Totals(records=1, failures=1))


def _counterpart(path: Path, job: Job) -> tuple[str, str, bool, bytes]:
    """Return the counterpart's name, what it is, whether it is a table, and the content of a document."""
    with open_unpacked(path) as file:
        # The first bytes tell a packed or binary table, whatever its name.
        if source_of(path.name, file.peek(8)[:8]).many:
            return _table_name(path.name), "table", True, b""
        data = read_whole(file)
    name = unpacked_name(path.name)
    kind = kind_of(data, name)
    if kind is XLSX and (job.task != "translate" or is_workbook_table(data, name, job.column)):
        same = job.wide and job.task == "translate" and is_workbook_table(data, name, job.column)
        suffix = "" if name.lower().endswith(".xlsx") else ".xlsx"
        return f"{name}{suffix if same else '.jsonl'}", "table", True, b""
    if job.task != "translate":
        return f"{name}.md", "text", False, data
    suffix = Path(name).suffix.lower()
    if kind.translate:
        return kind.target(name), kind.name, False, data
    return name if suffix in ("", ".txt", ".text") else f"{name}.txt", "text", False, data


def _table_name(name: str) -> str:
    try:
        format_of(Path(name))
    except UsageError:
        return f"{name}.jsonl"
    return name


def _same(path: PurePath) -> str:
    """Return a key that is equal for names that are one on some system."""
    return unicodedata.normalize("NFC", path.as_posix()).casefold()


def _sum(path: Path) -> str:
    digest = sha256(os.fsencode(path))
    # The path is part of it: two files of one content are two records.
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()[:16]


def _row(
    file: _File,
    *,
    records: int = 0,
    failures: int = 0,
    findings: list[rows.SegmentFinding] | list[PlacedFinding] | None = None,
) -> FileRow:
    return FileRow(
        key=file.key,
        place=file.place,
        output=file.target.as_posix(),
        type=file.kind or None,
        records=records,
        failures=failures,
        findings=findings or [],
    )


def _totals(parts: Sequence[SegmentTranslation]) -> Totals:
    return Totals(
        records=1,
        segments=len(parts),
        words=sum(len(part.source.split()) for part in parts),
        cached=sum(part.cached for part in parts),
    )
