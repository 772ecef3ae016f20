"""The Evaluate tab: files of hypotheses and references to scores, a plot and the whole report."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from service.errors import InputError, UsageError, WartaError
from service.messages import text
from service.page.components import Word, box, keeper, label, link, no_room, quick, streaming, uploads
from service.page.options import PageOptions
from service.page.runs import Runs, run_for_session
from service.page.uploads import Files, NoRoom
from service.page.words import Say, say_for
from service.pool import Host
from service.runtime.sandbox import Confinement, Sandbox

if TYPE_CHECKING:
    from eval.scoring import Evaluation

MOST_LINES = 20_000
RESAMPLES = 500
LIBRARIES = ("sacrebleu", "rouge_score")
"""What ``pip install 'warta[eval]'`` brings for the scores."""
CONFINED = Confinement(cpu_seconds=120, file_bytes=200_000_000)
"""What scoring may use; it writes the report."""


def ready(say: Say) -> None:
    """Raise UsageError where what counts the scores is not installed."""
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking:
        raise UsageError(say.message("evaluate_needs", names=", ".join(lacking)))


def scored(
    outputs: Sequence[str], reference: str, source: str | None, task: str, say: Say
) -> tuple[str, bytes]:
    """Return the scores as HTML, and the report's folder as a ZIP. Raises WartaError."""
    from eval.report import folder
    from eval.report.html import overview

    evaluation = _evaluated(outputs, reference, source, task)
    with tempfile.TemporaryDirectory(prefix="warta-") as place:
        folder.write(evaluation, Path(place))
        report = (Path(place) / "report.html").read_text("utf-8")
        packed = _packed(Path(place))
    systems = ", ".join(system.output.name for system in evaluation.systems)
    count = len(evaluation.dataset.references)
    lines = say("evaluate_done", systems=escape(systems), count=count)
    frame = (
        f'<details class="report"><summary>{say("evaluate_report")}</summary>'
        f'<iframe sandbox="allow-downloads" title="{say("evaluate_report")}" '
        f'srcdoc="{escape(report, quote=True)}"></iframe></details>'
    )
    return box("done", lines) + overview(evaluation, _words(say)) + frame, packed


def _evaluated(outputs: Sequence[str], reference: str, source: str | None, task: str) -> "Evaluation":
    """Return the scores of the uploads. Raises WartaError."""
    from eval.datasets import Task, from_files
    from eval.metrics import Options
    from eval.scoring import Answer, Output, evaluate
    from eval.significance import Resampling
    from eval.tables import read_lines
    from service.translation.guard.check import check

    def shown(path: Path) -> str:
        return path.name  # where an upload lies is nobody's business

    kind: Task = "sum" if task == "sum" else "mt"
    dataset = from_files([Path(reference)], Path(source) if source else None, kind, shown)
    if len(dataset.references) > MOST_LINES:
        raise InputError(
            "page.score_lines",
            "{count} lines; at most {most} are scored here",
            count=f"{len(dataset.references):,}",
            most=f"{MOST_LINES:,}",
        )
    names = _names([Path(path).name for path in outputs])
    answers = [
        Output(name, tuple(map(Answer, read_lines(Path(path), shown(Path(path))))))
        for name, path in zip(names, outputs, strict=True)
    ]
    plan = Resampling(resamples=RESAMPLES)
    return evaluate(dataset, answers, (), Options(plan=plan), check if dataset.sources else None)


def scored_confined(
    sandbox: Sandbox, outputs: Sequence[str], reference: str, source: str | None, task: str, say: Say
) -> tuple[str, bytes]:
    """Do as :func:`scored` in a process of its own. Raises WartaError."""
    asked = [*outputs], reference, source, task, say.language
    shown, packed = sandbox.stream(".page.tabs.evaluate:scored_for", *asked, limits=CONFINED)
    return shown, packed


def scored_for(
    outputs: Sequence[str], reference: str, source: str | None, task: str, language: str
) -> Iterator[str | bytes]:
    """Yield what :func:`scored` gives, for plain values: the HTML, then the ZIP."""
    yield from scored(outputs, reference, source, task, Say(language))


def _names(names: Sequence[str]) -> list[str]:
    """Return file names, numbered where one comes twice."""
    return [name if names.count(name) == 1 else f"{name} ({n})" for n, name in enumerate(names, start=1)]


def _packed(folder: Path) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return target.getvalue()


def _words(say: Say) -> dict[str, str]:
    """Return what the overview says in the reader's language; no figure here is a published one."""
    names = ("scores", "system", "best", "tied", "baseline")
    return {name: say(f"evaluate_{name}") for name in names} | {
        "plot": say("evaluate_plot", metric="{metric}")
    }


def _link(packed: bytes, held: Files, request: object, say: Say) -> str:
    """Return a link to the report. Raises InputError where it does not fit."""
    with held.workplace() as place:
        made = place / "warta-report.zip"
        made.write_bytes(packed)
        try:
            token = held.give(*keeper(request), made)
        except NoRoom as error:
            raise InputError(no_room(error, held, say)) from error
    return link(token, made.name, "evaluate-save", "evaluate_download", say)


def tab(host: Host, options: PageOptions, runs: Runs, word: Word, held: Files) -> None:
    """Build the tab's contents."""
    import gradio as gr

    def run(
        outputs: list[str] | None,
        references: list[str] | None,
        sources: list[str] | None,
        task: str,
        request: gr.Request,
    ) -> str:
        say = say_for(request)
        try:
            ready(say)
            if not outputs:
                raise InputError(say.message("evaluate_missing_outputs", field=say("hypotheses")))
            if not references:
                raise InputError(say.message("evaluate_missing_reference", field=say("reference")))
            source = sources[0] if sources else None
            work = partial(scored_confined, host.sandbox, outputs, references[0], source, task, say)
            shown, packed = run_for_session(
                runs, request.session_hash or "", "evaluate", options.seconds, work
            )
            return shown + _link(packed, held, request, say)
        except WartaError as error:
            return box("error", f"<b>{say('error')}</b> {escape(text(error, say.language))}")

    label("evaluate_intro")
    with gr.Row(elem_classes="fields files"):
        outputs = gr.File(
            label=word("hypotheses"), file_count="multiple", height=180, elem_id="evaluate-outputs"
        )
        reference = gr.File(label=word("reference"), height=180, elem_id="evaluate-reference")
        source = gr.File(label=word("sources"), height=180, elem_id="evaluate-source")
    for component in (outputs, reference, source):
        uploads(component, held)
    task = gr.Radio(
        [(word("task_mt"), "mt"), (word("task_sum"), "sum")], value="mt", label=word("evaluate_task")
    )
    with gr.Row(elem_classes="actions"):
        go = gr.Button(word("evaluate_run"), variant="primary", elem_classes="go", elem_id="evaluate-go")
    result = gr.HTML(elem_classes="result", elem_id="evaluate-result", apply_default_css=False)
    waiting = _waiting()
    go.click(waiting, None, result, **quick()).then(
        run, [outputs, reference, source, task], result, **streaming("evaluate", 2)
    )


def _waiting() -> Callable[..., str]:
    import gradio as gr

    def waiting(request: gr.Request) -> str:
        return box("running", f"<progress></progress>{say_for(request)('evaluate_running')}")

    return waiting
