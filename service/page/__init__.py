"""The web page: widgets and handlers over the same pipeline as every interface, and no model logic."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.errors import WartaError
from service.page.options import PageOptions
from service.page.shell import Shell
from service.page.startup import applications_later, import_gradio
from service.page.uploads import Files, Room

if TYPE_CHECKING:
    from fastapi import FastAPI
    from gradio import Blocks

    from service.api.config import ServerConfig
    from service.inbox.shared import Shared
    from service.pool import Host

__all__ = ["PageOptions", "build", "mount", "options_for", "warm"]


TIDY_SECONDS = 15.0
"""How often what is old is looked for where nobody asks for anything."""


def build(host: Host, config: ServerConfig, held: Files, inbox: Shared) -> Blocks:
    """Return the page as Gradio Blocks. Importing Gradio takes seconds: only here, and in what this calls."""
    from service.page.app import assemble

    blocks: Blocks = assemble(host, options_for(config), examples(), held, inbox)
    return blocks


def options_for(config: ServerConfig) -> PageOptions:
    """Return what the page may do on a server with these limits.

    Models are installed from the page, the reader's words are kept, and long texts are read only where nobody
    but this machine's users can reach it.
    """
    local = config.local
    room = Room(config.file_bytes // 2, config.file_bytes, config.file_seconds)
    return PageOptions(
        max(config.text_chars, config.page_chars) if local else config.text_chars,
        config.body_bytes,
        max(config.deadline_seconds, config.page_seconds) if local else config.deadline_seconds,
        config.fetch,
        pull=local,
        own=local,
        room=room,
    )


def mount(app: FastAPI, host: Host, config: ServerConfig, inbox: Shared) -> None:
    """Mount the page at ``/`` of ``app``, behind all routes that are there already."""
    import_gradio()
    import gradio as gr
    from starlette.routing import Mount

    from service.page.app import interface_words
    from service.page.gate import Gate
    from service.page.theme import theme

    options = options_for(config)
    held = Files(host.settings.home, options.room)
    with applications_later():
        page = build(host, config, held, inbox)
    gr.mount_gradio_app(
        app,
        page,
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
    # Mounted, it counts as not launched, and Gradio's own check of paths would be off. The gate does not rely
    # on it.
    page.has_launched = True
    mounted = app.router.routes.pop()
    if not isinstance(mounted, Mount):
        raise TypeError(f"the page is no mount but {mounted!r}")
    app.mount("/", Gate(mounted.app, held, options.call_bytes))
    _last_as_long(app, held)
    app.add_middleware(Shell)


def _last_as_long(app: FastAPI, held: Files) -> None:
    """Begin and end what is held with ``app``."""
    inner = app.router.lifespan_context

    async def tidying() -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await asyncio.to_thread(held.tidy)

    @asynccontextmanager
    async def life(started: FastAPI) -> AsyncIterator[Any]:
        await asyncio.to_thread(held.folder)
        task = asyncio.create_task(tidying())
        try:
            async with inner(started) as state:
                yield state
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await asyncio.to_thread(held.close)

    app.router.lifespan_context = life


def warm(host: Host, say: Callable[[str], None] = lambda _: None) -> threading.Thread:
    """Open the model in the background and have it translate, so that the first reader need not wait.

    ``say`` is told if it cannot; so is whoever reads first.
    """

    def work() -> None:
        try:
            pipeline = host.pipeline()
            # The memory would answer for the model.
            engine = host.engines().get(pipeline.signature.preset)
            if engine:
                engine.generate(["Selamat pagi."], pipeline.signature.decoding)
        except WartaError as error:
            if error.code != "server.closing":
                say(str(error))

    thread = threading.Thread(target=work, name="warm", daemon=True)
    thread.start()
    return thread


def examples() -> dict[str, str]:
    """Return the project's example articles by their title, the shortest first; empty where they were not
    installed.
    """
    # In the source tree they are at its root, in an installed package beside this file.
    for folder in (files("service.page") / "examples", Path(__file__).parents[2] / "examples"):
        if folder.is_dir():
            texts = [path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".txt")]
            return {_title(text): text for text in sorted(texts, key=len)}
    return {}


def _title(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line.capitalize() if line.isupper() else line
