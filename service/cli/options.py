"""The options of the commands: each declared once, in the record that the commands take it by.

:func:`service.grouped.grouped` makes the options of a command's records its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from service.cli.endpoint import asked
from service.settings import Settings, home

if TYPE_CHECKING:
    from service.intake.documents.blocks import How

HOME = "home"
"""The translation memory of Warta's home folder, as a value of ``--memory``."""

Files = Annotated[
    list[str], Argument(metavar="FILE...", help="Articles to read, or URLs; - is standard input.")
]
MaybeFiles = Annotated[
    list[str] | None, Argument(metavar="FILE...", help="Articles to translate, or URLs; - is standard input.")
]
Format = Annotated[str, Option("--format", "-f", help="text, markdown or json.")]
Printed = Annotated[str, Option("--format", "-f", help="text or json.")]
Fuzzy = Annotated[
    float, Option("--fuzzy", help="Suggest your own translations that are this alike; 0: none.")
]
Name = Annotated[str, Argument(metavar="NAME", help="A name from `warta models list`.")]
KeepBoilerplate = Annotated[
    bool,
    Option(
        "--keep-boilerplate", "--keep-furniture", help="Leave captions, bylines and the like in the text."
    ),
]
Captions = Annotated[bool, Option("--captions", help="Translate the captions of the pictures too.")]
KeysUrl = Annotated[
    str,
    Option(
        "--keys",
        help="Where API keys are: sqlite:///PATH or postgresql://…; default: at home.",
        envvar="WARTA_KEYS",
    ),
]
MemoryPlace = Annotated[
    str,
    Option(
        "--memory",
        metavar="PLACE",
        help="Where translations are kept: home, another file, or a postgresql:// URL.",
        envvar="WARTA_MEMORY",
    ),
]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Which model translates, on what, and how it searches."""

    model: Annotated[str, Option(help="A name from `warta models list`, or auto.", envvar="WARTA_MODEL")] = (
        "auto"
    )
    engine: Annotated[str, Option(help="auto, ctranslate2 or transformers.", envvar="WARTA_ENGINE")] = "auto"
    device: Annotated[str, Option(help="auto, cpu or cuda.", envvar="WARTA_DEVICE")] = "auto"
    threads: Annotated[int | None, Option(help="Cores to use; default: all.", envvar="WARTA_THREADS")] = None
    beam: Annotated[int | None, Option(help="Beam size; default: the model's own.")] = None


@dataclass(frozen=True, slots=True)
class TranslationOptions(EngineOptions):
    """The same, and what happens around the model."""

    glossary: Annotated[Path | None, Option("--glossary", help="Your own terms: CSV, TSV or TOML.")] = None
    rules: Annotated[
        Path | None, Option("--rules", help="Your own checks by regular expression: CSV, TSV or TOML.")
    ] = None
    expand: Annotated[
        bool, Option("--expand", help="Spell an institution's acronym out at its first mention.")
    ] = False
    no_repair: Annotated[
        bool, Option("--no-repair", help="Flag suspicious sentences without decoding them again.")
    ] = False
    memory: MemoryPlace = HOME
    no_memory: Annotated[bool, Option("--no-memory", help="Neither use nor keep earlier translations.")] = (
        False
    )

    def settings(self, fuzzy: float = 0.0) -> Settings:
        """Return the settings of a pipeline. Raises UsageError for a value that is none."""
        return Settings(
            home(os.environ),
            model=self.model,
            engine=self.engine,
            device=self.device,
            threads=self.threads,
            beam_size=self.beam,
            glossary=self.glossary,
            expand=self.expand,
            repair=not self.no_repair,
            memory=bool(self.memory) and not self.no_memory,
            memory_at=memory_at(self.memory),
            fuzzy=fuzzy,
            server=asked(),
            rules=self.rules,
        )


@dataclass(frozen=True, slots=True)
class ServedOptions(TranslationOptions):
    """The same for a server. One that others can reach keeps no translation unless it is told where."""

    memory: MemoryPlace = ""

    def served(self, fuzzy: float, *, local: bool) -> Settings:
        """Return the settings of a server, which is reached from its own machine alone or not."""
        asked = replace(self, memory=HOME) if local and not self.memory else self
        return asked.settings(fuzzy)


@dataclass(frozen=True, slots=True)
class SummaryOptions:
    """How a summary is made, and how long it is."""

    route: Annotated[
        str,
        Option(
            "--route",
            help="auto, extractive, indonanot5, mt5, crosssum, crosssum-m2m, translate-first or endpoint.",
        ),
    ] = "auto"
    sentences: Annotated[int, Option("--sentences", help="Sentences in the summary.")] = 3
    words: Annotated[int | None, Option("--words", help="Words in the summary, instead of sentences.")] = None


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What is written of an article, and where."""

    format: Format = "text"
    output: Annotated[Path | None, Option("--output", "-o", help="A file; a folder for several inputs.")] = (
        None
    )
    keep_furniture: KeepBoilerplate = False


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """What of a document is translated when it comes back as one."""

    attributes: Annotated[
        bool,
        Option("--attributes", help="Translate what stands for pictures too: alt, title, descriptions."),
    ] = False
    keys: Annotated[
        str,
        Option("--keys", metavar="PATHS", help="Of JSON, only texts at these paths, as title,items.*.name."),
    ] = ""

    def how(self) -> How:
        """Return how a document is written again."""
        from service.intake.documents.blocks import How
        from service.intake.documents.keyed import key_paths

        return How(attributes=self.attributes, keys=key_paths(self.keys))


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What is done with the records of a batch, and by how many."""

    task: Annotated[str, Option("--task", help="translate, summarize, brief or read.")] = "translate"
    column: Annotated[str, Option("--column", help="Where the text is in a table.")] = "text"
    fresh: Annotated[bool, Option("--fresh/--resume", help="Start over, or go on where a run stopped.")] = (
        False
    )
    strict: Annotated[bool, Option("--strict", help="Stop at the first bad record.")] = False
    workers: Annotated[int | None, Option("--workers", help="Processes with a model each; default: 1.")] = (
        None
    )
    cluster: Annotated[
        str, Option("--cluster", help="Work on Ray: ray://HOST:PORT, HOST:PORT, or local.")
    ] = ""
    keep_furniture: KeepBoilerplate = False
    wide: Annotated[
        bool,
        Option("--wide/--long", help="A table as that table with new columns, or a row a record."),
    ] = True
    names: Annotated[
        str, Option("--names", help="What a table's new columns are called: translation=english,error=why.")
    ] = ""
    raw: Annotated[
        bool, Option("--raw", help="In CSV and TSV, leave texts that a spreadsheet would compute.")
    ] = False


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Where a server listens, and how much it takes on."""

    host: Annotated[str, Option(help="The address to listen on.", envvar="WARTA_HOST")] = "127.0.0.1"
    port: Annotated[int, Option(help="0 takes a free one.", envvar="WARTA_PORT")] = 8000
    open: Annotated[bool, Option("--open", help="Open the page in the browser.")] = False
    access_log: Annotated[
        bool, Option("--access-log", help="Log a line for each request.", envvar="WARTA_ACCESS_LOG")
    ] = False
    text_chars: Annotated[
        int, Option(help="Characters in the texts of a request.", envvar="WARTA_TEXT_CHARS")
    ] = 20_000
    concurrent: Annotated[int, Option(help="Requests worked on at once.", envvar="WARTA_CONCURRENT")] = 64
    deadline: Annotated[float, Option(help="Seconds that a request may take.", envvar="WARTA_DEADLINE")] = (
        120.0
    )
    drain: Annotated[
        float, Option(help="Seconds that a stop waits for the requests that run.", envvar="WARTA_DRAIN")
    ] = 30.0
    body_bytes: Annotated[int, Option(help="Bytes in the body of a request.", envvar="WARTA_BODY_BYTES")] = (
        10_000_000
    )
    rate: Annotated[int, Option(help="Requests a minute from one address or key.", envvar="WARTA_RATE")] = 120
    models_kept: Annotated[
        int, Option(help="Models that stay open besides --model's.", envvar="WARTA_MODELS_KEPT")
    ] = 2


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """Whom a server answers, and with what."""

    keys: KeysUrl = ""
    require_keys: Annotated[
        bool, Option("--require-keys", help="Answer nobody without a key.", envvar="WARTA_REQUIRE_KEYS")
    ] = False
    trust_proxy: Annotated[
        list[str] | None,
        Option(
            "--trust-proxy",
            help="A proxy's address or network: its X-Forwarded-For counts.",
            envvar="WARTA_TRUST_PROXY",
        ),
    ] = None
    allow_host: Annotated[
        list[str] | None,
        Option("--allow-host", help="A name this server is called by.", envvar="WARTA_ALLOW_HOST"),
    ] = None
    cors_origin: Annotated[
        list[str] | None,
        Option("--cors-origin", help="A site whose pages may ask; * is any.", envvar="WARTA_CORS_ORIGIN"),
    ] = None
    no_fetch: Annotated[bool, Option("--no-fetch", help="Read no URLs.", envvar="WARTA_NO_FETCH")] = False
    no_metrics: Annotated[bool, Option("--no-metrics", help="No /metrics.", envvar="WARTA_NO_METRICS")] = (
        False
    )
    watch: Annotated[bool, Option("--watch", help="Follow the inbox's feeds.", envvar="WARTA_WATCH")] = False
    inbox: Annotated[
        str,
        Option(
            "--inbox", help="A postgresql:// URL or a file, instead of the own inbox.", envvar="WARTA_INBOX"
        ),
    ] = ""


def memory_at(place: str) -> str:
    """Return the place of a memory as :class:`Settings` has it: nothing for the one of the home folder."""
    return "" if place == HOME else place
