"""The Read tab: an article pasted, dropped or fetched, and its reading beside it."""

import json
import logging
import secrets
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from service import presets
from service.confined import read_article, read_document
from service.document import Article, Message, Reading, SegmentTranslation
from service.errors import Cancelled, InputError, UsageError, WartaError
from service.intake import fetch as web
from service.intake.clean import numbered
from service.intake.credit import headed
from service.intake.encoding import read_bytes
from service.messages import text
from service.page.components import Word, done_with, label, quick, stopper, streaming, uploads
from service.page.corrections import Corrections
from service.page.options import PageOptions
from service.page.runs import Made, Runs, events, run_for_session
from service.page.serialization import unpack
from service.page.session import Shown, View, reopened
from service.page.tabs import models
from service.page.uploads import Files
from service.page.words import Say, say_for
from service.pipeline import ENGLISH, Pipeline, SummaryRequest, is_english, warnings
from service.pool import Host
from service.render import download as downloads
from service.render.sheet import Origin
from service.runtime.sandbox import Sandbox
from service.summary.routes import NAMES
from service.summary.summarizer import Length, offered

if TYPE_CHECKING:
    import gradio as gr
    from gradio.blocks import Block
    from gradio.components import Component

KIND = "read"
CAPTIONED = "captions"
"""The run that only adds captions to a reading."""
MOST_SENTENCES = 20
LONGEST_ADDRESS = 2_000
AT_ONCE = 32
"""Sentences that are translated together, so that a long text shows how far it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader chose."""

    text: str
    model: str = "auto"
    route: str = "auto"
    sentences: int = 3
    keep_furniture: bool = False
    restored: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """The first that is known of a run."""

    article: Article
    total: int
    model: str
    warnings: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The first sentence as first decoded; it is being decoded again."""

    part: SegmentTranslation


def reading(host: Host, options: PageOptions, runs: Runs, asked: Asked, who: str, say: Say) -> Iterator[View]:
    """Yield what the view shows, again and again, until the reading is done, stopped, replaced or failed."""

    def work(tell: Callable[[object], None]) -> None:
        _check(asked, options, say)
        _work(host, asked, tell)

    yield from shown(options, runs, who, say, work, asked.address)


def shown(
    options: PageOptions,
    runs: Runs,
    who: str,
    say: Say,
    work: Callable[[Callable[[object], None]], None],
    address: str = "",
) -> Iterator[View]:
    """Yield what the view shows of a reading that ``work`` makes and tells of as :func:`translated` does.

    ``address`` is where the article was read from.
    """
    ask = runs.begin(who, KIND, time.monotonic() + options.seconds)
    seen = Shown(secrets.token_hex(8), say, address)
    yield seen.values
    try:
        for batch in events(ask, work):
            _take(seen, batch)
            if not ask.cancelled.is_set():
                yield seen.values
    except Cancelled:
        pass  # said below, where nothing newer runs
    except WartaError as error:
        seen.failed(text(error, say.language))
        yield seen.values
    except Exception as error:
        # A fault of the program's own. Its message may hold text of the article: only the place is logged.
        where = "".join(traceback.format_tb(error.__traceback__))
        logging.getLogger(__name__).error("a reading failed: %s\n%s", type(error).__name__, where)
        seen.failed(say("internal"))
        yield seen.values
    if ask.cancelled.is_set() and not runs.replaced(ask, who, KIND):
        seen.stopped()
        yield seen.values
    runs.end(ask)


def _check(asked: Asked, options: PageOptions, say: Say) -> None:
    if not asked.text.strip():
        raise InputError(say.message("nothing"))
    if len(asked.text) > options.text_limit:
        raise InputError(
            say.message("too_long", count=say.number(len(asked.text)), limit=say.number(options.text_limit))
        )
    if asked.route not in NAMES or not 1 <= asked.sentences <= MOST_SENTENCES:
        raise UsageError(
            "page.summary_choice",
            "sentences must be from 1 to {most}, the route one of {routes}",
            most=MOST_SENTENCES,
            routes=", ".join(NAMES),
        )


def _work(host: Host, asked: Asked, tell: Callable[[object], None]) -> None:
    started = time.perf_counter()
    kept = numbered(asked.text, asked.restored)
    article = read_article(host.sandbox, asked.text, keep_furniture=asked.keep_furniture, restored_lines=kept)
    request = SummaryRequest(asked.route, Length(asked.sentences))
    translated(host.pipeline(asked.model), article, tell, request, started)


def translated(
    pipeline: Pipeline,
    article: Article,
    tell: Callable[[object], None],
    request: SummaryRequest | None = None,
    started: float | None = None,
) -> Reading:
    """Read an article; ``tell`` is told of each step and at last of the reading, which is returned too."""
    started = time.perf_counter() if started is None else started
    english = is_english(article)
    warned = (ENGLISH,) if english else warnings(article)
    tell(_Opened(article, len(article.sources), pipeline.signature.preset, warned))
    done = []
    if english:
        parts = iter(pipeline.as_it_is(article))
    else:
        parts = pipeline.stream(article.passage(), lambda first: tell(_Draft(first)), AT_ONCE)
    for part in parts:
        done.append(part)
        tell(part)
    translation = replace(pipeline.assemble(article, done), warnings=warned)
    made = pipeline.read(article, request, translation, time.perf_counter() - started)
    tell(made)
    return made


def _take(shown: Shown, batch: list[object]) -> None:
    parts = [event for event in batch if isinstance(event, SegmentTranslation)]
    for event in batch:
        if isinstance(event, _Opened):
            shown.opened(event.article, event.total, event.model, event.warnings)
        elif isinstance(event, _Draft):
            shown.draft(event.part)
    if parts:
        shown.more(parts)
    for event in batch:
        if isinstance(event, Reading):
            shown.finished(event)


def with_captions(host: Host, options: PageOptions, value: str, say: Say) -> View | dict[str, str]:
    """Return what the view shows of a reading that the browser has, its captions in English; or an error."""
    try:
        made = unpack(_parsed(value))
        if sum(map(len, made.article.captions)) > options.text_limit:
            raise InputError(say.message("captions_too_long"))
        pipeline = host.pipeline(made.translation.signature.preset)
        return reopened(replace(made, translation=pipeline.captioned(made.translation)), say, CAPTIONED)
    except WartaError as error:
        return {"failed": text(error, say.language)}


def _parsed(value: str) -> object:
    """Return JSON as values; None for what is none."""
    try:
        return json.loads(value or "null")
    except (ValueError, RecursionError):
        return None


def file_text(box: Sandbox, path: str, options: PageOptions) -> str:
    """Return the text of an uploaded file. Raises InputError, which names the file and not its path."""
    name = Path(path).name
    data = read_bytes(Path(path), options.file_bytes, shown=name)
    try:
        return read_document(box, data, name, options.file_bytes)
    except InputError as error:
        raise type(error)(error, at=name) from error.__cause__


def _first_text(box: Sandbox, paths: Sequence[str], options: PageOptions, say: Say) -> str:
    if not paths:
        raise InputError(say.message("nothing"))
    return headed(file_text(box, paths[0], options))


def tab(
    host: Host, options: PageOptions, runs: Runs, word: Word, examples: dict[str, str], held: Files
) -> "tuple[list[Block], list[Block]]":
    """Return the tab's contents; its settings, the model's dropdown first; the reading view and its Stop
    button.
    """
    parts = _contents(host, options, word, examples, held)
    shown_view: list[Block] = [_view(Corrections(host, options)), parts.halt]
    _wire(parts, shown_view, _handlers(host, options, runs, held), options, runs)
    return [*parts.chosen, parts.drawer], shown_view


@dataclass(frozen=True, slots=True)
class _Parts:
    """The widgets of the tab that something happens to. The address and its button are not always there."""

    text: "gr.Textbox"
    restored: "gr.Textbox"
    origin: "gr.Textbox"
    current: "gr.Textbox"
    captions: "gr.Button"
    file: "gr.UploadButton"
    address: "tuple[gr.Textbox, gr.Button] | None"
    examples: "list[tuple[gr.Button, str]]"
    drawer: "gr.Accordion"
    chosen: "Sequence[Component]"
    share: "gr.Button"
    go: "gr.Button"
    halt: "gr.Button"


@dataclass(frozen=True, slots=True)
class _Handlers:
    """What is done when a widget is used."""

    run: Callable[..., object]
    opened: Callable[..., object]
    fetched: Callable[..., object]
    captioned: Callable[..., object]


def _contents(host: Host, options: PageOptions, word: Word, examples: dict[str, str], held: Files) -> _Parts:
    """Lay out what stands above the reading."""
    import gradio as gr

    address = None
    with gr.Column(elem_classes="desk"):
        text = gr.Textbox(
            label=word("article"), placeholder=word("article_hint"), lines=8, max_lines=8, elem_id="article"
        )
        restored, origin, current = (
            gr.Textbox(visible="hidden", elem_id=name) for name in ("restored", "origin", "current")
        )
        captions = gr.Button(visible="hidden", elem_id="captions-go")
        # Straight below the text, so that a phone shows it without scrolling.
        with gr.Row(elem_classes="actions"):
            go = gr.Button(word("read"), variant="primary", elem_id="read-go", elem_classes="go")
            halt = gr.Button(word("stop"), interactive=False, elem_id="read-halt", elem_classes="halt")
            label("keys")
        with gr.Row(elem_classes="sources"):
            file = gr.UploadButton(word("open_file"), elem_id="open-file", elem_classes="quiet")
            uploads(file, held)
            if options.fetch:
                address = (
                    gr.Textbox(
                        label=word("address"), placeholder="https://", max_lines=1, elem_classes="address"
                    ),
                    gr.Button(word("fetch"), elem_classes="quiet"),
                )
        with gr.Row(elem_classes="sources"):
            label("examples")
            offers = [(gr.Button(name, elem_classes="link", elem_id=f"example-{n}"), body)
                      for n, (name, body) in enumerate(examples.items())]  # fmt: skip
        drawer, chosen, share = _options(host, word)
    return _Parts(
        text, restored, origin, current, captions, file, address, offers, drawer, chosen, share, go, halt
    )


def _handlers(host: Host, options: PageOptions, runs: Runs, held: Files) -> _Handlers:
    import gradio as gr

    def run(
        text: str,
        restored: str,
        origin: str,
        model: str,
        route: str,
        sentences: float,
        keep: bool,
        request: gr.Request,
    ) -> Iterator[tuple[View, object]]:
        lines, source = _restored(restored), (origin or "")[:LONGEST_ADDRESS]
        asked = Asked(text or "", model or "auto", route, int(sentences or 0), bool(keep), lines, source)
        for values in reading(host, options, runs, asked, request.session_hash or "", say_for(request)):
            yield values, gr.update(interactive=values["phase"] == "running")

    def opened(paths: list[str] | None, request: gr.Request) -> tuple[str, str]:
        read = partial(_first_text, host.sandbox, paths or [], options, say_for(request))
        try:
            return _told(_for(request, "file", read), request), Path(paths[0]).name if paths else ""
        finally:
            done_with(paths or [], held)

    def fetched(url: str, request: gr.Request) -> tuple[str, str]:
        read = partial(read_document, host.sandbox)
        fetch = partial(web.article, url.strip(), read=read)
        return _told(_for(request, "file", lambda: headed(fetch())), request), url.strip()

    def captioned(value: str, request: gr.Request) -> View | dict[str, str]:
        work = partial(with_captions, host, options, value, say_for(request))
        return _for(request, "captions", work)()

    def _for(request: gr.Request, what: str, work: Callable[[], Made]) -> Callable[[], Made]:
        return partial(run_for_session, runs, request.session_hash or "", what, options.seconds, work)

    return _Handlers(run, opened, fetched, captioned)


def _wire(
    parts: _Parts, shown_view: "Sequence[Block]", handlers: _Handlers, options: PageOptions, runs: Runs
) -> None:
    """Say what each widget does. An article that was opened, fetched or chosen is read at once."""
    import gradio as gr

    article = [parts.text, parts.origin]
    asked = [parts.text, parts.restored, parts.origin, *parts.chosen]
    how, files_too = streaming(KIND, options.runs), streaming("files", 4)
    # What is typed over it comes from nowhere.
    parts.text.input(None, None, parts.origin, js="() => ''", **quick())
    parts.go.click(handlers.run, asked, shown_view, **how)
    parts.halt.click(stopper(runs, KIND), None, None, **quick())
    opened = parts.file.upload(handlers.opened, parts.file, article, **files_too)
    opened.success(handlers.run, asked, shown_view, **how)
    if parts.address:
        url, fetch = parts.address
        found = gr.on([fetch.click, url.submit], handlers.fetched, url, article, **files_too)
        found.success(handlers.run, asked, shown_view, **how)
    for button, body in parts.examples:
        taken = button.click(_constant((body, "")), None, article, **quick())
        taken.then(handlers.run, asked, shown_view, **how)
    parts.captions.click(
        handlers.captioned,
        parts.current,
        shown_view[0],
        js="() => JSON.stringify(window.warta.current().reading)",
        **streaming("captions", options.runs),
    )
    parts.share.click(None, parts.chosen, None, js="(...values) => window.warta.share(...values)")


def _restored(value: str) -> tuple[str, ...]:
    """Return the lines that the reader put back, as the page's script wrote them down."""
    lines = _parsed(value)
    return tuple(line for line in lines[:1000] if isinstance(line, str)) if isinstance(lines, list) else ()


def _told(read: Callable[[], str], request: "gr.Request") -> str:
    """Return the text; what goes wrong is a message on the page."""
    import gradio as gr

    try:
        return read()
    except WartaError as error:
        raise gr.Error(text(error, say_for(request).language), print_exception=False) from error


def routes(host: Host) -> tuple[str, ...]:
    """Return the ways of summarising that can run on this machine."""
    return offered(lambda name: host.store.manifest(presets.get(name)) is not None)


def _options(host: Host, word: Word) -> "tuple[gr.Accordion, Sequence[Component], gr.Button]":
    """Return the drawer; its model, route, number of sentences and whether to keep boilerplate; the share
    button.
    """
    import gradio as gr

    with gr.Accordion(word("options"), open=False, elem_classes="options") as drawer, gr.Row():
        chosen = [
            gr.Dropdown(models.choices(host), value="auto", label=word("model"), elem_id="model"),
            gr.Dropdown(
                [(word(f"route_{name}"), name) for name in routes(host)],
                value="auto",
                label=word("route"),
                elem_id="route",
            ),
            gr.Number(
                3,
                label=word("sentences"),
                precision=0,
                minimum=1,
                maximum=MOST_SENTENCES,
                elem_id="sentences",
            ),
            gr.Checkbox(label=word("keep_furniture"), elem_id="keep"),
        ]
        share = gr.Button(word("share"), elem_classes="link", elem_id="share")
    return drawer, chosen, share


def _constant(value: tuple[str, str]) -> Callable[[], tuple[str, str]]:
    return lambda: value


def _origin(asked: Mapping[str, object]) -> Origin:
    """Return where a reading is from and when it was made, as far as the browser knows."""
    address, read = asked.get("address"), asked.get("read")
    try:
        moment = datetime.fromisoformat(str(read)) if read else None
    except ValueError:
        moment = None
    return Origin(address[:LONGEST_ADDRESS] if isinstance(address, str) else "", moment)


def _view(corrections: Corrections) -> "gr.HTML":
    """Return the reading itself: what :class:`Shown` gives, laid out by ``read.js``."""
    import gradio as gr

    def save(asked: dict[str, object], request: gr.Request) -> dict[str, str]:
        try:
            return downloads.file(unpack(asked.get("reading")), str(asked.get("format")), _origin(asked))
        except WartaError as error:
            return {"error": text(error, say_for(request).language)}

    def reopen(value: object, request: gr.Request) -> View | dict[str, str]:
        try:
            return reopened(unpack(value), say_for(request))
        except WartaError as error:
            return {"error": text(error, say_for(request).language)}

    folder = files("service.page") / "static"
    return gr.HTML(
        None,
        html_template=(folder / "read.html").read_text("utf-8"),
        js_on_load=(folder / "read.js").read_text("utf-8"),
        apply_default_css=False,
        server_functions=[save, reopen, *corrections.functions()],
        elem_id="reading",
    )
