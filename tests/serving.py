"""A real server on loopback, in a thread, and what a client of no library would send it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from service.api import app as api
from service.api.config import ServerConfig
from service.pool import Host
from service.settings import Settings

MANY = 1_000_000


@dataclass(frozen=True)
class Answer:
    """A response, its header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A server that runs; ``post`` and ``get`` speak to it over a socket of their own."""

    port: int
    host: Host = field(repr=False)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, data: bytes) -> Answer:
        """Sends ``data`` as it is and reads until the server closes or the answer is whole."""
        with self.connect() as connection:
            connection.sendall(data)
            return answer_of(connection)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request; a header's name has ``_`` for ``-``."""
        named = {"host": f"127.0.0.1:{self.port}", "connection": "close", **headers}
        if body:
            named.setdefault("content_length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", *(f"{k.replace('_', '-')}: {v}" for k, v in named.items())]
        return self.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, b"", **headers)

    def post(self, path: str, fields: Any, **headers: str) -> Answer:
        """Posts JSON."""
        return self.ask("POST", path, json.dumps(fields).encode(), content_type="application/json", **headers)

    def translate(self, q: Any = "Satu.", headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        return self.post("/translate", {"q": q, "source": "id", "target": "en", **fields}, **(headers or {}))


def answer_of(connection: socket.socket) -> Answer:
    """The response that comes over ``connection``; status 0 where it is closed without one."""
    data = b""
    while True:
        head, found, body = data.partition(b"\r\n\r\n")
        if found:
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            length = headers.get("content-length")
            if length is not None and len(body) >= int(length):
                return Answer(int(first.split()[1]), headers, body[: int(length)])
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            part = b""
        if not part:
            return Answer(int(first.split()[1]), headers, body) if found else Answer(0, {}, b"")
        data += part


@contextmanager
def serving(home: Path, **changes: Any) -> Iterator[Server]:
    """A server of the echo model at ``home`` with ``changes`` to a configuration that counts no requests."""
    config = replace(ServerConfig(port=0, requests_per_minute=MANY, drain_seconds=2), **changes)
    host = Host(Settings(home, model="echo"))
    running = api.server(api.create_app(host, config, page=False), config)
    with api.listening(config) as listener:
        thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.005)
        try:
            yield Server(listener.getsockname()[1], host)
        finally:
            running.should_exit = True
            thread.join(20)
