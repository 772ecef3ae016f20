"""The Evaluate tab: files of hypotheses and references to scores, a plot and the whole report."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from service.errors import InputError, WartaError
from service.page.components import box, label, quick, streaming
from service.page.words import Say, say_for

MOST_LINES = 20_000
RESAMPLES = 500


def scored(
    outputs: Sequence[str], reference: str, source: str | None, task: str, say: Say
) -> tuple[str, bytes]:
    """The scores as HTML, and the report's folder as a ZIP. Raises WartaError."""
    from eval.datasets import from_files, read_lines
    from eval.metrics import Options
    from eval.report import folder
    from eval.scoring import Answer, Output, evaluate
    from eval.significance import Resampling
    from service.translation.guard.check import check

    dataset = from_files(Path(reference), Path(source) if source else None, "sum" if task == "sum" else "mt")
    if len(dataset.references) > MOST_LINES:
        raise InputError(f"{len(dataset.references):,} lines; at most {MOST_LINES:,} are scored here")
    names = _names([Path(path).name for path in outputs])
    answers = [
        Output(name, tuple(map(Answer, read_lines(Path(path)))))
        for name, path in zip(names, outputs, strict=True)
    ]
    plan = Resampling(resamples=RESAMPLES)
    evaluation = evaluate(dataset, answers, (), Options(plan=plan), check if dataset.sources else None)
    with tempfile.TemporaryDirectory(prefix="warta-") as place:
        folder.write(evaluation, Path(place))
        report = (Path(place) / "report.html").read_text("utf-8")
        packed = _packed(Path(place))
    lines = say("evaluate_done", systems=escape(", ".join(names)), lines=f"{len(dataset.references):,}")
    frame = (
        f'<details class="report"><summary>{say("evaluate_report")}</summary>'
        f'<iframe sandbox="allow-downloads" title="{say("evaluate_report")}" '
        f'srcdoc="{escape(report, quote=True)}"></iframe></details>'
    )
    return box("done", lines) + table(evaluation, say) + chart(evaluation, say) + frame, packed


def _names(names: Sequence[str]) -> list[str]:
    """File names, numbered where one comes twice."""
    return [name if names.count(name) == 1 else f"{name} ({n})" for n, name in enumerate(names, start=1)]


def _packed(folder: Path) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return target.getvalue()


def table(evaluation: Any, say: Say) -> str:
    """A system a row, a metric a column; the best in bold, with a word for those who cannot see that."""
    from eval.report import formats as report

    names = report.metric_names(evaluation)
    arrows = {s.name: report.ARROWS[s.better] for system in evaluation.systems for s in system.scores}
    head = "".join(f'<th scope="col">{escape(name)} {arrows[name]}</th>' for name in names)
    rows = []
    for system in evaluation.systems:
        cells = ""
        for name in names:
            score = system.score(name)
            value = escape(report.number(score)) if score else "–"
            best = report.best(evaluation, name) == system.output.name
            cells += f"<td>{f'<strong>{value}</strong>' if best else value}</td>"
        rows.append(f'<tr><th scope="row">{escape(system.output.name)}</th>{cells}</tr>')
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{say("evaluate_scores")}"><table>'
        f"<caption>{say('evaluate_scores')}</caption><thead><tr>"
        f'<th scope="col">{say("evaluate_system")}</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def chart(evaluation: Any, say: Say) -> str:
    """The first metric of every system with its interval, one row each."""
    from eval.report.html import shown_metric

    metric = shown_metric(evaluation.systems[0])
    scores = [(s.output.name, s.score(metric)) for s in evaluation.systems if s.score(metric)]
    if not scores:
        return ""
    low = min(score.interval[0] for _, score in scores)
    high = max(score.interval[1] for _, score in scores)
    span = (high - low) or 1.0
    low, high = low - span * 0.1, high + span * 0.1
    rows = "".join(_bar(name, score, low, high) for name, score in scores)
    title = say("evaluate_plot", metric=escape(metric))
    return f'<figure class="chart"><figcaption>{title}</figcaption><ul>{rows}</ul></figure>'


def _bar(name: str, score: Any, low: float, high: float) -> str:
    """One system's score as a point on its interval."""
    start, end = score.interval
    middle = _at(score.score, low, high)
    return (
        f'<li><span class="name">{escape(name)}</span>'
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="base" x1="0" x2="100" y1="5" y2="5"/>'
        f'<line class="range" x1="{_at(start, low, high)}" x2="{_at(end, low, high)}" y1="5" y2="5"/>'
        f'<line class="point" x1="{middle}" x2="{middle}" y1="1" y2="9"/></svg>'
        f'<span class="value">{score.score:.1f} <i>{start:.1f}–{end:.1f}</i></span></li>'
    )


def _at(value: float, low: float, high: float) -> str:
    return f"{100 * (value - low) / (high - low):.2f}"


def tab(word: Callable[[str], Any]) -> None:
    """The tab's contents."""
    import gradio as gr

    def run(
        outputs: list[str] | None, reference: str | None, source: str | None, task: str, request: gr.Request
    ) -> Iterator[tuple[str, Any]]:
        say = say_for(request)
        try:
            if not outputs or not reference:
                raise InputError(say("evaluate_missing"))
            shown, packed = scored(outputs, reference, source, task, say)
        except WartaError as error:
            message = str(error)
            for path in [*(outputs or ()), reference or "", source or ""]:
                message = message.replace(path, Path(path).name) if path else message
            yield box("error", f"<b>{say('error')}</b> {escape(say.told(message))}"), gr.update(visible=False)
            return
        with tempfile.TemporaryDirectory(prefix="warta-") as place:
            target = Path(place) / "warta-report.zip"
            target.write_bytes(packed)
            # Gradio takes its copy before it asks for more.
            yield shown, gr.update(value=str(target), visible=True)

    label("evaluate_intro")
    with gr.Row(elem_classes="fields files"):
        outputs = gr.File(
            label=word("hypotheses"), file_count="multiple", height=180, elem_id="evaluate-outputs"
        )
        reference = gr.File(label=word("reference"), height=180, elem_id="evaluate-reference")
        source = gr.File(label=word("sources"), height=180, elem_id="evaluate-source")
    task = gr.Radio(
        [(word("task_mt"), "mt"), (word("task_sum"), "sum")], value="mt", label=word("evaluate_task")
    )
    with gr.Row(elem_classes="actions"):
        go = gr.Button(word("evaluate_run"), variant="primary", elem_classes="go", elem_id="evaluate-go")
    result = gr.HTML(elem_classes="result", elem_id="evaluate-result", apply_default_css=False)
    save = gr.DownloadButton(word("evaluate_download"), visible=False, elem_id="evaluate-save")
    waiting = _waiting()
    go.click(waiting, None, result, **quick()).then(
        run, [outputs, reference, source, task], [result, save], **streaming("evaluate", 2)
    )


def _waiting() -> Callable[..., str]:
    import gradio as gr

    def waiting(request: gr.Request) -> str:
        return box("running", f"<progress></progress>{say_for(request)('evaluate_running')}")

    return waiting
