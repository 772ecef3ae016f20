"""The Models tab: what is installed, under which licence, and the way to more."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from service import presets
from service.context import Ask
from service.errors import Cancelled, UsageError, WartaError
from service.messages import text
from service.models.catalog import ListedModel, rows
from service.models.gemma import build as embedded
from service.models.load import choose
from service.models.offer import offer
from service.models.pace import Pace, duration
from service.models.pull import pull
from service.models.store import Store
from service.page.components import box, label, quick, stopper, streaming
from service.page.options import PageOptions
from service.page.runs import Runs, events
from service.page.words import Say, say_for
from service.pool import Host

if TYPE_CHECKING:
    import gradio as gr
    from gradio.blocks import Block

KIND = "pull"
USABLE = ("installed", "ready", "built in")


def choices(host: Host) -> list[tuple[str, str]]:
    """Return what can translate on this machine, for a dropdown; the choice of ``auto`` first, with its
    name.
    """
    usable = [row.name for row in rows(host.store) if row.task == "translate" and row.state in USABLE]
    try:
        best = choose(host.settings.model, "translate", host.store).name
    except WartaError:
        return [(name, name) for name in usable]
    return [(f"auto ({best})", "auto"), *((name, name) for name in usable)]


def cards(host: Host, options: PageOptions, say: Say, status: str = "", name: str = "") -> str:
    """Return every model as a card, those that translate first; ``status`` stands in the card of ``name``."""
    found = rows(host.store)
    parts = []
    for task in ("translate", "summarize"):
        body = "".join(
            _card(row, options, say, status if row.name == name else "") for row in found if row.task == task
        )
        parts.append(f'<h2>{say(f"models_{task}")}</h2><ul class="cards">{body}</ul>')
    return "".join(parts)


def _card(row: ListedModel, options: PageOptions, say: Say, status: str) -> str:
    bytes_ = row.size or row.download
    size = f" · {say.number(bytes_ / 1e6)} MB" if bytes_ else ""
    best = f' <span class="state">{say("recommended")}</span>' if row.recommended else ""
    facts = (
        ("quality", escape(row.quality) or say("unknown_quality")),
        ("speed", escape(row.speed)),
        ("purpose", escape(row.purpose)),
    )
    about = "".join(f'<dt>{say(name)}</dt><dd lang="en">{value}</dd>' for name, value in facts if value)
    note = f'<p class="note">{escape(row.licence_note)}</p>' if row.licence_note else ""
    return (
        f'<li class="card {row.state.replace(" ", "-") or "absent"}" data-name="{escape(row.name)}">'
        f'<div class="top"><h3>{escape(row.name)}</h3>{best}'
        f'<span class="state">{say("state_" + row.state)}{size}</span></div>'
        f'<p lang="en">{escape(row.about)}</p>'
        f"<dl>{about}<dt>{say('licence')}</dt><dd>{escape(row.licence)}{note}</dd>"
        f"<dt>{say('revision')}</dt><dd><code>{escape(row.model)}@{escape(row.revision[:12])}</code></dd></dl>"
        f"{status if 'running' in status else _deeds(row, options, say) + status}</li>"
    )


def _deeds(row: ListedModel, options: PageOptions, say: Say) -> str:
    """Return the buttons of a card."""
    name = escape(row.name)
    if row.state in USABLE:
        if row.task != "translate":
            return ""
        return (
            f'<div class="deeds"><button type="button" data-deed="choose" data-name="{name}" '
            f'aria-label="{say("choose")}: {name}">{say("choose")}</button></div>'
        )
    if row.state == "served":
        return f'<p class="hint">{say("served_hint")}</p>'
    if not options.pull:
        return f'<p class="hint">{say("pull_local", name=f"<b>{name}</b>")}</p>'
    agree = f'<label><input type="checkbox" class="agree"> {say("agree")}</label>' if row.licence_note else ""
    return (
        f'<div class="deeds">{agree}<button type="button" data-deed="pull" data-name="{name}" '
        f'aria-label="{say("pull")}: {name}">{say("pull")}</button></div>'
    )


def pulled(store: Store, name: str, agreed: bool, ask: Ask, say: Say) -> Iterator[str]:
    """Install a model; a line of HTML for each step. Raises WartaError, Cancelled when stopped."""
    preset = presets.get(name)
    if preset.limited and not agreed:
        raise UsageError(say.message("pull_agree"))
    yield _running(say("pull_asking"), say)

    pace = Pace()

    def work(tell: Callable[[str], None]) -> None:
        def progress(what: str, done: int, total: int) -> None:
            ask.check()
            if total:
                pace.add(done)
            tell(step(what, done, total, say, pace))

        if preset.architecture == "causal":
            embedded.prepare(store, preset, lambda stage: progress(stage, 0, 0))
        else:
            pull(store, offer(preset), progress)

    for told in events(ask, work):
        yield told[-1]


def _running(text: str, say: Say, bar: str = "") -> str:
    halt = f'<button type="button" class="halt" data-deed="halt">{say("stop")}</button>'
    return (
        box("running", f"<progress{bar}></progress><span>{text}</span>") + f'<div class="deeds">{halt}</div>'
    )


def step(what: str, done: int, total: int, say: Say, pace: Pace | None = None) -> str:
    """Return a step of an installation with its progress, as HTML; ``pace`` knows how fast it goes."""
    known = {"fetching", "converting", "checking"}
    text = say(f"pull_{what}") if what in known else escape(what)
    if not total:
        return _running(text, say)
    amount = say("megabytes", done=say.number(done / 1e6), total=say.number(total / 1e6))
    left = pace.left(total) if pace else None
    if pace and left is not None:
        amount += f" · {say.number(pace.rate / 1e6, 1)} MB/s · {duration(left)}"
    return _running(f"{text}, {amount}", say, f' max="{total}" value="{done}"')


def tab(host: Host, options: PageOptions, runs: Runs, dropdowns: "Sequence[Block]") -> "gr.HTML":
    """Build the tab's contents; return the cards, for the page to fill when it is opened."""
    import gradio as gr

    def deed(request: gr.Request, event: gr.EventData) -> Iterator[list[object]]:
        say, name = say_for(request), str(event.name)[:60]
        ask = runs.begin(request.session_hash or "", KIND)
        same = [gr.update() for _ in dropdowns]
        try:
            if not options.pull:
                raise UsageError(say.message("pull_local", name=name))
            for line in pulled(host.store, name, bool(event.agreed), ask, say):
                yield [cards(host, options, say, line, name), *same]
            status = box("done", say("pull_done"))
        except Cancelled:
            status = ""
        except WartaError as error:
            status = box("error", f"<b>{say('error')}</b> {escape(text(error, say.language))}")
        if ask.cancelled.is_set():
            status = box("stopped", say("pull_stopped"))
        runs.end(ask)
        fresh = [gr.update(choices=choices(host)) for _ in dropdowns]
        yield [cards(host, options, say, status, name), *fresh]

    def choose_model(event: gr.EventData) -> object:
        name = str(event.name)
        return gr.update(value=name) if name in [value for _, value in choices(host)] else gr.update()

    label("models_intro")
    catalogue = gr.HTML(
        None,
        html_template="<div class='catalogue'></div>",
        js_on_load=(files("service.page") / "static" / "models.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="models-catalogue",
    )
    catalogue.pull(deed, None, [catalogue, *dropdowns], **streaming(KIND, 2))
    for dropdown in dropdowns:
        catalogue.choose(choose_model, None, dropdown, **quick())
    catalogue.halt(stopper(runs, KIND), None, None, **quick())
    return catalogue
