"""The Batch tab: many files in, one table out, by the same code as ``warta batch``."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from service.batch.journal import Totals
from service.batch.run import Job, Progress, run
from service.cli.many import duration
from service.errors import Cancelled, InputError, WartaError
from service.intake.records import SOURCES
from service.page.components import box, label, quick, stopper, streaming
from service.page.runs import Runs, events
from service.page.tabs import models
from service.page.words import Say, say_for
from service.pool import Host
from service.runtime.batching import Ask

KIND = "batch"
TASKS = ("translate", "summarize", "read")
FORMATS = ("jsonl", "csv")
SUFFIXES = sorted({suffix for source in SOURCES for suffix in source.suffixes})


def worked(
    host: Host, ask: Ask, folder: Path, asked: tuple[Sequence[str], str, str, str, str]
) -> Iterator[Progress | Totals]:
    """Progress, then the totals; the output is ``folder/warta.<format>``. Raises WartaError."""
    paths, task, column, format, model = asked
    inputs = _gathered(paths, folder / "in")
    output = folder / f"warta.{format}"
    job = Job([inputs], output, task, column or "text")

    def work(tell: Callable[[Any], None]) -> None:
        def watch(progress: Progress) -> None:
            ask.check()
            tell(progress)

        totals = run(job, host.pipeline(model, gentle=True), watch)
        _without(output, f"{inputs}/")
        tell(totals)

    for told in events(ask, work):
        yield told[-1]


def _gathered(paths: Sequence[str], folder: Path) -> Path:
    """The uploads in one folder, in the order given."""
    folder.mkdir()
    width = len(str(len(paths)))
    for number, path in enumerate(map(Path, paths), start=1):
        # A number before the name keeps the order, and equal names apart.
        shutil.copyfile(path, folder / f"{number:0{width}}-{path.name}")
    return folder


def _without(output: Path, prefix: str) -> None:
    """Takes the server's folder out of the places that the rows name."""
    output.write_bytes(output.read_bytes().replace(prefix.encode(), b""))


def line(told: Progress | Totals, say: Say) -> str:
    """Progress or totals in a line of HTML."""
    if isinstance(told, Totals):
        values = {"records": f"{told.records:,}", "failures": told.failures, "findings": f"{told.findings:,}"}
        return box("done", say("batch_done", **values, time=duration(told.seconds)))
    totals, before = told.totals, told.before
    rate = (totals.words - before.words) / max(told.seconds, 1e-9)
    left = totals.seconds * (1 - told.share) / told.share if told.share else 0.0
    rest = say("batch_left", left=duration(left)) if left else ""
    text = say(
        "batch_progress",
        records=f"{totals.records:,}",
        share=f"{told.share:.0%}",
        rate=f"{rate:,.0f}",
        left=rest,
    )
    bar = f'<progress max="1" value="{min(1.0, told.share):.3f}" aria-label="{text}"></progress>'
    return box("running", f"{bar}{text}")


def tab(host: Host, runs: Runs, word: Callable[[str], Any]) -> Any:
    """The tab's contents; its model's dropdown."""
    import gradio as gr

    def go_on(
        paths: list[str] | None, task: str, column: str, format: str, model: str, request: gr.Request
    ) -> Iterator[tuple[str, Any]]:
        say, hidden = say_for(request), gr.update(visible=False)
        ask = runs.begin(request.session_hash or "", KIND)
        folder = Path(tempfile.mkdtemp(prefix="warta-"))
        try:
            if not paths:
                raise InputError(say("batch_none"))
            yield box("running", say("opening")), hidden
            for told in worked(host, ask, folder, (paths, task, column, format, model)):
                made = folder / f"warta.{format}"
                value = gr.update(value=str(made), visible=True) if isinstance(told, Totals) else hidden
                yield line(told, say), value
        except WartaError as error:
            if not isinstance(error, Cancelled):
                message = say.told(str(error).replace(f"{folder}/", ""))
                yield box("error", f"<b>{say('error')}</b> {escape(message)}"), hidden
        finally:
            if ask.cancelled.is_set():
                # What still runs writes into it for a moment.
                time.sleep(0.1)
            shutil.rmtree(folder, ignore_errors=True)
        if ask.cancelled.is_set() and not runs.replaced(ask, request.session_hash or "", KIND):
            yield box("stopped", say("batch_stopped")), hidden
        runs.end(ask)

    label("batch_intro")
    paths = gr.File(
        label=word("files"), file_count="multiple", file_types=SUFFIXES, height=180, elem_id="batch-files"
    )
    with gr.Row(elem_classes="fields"):
        task = gr.Radio(
            [(word(f"task_{name}"), name) for name in TASKS], value="translate", label=word("task")
        )
        format = gr.Radio([(name.upper(), name) for name in FORMATS], value="jsonl", label=word("format"))
        column = gr.Textbox("text", label=word("column"), max_lines=1, elem_id="batch-column")
        model = gr.Dropdown(models.choices(host), value="auto", label=word("model"), elem_id="batch-model")
    with gr.Row(elem_classes="actions"):
        go = gr.Button(word("batch_run"), variant="primary", elem_classes="go", elem_id="batch-go")
        halt = gr.Button(word("stop"), elem_classes="halt", elem_id="batch-halt")
    result = gr.HTML(elem_classes="result", elem_id="batch-result", apply_default_css=False)
    save = gr.DownloadButton(word("batch_file"), visible=False, elem_id="batch-save")
    go.click(go_on, [paths, task, column, format, model], [result, save], **streaming(KIND, 2))
    halt.click(stopper(runs, KIND), None, None, **quick())
    return model
