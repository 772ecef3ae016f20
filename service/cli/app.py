"""``warta …``: one short function a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cli import app as eval_app
from service.cli import inbox as inbox_commands
from service.errors import UsageError, WartaError
from service.extras import lacks
from service.settings import ALIKE
from service.version import __version__

if TYPE_CHECKING:
    from service.api.auth import KeyStore
    from service.cli.articles import Job, Work
    from service.models.store import Store
    from service.settings import Settings
    from service.translation.memory.base import Memory

app = typer.Typer(
    name="warta",
    help="Read Indonesian news in English, and see what each English sentence rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The models on this machine: list, pull, verify, remove.", no_args_is_help=True)
app.add_typer(models_app, name="models")
memory_app = typer.Typer(
    help="The translation memory: what is in it, TMX in and out, clear.", no_args_is_help=True
)
app.add_typer(memory_app, name="memory")
keys_app = typer.Typer(help="API keys for `warta serve`: add, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
inbox_commands.register(app)
app.add_typer(eval_app, name="eval", help="Score, run and compare translations and summaries.")


def _source(text: str) -> Path | str:
    """A file, or a URL as it is: a path would lose slashes of it."""
    return text if text.lower().startswith(("http://", "https://")) else Path(text)


# Typer knows no unions: each is what _source gives.
Files = Annotated[
    list[Any],
    typer.Argument(metavar="FILE...", parser=_source, help="Articles to read, or URLs; - is standard input."),
]
MaybeFiles = Annotated[
    list[Any] | None,
    typer.Argument(
        metavar="FILE...", parser=_source, help="Articles to translate, or URLs; - is standard input."
    ),
]
Model = Annotated[str, typer.Option(help="A name from `warta models list`, or auto.", envvar="WARTA_MODEL")]
GlossaryFile = Annotated[Path | None, typer.Option("--glossary", help="Your own terms: CSV, TSV or TOML.")]
Expand = Annotated[
    bool, typer.Option("--expand", help="Spell an institution's acronym out at its first mention.")
]
NoRepair = Annotated[
    bool, typer.Option("--no-repair", help="Flag suspicious sentences without decoding them again.")
]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="Neither use nor keep earlier translations.")]
MemoryAt = Annotated[
    str,
    typer.Option(
        "--memory", help="A postgresql:// URL or a file, instead of the own memory.", envvar="WARTA_MEMORY"
    ),
]
Fuzzy = Annotated[
    float, typer.Option("--fuzzy", help="Suggest your own translations that are this alike; 0: none.")
]
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
KeysUrl = Annotated[
    str,
    typer.Option(
        "--keys",
        help="Where API keys are: sqlite:///PATH or postgresql://…; default: at home.",
        envvar="WARTA_KEYS",
    ),
]


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
    glossary: GlossaryFile = None,
    expand: Expand = False,
    no_repair: NoRepair = False,
    no_memory: NoMemory = False,
    memory: MemoryAt = "",
    fuzzy: Fuzzy = ALIKE,
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
) -> None:
    """Read articles: English title, summary and translation, and what to check."""
    from service.cli.articles import Job, Work
    from service.pipeline import Brief
    from service.render.text import READING
    from service.summary.summarizer import Length

    settings = _settings(
        model, engine, device, threads, beam, glossary, expand, not no_repair, not no_memory, memory, fuzzy
    )
    brief = Brief(route, Length(sentences, words))
    work = Work(
        lambda pipeline, article, done, seconds: pipeline.read(article, brief, done, seconds), READING
    )
    _run(Job(files, format, output, keep_furniture), settings, work)


@app.command()
def translate(
    files: MaybeFiles = None,
    model: Model = "auto",
    engine: EngineName = "auto",
    device: Device = "auto",
    threads: Threads = None,
    beam: Beam = None,
    glossary: GlossaryFile = None,
    expand: Expand = False,
    no_repair: NoRepair = False,
    no_memory: NoMemory = False,
    memory: MemoryAt = "",
    fuzzy: Fuzzy = ALIKE,
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Standard input to standard output, a line for a line.")
    ] = False,
) -> None:
    """Translate articles; paragraphs stay as they are."""
    from service.cli.articles import Job, Work
    from service.render.text import TRANSLATION

    settings = _settings(
        model, engine, device, threads, beam, glossary, expand, not no_repair, not no_memory, memory, fuzzy
    )
    if lines:
        _lines(settings, (files, output, format != "text", keep_furniture))
        return
    if not files:
        raise UsageError("name a file to translate, or - for standard input")
    work = Work(lambda _pipeline, _article, done, _seconds: done, TRANSLATION)
    _run(Job(files, format, output, keep_furniture), settings, work)


@app.command("clean")
def clean_articles(
    files: Files,
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
    keep_line: Annotated[
        list[int] | None,
        typer.Option("--keep-line", help="Leave this line of the input in, from 1; may be given again."),
    ] = None,
) -> None:
    """Print the article of a page alone: no menus, adverts, links, captions. Needs no model."""
    from service.cli.articles import Job, clean_files

    raise typer.Exit(clean_files(Job(files, format, output, keep_furniture, keep_line or ())))


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
    glossary: GlossaryFile = None,
    expand: Expand = False,
    no_repair: NoRepair = False,
    no_memory: NoMemory = False,
    memory: MemoryAt = "",
    format: Format = "text",
    output: Output = None,
    keep_furniture: Keep = False,
) -> None:
    """Summarise articles; each sentence names, in brackets, the source sentences it rests on."""
    from service.cli.articles import Job, Work
    from service.pipeline import Brief
    from service.render.text import SUMMARY
    from service.summary.summarizer import Length

    settings = _settings(
        model, engine, device, threads, beam, glossary, expand, not no_repair, not no_memory, memory
    )
    brief = Brief(route, Length(sentences, words), language)
    work = Work(lambda pipeline, article, _, __: pipeline.summarize(article, brief), SUMMARY, whole=False)
    _run(Job(files, format, output, keep_furniture), settings, work)


@app.command()
def batch(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Tables, documents, folders of them, gz and zst.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER/",
            help="A .jsonl, .csv, .tsv or .parquet, .gz or .zst after it; or a folder for the same files.",
        ),
    ],
    task: Annotated[str, typer.Option("--task", help="translate, summarize or read.")] = "translate",
    column: Annotated[str, typer.Option("--column", help="Where the text is in a table.")] = "text",
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="Start over, or go on where a run stopped.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes with a model each; default: 1.")
    ] = None,
    cluster: Annotated[
        str, typer.Option("--cluster", help="Work on Ray: ray://HOST:PORT, HOST:PORT, or local.")
    ] = "",
    model: Model = "auto",
    route: RouteName = "auto",
    sentences: Sentences = 3,
    words: Words = None,
    engine: EngineName = "auto",
    device: Device = "auto",
    threads: Threads = None,
    beam: Beam = None,
    glossary: GlossaryFile = None,
    expand: Expand = False,
    no_repair: NoRepair = False,
    no_memory: NoMemory = False,
    memory: MemoryAt = "",
    keep_furniture: Keep = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="In CSV and TSV, leave texts that a spreadsheet would compute.")
    ] = False,
) -> None:
    """Work on many articles; stopped by anything, the same command goes on."""
    from service.batch.run import Job
    from service.cli.many import run_batch
    from service.pipeline import Brief
    from service.summary.summarizer import Length

    settings = _settings(
        model, engine, device, threads, beam, glossary, expand, not no_repair, not no_memory, memory
    )
    brief = Brief(route, Length(sentences, words))
    target = Path(output)
    folder = output.endswith(("/", os.sep)) or target.is_dir() or not target.suffix
    job = Job(inputs, target, task, column, brief, keep_furniture, strict, fresh, folder, raw)
    raise typer.Exit(run_batch(job, settings, workers, cluster))


@app.command()
def check(
    source: Annotated[Path, typer.Option("--source", help="Indonesian, a segment a line.")],
    target: Annotated[Path, typer.Option("--target", help="Any system's English, a segment a line.")],
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """Check a translation line by line: numbers, names, negation, dropped text, loops, echoes."""
    from service.cli.articles import check_files

    check_files(source, target, format)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.", envvar="WARTA_HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", envvar="WARTA_PORT")] = 8000,
    model: Model = "auto",
    engine: EngineName = "auto",
    device: Device = "auto",
    threads: Threads = None,
    beam: Beam = None,
    glossary: GlossaryFile = None,
    expand: Expand = False,
    no_repair: NoRepair = False,
    memory: Annotated[bool, typer.Option("--memory", help="Use and keep translations on disk.")] = False,
    memory_at: Annotated[
        str,
        typer.Option(
            "--memory-at", help="The same, at a postgresql:// URL or in a file.", envvar="WARTA_MEMORY"
        ),
    ] = "",
    fuzzy: Fuzzy = ALIKE,
    text_chars: Annotated[
        int, typer.Option(help="Characters in the texts of a request.", envvar="WARTA_TEXT_CHARS")
    ] = 20_000,
    concurrent: Annotated[
        int, typer.Option(help="Requests worked on at once.", envvar="WARTA_CONCURRENT")
    ] = 64,
    deadline: Annotated[
        float, typer.Option(help="Seconds that a request may take.", envvar="WARTA_DEADLINE")
    ] = 120.0,
    drain: Annotated[
        float,
        typer.Option(help="Seconds that a stop waits for the requests that run.", envvar="WARTA_DRAIN"),
    ] = 30.0,
    body_bytes: Annotated[
        int, typer.Option(help="Bytes in the body of a request.", envvar="WARTA_BODY_BYTES")
    ] = 10_000_000,
    rate: Annotated[
        int, typer.Option(help="Requests a minute from one address or key.", envvar="WARTA_RATE")
    ] = 120,
    models_kept: Annotated[
        int,
        typer.Option(help="Models that stay open besides --model's.", envvar="WARTA_MODELS_KEPT"),
    ] = 2,
    keys: KeysUrl = "",
    require_keys: Annotated[
        bool, typer.Option("--require-keys", help="Answer nobody without a key.", envvar="WARTA_REQUIRE_KEYS")
    ] = False,
    trust_proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--trust-proxy",
            help="A proxy's address or network: its X-Forwarded-For counts.",
            envvar="WARTA_TRUST_PROXY",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A name this server is called by.", envvar="WARTA_ALLOW_HOST"),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--cors-origin", help="A site whose pages may ask; * is any.", envvar="WARTA_CORS_ORIGIN"
        ),
    ] = None,
    no_fetch: Annotated[
        bool, typer.Option("--no-fetch", help="Read no URLs.", envvar="WARTA_NO_FETCH")
    ] = False,
    no_metrics: Annotated[
        bool, typer.Option("--no-metrics", help="No /metrics.", envvar="WARTA_NO_METRICS")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow the inbox's feeds.", envvar="WARTA_WATCH")
    ] = False,
    inbox: inbox_commands.InboxAt = "",
) -> None:
    """Serve LibreTranslate's API and our own over HTTP, on this machine only by default."""
    from service.pool import Host

    keeps = memory or bool(memory_at)
    settings = _settings(
        model, engine, device, threads, beam, glossary, expand, not no_repair, keeps, memory_at, fuzzy
    )
    try:
        from service.api.app import run
        from service.api.config import ServerConfig
    except ImportError as error:
        raise UsageError(f"the server: {lacks(error, 'serve', 'fastapi')}") from error
    limits = ServerConfig(
        host=host,
        port=port,
        text_chars=text_chars,
        body_bytes=body_bytes,
        concurrent=concurrent,
        deadline_seconds=deadline,
        drain_seconds=drain,
        requests_per_minute=rate,
        models_kept=models_kept,
        trusted_proxies=tuple(trust_proxy or ()),
        allowed_hosts=tuple(allow_host or ()),
        keys_url=keys,
        keys_required=require_keys,
        cors_origins=tuple(cors_origin or ()),
        fetch=not no_fetch,
        metrics=not no_metrics,
        inbox_at=inbox,
        watch=watch,
    )
    try:
        run(Host(settings, limits.queue, _note, kept=models_kept), limits, say=_note)
    except ImportError as error:
        raise UsageError(f"the server: {lacks(error, 'serve', 'gradio')}") from error


@models_app.command("list")
def list_models(
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """The models there are, which are installed, and their licences."""
    from service.cli.models import table, to_json
    from service.models.catalog import rows

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
    from service.cli.models import install

    install(_store(), presets.get(name), agreed=accept_licence)


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Default: all.")] = None,
) -> None:
    """Compare every installed file with the sum it had when it was installed."""
    from service.cli.models import check

    if not check(_store(), names or []):
        raise typer.Exit(1)


@models_app.command()
def remove(name: Name) -> None:
    """Delete an installed model, and what an unfinished pull left."""
    from service import presets

    freed = _store().remove(presets.get(name))
    typer.echo(f"{name}: removed, {freed / 1e6:.0f} MB freed")


@memory_app.command()
def stats(memory: MemoryAt = "") -> None:
    """How many translations it holds, by model."""
    from service.cli.many import memory_stats

    typer.echo(memory_stats(_memory(memory)), nl=False)


@memory_app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A .tmx file to write.")],
    memory: MemoryAt = "",
) -> None:
    """Write all of it as TMX; a note says which model made what is not your own."""
    from service.cli.many import export_memory

    typer.echo(f"{target}: {export_memory(_memory(memory), target):,} units")


@memory_app.command("import")
def import_memory(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A .tmx or .tmx.gz file with id and en.")],
    memory: MemoryAt = "",
) -> None:
    """Take your own translations from TMX; they go before any model's."""
    from service.cli.many import import_tmx

    typer.echo(import_tmx(_memory(memory), source))


@memory_app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    memory: MemoryAt = "",
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
    """The keys there are: ID, when it was made, until when it was valid, name."""
    for key in _keys(keys).all():
        typer.echo(f"{key.id}  {key.created}  {key.revoked or 'valid':25}  {key.name}")


@keys_app.command("revoke")
def revoke_key(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `warta keys list` shows it.")],
    keys: KeysUrl = "",
) -> None:
    """Have a key not valid any more, at once."""
    if not _keys(keys).revoke(id):
        raise UsageError(f"there is no valid key {id!r}; see `warta keys list`")
    typer.echo(f"{id}: revoked")


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


def _note(line: str) -> None:
    typer.echo(line, err=True)


def _run(job: Job, settings: Settings, work: Work) -> None:
    from service.cli.articles import run

    raise typer.Exit(run(job, settings, work))


def _settings(*options: Any) -> Settings:
    """The options of a command in the order of :class:`service.settings.Settings`, after ``home``."""
    from service.settings import Settings, home

    return Settings(home(os.environ), *options)


def _lines(settings: Settings, unused: tuple[object, ...]) -> None:
    from service.cli.articles import complain
    from service.cli.many import translate_lines
    from service.pipeline import build_pipeline

    if any(unused):
        raise UsageError("--lines takes standard input and standard output, and no file or format")
    pipeline = build_pipeline(settings, lambda _: None, warn=complain)
    translate_lines(pipeline, sys.stdin.buffer, sys.stdout.buffer)


def _memory(at: str) -> Memory:
    from service.pipeline import memory_of
    from service.settings import Settings, home

    return memory_of(Settings(home(os.environ), memory_at=at))


def _keys(url: str) -> KeyStore:
    from service.settings import home

    try:
        from service.api.auth import KeyStore, default_url
    except ImportError as error:
        raise UsageError(f"keys: {lacks(error, 'serve', 'fastapi')}") from error
    return KeyStore(url or default_url(home(os.environ)))


def _store() -> Store:
    from service.models.store import Store
    from service.settings import home

    return Store(home(os.environ) / "models")
