"""A real server: streams, clients that hang up, limits that hold, and an orderly end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2 as httpx
import pytest

from service.api.config import ServerConfig
from service.errors import UsageError
from service.pool import Host
from service.runtime.batching import QueueLimits, QueueStats
from service.settings import Settings
from tests.live import CONFIG, Gated, Live, gated_host, running

STREAM = {"Accept": "text/event-stream"}


class Served:
    """A server whose engine waits at a gate."""

    def __init__(self, live: Live, engine: Gated, host: Host) -> None:
        self.live = live
        self.engine = engine
        self.host = host
        self.pool = ThreadPoolExecutor(16)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return httpx.post(self.live.url + path, json=body, timeout=20)

    def translate(self, text: str) -> httpx.Response:
        return self.post("/translate", q=text, source="id", target="en")

    def stats(self) -> QueueStats:
        return self.host.engines()["echo"].stats()


def until(true: Callable[[], bool]) -> None:
    """Waits for something that the server does."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts servers, and stops them."""
    opened = []

    def start(config: Mapping[str, Any] = MappingProxyType({}), **limits: int) -> Served:
        engine = Gated()
        host = Host(
            Settings(tmp_path, model="echo", repair=False),
            QueueLimits(wait_seconds=0.0, parallel=1, **limits),
            opener=lambda _: engine,
        )
        host.pipeline()
        context = running(host, replace(CONFIG, **config))
        opened.append((context, engine))
        return Served(context.__enter__(), engine, host)

    yield start
    for context, engine in opened:
        engine.gate.set()
        context.__exit__(None, None, None)


def test_each_segment_comes_when_it_is_ready(serve: Callable[..., Served]) -> None:
    served = serve()
    text = "Satu lewat saja. Dua tunggu dulu. Tiga lewat saja. Empat lewat saja."
    with httpx.stream(
        "POST", served.live.url + "/v1/translate", json={"text": text}, headers=STREAM, timeout=20
    ) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        data = (json.loads(line.removeprefix("data: ")) for line in lines)
        assert next(data)["segments"] == 4
        assert next(data)["target"] == "Satu lewat saja."
        assert not served.engine.gate.is_set()
        served.engine.gate.set()
        rest = ["Dua tunggu dulu.", "Tiga lewat saja.", "Empat lewat saja."]
        assert [next(data)["target"] for _ in range(3)] == rest
        assert "seconds" in next(data)


def test_a_stream_that_fails_says_so_at_its_end(serve: Callable[..., Served]) -> None:
    served = serve({"deadline_seconds": 0.5})
    text = "Satu lewat saja. Dua lewat saja. Tiga tunggu dulu."
    answer = httpx.post(served.live.url + "/v1/translate", json={"text": text}, headers=STREAM, timeout=20)
    assert answer.status_code == 200
    name, data = answer.text.removesuffix("\n\n").rsplit("\n\n", 1)[1].split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["type"] == "deadline"


def hang_up(served: Served, text: str, accept: str, running: str) -> None:
    """Asks for a translation over a bare connection, and closes it when that waits for ``running``."""
    body = json.dumps({"text": text}).encode()
    head = f"POST /v1/translate HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n"
    head += "Content-Type: application/json\r\n"
    address = served.live.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as connection:
        connection.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        until(lambda: served.stats().waiting > 0 and served.engine.seen[-1] == running)
    until(lambda: served.stats().waiting == 0)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_who_hangs_up_leaves_the_queue(serve: Callable[..., Served], accept: str) -> None:
    served = serve(batch_rows=1)
    first = served.pool.submit(served.translate, "Tunggu.")
    until(lambda: served.stats().running == 1)
    hang_up(served, "Satu. Dua. Tiga.", accept, "Tunggu.")
    served.engine.gate.set()
    assert first.result().status_code == 200
    served.engine.gate.clear()
    # Two are through and shown, the third runs, a fourth waits: now the reader of a stream goes.
    hang_up(served, "Satu lewat. Dua lewat. Tiga tunggu. Empat tunggu.", accept, "Tiga tunggu.")
    served.engine.gate.set()
    assert served.translate("Lewat.").status_code == 200
    assert served.engine.seen == ["Tunggu.", "Satu lewat.", "Dua lewat.", "Tiga tunggu.", "Lewat."]
    until(lambda: served.stats().running == 0)


def test_a_full_queue_answers_503_at_once(serve: Callable[..., Served]) -> None:
    served = serve(max_tokens_waiting=2)
    waiting = [served.pool.submit(served.translate, "Tunggu.")]
    until(lambda: served.stats().running == 1)
    waiting.append(served.pool.submit(served.translate, "Satu dua."))
    until(lambda: served.stats().waiting == 1)
    for path, body in (
        ("/translate", {"q": "Tiga.", "source": "id", "target": "en"}),
        ("/v1/translate", {"text": "Tiga."}),
    ):
        for headers in ({}, STREAM):
            refused = httpx.post(served.live.url + path, json=body, headers=headers, timeout=20)
            assert refused.status_code == 503
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            error = refused.json()["error"]
            assert "too much is waiting" in (error if path == "/translate" else error["message"])
    served.engine.gate.set()
    assert [answer.result().status_code for answer in waiting] == [200, 200]


def test_no_more_requests_are_worked_on_than_allowed(serve: Callable[..., Served]) -> None:
    served = serve({"concurrent": 2})
    waiting = [served.pool.submit(served.translate, f"Tunggu {number}.") for number in range(2)]
    until(lambda: served.stats().running + served.stats().waiting == 2)
    refused = served.translate("Lewat.")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert httpx.get(served.live.url + "/health").status_code == 200
    served.engine.gate.set()
    assert [answer.result().status_code for answer in waiting] == [200, 200]
    assert served.translate("Lewat.").status_code == 200


def test_a_late_request_is_answered_504(serve: Callable[..., Served]) -> None:
    served = serve({"deadline_seconds": 0.2})
    late = served.translate("Tunggu.")
    assert (late.status_code, "time allowed" in late.json()["error"]) == (504, True)
    assert served.post("/v1/read", text="Tunggu.").json()["error"]["type"] == "deadline"


def test_a_reader_that_stops_reading_holds_no_worker(serve: Callable[..., Served]) -> None:
    served = serve({"concurrent": 1})
    served.engine.gate.set()
    with httpx.stream(
        "POST", served.live.url + "/v1/translate", json={"text": "Satu. Dua."}, headers=STREAM, timeout=20
    ):
        until(lambda: served.stats().rows == 2)
        until(lambda: served.translate("Lewat.").status_code == 200)
        assert served.translate("Lagi.").json()["translatedText"] == "Lagi."


def test_requests_from_many_clients_run_in_common_batches(serve: Callable[..., Served]) -> None:
    served = serve()
    first = served.pool.submit(served.translate, "Tunggu.")
    until(lambda: served.stats().running == 1)
    texts = [f"Kalimat nomor {number}." for number in range(10)]
    asked = [served.pool.submit(served.translate, text) for text in texts]
    until(lambda: served.stats().waiting == 10)
    served.engine.gate.set()
    assert [answer.result().json()["translatedText"] for answer in asked] == texts
    assert first.result().status_code == 200
    assert served.stats().batches == 2


def test_stopping_finishes_what_runs(serve: Callable[..., Served]) -> None:
    served = serve()
    running = served.pool.submit(served.translate, "Tunggu.")
    until(lambda: served.stats().running == 1)
    stopping = threading.Thread(target=served.live.stop)
    stopping.start()
    until(lambda: not _accepts(served.live.url))
    served.engine.gate.set()
    assert running.result().json()["translatedText"] == "Tunggu."
    stopping.join()
    assert not served.host.engines()


def test_stopping_waits_no_longer_than_it_should(serve: Callable[..., Served]) -> None:
    served = serve({"drain_seconds": 1})
    running = served.pool.submit(served.translate, "Tunggu.")
    until(lambda: served.stats().running == 1)
    stopping = threading.Thread(target=served.live.stop)
    stopping.start()
    assert isinstance(running.exception(), httpx.HTTPError) or running.result().status_code >= 500
    served.engine.gate.set()
    stopping.join()


def _accepts(url: str) -> bool:
    try:
        return httpx.get(url + "/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_warta_serve_says_where_and_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "service", "serve", "--model", "echo", "--access-log", "--port", "0"]
    environment = {**os.environ, "WARTA_HOME": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr
        line = process.stderr.readline()
        assert line.startswith("Warta listens on http://127.0.0.1:")
        url = line.split()[3]
        assert httpx.get(url + "/health", timeout=20).json() == {"status": "ok"}
        same = [*command[:-1], url.rsplit(":", 1)[1]]
        taken = subprocess.run(same, check=False, capture_output=True, text=True, env=environment)
        assert (taken.returncode, "Address already in use" in taken.stderr) == (1, True)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        logged = [json.loads(line) for line in process.stderr.read().splitlines()]
        assert [(entry["route"], entry["status"]) for entry in logged] == [("/health", 200)]


def test_the_limits_of_a_server_are_checked() -> None:
    for wrong in ({"text_chars": 0}, {"concurrent": 0}, {"deadline_seconds": 0.0}, {"alternatives": -1}):
        with pytest.raises(UsageError):
            ServerConfig(**wrong)


def test_gated_hosts_are_hosts(tmp_path: Path) -> None:
    host = gated_host(tmp_path, Gated())
    assert host.pipeline().signature.preset == "echo"
    host.close()
