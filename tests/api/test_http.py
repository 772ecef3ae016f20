"""What a connection, a method and a key are answered with, over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.api import app as api
from service.api.auth import KeyStore, default_url
from service.api.config import ServerConfig
from service.api.middleware.limits import Rate
from service.api.middleware.protocol import HEAD_BYTES, Punctual
from service.errors import UsageError
from tests.live import CONFIG
from tests.serving import Server, answer_of, serving, started

WRONG = "wk_000000000000_salah"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with its page, which takes every path that no route has."""
    with started(tmp_path_factory.mktemp("home"), "--rate", "1000000") as running:
        yield running


# The connection


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_answer_is_sent_without_waiting_for_an_acknowledgement(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if address == "::1":
        try:
            socket.create_server((address, 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    accepted: list[int] = []
    made = Punctual.connection_made

    def noted(self: Punctual, transport: Any) -> None:
        connection = transport.get_extra_info("socket")
        accepted.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        made(self, transport)

    monkeypatch.setattr(Punctual, "connection_made", noted)
    with (
        serving(tmp_path, host=address) as running,
        closing(http.client.HTTPConnection(address, running.port, timeout=20)) as client,
    ):
        client.request("GET", "/health")
        assert json.load(client.getresponse()) == {"status": "ok"}
    assert accepted
    assert all(accepted)


def test_a_kept_connection_answers_at_once(server: Server) -> None:
    """A delayed acknowledgement takes 40 ms at least, so that a busy machine alone cannot look like none."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as client:
        took = []
        for _ in range(20):
            began = time.perf_counter()
            client.request("GET", "/health")
            client.getresponse().read()
            took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 4] < 0.035


def head(*lines: str, first: str = "POST /translate HTTP/1.1") -> bytes:
    return "\r\n".join([first, "Host: 127.0.0.1", *lines, "", ""]).encode()


CHUNKED = b"3c\r\n" + b'{"q": "Satu.", "source": "id", "target": "en", "format": ""}' + b"\r\n0\r\n\r\n"
TWO_LENGTHS = {
    "a length beside chunks": ("POST /translate HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked"),
    "chunks beside a length": ("POST /translate HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 0"),
    "chunks of HTTP/1.0": ("POST /translate HTTP/1.0", "Transfer-Encoding: chunked"),
    "the same, ours": ("POST /v1/read HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("lines", TWO_LENGTHS.values(), ids=TWO_LENGTHS)
def test_a_body_of_two_lengths_is_refused_and_the_connection_closed(
    lines: tuple[str, ...], server: Server
) -> None:
    """What one of the two takes for the end of the body, the other takes for a request of its own."""
    first, *rest = lines
    smuggled = head(first="GET /languages HTTP/1.1")
    with server.connect() as client:
        client.sendall(head("Content-Type: application/json", *rest, first=first) + CHUNKED + smuggled)
        received = b""
        while part := client.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1") == 1
    said = json.loads(received.partition(b"\r\n\r\n")[2])["error"]
    assert "not a valid HTTP request" in (said["message"] if "/v1" in first else said)


def test_chunks_alone_are_a_body(server: Server) -> None:
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked", "Connection: close")
    assert server.raw(head(*lines) + CHUNKED).status == 200


@pytest.mark.parametrize("filling", ["a", " "])
@pytest.mark.parametrize("name", ["X-A", "Cookie"])
def test_headers_of_70_kb_are_refused(filling: str, name: str, server: Server) -> None:
    """In one packet or in many; spaces around a value are read as well."""
    large = head(f"{name}: {filling * 70_000}b", "Connection: close", first="GET /languages HTTP/1.1")
    answer = server.raw(large)
    assert answer.status == 431
    assert "65,536" in answer.json["error"]
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    with server.connect() as client:
        for at in range(0, len(large), 10_000):
            client.sendall(large[at : at + 10_000])
            time.sleep(0.01)
        # The rest may be on its way when the connection is closed, and the answer be lost with it.
        assert answer_of(client).status in (0, 431)


def test_headers_up_to_the_limit_pass(server: Server) -> None:
    lines = ("Connection: close", "X-A: ")
    room = HEAD_BYTES - len(head(*lines, first="GET /languages HTTP/1.1"))
    for more, status in ((0, 200), (1, 431)):
        sent = head(lines[0], lines[1] + "a" * (room + more), first="GET /languages HTTP/1.1")
        assert server.raw(sent).status == status


def test_what_is_no_http_is_answered_like_any_error(server: Server) -> None:
    answer = server.raw(b"GET\r\n\r\n")
    assert (answer.status, answer.json) == (400, {"error": "this is not a valid HTTP request"})
    # In the midst of a body: the application may answer first, and then there is no other answer.
    broken = head("Content-Type: application/json", "Transfer-Encoding: chunked") + b"zz\r\n"
    assert server.raw(broken).status == 400
    assert server.get("/health").status == 200


# Methods

ALLOWED = {
    "/translate": "OPTIONS, POST",
    "/translate_file": "OPTIONS, POST",
    "/detect": "OPTIONS, POST",
    "/suggest": "OPTIONS, POST",
    "/languages": "GET, HEAD, OPTIONS",
    "/frontend/settings": "GET, HEAD, OPTIONS",
    "/spec": "GET, HEAD, OPTIONS",
    "/health": "GET, HEAD, OPTIONS",
    "/ready": "GET, HEAD, OPTIONS",
    "/metrics": "GET, HEAD, OPTIONS",
    "/openapi.json": "GET, HEAD, OPTIONS",
    "/download_file/a.txt": "GET, HEAD, OPTIONS",
    "/v1/read": "OPTIONS, POST",
    "/v1/translate": "OPTIONS, POST",
    "/v1/summarize": "OPTIONS, POST",
    "/v1/check": "OPTIONS, POST",
    "/v1/brief": "OPTIONS, POST",
    "/v1/facts": "OPTIONS, POST",
    "/v1/inbox": "GET, HEAD, OPTIONS",
    "/v1/feeds/00/atom": "GET, HEAD, OPTIONS",
    "/v1/models": "GET, HEAD, OPTIONS",
    "/v1/jobs": "GET, HEAD, OPTIONS, POST",
    "/v1/jobs/file": "OPTIONS, POST",
    "/v1/jobs/00": "DELETE, GET, HEAD, OPTIONS",
    "/v1/jobs/00/result": "GET, HEAD, OPTIONS",
    "/v1/jobs/00/cancel": "OPTIONS, POST",
}


@pytest.mark.parametrize("path", ALLOWED)
def test_a_wrong_method_is_405_and_told_the_right_ones(path: str, paged: Server) -> None:
    allowed = ALLOWED[path].split(", ")
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"):
        if method in allowed:
            continue
        answer = paged.ask(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, ALLOWED[path]), method
        if method != "HEAD":
            error = answer.json["error"]
            assert (error["type"] if path.startswith("/v1") else error) in (
                "method_not_allowed",
                "this address does not take that method",
            )
    options = paged.ask("OPTIONS", path)
    assert (options.status, options.headers["allow"], options.body) == (204, ALLOWED[path], b"")


def test_every_operation_is_in_the_table_of_methods(paged: Server) -> None:
    described = paged.get("/openapi.json").json["paths"]
    known = {path.replace("00", "{id}").replace("a.txt", "{filename}") for path in ALLOWED}
    assert set(described) <= known


@pytest.mark.parametrize("path", ["/languages", "/health", "/v1/models", "/openapi.json", "/v1/jobs/00"])
def test_head_is_get_without_its_body(path: str, paged: Server) -> None:
    get = paged.get(path)
    with paged.connect() as client:
        client.sendall(head("Connection: close", first=f"HEAD {path} HTTP/1.1"))
        received = b""
        while part := client.recv(65536):
            received += part
    lines, _, body = received.partition(b"\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 %d " % get.status)
    assert f"content-length: {get.headers['content-length']}".encode() in lines
    assert body == b""


def test_a_head_and_a_wrong_method_have_their_route_in_the_figures(paged: Server) -> None:
    paged.ask("TRACE", "/translate")
    paged.ask("HEAD", "/languages")
    figures = paged.get("/metrics").body.decode()
    assert 'warta_requests_total{method="other",route="/translate",status="405"}' in figures
    assert 'warta_requests_total{method="HEAD",route="/languages",status="200"}' in figures


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE"])
def test_what_is_nowhere_under_v1_is_told_in_its_own_way(method: str, paged: Server) -> None:
    answer = paged.ask(method, "/v1/nothing")
    assert answer.status == 404
    assert method == "HEAD" or answer.json["error"]["type"] == "not_found"


def test_the_page_s_own_files_and_methods_stay(paged: Server) -> None:
    assert paged.get("/").status == 200
    assert paged.get("/config").status == 200
    assert paged.get("/nothing/here").status == 404
    assert paged.ask("TRACE", "/nothing/here").status == 404


# Keys and rates


def keys(home: Path, *names: str) -> list[str]:
    store = KeyStore(default_url(home))
    made = [store.add(name) for name in names]
    store.close()
    return made


@pytest.mark.parametrize("required", [False, True])
def test_who_tries_wrong_keys_waits_and_nobody_else(required: bool, tmp_path: Path) -> None:
    (good,) = keys(tmp_path, "redaksi")
    config = {"keys_url": default_url(tmp_path), "keys_required": required, "wrong_keys_per_minute": 3}
    with serving(tmp_path, trusted_proxies=("127.0.0.1",), **config) as running:

        def header(key: str, address: str = "203.0.113.1") -> int:
            sent = {"authorization": f"Bearer {key}", "x_forwarded_for": address}
            return running.translate(headers=sent).status

        def body(key: str, address: str = "203.0.113.1") -> int:
            return running.translate(headers={"x_forwarded_for": address}, api_key=key).status

        # Wherever the key stands, it is one count.
        assert [header(WRONG), body(WRONG), header(WRONG), header(WRONG), body(WRONG)] == [403] * 3 + [
            429
        ] * 2
        refused = running.get("/v1/models", authorization=f"Bearer {WRONG}", x_forwarded_for="203.0.113.1")
        assert refused.json["error"]["type"] == "rate"
        assert 0 < int(refused.headers["retry-after"]) <= 60
        # The good key of somebody behind the same address, and other addresses, are not locked out.
        assert [header(good), body(good), header(WRONG, "203.0.113.2"), body(good, "203.0.113.2")] == [
            200,
            200,
            403,
            200,
        ]


def test_a_key_in_the_body_is_counted_by_the_key(tmp_path: Path) -> None:
    first, second = keys(tmp_path, "satu", "dua")
    with serving(tmp_path, keys_url=default_url(tmp_path), requests_per_minute=2) as running:

        def form(key: str) -> int:
            kind = "application/x-www-form-urlencoded"
            sent = f"q=Satu.&source=id&target=en&api_key={key}".encode()
            return running.ask("POST", "/translate", sent, content_type=kind).status

        assert [running.translate(api_key=first).status, form(first)] == [200, 200]
        refused = running.translate(api_key=first)
        assert (refused.status, 0 < int(refused.headers["retry-after"]) <= 60) == (429, True)
        # The same key in a header is the same client; another key and nobody's key are others.
        assert running.translate(headers={"authorization": f"Bearer {first}"}).status == 429
        assert [running.translate(api_key=second).status, form(second), form(second)] == [200, 200, 429]
        assert [running.translate().status for _ in range(3)] == [200, 200, 429]


def test_bodies_are_not_read_without_end_to_look_for_a_key(tmp_path: Path) -> None:
    (good,) = keys(tmp_path, "redaksi")
    with serving(tmp_path, keys_url=default_url(tmp_path), requests_per_minute=1) as running:
        # One is counted for the address, the others are refused after their bodies were read.
        answers = [running.translate() for _ in range(12)]
        assert [answer.status for answer in answers] == [200] + [429] * 11
        # Not even read any more, so that nobody can know about a key in it. In a header it can be seen.
        assert running.translate(api_key=good).status == 429
        assert running.translate(headers={"authorization": f"Bearer {good}"}).status == 200


def test_a_body_that_is_never_read_is_counted_for_its_address(tmp_path: Path) -> None:
    with serving(tmp_path, keys_url=default_url(tmp_path), requests_per_minute=2, body_bytes=100) as running:
        assert [running.translate("a" * 200).status for _ in range(2)] == [413, 413]
        assert running.post("/v1/check", {"source": ["a"], "target": ["a"]}).status == 429


@pytest.mark.parametrize(
    ("changes", "used", "required"),
    [
        ({}, False, False),
        ({"keys_url": "sqlite:///{home}/k"}, True, False),
        ({"keys_required": True}, True, True),
    ],
)
def test_the_settings_say_whether_there_are_keys(
    changes: dict[str, Any], used: bool, required: bool, tmp_path: Path
) -> None:
    changes = {
        name: value.format(home=tmp_path) if name == "keys_url" else value for name, value in changes.items()
    }
    with serving(tmp_path, **changes) as running:
        found = running.get("/frontend/settings").json
    assert (found["apiKeys"], found["keyRequired"]) == (used, required)


def test_the_wall_clock_may_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    with serving(tmp_path, requests_per_minute=1) as running:
        assert running.translate().status == 200
        monkeypatch.setattr(time, "time", lambda: now() - 3600)
        refused = running.translate()
        assert (refused.status, 0 < int(refused.headers["retry-after"]) <= 60) == (429, True)
        monkeypatch.setattr(time, "time", lambda: now() + 3600)
        assert running.translate().status == 429


def test_a_rate_counts_any_sixty_seconds() -> None:
    at = [1000.0]
    rate = Rate(2, clock=lambda: at[0])
    assert [rate.wait("a"), rate.wait("a"), rate.wait("a"), rate.wait("b")] == [0, 0, 60, 0]
    at[0] += 59.5
    assert rate.wait("a") == 1
    at[0] += 0.5
    assert [rate.wait("a"), rate.wait("a"), rate.wait("a")] == [0, 0, 60]
    # Who has not asked for a minute is forgotten.
    at[0] += 61
    assert rate.wait("c") == 0
    assert list(rate._times) == ["c"]


def test_the_number_of_wrong_keys_is_checked() -> None:
    with pytest.raises(UsageError, match="wrong_keys_per_minute"):
        ServerConfig(wrong_keys_per_minute=0)


def test_listening_leaves_the_address_as_it_was_asked_for() -> None:
    with api.listening(replace(CONFIG, port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == "127.0.0.1"
