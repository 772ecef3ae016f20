"""What the tabs have in common."""

from collections.abc import Callable
from typing import Any

from service.page.runs import Runs


def streaming(what: str, limit: int) -> dict[str, Any]:
    """How an event runs that may take long: ``limit`` of this kind at once, a press need not wait."""
    return {
        "show_progress": "hidden",
        "concurrency_limit": limit,
        "concurrency_id": what,
        "trigger_mode": "multiple",
        "api_visibility": "private",
    }


def quick() -> dict[str, Any]:
    """How an event runs that is done at once, past the queue."""
    return {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def label(name: str) -> Any:
    """A word of the interface on its own, in the reader's language."""
    import gradio as gr

    return gr.HTML(
        "",
        html_template=f'<p data-word="{name}"></p>',
        js_on_load="window.warta.fill(element)",
        apply_default_css=False,
        elem_classes=f"label-{name.replace('_', '-')}",
    )


def stopper(runs: Runs, what: str) -> Callable[..., None]:
    """What a Stop button calls."""
    import gradio as gr

    def stop(request: gr.Request) -> None:
        runs.stop(request.session_hash or "", what)

    return stop


def box(kind: str, text: str) -> str:
    """A line about a run: ``kind`` is running, done, stopped or error. ``text`` is HTML."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="line {kind}" role="{role}">{text}</div>' if text else ""
