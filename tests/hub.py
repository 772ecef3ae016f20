"""A model hub on loopback: the few routes that the hub client asks, over real checkpoint folders."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Hub:
    """What is served, the faults to play, and what was asked."""

    def __init__(self) -> None:
        self.repos: dict[str, tuple[str, Path]] = {}
        self.cut_once: dict[str, int] = {}
        self.damage: set[str] = set()
        self.large: dict[str, bytes] = {}
        self.slow: set[str] = set()
        self.ranges: list[str] = []
        self.requests: list[str] = []
        self.tokens: list[str] = []
        self.url = ""

    def add(self, repo: str, revision: str, folder: Path) -> None:
        self.repos[repo] = (revision, folder)

    def info(self, repo: str) -> dict[str, Any]:
        revision, folder = self.repos[repo]
        return {"id": repo, "sha": revision, "siblings": [_sibling(p) for p in sorted(folder.iterdir())]}


def _sibling(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    entry: dict[str, Any] = {"rfilename": path.name, "size": len(data), "blobId": blob}
    if path.suffix in (".safetensors", ".bin", ".spm", ".model"):
        entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry


@contextmanager
def serve() -> Iterator[Hub]:
    """A running hub; its faults and files may be changed while it runs."""
    hub = Hub()

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.hub.requests.append(self.path)
        self.hub.tokens.append(self.headers.get("Authorization", ""))
        path = self.path.split("?")[0]
        if found := re.fullmatch(r"/api/models/(.+)/(revision|commits)/([^/]+)", path):
            self._api(*found.groups())
        elif (data := self.hub.large.get(path)) is not None:
            self._send(data, path)
        elif found := re.fullmatch(r"/(.+)/resolve/([^/]+)/(.+)", path):
            self._file(found[1], found[3])
        else:
            self._missing("EntryNotFound")

    def _api(self, repo: str, kind: str, revision: str) -> None:
        if repo not in self.hub.repos:
            return self._missing("RepoNotFound")
        sha = self.hub.repos[repo][0]
        if kind == "commits":
            date = "2024-01-01T00:00:00.000Z"
            commits = [{"id": sha, "title": "one", "message": "", "authors": [], "date": date}]
            return self._json(commits)
        if revision != sha:
            return self._missing("RevisionNotFound")
        return self._json(self.hub.info(repo))

    def _file(self, repo: str, name: str) -> None:
        self._send((self.hub.repos[repo][1] / name).read_bytes(), name)

    def _send(self, data: bytes, name: str) -> None:
        """The bytes of a file, with the faults that its name is to have."""
        if name in self.hub.damage:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = 0
        if asked := self.headers.get("Range"):
            self.hub.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if name in self.hub.slow:
            self.wfile.write(data[start : start + 1000])
            while name in self.hub.slow:
                time.sleep(0.05)
            return
        cut = self.hub.cut_once.pop(name, None)
        self.wfile.write(data[start:] if cut is None else data[start : start + cut])
        if cut is not None:
            self.close_connection = True

    def _json(self, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _missing(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the tests read ``requests``."""
