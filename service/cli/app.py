"""``warta …``: one short function a command."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.cli import app as eval_app
from service.cli import endpoint as server
from service.cli import inbox as inbox_commands
from service.cli.model_commands import models_app
from service.cli.options import (
    HOME,
    AccessOptions,
    BatchOptions,
    Captions,
    DocumentOptions,
    Files,
    Fuzzy,
    KeysUrl,
    ListenOptions,
    MaybeFiles,
    MemoryPlace,
    OutputOptions,
    Printed,
    ServedOptions,
    SummaryOptions,
    TranslationOptions,
    memory_at,
)
from service.errors import UsageError, WartaError
from service.extras import lacks
from service.grouped import grouped
from service.messages import of_locale, speak, text
from service.settings import ALIKE, Settings, home
from service.version import __version__

if TYPE_CHECKING:
    from service.api.auth import KeyStore
    from service.cli.articles import Job, Work
    from service.document import Article, Reading, Translation
    from service.pipeline import Pipeline
    from service.translation.memory.base import Memory

app = typer.Typer(
    name="warta",
    help="Read Indonesian news in English, and see what each English sentence rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models_app, name="models")
memory_app = typer.Typer(
    help="The translation memory: what is in it, TMX in and out, clear.", no_args_is_help=True
)
app.add_typer(memory_app, name="memory")
keys_app = typer.Typer(help="API keys for `warta serve`: add, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
inbox_commands.register(app)
app.add_typer(eval_app, name="eval", help="Score, run and compare translations and summaries.")


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    language: Annotated[
        str,
        typer.Option("--language", help="Of errors, findings and notes: en or id; default: the locale's."),
    ] = "",
    endpoint: server.Url = "",
    endpoint_model: server.Model = "",
    endpoint_remote: server.Remote = False,
    endpoint_seconds: server.Seconds = 120.0,
) -> None:
    speak(language or of_locale(os.environ))
    if version:
        typer.echo(f"warta {__version__}")
        raise typer.Exit
    server.remember(endpoint, endpoint_model, endpoint_seconds, remote=endpoint_remote)


@app.command()
@grouped
def read(
    files: Files,
    summary: SummaryOptions,
    how: TranslationOptions,
    output: OutputOptions,
    fuzzy: Fuzzy = ALIKE,
    captions: Captions = False,
) -> None:
    """Read articles: English title, summary and translation, and what to check."""
    from service.cli.articles import Work
    from service.pipeline import SummaryRequest
    from service.render.text import READING
    from service.summary.summarizer import Length

    brief = SummaryRequest(summary.route, Length(summary.sentences, summary.words))

    def finish(pipeline: Pipeline, article: Article, done: Translation | None, seconds: float) -> Reading:
        started = time.perf_counter()
        whole = _captioned(pipeline, done or pipeline.translate(article), captions)
        return pipeline.read(article, brief, whole, seconds + time.perf_counter() - started)

    work = Work(finish, READING)
    _run(files, output, how.settings(fuzzy), work)


@app.command()
@grouped
def translate(
    how: TranslationOptions,
    output: OutputOptions,
    documents: DocumentOptions,
    files: MaybeFiles = None,
    fuzzy: Fuzzy = ALIKE,
    lines: Annotated[
        bool, typer.Option("--lines", help="Standard input to standard output, a line for a line.")
    ] = False,
    captions: Captions = False,
) -> None:
    """Translate articles; paragraphs stay as they are, and documents what they are."""
    from service.cli.articles import Work
    from service.render.text import TRANSLATION

    settings = how.settings(fuzzy)
    if lines:
        _lines(
            settings,
            unused=bool(files) or captions or (output, documents) != (OutputOptions(), DocumentOptions()),
        )
        return
    if not files:
        raise UsageError("command.no_file", "name a file to translate, or - for standard input")

    def finish(pipeline: Pipeline, article: Article, done: Translation | None, _: float) -> Translation:
        return _captioned(pipeline, done or pipeline.translate(article), captions)

    _run(files, output, settings, Work(finish, TRANSLATION, documents=documents.how()))


def _captioned(pipeline: Pipeline, done: Translation, captions: bool) -> Translation:
    return pipeline.captioned(done) if captions else done


@app.command("clean")
@grouped
def clean_articles(
    files: Files,
    output: OutputOptions,
    keep_line: Annotated[
        list[int] | None,
        typer.Option("--keep-line", help="Leave this line of the input in, from 1; may be given again."),
    ] = None,
) -> None:
    """Print the article of a page alone: no menus, adverts, links, captions. Needs no model."""
    from service.cli.articles import clean_files

    raise typer.Exit(clean_files(_job(files, output, keep_line or ())))


@app.command("summarize")
@grouped
def summarize_articles(
    files: Files,
    summary: SummaryOptions,
    how: TranslationOptions,
    output: OutputOptions,
    language: Annotated[str, typer.Option("--language", help="Of the summary: en or id.")] = "en",
) -> None:
    """Summarise articles; each sentence names, in brackets, the source sentences it rests on."""
    from service.cli.articles import Work
    from service.pipeline import SummaryRequest
    from service.render.text import SUMMARY
    from service.summary.summarizer import Length

    brief = SummaryRequest(summary.route, Length(summary.sentences, summary.words), language)
    work = Work(lambda pipeline, article, _, __: pipeline.summarize(article, brief), SUMMARY, whole=False)
    _run(files, output, how.settings(), work)


@app.command()
@grouped
def brief(files: Files, how: TranslationOptions, output: OutputOptions) -> None:
    """Tell what happened: one sentence, key points, figures and names, each with its sentence's number."""
    from service.cli.articles import Work
    from service.render.brief import BRIEF

    work = Work(lambda pipeline, article, _, __: pipeline.brief(article), BRIEF, whole=False)
    _run(files, output, how.settings(), work)


@app.command()
@grouped
def facts(files: Files, how: TranslationOptions, output: OutputOptions) -> None:
    """List numbers, dates, money, names and quotations, and say of each whether the translation kept it."""
    from service.cli.articles import Work
    from service.render.brief import LEDGER, Ledger

    def finish(pipeline: Pipeline, article: Article, done: Translation | None, _: float) -> Ledger:
        translation = done or pipeline.translate(article)
        return Ledger(pipeline.facts(translation), len(translation.segments))

    work = Work(finish, LEDGER)
    _run(files, output, how.settings(), work)


@app.command()
@grouped
def batch(
    inputs: Annotated[
        list[Path],
        # What cannot be read is a record with its error, as in a folder.
        typer.Argument(
            metavar="INPUT...", help="Tables, documents, folders of them, gz and zst.", readable=False
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER/",
            help="A .jsonl, .csv, .tsv, .parquet or .xlsx; .gz or .zst after it; a folder for the files; "
            "or - for standard output.",
        ),
    ],
    records: BatchOptions,
    documents: DocumentOptions,
    summary: SummaryOptions,
    how: TranslationOptions,
) -> None:
    """Work on many articles; stopped by anything, the same command goes on."""
    from service.batch.rows import Names
    from service.batch.run import Job
    from service.cli.many import run_batch, target_of
    from service.pipeline import SummaryRequest
    from service.summary.summarizer import Length

    with target_of(output) as target:
        job = Job(
            inputs,
            target.path,
            records.task,
            records.column,
            SummaryRequest(summary.route, Length(summary.sentences, summary.words)),
            records.keep_furniture,
            records.strict,
            records.fresh,
            folder=target.folder,
            raw=records.raw,
            wide=records.wide,
            follow=target.out is not None,
            names=Names.of(records.names),
            attributes=documents.attributes,
            keys=documents.how().keys,
        )
        code = run_batch(job, how.settings(), records.workers, records.cluster, target.out)
    raise typer.Exit(code)


@app.command()
def check(
    source: Annotated[Path, typer.Option("--source", help="Indonesian, a segment a line.")],
    target: Annotated[Path, typer.Option("--target", help="Any system's English, a segment a line.")],
    format: Printed = "text",
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Your own checks by regular expression: CSV, TSV or TOML.")
    ] = None,
    dismiss: Annotated[
        list[str] | None,
        typer.Option(
            "--dismiss",
            metavar="LINE[:CODE]",
            help="Remember that what is found in this line, or only this code, is no mistake.",
        ),
    ] = None,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="Show what was dismissed too.")] = False,
    memory: MemoryPlace = HOME,
) -> None:
    """Check a translation line by line: numbers, names, words turned round, dropped text, loops, echoes."""
    from service.cli.articles import check_files

    # A memory is opened, and made, only where something may be in it or is to be put there.
    there = not no_memory and bool(dismiss or memory not in ("", HOME) or _has_memory())
    check_files(source, target, format, rules, dismiss or (), (lambda: _memory(memory)) if there else None)


@app.command()
@grouped
def serve(listen: ListenOptions, access: AccessOptions, how: ServedOptions, fuzzy: Fuzzy = ALIKE) -> None:
    """Serve the page, LibreTranslate's API and our own over HTTP, on this machine only by default."""
    from service.cli.serve import run_server, server_config

    config = server_config(listen, access)
    run_server(how.served(fuzzy, local=config.local), config, _note)


@memory_app.command()
def stats(memory: MemoryPlace = HOME) -> None:
    """Print how many translations the memory holds, by model."""
    from service.cli.many import memory_stats

    typer.echo(memory_stats(_memory(memory)), nl=False)


@memory_app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A .tmx file to write.")],
    memory: MemoryPlace = HOME,
) -> None:
    """Write all of it as TMX; a note says which model made what is not your own."""
    from service.cli.many import export_memory

    typer.echo(f"{target}: {export_memory(_memory(memory), target):,} units")


@memory_app.command("import")
def import_memory(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A .tmx or .tmx.gz file with id and en.")],
    memory: MemoryPlace = HOME,
) -> None:
    """Take your own translations from TMX; they go before any model's."""
    from service.cli.many import import_tmx

    typer.echo(import_tmx(_memory(memory), source))


@memory_app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    memory: MemoryPlace = HOME,
) -> None:
    """Forget every translation, your own too."""
    if yes or typer.confirm("Forget every translation, your own too?"):
        typer.echo(f"{_memory(memory).clear():,} translations forgotten")


@keys_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, or what for.")], keys: KeysUrl = ""
) -> None:
    """Make a key and print it: it is kept nowhere, only its sum."""
    typer.echo(_keys(keys).add(name))


@keys_app.command("list")
def list_keys(keys: KeysUrl = "") -> None:
    """List the keys: ID, when it was made, until when it was valid, name."""
    for key in _keys(keys).all():
        typer.echo(f"{key.id}  {key.created}  {key.revoked or 'valid':25}  {key.name}")


@keys_app.command("revoke")
def revoke_key(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `warta keys list` shows it.")],
    keys: KeysUrl = "",
) -> None:
    """Have a key not valid any more, at once."""
    if not _keys(keys).revoke(id):
        raise UsageError("keys.unknown", "there is no valid key {key!r}; see `warta keys list`", key=id)
    typer.echo(f"{id}: revoked")


def main() -> None:
    """Run the console command: errors in one line, exit code 1, or 2 for a wrong command."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        app()
    except WartaError as error:
        sys.stderr.write("warta: " + " ".join(text(error).split()) + "\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # The reader of a pipe went away; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _note(line: str) -> None:
    typer.echo(line, err=True)


def _run(files: Sequence[str], output: OutputOptions, settings: Settings, work: Work) -> None:
    from service.cli.articles import run

    raise typer.Exit(run(_job(files, output), settings, work))


def _job(files: Sequence[str], output: OutputOptions, keep_lines: Sequence[int] = ()) -> Job:
    from service.cli.articles import Job, source

    sources = [source(text) for text in files]
    return Job(sources, output.format, output.output, output.keep_furniture, keep_lines)


def _lines(settings: Settings, *, unused: bool) -> None:
    from service.cli.articles import complain
    from service.cli.many import translate_lines
    from service.pipeline import build_pipeline

    if unused:
        raise UsageError(
            "command.lines", "--lines takes standard input and standard output, and no file or format"
        )
    pipeline = build_pipeline(settings, lambda _: None, warn=complain)
    translate_lines(pipeline, sys.stdin.buffer, sys.stdout.buffer)


def _has_memory() -> bool:
    from service.pipeline import MEMORY
    from service.settings import home

    return (home(os.environ) / MEMORY).exists()


def _memory(place: str) -> Memory:
    from service.pipeline import memory_of

    return memory_of(Settings(home(os.environ), memory_at=memory_at(place)))


def _keys(url: str) -> KeyStore:
    try:
        from service.api.auth import KeyStore, default_url
    except ImportError as error:
        raise UsageError(
            "command.keys_need", "keys: {reason}", reason=lacks(error, "serve", "fastapi")
        ) from error
    return KeyStore(url or default_url(home(os.environ)))
