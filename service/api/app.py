"""The application, built of small routers, and the server that runs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from math import ceil
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from service import __version__
from service.api import errors, jobs, libretranslate, v1
from service.api.auth import body_key
from service.api.config import ServerConfig
from service.api.files import Shelf
from service.api.middleware import logs
from service.api.middleware import stack as guards
from service.api.middleware.protocol import Punctual
from service.api.workers import Workers
from service.errors import WartaError
from service.pool import Host

if TYPE_CHECKING:
    import uvicorn

ABOUT = "Indonesian news in English: translation, summary, and what each English sentence rests on."


def create_app(host: Host, config: ServerConfig, *, page: bool = True) -> FastAPI:
    """The service over ``host``'s pipelines; ``page`` puts the web page at ``/``.

    Closing the application closes the host.
    """
    workers = Workers(config)
    shelf = Shelf(config.file_seconds, config.file_bytes)
    keys = guards.key_store(host, config)
    work = jobs.open_jobs(host, config)
    needs_key = Depends(body_key(keys, required=config.keys_required))

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(work.start)
        yield
        await asyncio.to_thread(work.close)
        await asyncio.to_thread(workers.close)
        await asyncio.to_thread(host.close)
        shelf.close()
        if keys:
            keys.close()

    app = FastAPI(
        title="Warta",
        version=__version__,
        summary=ABOUT,
        license_info={"name": "Apache-2.0"},
        lifespan=life,
        # Their pages come from elsewhere, and no request leaves this server's page.
        docs_url=None,
        redoc_url=None,
    )
    app.state.workers = workers
    errors.install(app)
    guards.install(app, host, config, keys, work)
    app.include_router(v1.router(host, config, workers))
    app.include_router(jobs.router(work, config))
    app.include_router(libretranslate.router(host, config, workers, shelf), dependencies=[needs_key])
    if page:
        from service import page as web_page

        # Last: it answers whatever no route before it takes.
        web_page.mount(app, host, config)
    return app


def run(host: Host, config: ServerConfig, *, page: bool = True, say: Callable[[str], None] = print) -> None:
    """Runs the service until it is told to stop; what runs then is finished first.

    The model is opened before the first request, and ``say`` is told the address. Raises WartaError
    where that cannot be listened on, and what :meth:`Host.pipeline` raises.
    """
    from service.page import warm

    logs.configure()
    model = host.pipeline().signature.preset
    running = server(create_app(host, config, page=page), config)
    with listening(config) as listener, suppress(KeyboardInterrupt):
        warm(host)
        if warning := guards.exposure(config):
            say(warning)
        say(f"Warta listens on http://{_address(listener)} with {model}; Ctrl-C stops it")
        running.run([listener])


def server(app: FastAPI, config: ServerConfig) -> uvicorn.Server:
    """What runs ``app``."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            # A client's word for its address is taken by option only, and by the guards.
            proxy_headers=False,
            http=Punctual,
            timeout_graceful_shutdown=ceil(config.drain_seconds),
        )
    )


def listening(config: ServerConfig) -> socket.socket:
    """The socket to listen on. Raises WartaError."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        return socket.create_server((config.host, config.port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WartaError(f"cannot listen on {config.host}, port {config.port}: {reason}") from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
