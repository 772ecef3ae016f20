"""A real server in a process of its own: what was answered, or is not waited for, uses no processor.

And a stop ends it. Times are generous, as machines may be loaded: what is measured is processor time after
the answer, and whether an end comes at all.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from service.api.app import CLOSE_SECONDS, WATCH_SECONDS
from service.runtime.sandbox import AVAILABLE
from tests.processes import alive, below, processor_seconds, settled, share_used, until

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="processes are confined on Linux only")

ROOT = Path(__file__).parents[2]
IDLE = 0.15
"""The share of a processor that a server may use that has nothing to do."""
IN_VAIN = 3.0
"""Processor seconds that may still be used then: a second on two processors, and what a request costs."""
LOADED = 30.0
"""Seconds by which anything may be late on a loaded machine."""
PROCESSES = 2
"""The server, and what it starts others from."""


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    process: subprocess.Popen[str]
    url: str
    home: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def post(self, path: str, **fields: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=fields, timeout=60)

    def upload(self, name: str, data: bytes) -> httpx.Response:
        form = {"source": "id", "target": "en"}
        return httpx.post(self.url + "/translate_file", data=form, files={"file": (name, data)}, timeout=60)

    def used_until_idle(self) -> float:
        """Wait until it does nothing; return the processor seconds that all its processes used meanwhile.

        Not by the clock: on a loaded machine a second may be long.
        """
        before = processor_seconds(below(self.pid))
        until(lambda: share_used(self.pid) < IDLE, LOADED)
        return processor_seconds(below(self.pid)) - before

    def processes(self) -> int:
        """Return how many processes it has, once they are as many as at its start or after a minute."""
        return settled(lambda: len(below(self.pid)), PROCESSES)

    def answer(self) -> int:
        """Return the status of the next request, which is asked again for a minute until it is answered in
        time.
        """
        ask = partial(self.post, "/translate", q="Lewat.", source="id", target="en")
        return settled(lambda: ask().status_code, 200)

    def hang_up(self, path: str, fields: Any, when: threading.Event | None = None) -> None:
        """Asks, and goes away before there is an answer: soon, or ``when`` it is told to."""
        body = json.dumps(fields).encode()
        host, port = self.url.removeprefix("http://").split(":")
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            when.wait(LOADED) if when else time.sleep(0.5)


@contextmanager
def serving(home: Path, deadline: float = 1.0, drain: float = 1.0, *more: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "tests.stuck_server", str(home), str(deadline), str(drain), *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=environment
        ) as process,
    ):
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, (home / "log").read_text()
            running = Running(process, line.split()[3], home)
            until(lambda: len(below(process.pid)) == PROCESSES)
            yield running
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("home"), 4.0) as running:
        yield running


LONG = "Kalimat nomor {} tidak pendek. "
SLOW = "".join("Lambat " + LONG.format(number) for number in range(400))
PADDING = "".join(LONG.format(number) for number in range(300))

DOCUMENTS = {
    "text, in Python": ("a.txt", "Putar"),
    "HTML, in a pattern": ("a.html", "Mundur"),
    "Markdown, deaf": ("a.md", "Tuli"),
    "subtitles, in a pattern": ("a.srt", "Mundur"),
}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a check in Python": ("/v1/check", {"source": ["Putar " + PADDING], "target": ["a"]}),
    "a check in a pattern": ("/v1/check", {"source": ["Mundur " + PADDING], "target": ["a"]}),
    "cleaning": ("/v1/read", {"text": "Mundur " + PADDING}),
    "cleaning, to translate": ("/v1/translate", {"text": "Tuli " + PADDING}),
    "cleaning, to summarise": ("/v1/summarize", {"text": "Putar " + PADDING}),
    "markup": ("/translate", {"q": "<b>Mundur</b>", "source": "id", "target": "en", "format": "html"}),
}
SLOWLY: dict[str, tuple[str, dict[str, Any]]] = {
    "a translation": ("/translate", {"q": SLOW, "source": "id", "target": "en"}),
    "many texts": ("/translate", {"q": SLOW.split(". ")[:99], "source": "id", "target": "en"}),
    "an article": ("/v1/translate", {"text": SLOW}),
    "a reading": ("/v1/read", {"text": SLOW}),
}


@pytest.mark.parametrize(("path", "fields"), [*REQUESTS.values(), *SLOWLY.values()], ids=[*REQUESTS, *SLOWLY])
def test_what_was_answered_late_uses_no_processor(path: str, fields: Any, server: Running) -> None:
    answer = server.post(path, **fields)
    assert answer.status_code == 504, answer.text[:300]
    assert "time allowed" in answer.text
    assert server.used_until_idle() < IN_VAIN
    assert server.processes() == PROCESSES
    assert server.answer() == 200


@pytest.mark.parametrize(("name", "word"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_cannot_be_read_in_time(name: str, word: str, server: Running) -> None:
    answer = server.upload(name, f"<html><p>{word}</p>".encode())
    assert (answer.status_code, "time allowed" in answer.text) == (504, True)
    assert server.used_until_idle() < IN_VAIN
    assert server.processes() == PROCESSES
    assert settled(lambda: server.upload("a.txt", b"Lewat.").status_code, 200) == 200


@pytest.mark.parametrize(("path", "fields"), [*REQUESTS.values(), *SLOWLY.values()], ids=[*REQUESTS, *SLOWLY])
def test_what_nobody_waits_for_uses_no_processor(path: str, fields: Any, patient: Running) -> None:
    patient.hang_up(path, fields)
    assert patient.used_until_idle() < IN_VAIN
    assert patient.processes() == PROCESSES
    assert patient.answer() == 200


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("home"), 600.0) as running:
        yield running


def test_a_stream_whose_reader_goes_uses_no_processor(patient: Running) -> None:
    headers = {"Accept": "text/event-stream"}
    with httpx.stream(
        "POST", patient.url + "/v1/translate", json={"text": SLOW}, headers=headers, timeout=60
    ) as answer:
        assert next(answer.iter_lines()).startswith("event: start")
    assert patient.used_until_idle() < IN_VAIN
    assert patient.processes() == PROCESSES


def test_a_job_that_is_cancelled_uses_no_processor(patient: Running) -> None:
    id = patient.post("/v1/jobs", texts=[SLOW] * 50).json()["id"]
    job = f"{patient.url}/v1/jobs/{id}"
    until(lambda: httpx.get(job).json()["state"] == "running" and len(below(patient.pid)) == 3)
    httpx.post(job + "/cancel")
    assert patient.used_until_idle() < IN_VAIN
    assert patient.processes() == PROCESSES
    assert httpx.get(job).json()["state"] == "cancelled"


def test_health_is_answered_while_documents_keep_processes_busy(patient: Running) -> None:
    seen = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(patient.hang_up, "/v1/check", REQUESTS["a check in a pattern"][1], seen)
        until(lambda: len(below(patient.pid)) > 2)
        for _ in range(3):
            assert httpx.get(patient.url + "/health", timeout=LOADED).status_code == 200
        assert len(below(patient.pid)) > 2
        seen.set()
    assert patient.used_until_idle() < IN_VAIN
    assert patient.processes() == PROCESSES


# The end.


def stopped(server: Running, number: int = signal.SIGTERM, drain: float = 1.0) -> int:
    """Tells it to stop; its exit code. It and all below it are gone in the documented time."""
    those = below(server.pid)
    server.process.send_signal(number)
    code = server.process.wait(drain + CLOSE_SECONDS + WATCH_SECONDS + LOADED)
    until(lambda: not any(map(alive, those)), 10)
    return code


def _in_background(server: Running, path: str, fields: Any) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(1)

    def ask() -> None:
        with suppress(httpx.HTTPError):
            server.post(path, **fields)

    pool.submit(ask)
    return pool


ENDINGS: dict[str, tuple[str, dict[str, Any], int | None]] = {
    "nothing": ("", {}, None),
    "confined work": (*REQUESTS["a check in a pattern"], None),
    "a confined process that hears nothing": (*REQUESTS["cleaning, to translate"], None),
    "slow sentences": (*SLOWLY["a translation"], None),
    "a job": ("/v1/jobs", {"texts": [SLOW] * 50}, None),
    "a thread in Python": ("/translate", {"q": "Putar.", "source": "id", "target": "en"}, None),
    "a pattern that holds the interpreter": (
        "/translate",
        {"q": "Mundur .", "source": "id", "target": "en"},
        -signal.SIGKILL,
    ),
    "a pipe that nobody writes to": ("/translate", {"q": "Pipa .", "source": "id", "target": "en"}, None),
}


@pytest.mark.parametrize(
    ("path", "fields", "code", "number"),
    [
        *((*ending, signal.SIGTERM) for ending in ENDINGS.values()),
        (*ENDINGS["a pattern that holds the interpreter"], signal.SIGINT),
    ],
    ids=[*ENDINGS, "the same by Ctrl-C"],
)
def test_a_stop_ends_the_server(
    path: str, fields: Any, code: int | None, number: signal.Signals, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with serving(tmp_path, 600.0) as running:
        pool = _in_background(running, path, fields) if path else ThreadPoolExecutor(1)
        time.sleep(2.0)
        assert running.process.poll() is None
        ended = stopped(running, number)
        assert ended == code if code else ended in (0, 1, -number)
        pool.shutdown()


def test_a_stop_ends_an_open_stream(tmp_path: Path) -> None:
    headers = {"Accept": "text/event-stream"}
    with (
        serving(tmp_path, 600.0) as running,
        httpx.stream(
            "POST", running.url + "/v1/translate", json={"text": SLOW}, headers=headers, timeout=120
        ) as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines).startswith("event: start")
        stopped(running)
        with suppress(httpx.HTTPError):
            assert not any(line.startswith("event: done") for line in lines)


def test_a_job_that_a_stop_interrupts_is_ended_by_the_next_server(tmp_path: Path) -> None:
    texts = [f"Lambat kalimat nomor {number} di sini." for number in range(60)]
    with serving(tmp_path, 600.0) as running:
        id = running.post("/v1/jobs", texts=texts).json()["id"]
        until(lambda: httpx.get(f"{running.url}/v1/jobs/{id}").json()["records"] > 0)
        stopped(running)
    with serving(tmp_path, 600.0) as running:
        until(lambda: httpx.get(f"{running.url}/v1/jobs/{id}").json()["state"] == "done", 120)
        rows = httpx.get(f"{running.url}/v1/jobs/{id}/result").text
    assert [json.loads(row)["translation"] for row in rows.split("\n")[:-1]] == texts


def test_the_documented_time_is_the_one_that_is_kept() -> None:
    text = (ROOT / "docs" / "serving.md").read_text("utf-8")
    stated = re.search(r"(\d+) seconds after the signal at the latest", text)
    assert stated
    assert int(stated[1]) == 30 + CLOSE_SECONDS + WATCH_SECONDS
