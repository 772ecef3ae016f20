"""The page put together: masthead, six tabs, and what happens when it is opened."""

from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from service.inbox.shared import Shared
from service.page.components import quick
from service.page.options import PageOptions
from service.page.runs import Runs
from service.page.tabs import batch, check, compare, evaluate, inbox, models
from service.page.tabs import translate as read
from service.page.uploads import Files
from service.page.words import say_for, words
from service.pool import Host
from service.summary.summarizer import SENTENCES

if TYPE_CHECKING:
    import gradio as gr

SETTINGS = frozenset({"model", "route", "sentences", "keep"})
TABS = ("read", "inbox", "batch", "check", "compare", "evaluate", "models")


def interface_words() -> "gr.I18n":
    """Return the labels of Gradio's widgets in both languages."""
    import gradio as gr

    return gr.I18n(**{language: dict(texts) for language, texts in words().items()})


def assemble(
    host: Host, options: PageOptions, examples: dict[str, str], held: Files, news: Shared
) -> "gr.Blocks":
    """Return the whole page."""
    import gradio as gr

    word, runs = interface_words(), Runs()
    page: gr.Blocks = gr.Blocks(title="Warta", analytics_enabled=False, fill_width=True)
    with page:
        _masthead()
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(word("tab_read"), id="read"):
                chosen, view = read.tab(host, options, runs, word, examples, held)
            with gr.Tab(word("tab_inbox"), id="inbox"):
                inbox.tab(host, options, runs, news, tabs, view)
            with gr.Tab(word("tab_batch"), id="batch"):
                second = batch.tab(host, runs, word, held)
            with gr.Tab(word("tab_check"), id="check"):
                check.tab(host, options, runs, word)
            with gr.Tab(word("tab_compare"), id="compare"):
                compare.tab(host, options, runs, word)
            with gr.Tab(word("tab_evaluate"), id="evaluate"):
                evaluate.tab(host, options, runs, word, held)
            with gr.Tab(word("tab_models"), id="models"):
                catalogue = models.tab(host, options, runs, [chosen[0], second])
        address = gr.Textbox(visible=False)
        page.load(
            _opening(host, options),
            address,
            [tabs, *chosen, second, catalogue],
            js="() => window.location.search",
            **quick(),
        )
        page.unload(_leaving(runs))
    whole: gr.Blocks = page.queue(max_size=64, default_concurrency_limit=8, api_open=False)
    return whole


def _masthead() -> None:
    from importlib.resources import files

    import gradio as gr

    gr.HTML(
        "",
        html_template=(files("service.page") / "static" / "masthead.html").read_text("utf-8"),
        js_on_load="window.warta.masthead(element)",
        apply_default_css=False,
    )


def _opening(host: Host, options: PageOptions) -> Callable[..., object]:
    """Fill what depends on the machine, and take the settings that the address holds."""
    import gradio as gr

    def opening(address: str, request: gr.Request) -> list[object]:
        asked = dict(parse_qsl((address or "").removeprefix("?")[:2000]))
        known = models.choices(host)
        names = [value for _, value in known]
        model: dict[str, Any] = {"choices": known}
        if "model" in asked or "auto" not in names:
            model["value"] = _among(asked.get("model"), names, names[0] if names else None)
        return [
            _wanted(asked, "tab", lambda name: _among(name, TABS, "read"), "selected"),
            gr.update(**model),
            _wanted(asked, "route", lambda name: _among(name, read.routes(host), "auto")),
            _wanted(asked, "sentences", _count),
            _wanted(asked, "keep", lambda text: text == "1"),
            # Open, so that who follows a link sees what it sets.
            gr.update(open=True) if asked.keys() & SETTINGS else gr.update(),
            gr.update(**model),
            models.cards(host, options, say_for(request)),
        ]

    return opening


def _leaving(runs: Runs) -> Callable[..., None]:
    import gradio as gr

    def leaving(request: gr.Request) -> None:
        runs.leave(request.session_hash or "")

    return leaving


def _wanted(asked: Mapping[str, str], key: str, value: Callable[[str], Any], part: str = "value") -> object:
    """Return what the address says of a setting; one it does not name is left as a quick reader may have set
    it.
    """
    import gradio as gr

    return gr.update(**{part: value(asked[key])}) if key in asked else gr.update()


def _count(asked: str) -> int:
    return int(asked) if asked.isdecimal() and 1 <= int(asked[:4]) <= read.MOST_SENTENCES else SENTENCES


def _among(asked: str | None, known: Container[str | None], usual: str | None) -> str | None:
    return asked if asked in known else usual
