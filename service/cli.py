"""``warta …``: one short function a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service import __version__
from service.errors import UsageError, WartaError

if TYPE_CHECKING:
    from service.models.store import Store
    from service.settings import Settings
    from service.terminal import Job, Work

app = typer.Typer(
    name="warta",
    help="Read Indonesian news in English, and see what each English sentence rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The models on this machine: list, pull, verify, remove.", no_args_is_help=True)
app.add_typer(models_app, name="models")

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Articles to read; - is standard input.")
]
Model = Annotated[str, typer.Option(help="A name from `warta models list`, or auto.", envvar="WARTA_MODEL")]
RouteName = Annotated[
    str, typer.Option("--route", help="auto, extractive, mt5, crosssum or translate-first.")
]
Sentences = Annotated[int, typer.Option("--sentences", help="Sentences in the summary.")]
Words = Annotated[int | None, typer.Option("--words", help="Words in the summary, instead of sentences.")]
EngineName = Annotated[str, typer.Option(help="auto, ctranslate2 or transformers.", envvar="WARTA_ENGINE")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.", envvar="WARTA_DEVICE")]
Threads = Annotated[int | None, typer.Option(help="Cores to use; default: all.", envvar="WARTA_THREADS")]
Beam = Annotated[int | None, typer.Option(help="Beam size; default: the model's own.")]
Format = Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A file; a folder for several inputs.")]
Keep = Annotated[
    bool, typer.Option("--keep-furniture", help="Leave captions, bylines and the like in the text.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `warta models list`.")]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"warta {__version__}")
        raise typer.Exit


@app.command()
def read(
    files: Files,
    model: Model = "auto",
    route: RouteName = "auto",
    sentences: Sentences = 3,
    words: Words = None,
    engine: EngineName = "auto",
    device: Device = "auto",
    threads: Threads = None,
    beam: Beam = None,
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
) -> None:
    """Read articles: English title, summary and translation, and what to check."""
    from service.pipeline import Brief
    from service.render import READING
    from service.summary.summarizer import Length
    from service.terminal import Job, Work

    brief = Brief(route, Length(sentences, words))
    work = Work(
        lambda pipeline, article, done, seconds: pipeline.read(article, brief, done, seconds), READING
    )
    _run(Job(files, format, output, keep_furniture), _settings(model, engine, device, threads, beam), work)


@app.command()
def translate(
    files: Files,
    model: Model = "auto",
    engine: EngineName = "auto",
    device: Device = "auto",
    threads: Threads = None,
    beam: Beam = None,
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
) -> None:
    """Translate articles; paragraphs stay as they are."""
    from service.render import TRANSLATION
    from service.terminal import Job, Work

    work = Work(lambda _pipeline, _article, done, _seconds: done, TRANSLATION)
    _run(Job(files, format, output, keep_furniture), _settings(model, engine, device, threads, beam), work)


@app.command("summarize")
def summarize_articles(
    files: Files,
    model: Model = "auto",
    route: RouteName = "auto",
    sentences: Sentences = 3,
    words: Words = None,
    language: Annotated[str, typer.Option("--language", help="Of the summary: en or id.")] = "en",
    engine: EngineName = "auto",
    device: Device = "auto",
    threads: Threads = None,
    beam: Beam = None,
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
) -> None:
    """Summarise articles; each sentence names, in brackets, the source sentences it rests on."""
    from service.pipeline import Brief
    from service.render import SUMMARY
    from service.summary.summarizer import Length
    from service.terminal import Job, Work

    brief = Brief(route, Length(sentences, words), language)
    work = Work(lambda pipeline, article, _, __: pipeline.summarize(article, brief), SUMMARY, whole=False)
    _run(Job(files, format, output, keep_furniture), _settings(model, engine, device, threads, beam), work)


@models_app.command("list")
def list_models(
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """The models there are, which are installed, and their licences."""
    from service.shelf import rows, table, to_json

    if format not in ("text", "json"):
        raise UsageError(f"unknown format {format!r}; there are: text, json")
    found = rows(_store())
    typer.echo(to_json(found) if format == "json" else table(found))


@models_app.command()
def pull(
    name: Name,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to a limited licence.")
    ] = False,
) -> None:
    """Fetch a model at its pinned revision, convert it and install it."""
    from service import presets
    from service.shelf import install

    install(_store(), presets.get(name), agreed=accept_licence)


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Default: all.")] = None,
) -> None:
    """Compare every installed file with the sum it had when it was installed."""
    from service.shelf import check

    if not check(_store(), names or []):
        raise typer.Exit(1)


@models_app.command()
def remove(name: Name) -> None:
    """Delete an installed model, and what an unfinished pull left."""
    from service import presets

    freed = _store().remove(presets.get(name))
    typer.echo(f"{name}: removed, {freed / 1e6:.0f} MB freed")


def main() -> None:
    """The console command: errors in one line, exit code 1, or 2 for a wrong command."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        app()
    except WartaError as error:
        sys.stderr.write("warta: " + " ".join(str(error).split()) + "\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # The reader of a pipe went away; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _run(job: Job, settings: Settings, work: Work) -> None:
    from service.terminal import run

    raise typer.Exit(run(job, settings, work))


def _settings(model: str, engine: str, device: str, threads: int | None, beam: int | None) -> Settings:
    from service.settings import Settings, home

    return Settings(home(os.environ), model, engine, device, threads, beam)


def _store() -> Store:
    from service.models.store import Store
    from service.settings import home

    return Store(home(os.environ) / "models")
