"""The application, built of small routers, and the server that runs it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from math import ceil
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from service.api import errors, inbox, jobs, libretranslate, v1
from service.api.auth import KeyStore, Lookup, body_key
from service.api.background import Jobs
from service.api.config import ServerConfig
from service.api.files import FileStore
from service.api.middleware import logs
from service.api.middleware import stack as guards
from service.api.middleware.limits import Rate
from service.api.middleware.methods import OtherMethods
from service.api.middleware.protocol import Punctual
from service.api.workers import Workers
from service.errors import WartaError
from service.inbox.shared import Shared
from service.models.load import choose, is_installed
from service.pool import Host
from service.version import __version__

if TYPE_CHECKING:
    import uvicorn

CLOSE_SECONDS = 5.0
"""What a shutdown takes at most after it has waited for the requests that run."""
WATCH_SECONDS = 3.0
"""How much later a process that does not even do that is killed from outside."""
ABOUT = "Indonesian news in English: translation, summary, and what each English sentence rests on."


def create_app(host: Host, config: ServerConfig, *, page: bool = True) -> FastAPI:
    """Return the service over ``host``'s pipelines; ``page`` puts the web page at ``/``.

    Closing the application closes the host.
    """
    workers = Workers(config)
    store = FileStore(config.file_seconds, config.file_bytes)
    keys = guards.key_store(host, config)
    lookup = Lookup(keys, Rate(config.wrong_keys_per_minute)) if keys else None
    work = jobs.open_jobs(host, config)
    news = Shared(host.settings.home, config.inbox_at)
    watch = inbox.Watch(news, host) if config.watch else None
    needs_key = Depends(body_key(lookup, required=config.keys_required))

    app = FastAPI(
        title="Warta",
        version=__version__,
        summary=ABOUT,
        license_info={"name": "Apache-2.0"},
        lifespan=lambda _: _lifespan(host, work, workers, watch, [news, store, *([keys] if keys else [])]),
        # Their pages come from elsewhere, and no request leaves this server's page.
        docs_url=None,
        redoc_url=None,
    )
    app.state.workers = workers
    errors.install(app)
    guards.install(app, host, config, lookup, work)
    app.include_router(v1.router(host, config, workers))
    app.include_router(jobs.router(work, config))
    app.include_router(inbox.router(news, workers))
    app.include_router(libretranslate.router(host, config, workers, store), dependencies=[needs_key])
    # Before the page, whose routes take any path: a wrong method is answered as one, not with the page.
    app.router.routes.append(OtherMethods(app.router.routes))
    if page:
        from service import page as web_page

        # Last: it answers whatever no route before it takes.
        web_page.mount(app, host, config, news)
    return app


@asynccontextmanager
async def _lifespan(
    host: Host,
    work: Jobs,
    workers: Workers,
    watch: inbox.Watch | None,
    others: Sequence[FileStore | KeyStore | Shared],
) -> AsyncIterator[None]:
    """Start the jobs; in the end close all that works or is open."""
    # It takes a lock and reads folders, which would hold up the event loop.
    await asyncio.to_thread(work.start)
    if watch:
        await asyncio.to_thread(watch.start)
    yield
    # Together they take less than CLOSE_SECONDS.
    await asyncio.to_thread(work.close, 2.0)
    await asyncio.to_thread(workers.close, 1.0)
    if watch:
        await asyncio.to_thread(watch.close, 0.5)
    await asyncio.to_thread(host.close, 1.0)
    for other in others:
        other.close()


def run(host: Host, config: ServerConfig, *, page: bool = True, say: Callable[[str], None] = print) -> None:
    """Run the service until it is told to stop; what runs then is finished first, if it is soon.

    ``config.drain_seconds`` are waited for that and ``CLOSE_SECONDS`` for what is cancelled then; after
    that this process ends, whatever still runs in it.

    ``say`` is told the address at once; the model is opened meanwhile, and ``say`` is told if it cannot be.
    Raises WartaError where that cannot be listened on, and UnknownModel, NotInstalled.
    """
    from service.page import warm

    logs.configure("INFO" if config.access_log else "WARNING")
    chosen = choose(host.settings.model, "translate", host.store)
    if host.settings.device == "cuda" or not is_installed(chosen, host.store):
        host.pipeline()  # which says in a line why it cannot run, if it cannot
    model = chosen.name
    running = server(create_app(host, config, page=page), config, _ending(config))
    # In the main thread: it sets what signals write to, which Python allows nowhere else.
    host.sandbox.watch(config.drain_seconds + CLOSE_SECONDS + WATCH_SECONDS)
    threading.Thread(target=_warmed, args=(host,), name="warm-sandbox", daemon=True).start()
    # uvicorn ends in order after Ctrl-C and then raises it again.
    with listening(config) as listener, suppress(KeyboardInterrupt):
        if reason := host.unwritable():
            say(reason)
        if warning := guards.exposure(config):
            say(warning)
        address = f"http://{_address(listener)}"
        does = "reads Indonesian news in English" if page else "translates Indonesian news"
        say(f"Warta listens on {address} with {model}: it {does}; Ctrl-C stops it")
        warm(host, say)
        if config.open_browser:
            threading.Thread(target=webbrowser.open, args=(address,), name="open", daemon=True).start()
        running.run([listener])


def _warmed(host: Host) -> None:
    """Start the sandbox ahead of the first document, which says what is wrong with it if anything is.

    A server that is stopped meanwhile has it fail in many ways, and no use for any of them.
    """
    try:
        host.sandbox.warm()
    except Exception as error:
        logging.getLogger("warta.server").debug("the sandbox was not started ahead: %s", error)


def _ending(config: ServerConfig) -> type[uvicorn.Server]:
    """Return a server that takes its process with it where something does not end."""
    import uvicorn

    def give_up() -> None:
        # A thread cannot be stopped, and Python would wait for it.
        logging.getLogger("warta.server").error("ended with work unfinished")
        os._exit(1)

    class Ending(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # uvicorn waits for requests, but not only for them: a thread in native code may keep it for ever.
            timer = threading.Timer(config.drain_seconds + CLOSE_SECONDS, give_up)
            timer.daemon = True
            timer.start()
            await super().shutdown(sockets)

    return Ending


def server(app: FastAPI, config: ServerConfig, kind: type[uvicorn.Server] | None = None) -> uvicorn.Server:
    """Return what runs ``app``: uvicorn's server, or another ``kind`` of it."""
    import uvicorn

    return (kind or uvicorn.Server)(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            # A client's word for its address is taken by option only, and by the guards.
            proxy_headers=False,
            http=Punctual,
            # uvloop would take the place that :meth:`Sandbox.watch` has among the signals.
            loop="asyncio",
            timeout_graceful_shutdown=ceil(config.drain_seconds),
        )
    )


def listening(config: ServerConfig) -> socket.socket:
    """Return the socket to listen on. Raises WartaError."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        made = socket.create_server((config.host, config.port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WartaError(
            "serve.listen",
            "cannot listen on {host}, port {port}: {reason}",
            host=config.host,
            port=config.port,
            reason=reason,
        ) from error
    # create_server leaves the protocol at 0, and asyncio sets TCP_NODELAY only where it is said to be TCP.
    # Without it an answer on a kept connection waits 40 ms for the client's delayed acknowledgement.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
