"""``warta eval sheet``, ``rate`` and ``spans``: what people say of translations, out and in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import InputError, UsageError

if TYPE_CHECKING:
    from eval.datasets import Dataset
    from eval.scoring import Output
    from eval.spans import Rated


class SpanFormat(StrEnum):
    """The formats of WMT."""

    mqm = "mqm"
    esa = "esa"


class RateFormat(StrEnum):
    """What is printed."""

    text = "text"
    json = "json"


def sheet(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report's folder, of score or run.")],
    out: Annotated[Path, typer.Option(help="The sheet: .html or .csv; its key is written beside it.")],
    system: Annotated[
        list[str] | None, typer.Option(help="The two systems, where the report has more; give it twice.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many segments.")] = 50,
    references: Annotated[bool, typer.Option(help="Show the reference too (HTML).")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the draw and the order.")] = 12345,
) -> None:
    """Make a blind sheet of two systems for people to rate; rate reads the filled ones back."""
    from eval import rating
    from eval.report import sheet as page
    from eval.report.folder import read

    if out.suffix not in (".html", ".csv"):
        raise UsageError("rating.sheet_kind", "a sheet is .html or .csv, not {name}", name=out.name)
    dataset, outputs, _ = read(report)
    drawn = rating.draw(dataset.sources, dataset.references, _two(outputs, system), count, seed)
    text = page.render(drawn, references=references) if out.suffix == ".html" else rating.as_csv(drawn)
    key = out.with_suffix(".key.json")
    made = rating.key(drawn)
    if key.exists() and key.read_text("utf-8", "replace") != made:
        raise UsageError(
            "rating.key_there", "{path} is the key of another sheet; name this one otherwise", path=key
        )
    _write(out, text)
    _write(key, made)
    typer.echo(f"{out}: {len(drawn.items)} items of {' and '.join(drawn.systems)}; keep {key} to yourself")


def rate(
    key: Annotated[Path, typer.Argument(metavar="KEY", help="The key that was written beside the sheet.")],
    sheets: Annotated[
        list[Path], typer.Argument(metavar="SHEET...", help="Filled sheets, CSV, one a rater.")
    ],
    form: Annotated[RateFormat, typer.Option("--format", help="What to print.")] = RateFormat.text,
    resamples: Annotated[int, typer.Option(min=40, help="Bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of resamples and trials.")] = 12345,
) -> None:
    """Say which system raters prefer, whether that is chance, and how far they agree."""
    from eval import rating
    from eval.significance import Resampling

    own = rating.read_key(key)
    ratings = [one for path in sheets for one in rating.read_ratings(path, own)]
    outcome = rating.evaluate(own, ratings, Resampling(resamples=resamples, seed=seed))
    typer.echo(rating.as_json(outcome) if form is RateFormat.json else rating.as_text(outcome), nl=False)


def spans(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report's folder, of score or run.")],
    form: Annotated[SpanFormat, typer.Option("--format", help="MQM or ESA, as WMT writes them.")],
    out: Annotated[Path | None, typer.Option(help="A file instead of standard output.")] = None,
) -> None:
    """Write the errors that raters marked, as WMT's TSV; unrated segments have none."""
    from eval import spans as marked
    from eval.report.folder import read

    dataset, outputs, _ = read(report)
    rated = _rated(dataset, outputs, form)
    if not rated:
        raise InputError(
            "rating.no_spans", "nothing in it is rated as {form}", at=report, form=form.value.upper()
        )
    text = "\n".join(marked.lines(rated, form.value)) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


def _rated(dataset: Dataset, outputs: list[Output], form: SpanFormat) -> list[Rated]:
    """Return every rated segment, one entry a rater, those who found nothing in it too."""
    from eval.spans import Rated

    rows = []
    for output in outputs:
        for i, answer in enumerate(output.answers):
            raters = dict(answer.raters)
            if form is SpanFormat.esa:
                raters = {name: score for name, score in raters.items() if score is not None}
            source = dataset.sources[i] if dataset.sources else ""
            for rater, score in raters.items():
                own = tuple(span for span in answer.spans if span.rater == rater)
                rows.append(
                    Rated(output.name, dataset.name, str(i + 1), rater, source, answer.text, own, score)
                )
    return rows


def _two(outputs: list[Output], names: list[str] | None) -> tuple[Output, Output]:
    known = {output.name: output for output in outputs}
    chosen = names or list(known)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise UsageError(
            "rating.unknown_system",
            "unknown system {name!r}; there are: {known}",
            name=unknown[0],
            known=", ".join(known),
        )
    if len(set(chosen)) != 2:
        raise UsageError(
            "rating.two_systems",
            "a sheet compares two systems; --system NAME twice, of: {known}",
            known=", ".join(known),
        )
    return known[chosen[0]], known[chosen[1]]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError("file.problem", "{reason}", at=path, reason=error.strerror or error) from None
