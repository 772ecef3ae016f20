"""What the tabs have in common."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal, TypedDict

from service.document import Message
from service.page.runs import Runs
from service.page.uploads import Files, NoRoom
from service.page.words import Say

Word = Callable[[str], Any]
"""A text of the interface that the browser translates. Not every widget's types say that it takes one."""


class Event(TypedDict, total=False):
    """How an event of Gradio's runs."""

    show_progress: Literal["hidden"]
    concurrency_limit: int
    concurrency_id: str
    trigger_mode: Literal["multiple"]
    api_visibility: Literal["private"]
    queue: bool


def streaming(what: str, limit: int) -> Event:
    """Return how an event runs that may take long: ``limit`` of this kind at once, a press need not wait."""
    return {
        "show_progress": "hidden",
        "concurrency_limit": limit,
        "concurrency_id": what,
        "trigger_mode": "multiple",
        "api_visibility": "private",
    }


def quick() -> Event:
    """Return how an event runs that is done at once, past the queue."""
    return {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def label(name: str) -> None:
    """Show a word of the interface on its own, in the reader's language."""
    import gradio as gr

    gr.HTML(
        "",
        html_template=f'<p data-word="{name}"></p>',
        js_on_load="window.warta.fill(element)",
        apply_default_css=False,
        elem_classes=f"label-{name.replace('_', '-')}",
    )


def stopper(runs: Runs, what: str) -> Callable[..., None]:
    """Return what a Stop button calls."""
    import gradio as gr

    def stop(request: gr.Request) -> None:
        runs.stop(request.session_hash or "", what)

    return stop


def box(kind: str, text: str) -> str:
    """Return a line about a run: ``kind`` is running, done, stopped or error. ``text`` is HTML."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="line {kind}" role="{role}">{text}</div>' if text else ""


def uploads(component: Any, held: Files) -> None:
    """Have a file component of Gradio's give its handler the paths of uploads, as a list, None for none.

    It takes nothing but the handles that the gate puts in the place of files. Set on the one component: a
    class of Gradio's cannot be derived from without a file being written beside the source.
    """
    from gradio.data_classes import GradioRootModel

    class Handles(GradioRootModel):
        root: list[str] | str

    def preprocess(payload: Handles | None) -> list[str] | None:
        found = [] if payload is None else [payload.root] if isinstance(payload.root, str) else payload.root
        return [str(_held(handle, held)) for handle in found] or None

    component.data_model = Handles
    component.preprocess = preprocess


def _held(handle: str, held: Files) -> Path:
    import gradio as gr

    session, _, token = handle.partition("/")
    found = held.find(session, token)
    if found is None:
        raise gr.Error("a chosen file is no longer on the server", print_exception=False)
    return found


def done_with(paths: Sequence[str], held: Files) -> None:
    """Delete uploads that nobody reads again."""
    for path in paths:
        held.drop(Path(path).parent.name)


def keeper(request: Any) -> tuple[str, str]:
    """Return whose a file is that is made for a Gradio request: its session and its client."""
    from service.page.uploads import COOKIE

    asked = request.request
    return str(asked.cookies.get(COOKIE, "")), str(asked.scope.get("state", {}).get("client", ""))


def link(token: str, name: str, id: str, text: str, say: Say) -> str:
    """Return a link to a file that was made; ``text`` names its words."""
    return (
        f'<p class="tools"><a class="save" id="{id}" href="gradio_api/file={escape(token)}" '
        f'download="{escape(name)}">{say(text)}</a></p>'
    )


def no_room(error: NoRoom, held: Files, say: Say) -> Message:
    """Return what to tell whoever's file does not fit."""
    return say.message("room_all" if error.everybody else "room", limit=say.number(held.room.session / 1e6))
