"""``warta serve``: a server as its options say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.cli.options import AccessOptions, ListenOptions
from service.errors import UsageError
from service.extras import lacks
from service.settings import Settings

if TYPE_CHECKING:
    from service.api.config import ServerConfig


def run_server(settings: Settings, config: ServerConfig, say: Callable[[str], None]) -> None:
    """Serve until told to stop; ``say`` is told the address. Raises UsageError where the extra is missing."""
    from service.pool import Host

    with _needing("fastapi"):
        from service.api.app import run
    host = Host(settings, config.queue, say, kept=config.models_kept)
    with _needing("gradio"):
        run(host, config, say=say)


def server_config(listen: ListenOptions, access: AccessOptions) -> ServerConfig:
    """Return what the options say. Raises UsageError for a limit that is none, or without the extra."""
    with _needing("fastapi"):
        from service.api.config import ServerConfig

    return ServerConfig(
        host=listen.host,
        port=listen.port,
        open_browser=listen.open,
        access_log=listen.access_log,
        text_chars=listen.text_chars,
        body_bytes=listen.body_bytes,
        concurrent=listen.concurrent,
        deadline_seconds=listen.deadline,
        drain_seconds=listen.drain,
        requests_per_minute=listen.rate,
        models_kept=listen.models_kept,
        trusted_proxies=tuple(access.trust_proxy or ()),
        allowed_hosts=tuple(access.allow_host or ()),
        keys_url=access.keys,
        keys_required=access.require_keys,
        cors_origins=tuple(access.cors_origin or ()),
        fetch=not access.no_fetch,
        metrics=not access.no_metrics,
        inbox_at=access.inbox,
        watch=access.watch,
    )


@contextmanager
def _needing(library: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UsageError(
            "command.server_needs", "the server: {reason}", reason=lacks(error, "serve", library)
        ) from error
