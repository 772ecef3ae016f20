"""``warta eval …``, and ``python -m eval …`` the same."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.commands.challenge import challenge
from eval.commands.progress import interruptible, progress
from eval.commands.rating import rate, sheet, spans
from service.errors import InputError, Mismatch, UsageError
from service.grouped import grouped

if TYPE_CHECKING:
    from eval.checks import Problem
    from eval.datasets import Dataset
    from eval.datasets import Task as DatasetTask
    from eval.harness import System
    from eval.metrics import Options
    from eval.scoring import Check, Evaluation, Output

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Score, compare and gate translations and summaries."
)


class Task(StrEnum):
    """What is scored."""

    mt = "mt"
    sum = "sum"


class GateFormat(StrEnum):
    """What the gate prints."""

    text = "text"
    markdown = "markdown"


class Format(StrEnum):
    """What is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"
    csv = "csv"
    latex = "latex"


Metrics = Annotated[str, typer.Option(help="Comma-separated names; the task's own set by default.")]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the whole report: JSON, CSV, Markdown, LaTeX, HTML.")
]
Printed = Annotated[Format, typer.Option("--format", help="What to print.")]
Data = Annotated[Path | None, typer.Option(envvar="WARTA_DATA", help="Folder that holds the named sets.")]
By = Annotated[
    list[str] | None,
    typer.Option(help="Divide scores by a column of the data, `length` or `confidence`; again for more."),
]
Seed = Annotated[int, typer.Option(help="Seed of resamples and trials, recorded.")]


@dataclass(frozen=True, slots=True)
class CountingOptions:
    """How sacreBLEU counts, and how often is resampled."""

    tokenize: Annotated[str, typer.Option(help="sacreBLEU's tokenizer for BLEU: 13a, intl, char, none …")] = (
        "13a"
    )
    lowercase: Annotated[bool, typer.Option(help="BLEU and chrF blind to case.")] = False
    smooth: Annotated[str, typer.Option(help="BLEU's smoothing: exp, floor, add-k or none.")] = "exp"
    smooth_value: Annotated[float | None, typer.Option(help="The value of the smoothing floor or add-k.")] = (
        None
    )
    ter_case: Annotated[bool, typer.Option(help="TER that minds case.")] = False
    resamples: Annotated[int, typer.Option(min=40, help="Bootstrap resamples.")] = 1000
    seed: Seed = 12345

    def options(self) -> Options:
        """Return the options of the metrics, the rest of them as usual."""
        from eval.metrics import Counting, Options
        from eval.significance import Resampling

        counting = Counting(self.tokenize, self.lowercase, self.smooth, self.smooth_value, self.ter_case)
        return Options(counting=counting, plan=Resampling(resamples=self.resamples, seed=self.seed))


@dataclass(frozen=True, slots=True)
class MetricOptions:
    """What some metrics need beside the texts."""

    terms: Annotated[Path | None, typer.Option(help="Terms for term-accuracy: source TAB target.")] = None
    stem: Annotated[bool, typer.Option(help="Porter stemmer for ROUGE; English only, and recorded.")] = False
    weights: Annotated[
        list[str] | None, typer.Option(help="METRIC=PATH: local weights of COMET or BERTScore.")
    ] = None
    comet_python: Annotated[
        Path | None,
        typer.Option(envvar="WARTA_COMET_PYTHON", help="The Python of another environment, which has COMET."),
    ] = None

    def options(self, counting: CountingOptions) -> Options:
        """Return the options of the metrics. Raises InputError, UsageError."""
        from eval.tables import read_lines

        rows = [line.split("\t") for line in read_lines(self.terms)] if self.terms else []
        if any(len(row) < 2 for row in rows):
            raise InputError("score.terms_line", "every line needs source TAB target", at=self.terms)
        pairs = [weight.partition("=") for weight in self.weights or ()]
        if any(not path for _, _, path in pairs):
            raise UsageError("score.weights_option", "--weights takes METRIC=PATH")
        return replace(
            counting.options(),
            stem=self.stem,
            terms=tuple((row[0], row[1]) for row in rows),
            weights={name: path for name, _, path in pairs},
            comet=str(self.comet_python) if self.comet_python else "",
        )


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What is done with a data set before it is used."""

    repair: Annotated[bool, typer.Option(help="Repair double-encoded sources and references before use.")] = (
        False
    )
    train: Annotated[
        list[Path] | None,
        typer.Option(help="Training text, tab-separated, to look for in the test set; again for more."),
    ] = None

    def prepared(self, dataset: Dataset) -> tuple[Dataset, list[Problem], list[str]]:
        """Return the data set as it will be used; its overlap with the training text, for list and report."""
        from eval.checks import repaired
        from eval.contamination import with_training

        dataset, noted, notices = with_training(dataset, self.train) if self.train else (dataset, [], [])
        return (repaired(dataset) if self.repair else dataset), noted, notices


def _divided(evaluation: Evaluation, by: list[str] | None, notices: list[str]) -> Evaluation:
    """Return the evaluation with the columns that its report divides the data by, and its notices."""
    from eval.contamination import COLUMN
    from eval.subsets import check_names

    names = list(dict.fromkeys(by or ()))
    check_names(evaluation.dataset, names)
    seen = dict(evaluation.dataset.columns).get(COLUMN, ())
    extra = [COLUMN] if len(set(seen)) > 1 and COLUMN not in names else []
    return replace(evaluation, by=(*names, *extra), notices=tuple(notices))


def _names(metrics: str) -> list[str]:
    return [name.strip() for name in metrics.split(",") if name.strip()]


def _warn(messages: Iterable[object]) -> None:
    for message in messages:
        typer.echo(f"warning: {message}", err=True)


def _guard() -> Check:
    """Return the translator's guard."""
    from service.translation.guard.check import check

    return check


def _labels(paths: list[Path], given: list[str] | None) -> list[str]:
    """Return the names given, else the file names, else, where those repeat, the whole paths."""
    from eval.tables import STDIN

    if given and (len(given) != len(paths) or len(set(given)) < len(given)):
        raise UsageError(
            "score.names_option",
            "--name must be given once for every --hyp ({count}), each name once",
            count=len(paths),
        )
    names = given or ["stdin" if path == STDIN else path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _report(evaluation: Evaluation, form: Format, out: Path | None, *, named: bool) -> None:
    """Print and write; what was left out is a warning where the metrics were asked for by name."""
    from eval.report import formats as report

    _warn(evaluation.problems)
    _warn(evaluation.skipped if named else ())
    for system in evaluation.systems:
        _warn(system.problems)
    if out is not None:
        from eval.report.folder import write

        write(evaluation, out)
    typer.echo(report.FORMATS[form.value](evaluation), nl=False)


@app.command()
@grouped
def score(
    hyp: Annotated[
        list[Path], typer.Option(help="A system's lines, - for standard input; again for more systems.")
    ],
    ref: Annotated[list[Path], typer.Option(help="Reference lines; again for further references.")],
    given: MetricOptions,
    counting: CountingOptions,
    texts: DataOptions,
    name: Annotated[
        list[str] | None, typer.Option(help="A system's name, in the order of --hyp; file names by default.")
    ] = None,
    src: Annotated[Path | None, typer.Option(help="Source lines.")] = None,
    task: Annotated[Task, typer.Option(help="Translation or summarisation.")] = Task.mt,
    metrics: Metrics = "",
    scores: Annotated[
        list[str] | None,
        typer.Option(help="METRIC=FILE: segment scores made elsewhere, once for every --hyp; METRIC:lower=…"),
    ] = None,
    spans: Annotated[
        Path | None, typer.Option(help="Errors that raters marked: a TSV of WMT's MQM or ESA.")
    ] = None,
    by: By = None,
    form: Printed = Format.text,
    out: Out = None,
) -> None:
    """Score any system's files, line by line; no model is needed."""
    from eval import imported
    from eval.datasets import from_files
    from eval.scoring import evaluate
    from eval.spans import read as read_spans

    if sum(str(path) == "-" for path in [*hyp, *ref, src]) > 1:
        raise UsageError("score.stdin_twice", "only one file can be standard input")
    brought = imported.parse(scores or [], len(hyp))
    dataset, noted, notices = texts.prepared(from_files(ref, src, task.value))
    outputs = imported.with_scores(_outputs(hyp, name), brought)
    if spans is not None:
        outputs = imported.with_spans(outputs, read_spans(spans))
    options = replace(given.options(counting), given=imported.better_sides(outputs, brought))
    found = evaluate(dataset, outputs, _names(metrics), options, _guard(), noted)
    _report(_divided(found, by, notices), form, out, named=bool(metrics))


def _outputs(paths: list[Path], names: list[str] | None) -> list[Output]:
    from eval.scoring import Answer, Output
    from eval.tables import read_lines

    return [
        Output(label, tuple(Answer(line) for line in read_lines(path)))
        for label, path in zip(_labels(paths, names), paths, strict=True)
    ]


@app.command()
@grouped
def run(
    dataset: Annotated[
        list[str],
        typer.Option(help="A named set (see `datasets`) or a .tsv, .csv or .jsonl file; again for more."),
    ],
    model: Annotated[list[str], typer.Option(help="A preset; give it again for more.")],
    out: Annotated[Path, typer.Option(help="Folder for answers and report; a second run goes on from it.")],
    given: MetricOptions,
    counting: CountingOptions,
    texts: DataOptions,
    data: Data = None,
    task: Annotated[Task, typer.Option(help="For a file of your own; named sets know theirs.")] = Task.mt,
    route: Annotated[str, typer.Option(help="How summaries are made; see `warta summarize`.")] = "auto",
    metrics: Metrics = "",
    by: By = None,
    form: Printed = Format.text,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Segments asked at once: by default 16, articles one by one.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N segments.")] = None,
) -> None:
    """Translate or summarise a test set with the product's own pipeline, then score, compare and report."""
    from eval import contamination, harness
    from eval.datasets import first, load
    from eval.scoring import evaluate
    from eval.subsets import check_names

    options = given.options(counting)
    for loaded in [load(name, data, task.value) for name in dataset]:
        chosen, noted, notices = texts.prepared(first(loaded, limit) if limit else loaded)
        check_names(chosen, by or ())
        folder = out / loaded.name if len(dataset) > 1 else out
        systems = {name: partial(_system, name, chosen.task, route) for name in dict.fromkeys(model)}
        size = batch or (16 if chosen.task == "mt" else 1)
        with interruptible(partial(harness.kept, folder)), progress() as tell:
            outputs = harness.run(chosen, systems, folder, size, tell)
        found = evaluate(chosen, outputs, _names(metrics), options, _guard(), noted)
        notices += contamination.known(chosen.name, contamination.presets(outputs))
        _report(_divided(found, by, notices), form, folder, named=bool(metrics))


@app.command()
@grouped
def compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Report folders over the same text.")
    ],
    counting: CountingOptions,
    metrics: Metrics = "",
    by: By = None,
    form: Printed = Format.text,
    out: Out = None,
) -> None:
    """Put finished reports side by side, with paired tests between all their systems."""
    from eval.report.folder import imported_metrics, merge
    from eval.scoring import evaluate

    dataset, outputs, names = merge(folders)
    given = imported_metrics(folders)
    wanted = _names(metrics) or [name for name in names if name not in given]
    found = evaluate(dataset, outputs, wanted, replace(counting.options(), given=given))
    _report(_divided(found, by, []), form, out, named=bool(metrics))


@app.command()
def gate(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The new report: its folder or its JSON.")],
    baseline: Annotated[Path, typer.Option(help="The report to hold it against: folder or JSON.")],
    max_drop: Annotated[list[str], typer.Option(help="METRIC=POINTS allowed; give it again for more.")],
    form: Annotated[GateFormat, typer.Option("--format", help="What to print.")] = GateFormat.text,
    summary: Annotated[
        Path | None,
        typer.Option(
            envvar="GITHUB_STEP_SUMMARY", help="File that a Markdown summary is added to, as CI shows it."
        ),
    ] = None,
    seed: Seed = 12345,
) -> None:
    """Exit with 1 when a score dropped by more than allowed and by more than chance, with 3 when the
    baseline does not match."""
    from eval import gate as gates
    from eval.report.folder import read_report
    from eval.significance import Resampling

    allowed = gates.allowances(max_drop)
    try:
        verdicts = gates.judge(read_report(report), read_report(baseline), allowed, Resampling(seed=seed))
    except Mismatch as error:
        _append(summary, gates.summary([], str(error)))
        raise
    _append(summary, gates.summary(verdicts))
    lines = [gates.summary(verdicts)] if form is GateFormat.markdown else list(map(str, verdicts))
    typer.echo("\n".join(lines), nl=form is GateFormat.text)
    if any(verdict.failed for verdict in verdicts):
        raise typer.Exit(1)


def _append(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise InputError("file.problem", "{reason}", at=path, reason=error.strerror or error) from None


@app.command()
def datasets(data: Data = None) -> None:
    """List the named test sets: licence, and whether their file is here."""
    from eval.datasets import registry

    for entry in registry().values():
        here = "here" if entry.locate(data) else "not here"
        pinned = f"SHA-256 {entry.sha256[:12]}" if entry.sha256 else "not pinned"
        typer.echo(f"{entry.name}  [{entry.task}, {here}, {pinned}]  {entry.title}")
        typer.echo(f"    licence: {entry.licence}; {entry.citation}")
        if not entry.locate(data):
            typer.echo(f"    {entry.fetch}")


@app.command()
def contamination(
    dataset: Annotated[list[str], typer.Option(help="A named set or a file of your own; again for more.")],
    train: Annotated[list[Path], typer.Option(help="Training text, tab-separated; again for more.")],
    data: Data = None,
    task: Annotated[Task, typer.Option(help="For a file of your own; named sets know theirs.")] = Task.mt,
) -> None:
    """Say which segments of a test set stand in training text, whole or nearly."""
    from eval.contamination import with_training
    from eval.datasets import load

    for name in dataset:
        loaded, problems, notices = with_training(load(name, data, task.value), train)
        for line in [*notices, *map(str, problems)]:
            typer.echo(f"{loaded.name}: {line}" if line in notices else line)


for _command in (challenge, sheet, rate, spans):
    app.command()(_command)


def _system(name: str, task: DatasetTask, route: str) -> System:
    """Return the product's pipeline over this preset."""
    from eval.harness import PipelineSystem
    from service.pipeline import SummaryRequest, build_pipeline
    from service.settings import Settings, home

    chosen = Settings(home(os.environ), model=name)
    return PipelineSystem(build_pipeline(chosen, _notice), task, SummaryRequest(route=route))


def _notice(message: str) -> None:
    typer.echo(message, err=True)


def main() -> None:
    """Run ``python -m eval``: an expected error is one line on standard error and its exit code."""
    from service.errors import WartaError

    try:
        app(prog_name="python -m eval")
    except WartaError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
