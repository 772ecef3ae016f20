"""The web page: widgets and handlers over the same pipeline as every face, and no model logic."""

from __future__ import annotations

import threading
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.errors import WartaError
from service.page.options import PageOptions
from service.page.shell import Shell

if TYPE_CHECKING:
    from fastapi import FastAPI
    from gradio import Blocks

    from service.api.config import ServerConfig
    from service.pool import Host

__all__ = ["PageOptions", "build", "mount", "options_for", "warm"]


def build(host: Host, config: ServerConfig) -> Blocks:
    """The page as Gradio Blocks. Importing Gradio takes seconds: only here, and in what this calls."""
    from service.page.app import assemble

    blocks: Blocks = assemble(host, options_for(config), examples())
    return blocks


def options_for(config: ServerConfig) -> PageOptions:
    """What the page may do on a server with these limits.

    Models are installed from the page only where nobody but this machine's users can reach it.
    """
    local = config.host in ("127.0.0.1", "::1", "localhost") and not config.trusted_proxies
    return PageOptions(config.text_chars, config.body_bytes, config.deadline_seconds, config.fetch, local)


def mount(app: FastAPI, host: Host, config: ServerConfig) -> None:
    """The page at ``/`` of ``app``, behind all routes that are there already."""
    import gradio as gr

    from service.page.app import interface_words
    from service.page.theme import theme

    gr.mount_gradio_app(
        app,
        build(host, config),
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        enable_monitoring=False,
        show_error=False,
        max_file_size=config.body_bytes,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        i18n=interface_words(),
        theme=theme(),
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    app.add_middleware(Shell)


def warm(host: Host) -> threading.Thread:
    """Opens the model in the background and has it translate, so that the first reader need not wait."""

    def work() -> None:
        try:
            list(host.pipeline().translate_segments(["Selamat pagi."]))
        except WartaError:
            # Whoever reads first is told.
            return

    thread = threading.Thread(target=work, name="warm", daemon=True)
    thread.start()
    return thread


def examples() -> dict[str, str]:
    """The project's example articles by their title; empty where they were not installed."""
    # In the source tree they are at its root, in an installed package beside this file.
    for folder in (files("service.page") / "examples", Path(__file__).parents[2] / "examples"):
        if folder.is_dir():
            found: Any = sorted(folder.iterdir(), key=lambda path: path.name)
            texts = [path.read_text("utf-8") for path in found if path.name.endswith(".txt")]
            return {_title(text): text for text in texts}
    return {}


def _title(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line.capitalize() if line.isupper() else line
