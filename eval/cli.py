"""``warta eval …``, and ``python -m eval …`` the same."""

from __future__ import annotations

import importlib
import os
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.errors import InputError, UsageError

if TYPE_CHECKING:
    from eval.checks import Problem
    from eval.datasets import Dataset
    from eval.datasets import Task as DatasetTask
    from eval.harness import System
    from eval.metrics import Options
    from eval.scoring import Check, Evaluation

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Score, compare and gate translations and summaries."
)


class Task(StrEnum):
    """What is scored."""

    mt = "mt"
    sum = "sum"


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
Terms = Annotated[Path | None, typer.Option(help="Terms for term-accuracy: source TAB target.")]
Stem = Annotated[bool, typer.Option(help="Porter stemmer for ROUGE; English only, and recorded.")]
Weights = Annotated[list[str] | None, typer.Option(help="METRIC=PATH: local weights of COMET or BERTScore.")]
Repair = Annotated[bool, typer.Option(help="Repair double-encoded sources and references before use.")]
Train = Annotated[
    Path | None, typer.Option(help="Training text, tab-separated, to look for in the test set.")
]
Resamples = Annotated[int, typer.Option(min=40, help="Bootstrap resamples.")]
Seed = Annotated[int, typer.Option(help="Seed of resamples and trials, recorded.")]


def _options(terms: Path | None, stem: bool, weights: list[str] | None, resamples: int, seed: int) -> Options:
    from eval.datasets import read_lines
    from eval.metrics import Options
    from eval.significance import Resampling

    rows = [line.split("\t") for line in read_lines(terms)] if terms else []
    if any(len(row) < 2 for row in rows):
        raise InputError(f"{terms}: every line needs source TAB target")
    pairs = [weight.partition("=") for weight in weights or ()]
    if any(not path for _, _, path in pairs):
        raise UsageError("--weights takes METRIC=PATH")
    return Options(
        stem=stem,
        terms=tuple((row[0], row[1]) for row in rows),
        weights={name: path for name, _, path in pairs},
        plan=Resampling(resamples=resamples, seed=seed),
    )


def _prepared(dataset: Dataset, repair: bool, train: Path | None) -> tuple[Dataset, list[Problem]]:
    """The data set as it will be used, and its overlap with the training text."""
    from eval.checks import overlap, repaired
    from eval.datasets import read_lines

    noted = overlap(dataset, read_lines(train)) if train is not None else []
    return (repaired(dataset) if repair else dataset), noted


def _names(metrics: str) -> list[str]:
    return [name.strip() for name in metrics.split(",") if name.strip()]


def _warn(messages: Any) -> None:
    for message in messages:
        typer.echo(f"warning: {message}", err=True)


def _guard() -> Check | None:
    """The translator's guard; ``None`` in a tree without it."""
    try:
        check: Check = importlib.import_module("service.translation.guard.check").check
    except ModuleNotFoundError as error:
        if error.name != "service.translation.guard.check":
            raise
        return None
    return check


def _labels(paths: list[Path], given: list[str] | None) -> list[str]:
    """The names given, else the file names, else, where those repeat, the whole paths."""
    if given and (len(given) != len(paths) or len(set(given)) < len(given)):
        raise UsageError(f"--name must be given once for every --hyp ({len(paths)}), each name once")
    names = given or [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _report(evaluation: Evaluation, form: Format, out: Path | None) -> None:
    from eval.report import formats as report

    _warn(evaluation.problems)
    for system in evaluation.systems:
        _warn(system.problems)
    if out is not None:
        from eval.report.folder import write

        write(evaluation, out)
    typer.echo(report.FORMATS[form.value](evaluation), nl=False)


@app.command()
def score(
    hyp: Annotated[list[Path], typer.Option(help="A system's lines; give it again for more systems.")],
    ref: Annotated[Path, typer.Option(help="Reference lines.")],
    name: Annotated[
        list[str] | None, typer.Option(help="A system's name, in the order of --hyp; file names by default.")
    ] = None,
    src: Annotated[Path | None, typer.Option(help="Source lines.")] = None,
    task: Annotated[Task, typer.Option(help="Translation or summarisation.")] = Task.mt,
    metrics: Metrics = "",
    form: Printed = Format.text,
    out: Out = None,
    terms: Terms = None,
    stem: Stem = False,
    weights: Weights = None,
    repair: Repair = False,
    train: Train = None,
    resamples: Resamples = 1000,
    seed: Seed = 12345,
) -> None:
    """Score any system's files, line by line; no model is needed."""
    from eval.datasets import from_files, read_lines
    from eval.scoring import Answer, Output, evaluate

    dataset, noted = _prepared(from_files(ref, src, task.value), repair, train)
    outputs = [
        Output(label, tuple(Answer(line) for line in read_lines(path)))
        for label, path in zip(_labels(hyp, name), hyp, strict=True)
    ]
    options = _options(terms, stem, weights, resamples, seed)
    _report(evaluate(dataset, outputs, _names(metrics), options, _guard(), noted), form, out)


@app.command()
def run(
    dataset: Annotated[
        list[str], typer.Option(help="A named set (see `datasets`) or a .tsv or .jsonl file; again for more.")
    ],
    model: Annotated[list[str], typer.Option(help="A preset; give it again for more.")],
    out: Annotated[Path, typer.Option(help="Folder for answers and report; a second run goes on from it.")],
    data: Data = None,
    task: Annotated[Task, typer.Option(help="For a file of your own; named sets know theirs.")] = Task.mt,
    route: Annotated[str, typer.Option(help="How summaries are made; see `warta summarize`.")] = "auto",
    metrics: Metrics = "",
    form: Printed = Format.text,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Segments asked at once: by default 16, articles one by one.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N segments.")] = None,
    terms: Terms = None,
    stem: Stem = False,
    weights: Weights = None,
    repair: Repair = False,
    train: Train = None,
    resamples: Resamples = 1000,
    seed: Seed = 12345,
) -> None:
    """Translate or summarise a test set with the product's own pipeline, then score, compare and report."""
    from eval import harness
    from eval.datasets import first, load
    from eval.scoring import evaluate

    options = _options(terms, stem, weights, resamples, seed)
    for loaded in [load(name, data, task.value) for name in dataset]:
        chosen, noted = _prepared(first(loaded, limit) if limit else loaded, repair, train)
        folder = out / loaded.name if len(dataset) > 1 else out
        systems = {name: partial(_system, name, chosen.task, route) for name in dict.fromkeys(model)}
        size = batch or (16 if chosen.task == "mt" else 1)
        outputs = harness.run(chosen, systems, folder, size, _progress)
        _report(evaluate(chosen, outputs, _names(metrics), options, _guard(), noted), form, folder)


@app.command()
def compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Report folders over the same text.")
    ],
    metrics: Metrics = "",
    form: Printed = Format.text,
    out: Out = None,
    resamples: Resamples = 1000,
    seed: Seed = 12345,
) -> None:
    """Put finished reports side by side, with paired tests between all their systems."""
    from eval.report.folder import merge
    from eval.scoring import evaluate

    dataset, outputs, names = merge(folders)
    options = _options(None, False, None, resamples, seed)
    _report(evaluate(dataset, outputs, _names(metrics) or names, options), form, out)


@app.command()
def gate(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The new report: its folder or its JSON.")],
    baseline: Annotated[Path, typer.Option(help="The report to hold it against: folder or JSON.")],
    max_drop: Annotated[list[str], typer.Option(help="METRIC=POINTS allowed; give it again for more.")],
    seed: Seed = 12345,
) -> None:
    """Exit with 1 when a score dropped by more than allowed and by more than chance."""
    from eval.gate import allowances, judge
    from eval.report.folder import read_report
    from eval.significance import Resampling

    verdicts = judge(read_report(report), read_report(baseline), allowances(max_drop), Resampling(seed=seed))
    for verdict in verdicts:
        typer.echo(str(verdict))
    if any(verdict.failed for verdict in verdicts):
        raise typer.Exit(1)


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


def _system(name: str, task: DatasetTask, route: str) -> System:
    """The product's pipeline over this preset."""
    from eval.harness import PipelineSystem

    pipeline = importlib.import_module("service.pipeline")
    settings = importlib.import_module("service.settings")
    chosen = settings.Settings(home=settings.home(os.environ), model=name)
    return PipelineSystem(
        pipeline.build_pipeline(chosen, _notice), task, pipeline.SummaryRequest(route=route)
    )


def _notice(message: str) -> None:
    typer.echo(message, err=True)


def _progress(name: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{name}: {done}/{total}" + ("\n" if done == total else ""), err=True, nl=False)


def main() -> None:
    """``python -m eval``: an expected error is one line on standard error and its exit code."""
    from service.errors import WartaError

    try:
        app(prog_name="python -m eval")
    except WartaError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
