"""What stands around the routes: names, origins, rates, keys, figures, logs, readiness."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.api.auth import Key, KeyStore, default_url
from service.api.config import ServerConfig
from service.api.health import ReadinessProbe
from service.api.middleware import logs
from service.api.middleware.limits import client_address, trusted
from service.api.middleware.stack import exposure
from service.cli import app as cli
from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.errors import EngineError, StoreError, UsageError
from service.models import load
from service.pool import Host
from service.settings import Settings
from tests.serving import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), allowed_hosts=("warta.example",)) as running:
        yield running


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST", 200),
        ("[::1]:{port}", 200),
        ("192.168.1.20", 200),
        ("warta.example", 200),
        ("Warta.Example.:8000", 200),
        ("rebound.example", 421),
        ("warta.example.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("warta.example@evil.example", 421),
        ("evil.example#warta.example", 421),
        ("warta.example:port", 421),
        ("", 421),
    ],
)
def test_a_host_is_one_of_the_server_s_names(host: str, status: int, server: Server) -> None:
    assert server.translate(headers={"host": host.format(port=server.port)}).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:{port}", 200),
        ("http://localhost:{port}", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1:1", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_origin_sends_nothing(origin: str, status: int, server: Server) -> None:
    origin = origin.format(port=server.port)
    assert server.translate(headers={"origin": origin}).status == status
    assert server.get("/languages", origin=origin).status == 200


def test_an_origin_that_is_allowed_may_send(tmp_path: Path) -> None:
    with serving(tmp_path, cors_origins=("https://koran.example",)) as running:
        allowed = running.translate(headers={"origin": "https://koran.example"})
        assert allowed.headers["access-control-allow-origin"] == "https://koran.example"
        assert running.translate(headers={"origin": "https://lain.example"}).status == 403
        asked = running.ask(
            "OPTIONS", "/translate", origin="https://koran.example", access_control_request_method="POST"
        )
        assert asked.status == 200


def test_a_browser_is_told_to_be_careful(server: Server) -> None:
    for answer in (server.get("/languages"), server.get("/nothing"), server.translate(q="")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("accepted", "spoken"), [("id-ID,en;q=0.5", "id"), ("fr", "en"), ("", "en")])
def test_what_holds_messages_names_its_language(server: Server, accepted: str, spoken: str) -> None:
    for path in ("/languages", "/nothing"):
        headers = server.get(path, accept_language=accepted).headers
        assert headers["content-language"] == spoken
        assert "accept-language" in headers["vary"].lower()


def test_the_page_names_the_language_that_was_chosen_before(server: Server) -> None:
    headers = server.get("/", accept_language="en", cookie="warta-language=id").headers
    assert headers["content-language"] == "id"
    assert {"accept-language", "cookie"} <= {name.strip() for name in headers["vary"].lower().split(",")}


def test_a_script_is_the_same_in_every_language(server: Server) -> None:
    headers = server.get("/theme.css", accept_language="id").headers
    assert "content-language" not in headers


@pytest.mark.parametrize("path", ["/translate", "/v1/translate"])
def test_a_failure_is_answered_like_any_other_error(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("Rahasia besar.")

    origin = "https://koran.example"
    with serving(tmp_path, cors_origins=(origin,)) as running:
        monkeypatch.setattr(running.host, "pipeline", broken)
        sent = {"q": "Rahasia besar.", "source": "id", "target": "en"}
        body = {"text": "Rahasia besar."} if path.startswith("/v1") else sent
        answer = running.post(path, body, origin=origin)
        refused = running.get("/v1/nothing" if path.startswith("/v1") else "/nothing", origin=origin)
    message = "the server failed on this request"
    shape = (
        {"type": "internal", "code": "server.failed", "message": message}
        if path.startswith("/v1")
        else message
    )
    assert (answer.status, answer.json) == (500, {"error": shape})
    assert set(answer.headers) - {"date"} >= set(refused.headers) - {"date"}
    assert "x-request-id" in answer.headers
    assert "content-security-policy" in answer.headers
    assert answer.headers["access-control-allow-origin"] == origin


def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    with serving(tmp_path, requests_per_minute=3) as running:
        answers = [
            running.translate(headers={"x_forwarded_for": f"203.0.113.{number}"}) for number in range(4)
        ]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert "too many requests" in answers[-1].json["error"]
        assert running.get("/languages").status == 200


def test_who_reads_too_often_waits(tmp_path: Path) -> None:
    with serving(tmp_path, requests_per_minute=1) as running:
        assert [running.get("/download_file/x").status for _ in range(10)] == [404] * 10
        for path in ("/download_file/x", "/v1/jobs", "/v1/models", "/languages", "/"):
            assert running.get(path).status == 429
        assert running.ask("HEAD", "/download_file/x").status == 429
        assert 0 < int(running.get("/languages").headers["retry-after"]) <= 60
        # Probes and the page's files are free, and what is sent has a rate of its own.
        assert [running.get(path).status for path in ("/health", "/ready", "/metrics")] == [200] * 3
        assert running.get("/assets/x.js").status == 404
        assert [running.translate().status, running.translate().status] == [200, 429]


def test_a_trusted_proxy_says_who_asks(tmp_path: Path) -> None:
    with serving(tmp_path, requests_per_minute=1, trusted_proxies=("127.0.0.0/8",)) as running:

        def asked(chain: str) -> int:
            return running.translate(headers={"x_forwarded_for": chain}).status

        assert [asked("203.0.113.1"), asked("203.0.113.2"), asked("203.0.113.2")] == [200, 200, 429]
        # What a client put in front of the proxy's own word does not count.
        assert asked("198.51.100.7, 203.0.113.2") == 429


@pytest.mark.parametrize("proxy", ["*", "proxy.example", "10.0.0.0/99", ""])
def test_a_proxy_is_an_address(proxy: str) -> None:
    with pytest.raises(UsageError, match="an address or a network"):
        trusted([proxy])


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_client_is_its_address_or_its_network(address: str, client: str) -> None:
    assert client_address({"client": (address, 1)}) == client


# Keys


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that runs for these tests, over a Unix socket."""
    pytest.importorskip("psycopg")
    if not (shutil.which("initdb") or Path("/usr/lib/postgresql").is_dir()) or not shutil.which("pg_ctl"):
        pytest.skip("no PostgreSQL server is installed")
    # It refuses to run as root.
    user = None
    if os.geteuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = next(name for name in ("postgres", "nobody") if name in names)
    binaries = Path(os.path.realpath(str(shutil.which("pg_ctl")))).parent
    # The path of a socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if user:
            shutil.chown(folder, user)
        data = str(folder / "data")

        def run(*command: str) -> None:
            subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

        run(str(binaries / "initdb"), "-D", data, "-U", "warta", "-A", "trust", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run(str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://warta@/postgres?host={folder}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return default_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres")


def test_a_key_is_found_until_it_is_revoked(url: str) -> None:
    store = KeyStore(url)
    key = store.add("redaksi")
    found = store.find(key)
    assert found is not None
    assert (found.name, found.revoked) == ("redaksi", "")
    again = KeyStore(url)
    assert again.find(key) == found
    assert again.revoke(found.id)
    assert not again.revoke(found.id)
    assert store.find(key) is None
    assert next(known for known in store.all() if known.id == found.id).revoked
    store.close()
    again.close()


def test_a_database_of_an_earlier_version_keeps_working(tmp_path: Path) -> None:
    key = f"wk_0123456789ab_{'x' * 43}"
    with closing(sqlite3.connect(tmp_path / "keys.sqlite")) as database, database:
        database.execute(
            "create table if not exists api_keys (id varchar(16) primary key, name varchar(100) not null, "
            "digest varchar(64) not null, created varchar(40) not null, revoked varchar(40))"
        )
        row = ("0123456789ab", "redaksi", sha256(key.encode()).hexdigest(), "2026-11-01T00:00:00+00:00")
        database.execute("insert into api_keys (id, name, digest, created) values (?, ?, ?, ?)", row)
    store = KeyStore(default_url(tmp_path))
    assert store.find(key) == Key("0123456789ab", "redaksi", "2026-11-01T00:00:00+00:00")
    assert store.revoke("0123456789ab")
    assert store.find(key) is None
    store.close()


def test_the_secret_is_not_kept(tmp_path: Path) -> None:
    store = KeyStore(default_url(tmp_path))
    key = store.add("redaksi")
    store.close()
    assert key.rpartition("_")[2].encode() not in (tmp_path / "keys.sqlite").read_bytes()
    assert (tmp_path / "keys.sqlite").stat().st_mode & 0o077 == 0


def test_what_is_no_key_is_not_found(url: str) -> None:
    store = KeyStore(url)
    key = store.add("redaksi")
    id = key.split("_")[1]
    for wrong in (
        "",
        "wk_",
        f"wk_{id}_",
        f"wk_{id}_salah",
        key + "x",
        key.upper(),
        f"wk_{'0' * 12}_{key.rpartition('_')[2]}",
        "' or 1=1 --",
        "wk_' or 1=1 --_x",
        "wk_\0_x",
        "kunci é",
        "x" * 100_000,
    ):
        assert store.find(wrong) is None
    store.close()


def test_a_lost_connection_is_made_anew(postgres: str) -> None:
    import psycopg

    store = KeyStore(postgres)
    key = store.add("redaksi")
    with psycopg.connect(postgres) as other:
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    assert store.find(key)
    store.close()


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("mysql://host/keys", UsageError, "not in 'mysql'"),
        ("keys.sqlite", UsageError, "not in ''"),
        ("sqlite:////proc/none/keys.sqlite", StoreError, "cannot be written"),
        ("postgresql://warta:rahasia@127.0.0.1:1/keys", StoreError, "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used(url: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        KeyStore(url)
    assert "rahasia" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_keys_are_asked_for_where_they_are_required(tmp_path: Path) -> None:
    store = KeyStore(default_url(tmp_path))
    key = store.add("redaksi")
    basic = base64.b64encode(f"siapa:{key}".encode()).decode()
    with serving(tmp_path, keys_required=True) as running:
        assert running.translate().status == 400
        assert running.translate(api_key="wk_salah_salah").json == {"error": "Invalid API key"}
        assert running.translate(api_key="wk_salah_salah").status == 403
        assert running.translate(api_key=key).status == 200
        assert running.translate(headers={"authorization": f"Bearer {key}"}).status == 200
        assert running.translate(headers={"authorization": "Bearer wk_salah_salah"}).status == 403
        form = f"q=Satu.&source=id&target=en&api_key={key}".encode()
        kind = "application/x-www-form-urlencoded"
        assert running.ask("POST", "/translate", form, content_type=kind).status == 200
        assert running.get("/metrics").status == 401
        assert running.get("/metrics", authorization=f"Bearer {key}").status == 200
        assert running.get("/").headers["www-authenticate"].startswith("Basic")
        assert running.get("/", authorization=f"Basic {basic}").status == 404
        assert running.get("/", authorization="Basic !").status == 401
        assert [running.get(path).status for path in ("/health", "/ready", "/languages")] == [200] * 3
        store.revoke(key.split("_")[1])
        assert running.translate(api_key=key).status == 403
    store.close()


def test_a_key_has_its_own_rate(tmp_path: Path) -> None:
    store = KeyStore(default_url(tmp_path))
    keys = [store.add(name) for name in ("satu", "dua")]
    store.close()
    with serving(tmp_path, keys_url=default_url(tmp_path), requests_per_minute=1) as running:
        asked = [
            running.translate(headers={"authorization": f"Bearer {key}"}).status for key in (*keys, keys[0])
        ]
        assert asked == [200, 200, 429]


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["warta", *arguments])
    cli.main()


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARTA_HOME", str(tmp_path))

    def ran(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            command(monkeypatch, "keys", *arguments)
        said = capsys.readouterr()
        return said.out if not stopped.value.code else said.err

    key = ran("add", "redaksi pagi").strip()
    id = key.split("_")[1]
    assert ran("list").split()[0] == id
    assert "valid" in ran("list")
    assert ran("revoke", id) == f"{id}: revoked\n"
    assert "valid" not in ran("list")
    assert "there is no valid key" in ran("revoke", id)
    assert "one line" in ran("add", "a\nb")


@pytest.mark.parametrize(
    ("host", "required", "warned"),
    [("127.0.0.1", False, False), ("::1", False, False), ("0.0.0.0", True, False), ("0.0.0.0", False, True)],  # noqa: S104
)
def test_a_server_for_everybody_is_warned_of(host: str, required: bool, warned: bool) -> None:
    assert bool(exposure(ServerConfig(host=host, keys_required=required))) is warned


# Figures, logs, readiness


def figures(server: Server) -> dict[str, list[tuple[dict[str, str], float]]]:
    text = server.get("/metrics").body.decode()
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found


def test_figures_have_counts_and_nothing_of_what_was_sent(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        running.translate("Rahasia besar.", headers={"x_forwarded_for": "203.0.113.77"})
        running.get("/rahasia/alamat?kunci=rahasia")
        running.ask("RAHASIA", "/translate")
        running.get("/download_file/rahasia.txt")
        text = running.get("/metrics").body.decode()
        assert "ahasia" not in text
        assert "203.0.113" not in text
        assert "RAHASIA" not in text
        found = figures(running)
        requests = {
            (labels["route"], labels["method"], labels["status"]): value
            for labels, value in found["warta_requests_total"]
        }
        assert requests["/translate", "POST", "200"] == 1
        assert requests["other", "GET", "404"] == 1
        assert requests["/translate", "other", "405"] == 1
        assert requests["/download_file/{filename}", "GET", "404"] == 1
        assert found["warta_segments_total"] == [({"model": "echo"}, 1)]
        assert found["warta_batch_rows_total"] == [({"model": "echo"}, 1)]
        assert found["warta_queue_segments"] == [({"model": "echo"}, 0)]
        assert found["warta_request_seconds_count"]
        assert {labels["state"]: value for labels, value in found["warta_jobs"]} == {
            "queued": 0,
            "running": 0,
            "done": 0,
            "failed": 0,
            "cancelled": 0,
        }


def test_findings_are_counted_by_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a check that finds something: the echo engine is not checked."""
    from service.document import Finding
    from service.translation import translator

    monkeypatch.setattr(
        translator, "check", lambda *_, **__: (Finding.of("number.lost", source="12"), Finding("echo.copied"))
    )
    monkeypatch.setattr(load, "open_engine", lambda *_: EchoEngine())
    host = Host(Settings(tmp_path, model="echo"))
    made = host.pipeline()
    made._translator._care = translator.Care()
    made.translate_texts(["Satu.", "Dua."])
    assert host.tallies() == {"echo": (2, {"number": 2, "echo": 2})}
    host.close()


def test_no_figures_where_they_are_not_wanted(tmp_path: Path) -> None:
    with serving(tmp_path, metrics=False) as running:
        assert running.get("/metrics").status == 404


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to standard error by the server's loggers, as they are set up for it."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    names = (logs.NAME, "uvicorn", "uvicorn.error")
    before = [(logging.getLogger(name).handlers, logging.getLogger(name).level) for name in names]
    logs.configure()
    yield stream
    for name, (handlers, level) in zip(names, before, strict=True):
        logging.getLogger(name).handlers, logging.getLogger(name).level = handlers, level


def test_a_request_is_a_line_without_what_was_in_it(logged: io.StringIO, tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        answer = running.ask("POST", "/translate?q=Rahasia.&source=id&target=en&api_key=rahasia")
        running.get("/rahasia")
    assert answer.status == 200
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert "ahasia" not in logged.getvalue()
    assert "127.0.0.1" not in logged.getvalue()
    assert [(line["event"], line["route"], line["status"]) for line in lines] == [
        ("request", "/translate", 200),
        ("request", "other", 404),
    ]
    assert lines[0]["id"] == answer.headers["x-request-id"]
    assert set(lines[0]) == {"time", "level", "event", "id", "method", "route", "status", "ms"}


def test_a_failure_is_logged_without_its_message(
    logged: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("Rahasia besar.")

    with serving(tmp_path) as running:
        monkeypatch.setattr(running.host, "pipeline", broken)
        assert running.translate("Rahasia besar.").status == 500
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert "ahasia" not in logged.getvalue()
    assert {line.get("error") for line in lines} == {"RuntimeError"}
    assert all(line["level"] == "error" and line["at"] for line in lines)


class Failing(EchoEngine):
    """Fails while ``broken``."""

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.calls += 1
        if self.broken:
            raise EngineError("the model is gone")
        return super().generate(texts, decoding)


def test_ready_is_what_a_sentence_says_that_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, now = Failing(), [0.0]
    monkeypatch.setattr("service.pool.open_engine", lambda *_: engine)
    host = Host(Settings(tmp_path, model="echo"))
    probe = ReadinessProbe(host, fresh=15, clock=lambda: now[0])
    assert (probe.check().status, probe.check().model, engine.calls) == ("ready", "echo", 1)
    engine.broken = True
    assert probe.check().status == "ready"
    now[0] = 16
    assert (probe.check().status, probe.check().reason) == ("failed", "the model is gone")
    engine.broken, now[0] = False, 32
    assert probe.check().status == "ready"
    host.close()


def test_ready_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Failing()
    monkeypatch.setattr("service.pool.open_engine", lambda *_: engine)
    with serving(tmp_path) as running:
        engine.broken = True
        answer = running.get("/ready")
        assert (answer.status, answer.json["status"]) == (503, "failed")
        assert running.get("/health").json == {"status": "ok"}


def test_a_connection_that_says_nothing_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.middleware.protocol.Punctual.header_seconds", 0.2)
    with serving(tmp_path) as running:
        for begun in (b"", b"GET /languages HTTP/1.1\r\nX-A: "):
            with running.connect() as connection:
                connection.sendall(begun)
                assert connection.recv(100) == b""
        # The second request of a connection is waited for no longer than the first.
        with running.connect() as connection:
            connection.sendall(f"GET /languages HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.sendall(b"GET /languages HTTP/1.1\r\nX-A: ")
            while part := _received(connection):
                assert part


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""
