"""The Batch tab: many files in, one table out, by the same code as ``warta batch``."""

import csv
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from service.batch.away import run_away
from service.batch.folder import REPORT
from service.batch.journal import Totals
from service.batch.progress import duration
from service.batch.run import Job, Progress
from service.batch.tables import made_by
from service.context import Ask
from service.errors import Cancelled, InputError, UsageError, WartaError
from service.intake.compression import unpacked_name
from service.intake.documents import KINDS
from service.intake.documents.keyed import key_paths
from service.intake.records import SOURCES
from service.messages import text
from service.page.components import (
    Word,
    box,
    keeper,
    label,
    link,
    no_room,
    quick,
    stopper,
    streaming,
    uploads,
)
from service.page.runs import Runs, events
from service.page.tabs import models
from service.page.uploads import Files, NoRoom
from service.page.words import Say, say_for
from service.pool import Host

if TYPE_CHECKING:
    import gradio as gr

KIND = "batch"
TASKS = ("translate", "summarize", "read")
FORMATS = ("jsonl", "csv")
_OUT = "out"
SAME = "same"
"""The format of a table that is to come back as it is, with new columns behind its own."""
Rows = Callable[[TextIO], Iterable[Mapping[str, object]]]
"""Reads the rows of a table."""
MOST_NAMED = 20
"""So many of the records that failed are named."""
_NUMBER = re.compile(r"\A\d+-")
SUFFIXES = sorted({suffix for source in SOURCES for suffix in source.suffixes})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks for: uploads, what is to be done with them, and as what it is wanted.

    ``keys`` lists paths in a JSON document, as :func:`service.intake.documents.keyed.key_paths` takes them.
    """

    paths: Sequence[str]
    task: str
    column: str
    format: str
    model: str
    keys: str = ""

    def __post_init__(self) -> None:
        if self.task not in TASKS or self.format not in (SAME, *FORMATS):
            raise UsageError(
                "command.batch_choice",
                "the task is one of {tasks}, the format one of {formats}",
                tasks=", ".join(TASKS),
                formats=", ".join((SAME, *FORMATS)),
            )
        key_paths(self.keys)


@dataclass(frozen=True, slots=True)
class Finished:
    """The totals of a batch, where its table can be had, and which records failed, each with why."""

    totals: Totals
    link: str
    failed: tuple[tuple[str, str], ...] = ()


def run_batch(
    host: Host,
    ask: Ask,
    workplace: Callable[[], AbstractContextManager[Path]],
    asked: Asked,
    most: int,
    give: Callable[[Path], str],
) -> Iterator[Progress | Finished]:
    """Yield progress, then the end. The table may have ``most`` bytes; ``give`` takes it and returns a link.

    The folder of ``workplace`` is left by the thread that works in it, so it is there as long as anything is
    written into it, also when the reader has stopped and nobody takes the events any more. Raises WartaError.
    """
    if asked.task not in TASKS or asked.format not in (SAME, *FORMATS):
        raise UsageError(
            "page.batch_choice",
            "the task is one of {tasks}, the format one of {formats}",
            tasks=", ".join(TASKS),
            formats=", ".join((SAME, *FORMATS)),
        )

    def work(tell: Callable[[Progress | Finished], None]) -> None:
        with workplace() as folder:
            job = _job(asked, folder)
            watch = partial(_watched, ask, tell, folder, most)
            if job.follow and asked.task == "translate" and _is_document(asked.paths):
                totals, made = _document(host, asked, folder / "in", watch)
                return tell(Finished(totals, give(made)))
            totals = run_away(host, job, asked.model, watch)
            made = made_by(job) if job.follow else job.output
            found = failed(made) if totals.failures else ()
            tell(Finished(totals, give(made), found))

    for told in events(ask, work):
        yield told[-1]


def _job(asked: Asked, folder: Path) -> Job:
    """Return the batch of the uploads, which are gathered below ``folder``."""
    base = _gathered(asked.paths, folder / "in")
    same = asked.format == SAME
    output = folder / f"warta.{FORMATS[0] if same else asked.format}"
    # A table by itself can come back as that table.
    inputs = [*base.iterdir()] if same and len(asked.paths) == 1 else [base]
    column, keys = asked.column or "text", key_paths(asked.keys)
    return Job(inputs, output, asked.task, column, base=base, wide=same, follow=same, keys=keys)


def _watched(
    ask: Ask, tell: Callable[[Progress | Finished], None], folder: Path, most: int, progress: Progress
) -> None:
    """Tell of progress. Raises Cancelled, and InputError for a result that has become too large."""
    ask.check()
    if _written(folder) > most:
        raise InputError("page.result_size", "the result is larger than {size} bytes", size=f"{most:,}")
    tell(progress)


def _is_document(paths: Sequence[str]) -> bool:
    """Return whether what was sent is one document that can come back as one, by its name."""
    suffix = Path(unpacked_name(paths[0])).suffix.lower() if len(paths) == 1 else ""
    return any(kind.translate and suffix in kind.suffixes for kind in KINDS)


def _document(host: Host, asked: Asked, base: Path, watch: Callable[[Progress], None]) -> tuple[Totals, Path]:
    """Translate one document into one of its kind, a workbook with the column as that table.

    The second is the document, or the report that says why there is none.
    """
    output = base.parent / _OUT
    output.mkdir()
    column = asked.column or "text"
    keys = key_paths(asked.keys)
    job = Job([base], output, asked.task, column, base=base, folder=True, wide=True, keys=keys)
    totals = run_away(host, job, asked.model, watch)
    report = output / REPORT
    made = next((path for path in sorted(output.iterdir()) if not path.name.startswith(REPORT)), report)
    return totals, made


def failed(made: Path, most: int = MOST_NAMED) -> tuple[tuple[str, str], ...]:
    """Return which records of a table failed, the first ``most``, each by its file or row, and why.

    Of a table in another format than JSONL and CSV nothing can be said: its own column has it.
    """
    readers: Mapping[str, Rows] = {".jsonl": _json_rows, ".csv": csv.DictReader}
    reader = readers.get(made.suffix)
    if reader is None:
        return ()
    with made.open(encoding="utf-8", newline="") as file:
        bad = (
            (_NUMBER.sub("", str(row.get("place") or f"{number}"), count=1), str(row["error"]))
            for number, row in enumerate(reader(file), start=1)
            if row.get("error")
        )
        return tuple(islice(bad, most))


def _json_rows(file: TextIO) -> Iterator[dict[str, object]]:
    return (json.loads(row) for row in file)


def _gathered(paths: Sequence[str], folder: Path) -> Path:
    """Return the uploads in one folder, in the order given."""
    folder.mkdir()
    width = len(str(len(paths)))
    for number, path in enumerate(map(Path, paths), start=1):
        # A number before the name keeps the order, and equal names apart.
        target = folder / f"{number:0{width}}-{path.name}"
        try:
            # Without room of its own, and it stays where the upload goes.
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
    return folder


def _written(folder: Path) -> int:
    """Return the bytes of what a batch has made so far, without its input."""
    size = 0
    for path in (*folder.iterdir(), *(folder / _OUT).glob("*")):
        # A file of the batch's own may be gone by now.
        with suppress(FileNotFoundError):
            size += path.stat().st_size if path.is_file() else 0
    return size


def line(told: Progress | Finished, say: Say) -> str:
    """Return progress, or the totals and a link to the table, as HTML."""
    if isinstance(told, Finished):
        made = told.totals
        values = {
            "articles": say("batch_articles", count=made.records),
            "failures": made.failures,
            "findings": say("batch_findings", count=made.findings),
        }
        done = box("done", say("batch_done", **values, time=duration(made.seconds)))
        return done + told.link + _named(told, say)
    totals, before = told.totals, told.before
    rate = (totals.words - before.words) / max(told.seconds, 1e-9)
    left = totals.seconds * (1 - told.share) / told.share if told.share else 0.0
    rest = say("batch_left", left=duration(left)) if left else ""
    text = say(
        "batch_progress",
        articles=say("batch_articles", count=totals.records),
        share=f"{say.number(100 * told.share)}%",
        rate=say.number(rate),
        left=rest,
    )
    bar = f'<progress max="1" value="{min(1.0, told.share):.3f}" aria-label="{text}"></progress>'
    return box("running", f"{bar}{text}")


def _named(told: Finished, say: Say) -> str:
    """Return which records failed, each with why."""
    if not told.failed:
        return ""
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in told.failed)
    more = told.totals.failures - len(told.failed)
    rest = f"<li>{say('batch_more_failed', count=more)}</li>" if more > 0 else ""
    return f'<div class="failed"><p>{say("batch_failed")}</p><ul>{items}{rest}</ul></div>'


def _link(made: Path, held: Files, request: object, say: Say) -> str:
    """Keep a table for the reader and return a link to it. Raises InputError where it does not fit."""
    try:
        token = held.give(*keeper(request), made)
    except NoRoom as error:
        raise InputError(no_room(error, held, say)) from error
    return link(token, made.name, "batch-save", "batch_file", say)


def _told(
    host: Host, runs: Runs, held: Files, paths: list[str] | None, chosen: Sequence[str], request: "gr.Request"
) -> Iterator[str]:
    """Yield how far a reader's batch is, then its end, as HTML; ``chosen`` are the other fields of Asked."""
    say, who = say_for(request), request.session_hash or ""
    ask = runs.begin(who, KIND, background=True)
    try:
        if not paths:
            raise InputError(say.message("batch_none"))
        yield box("running", say("opening"))
        asked = Asked(paths, *chosen)
        give = partial(_link, held=held, request=request, say=say)
        for told in run_batch(host, ask, held.workplace, asked, held.room.session, give):
            yield line(told, say)
    except Cancelled:
        pass  # said below, where nothing newer runs
    except WartaError as error:
        yield box("error", f"<b>{say('error')}</b> {escape(text(error, say.language))}")
    if ask.cancelled.is_set() and not runs.replaced(ask, who, KIND):
        yield box("stopped", say("batch_stopped"))
    runs.end(ask)


def tab(host: Host, runs: Runs, word: Word, held: Files) -> "gr.Dropdown":
    """Return the tab's contents; its model's dropdown."""
    import gradio as gr

    def run(
        paths: list[str] | None,
        task: str,
        column: str,
        format: str,
        model: str,
        keys: str,
        request: gr.Request,
    ) -> Iterator[tuple[object, object]]:
        # Stop can be pressed while there is something to stop.
        for shown in _told(host, runs, held, paths, (task, column, format, model, keys), request):
            yield shown, gr.update(interactive=True)
        yield gr.skip(), gr.update(interactive=False)

    label("batch_intro")
    paths = gr.File(
        label=word("files"), file_count="multiple", file_types=SUFFIXES, height=180, elem_id="batch-files"
    )
    uploads(paths, held)
    with gr.Row(elem_classes="fields"):
        task = gr.Radio(
            [(word(f"task_{name}"), name) for name in TASKS], value="translate", label=word("task")
        )
        formats = [(word("format_same"), SAME), *((name.upper(), name) for name in FORMATS)]
        format = gr.Radio(formats, value=FORMATS[0], label=word("format"))
        column = gr.Textbox("text", label=word("column"), max_lines=1, elem_id="batch-column")
        keys = gr.Textbox(
            label=word("json_keys"), placeholder="title,items.*.name", max_lines=1, elem_id="batch-keys"
        )
        model = gr.Dropdown(models.choices(host), value="auto", label=word("model"), elem_id="batch-model")
    with gr.Row(elem_classes="actions"):
        go = gr.Button(word("batch_run"), variant="primary", elem_classes="go", elem_id="batch-go")
        halt = gr.Button(word("stop"), interactive=False, elem_classes="halt", elem_id="batch-halt")
    result = gr.HTML(elem_classes="result", elem_id="batch-result", apply_default_css=False)
    go.click(run, [paths, task, column, format, model, keys], [result, halt], **streaming(KIND, 2))
    halt.click(stopper(runs, KIND), None, None, **quick())
    return model
