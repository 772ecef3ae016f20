"""A real server on the loopback interface, and an engine that waits at a gate."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from service.api.app import create_app, listening
from service.api.app import server as make_server
from service.api.config import ServerConfig
from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.pool import Host
from service.settings import Settings


class Gated(EchoEngine):
    """Echo that lets no batch through while its gate is shut; sentences that say ``lewat`` pass."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.seen: list[str] = []

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.seen += texts
        if not all("lewat" in text for text in texts):
            assert self.gate.wait(20)
        return super().generate(texts, decoding)


def gated_host(home: Path, engine: EchoEngine) -> Host:
    """A host whose one model is ``engine``."""
    return Host(Settings(home, model="echo"), opener=lambda _: engine)


CONFIG = ServerConfig(port=0, requests_per_minute=1_000_000)
"""A free port, and no counting of requests."""


class Live:
    """Where a server listens; ``stop`` tells it to stop and waits."""

    def __init__(self, url: str, server: uvicorn.Server, thread: threading.Thread) -> None:
        self.url = url
        self.server = server
        self.thread = thread

    def stop(self) -> None:
        """As a signal would."""
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()


@contextmanager
def running(host: Host, config: ServerConfig) -> Iterator[Live]:
    """The service without its page, in a thread."""
    listener = listening(config)
    server = make_server(create_app(host, config, page=False), config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    live = Live(f"http://127.0.0.1:{listener.getsockname()[1]}", server, thread)
    try:
        yield live
    finally:
        live.stop()
        listener.close()
