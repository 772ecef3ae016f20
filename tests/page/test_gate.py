"""The page attacked from outside: whatever names a file, in every function, gives away and opens nothing.

The server is a process of its own: what hangs it is killed here, and does not hang the tests.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("gradio", reason="the page needs warta[serve]")

SECRET = "Kata sandi gudang itu ialah merak-ungu-7731."  # noqa: S105
OTHERS = "Catatan orang lain menyebut kutilang-hijau-4512."
OWN = "Berkas sendiri menyebut cendrawasih-biru-9084."
MARKS = ("merak-ungu-7731", "kutilang-hijau-4512")
PATIENCE = 60.0
SERVER = """
import sys
from pathlib import Path
from service.api import app
from service.api.config import ServerConfig
from service.pool import Host
from service.settings import Settings
config = ServerConfig(port=0, requests_per_minute=1_000_000, drain_seconds=2, **eval(sys.argv[2]))
app.run(Host(Settings(Path(sys.argv[1]), model="echo")), config, say=lambda line: print(line, flush=True))
"""


@dataclass
class Site:
    """A server with its page, in a folder of its own."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def served(self) -> Iterator[Path]:
        """Every file in what the server may serve from: its home, and the folders that Gradio uses."""
        for name in ("home", "gradio", "cwd"):
            yield from (path for path in (self.folder / name).rglob("*") if path.is_file())

    def ends(self) -> None:
        """Ends at SIGTERM, with all that runs."""
        self.process.send_signal(signal.SIGTERM)
        # The server ends in its own way, then as the signal would have ended it.
        assert self.process.wait(PATIENCE) in (0, -signal.SIGTERM)


def start(folder: Path, **limits: Any) -> Site:
    """A server in ``folder``."""
    for name in ("home", "gradio", "cwd"):
        (folder / name).mkdir()
    places = {"GRADIO_TEMP_DIR": str(folder / "gradio"), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder / "home"), repr(limits)],
        cwd=folder / "cwd",
        env={**os.environ, **places},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
    assert found, line
    return Site(process, int(found[1]), folder)


def stop(site: Site) -> None:
    """Whatever state it is in."""
    if site.process.poll() is None:
        site.process.kill()
    site.process.wait()
    assert site.process.stdout
    site.process.stdout.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    started = start(tmp_path_factory.mktemp("site"))
    yield started
    stop(started)


def test_the_page_names_its_language_and_a_script_none(site: Site) -> None:
    def answered(path: str) -> http.client.HTTPMessage:
        headers = {"Accept-Language": "en", "Cookie": "warta-language=id"}
        with closing(http.client.HTTPConnection("127.0.0.1", site.port)) as connection:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().headers

    page = answered("/")
    assert page["content-language"] == "id"
    assert {"accept-language", "cookie"} <= {name.strip().lower() for name in page["vary"].split(",")}
    assert answered("/theme.css")["content-language"] is None


class Reader:
    """A browser's session: its cookie, and what it asks."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookie = ""
        answer = self.ask("GET", "/")
        assert answer.status == 200
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        headers = {"content-type": kind, "cookie": self.cookie, "connection": "close"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=PATIENCE)) as wire:
            try:
                wire.request(method, path, body or None, headers)
                answer = wire.getresponse()
                return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            except (http.client.HTTPException, ConnectionError):
                return Answer(0, {}, b"")

    def post(self, path: str, fields: Any) -> Answer:
        return self.ask("POST", path, json.dumps(fields).encode())

    def call(self, path: str, fields: dict[str, Any]) -> bytes:
        """All that comes back of a call: its answer, and what the queue tells of it."""
        answer = self.post(path, fields)
        told = answer.body
        if answer.status == 200 and b'"event_id"' in answer.body:
            told += self.ask("GET", f"/gradio_api/queue/data?session_hash={fields.get('session_hash')}").body
        return told

    def upload(self, name: str, data: bytes) -> Answer:
        body = (
            f'--xyz\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
            + data
            + b"\r\n--xyz--\r\n"
        )
        return self.ask("POST", "/gradio_api/upload", body, "multipart/form-data; boundary=xyz")

    def uploaded(self, name: str, text: str) -> str:
        answer = self.upload(name, text.encode())
        assert answer.status == 200, answer
        return str(json.loads(answer.body)[0])


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Function:
    """One of the page's functions, as its own ``/config`` tells it."""

    id: int
    name: str
    queue: bool
    kinds: list[str]
    values: list[Any] = field(repr=False)

    @cached_property
    def files(self) -> list[int]:
        """Which inputs are files."""
        return [n for n, kind in enumerate(self.kinds) if kind in ("file", "uploadbutton")]

    def body(self, place: int | None, value: Any, **more: Any) -> dict[str, Any]:
        """A call with ``value`` in the place of that input, in its event where None."""
        data = [value if n == place else usual for n, usual in enumerate(self.values)]
        event = value if place is None else None
        return {"data": data, "event_data": event, "fn_index": self.id, "session_hash": "z", **more}


def functions(reader: Reader) -> list[Function]:
    config = json.loads(reader.ask("GET", "/config").body)
    components = {part["id"]: part for part in config["components"]}
    made = []
    for each in config["dependencies"]:
        inputs = [components[number] for number in each["inputs"]]
        kinds = [part["type"] for part in inputs]
        values = [part["props"].get("value") for part in inputs]
        made.append(Function(each["id"], str(each["api_name"]), each["queue"] is not False, kinds, values))
    return made


class Counting(BaseHTTPRequestHandler):
    """A site inside, which has the secret and counts who asks for it."""

    hits = 0

    def do_GET(self) -> None:
        type(self).hits += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(SECRET.encode())

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def inside() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Counting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def places(folder: Path, port: int, theirs: str) -> dict[str, str]:
    """What an attacker would have opened, by what it is."""
    secret = folder / "secret.txt"
    secret.write_text(SECRET)
    (folder / "link.txt").symlink_to(secret)
    os.mkfifo(folder / "fifo.txt")
    return {
        "file": str(secret),
        "relative": f"../../{secret.relative_to(folder.parent)}",
        "link": str(folder / "link.txt"),
        "file url": f"file://{secret}",
        "http": f"http://127.0.0.1:{port}/secret.txt",
        "https": f"https://127.0.0.1:{port}/secret.txt",
        "proxy": f"/gradio_api/proxy=http://127.0.0.1:{port}/secret.txt",
        "theirs": theirs,
        "theirs as a handle": f"x/{theirs}",
        "fifo": str(folder / "fifo.txt"),
        "zero": "/dev/zero",
    }


def shapes(path: str) -> dict[str, Any]:
    """Every way of naming a file in a call."""
    meta = {"meta": {"_type": "gradio.FileData"}}
    plain = {"path": path, **meta}
    return {
        "plain": plain,
        "with url": {"path": "x", "url": path, **meta},
        "listed": [plain],
        "nested": {"value": {"deep": [plain]}},
        "no meta": {"path": path},
        "stream": {**plain, "is_stream": True},
        "old": {"name": path, "data": None, "is_file": True},
        "text": path,
        "texts": [path],
    }


def test_every_file_input_of_every_function_takes_own_uploads_only(
    site: Site, tmp_path: Path, inside: int
) -> None:
    other, me = Reader(site), Reader(site)
    targets = places(tmp_path, inside, other.uploaded("theirs.txt", OTHERS))
    known = functions(me)
    assert sum(len(each.files) for each in known) >= 5
    answers: list[tuple[str, bytes]] = []
    for what, path in targets.items():
        for shape, value in shapes(path).items():
            for each in known:
                for place in each.files:
                    route = "/gradio_api/queue/join" if each.queue else "/gradio_api/run/predict"
                    told = me.call(route, each.body(place, value))
                    answers.append((f"{what}, {shape}, function {each.id} input {place}", told))
                    _check(site, answers[-1:])
    assert len(answers) >= 5 * 11 * 9
    assert Counting.hits == 0
    _nothing_kept(site, {OTHERS})


def test_every_other_input_and_event_takes_no_file(site: Site, tmp_path: Path, inside: int) -> None:
    me = Reader(site)
    targets = places(tmp_path, inside, Reader(site).uploaded("theirs.txt", OTHERS))
    answers: list[tuple[str, bytes]] = []
    for each in functions(me):
        for place in [None, *(n for n in range(len(each.kinds)) if n not in each.files)]:
            for what in ("file", "http", "theirs", "zero"):
                for shape in ("plain", "nested"):
                    route = "/gradio_api/queue/join" if each.queue else "/gradio_api/run/predict"
                    told = me.call(route, each.body(place, shapes(targets[what])[shape]))
                    answers.append((f"{what}, {shape}, function {each.id} input {place}", told))
    _check(site, answers)
    assert Counting.hits == 0
    _nothing_kept(site, {OTHERS})


def test_every_route_that_calls_takes_no_file(site: Site, tmp_path: Path, inside: int) -> None:
    me = Reader(site)
    targets = places(tmp_path, inside, Reader(site).uploaded("theirs.txt", OTHERS))
    known = [each for each in functions(me) if each.files]
    routes = ["queue/join", "run/predict", "api/predict", "call/predict", "call/v2/predict", "stream/x"]
    routes += [f"{way}/{each.name}" for way in ("run", "api", "call", "call/v2") for each in known]
    answers = []
    for route in [*routes, "component_server", "component_server/", "process_recording", "vibe-code"]:
        for each in known:
            for what in ("file", "http", "theirs"):
                value = shapes(targets[what])["plain"]
                body = each.body(each.files[0], value, component_id=1, fn_name="ls", batched=True)
                answers.append((f"{route}, {what}", me.call(f"/gradio_api/{route}", body)))
    for what, path in targets.items():
        for route in ("file=", "file/", "proxy=", "custom_component/"):
            asked = f"/gradio_api/{route}{quote(path)}"
            answers.append((f"{route}, {what}", me.ask("GET", asked).body))
    _check(site, answers)
    assert Counting.hits == 0
    _nothing_kept(site, {OTHERS})


def _check(site: Site, answers: list[tuple[str, bytes]]) -> None:
    for what, told in answers:
        for mark in MARKS:
            assert mark.encode() not in told, what
    assert site.process.poll() is None


def _nothing_kept(site: Site, uploads: set[str]) -> None:
    """No file below a served folder holds what was asked for but the upload itself, in its own place."""
    for path in site.served():
        text = path.read_bytes()
        if any(mark.encode() in text for mark in MARKS):
            assert text.decode() in uploads
            assert "page-files" in path.parts


def test_an_own_upload_is_read_and_can_be_had_again(site: Site) -> None:
    """What the attacks above go through does read a file: they would see one."""
    me = Reader(site)
    (reads,) = (each for each in functions(me) if each.kinds == ["uploadbutton"])
    token = me.uploaded("sendiri.txt", OWN)
    mine = {
        "path": token,
        "url": "http://127.0.0.1:1/",
        "orig_name": "x",
        "meta": {"_type": "gradio.FileData"},
    }
    assert me.ask("GET", f"/gradio_api/file={token}").body.decode() == OWN
    assert Reader(site).ask("GET", f"/gradio_api/file={token}").status == 404
    assert b"cendrawasih-biru-9084" in me.call("/gradio_api/queue/join", reads.body(0, mine))
    # Once it is read, nobody needs it.
    assert me.ask("GET", f"/gradio_api/file={token}").status == 404
    gone = me.post("/gradio_api/queue/join", reads.body(0, mine))
    assert gone.status == 403
    assert "choose it again" in json.loads(gone.body)["error"]


def test_another_session_s_queue_and_runs_are_out_of_reach(site: Site) -> None:
    one, two = Reader(site), Reader(site)
    (reads,) = (each for each in functions(one) if each.kinds == ["uploadbutton"])
    mine = {"path": one.uploaded("sendiri.txt", OWN), "meta": {"_type": "gradio.FileData"}}
    assert one.post("/gradio_api/queue/join", reads.body(0, mine, session_hash="same")).status == 200
    theirs = two.ask("GET", "/gradio_api/queue/data?session_hash=same").body
    assert b"cendrawasih-biru-9084" not in theirs
    assert b"cendrawasih" in one.ask("GET", "/gradio_api/queue/data?session_hash=same").body


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/gradio_api/queue/join", {"data": [], "fn_index": 0}, 400),
        ("/gradio_api/queue/join", {"data": {}, "fn_index": 0, "session_hash": "z"}, 400),
        ("/gradio_api/queue/join", {"data": [], "fn_index": True, "session_hash": "z"}, 400),
        ("/gradio_api/queue/join", {"data": [], "fn_index": 0, "session_hash": "../z"}, 400),
        ("/gradio_api/queue/join", [], 400),
        ("/gradio_api/queue/join", {"data": [float("nan")], "fn_index": 0, "session_hash": "z"}, 400),
        ("/gradio_api/queue/join", {"data": ["x" * 9_000_000], "fn_index": 0, "session_hash": "z"}, 413),
        ("/gradio_api/call/x", {"data": []}, 404),
        ("/login", {}, 404),
    ],
)
def test_a_call_of_another_shape_is_refused(site: Site, path: str, fields: Any, status: int) -> None:
    assert Reader(site).post(path, fields).status == status


def test_a_call_that_nests_without_end_is_refused(site: Site) -> None:
    for depth in (100, 100_000):
        deep = b"[" * depth + b"]" * depth
        body = b'{"data": ' + deep + b', "fn_index": 0, "session_hash": "z"}'
        assert Reader(site).ask("POST", "/gradio_api/queue/join", body).status == 400


def test_without_a_session_there_is_nothing(site: Site) -> None:
    nobody = Reader(site)
    nobody.cookie = ""
    assert nobody.upload("x.txt", b"x").status == 403
    assert nobody.post("/gradio_api/queue/join", {"data": [], "session_hash": "z"}).status == 403
    assert nobody.ask("GET", "/gradio_api/queue/data?session_hash=z").status == 403
    assert nobody.ask("GET", "/gradio_api/heartbeat/z").status == 403


@pytest.mark.parametrize(
    "name", ["../../../x.txt", "a/b.txt", "..", "x" * 500 + ".txt", "a\\b.txt", "\x01;.txt"]
)
def test_a_name_of_an_upload_leads_nowhere(site: Site, name: str) -> None:
    me = Reader(site)
    token = me.uploaded(name, OWN)
    assert me.ask("GET", f"/gradio_api/file={token}").body.decode() == OWN
    held = site.folder / "home" / "page-files"
    (path,) = (path for path in held.rglob("*") if path.parent.name == token)
    assert path.parent.parent.parent == held
    assert not list(site.folder.glob("x.txt"))


def test_a_device_or_a_pipe_does_not_hang_the_server(tmp_path: Path) -> None:
    site = start(tmp_path)
    try:
        pipe = tmp_path / "fifo.txt"
        os.mkfifo(pipe)
        me = Reader(site)
        for path in ("/dev/zero", str(pipe)):
            for each in functions(me):
                for place in each.files:
                    me.post("/gradio_api/queue/join", each.body(place, shapes(path)["plain"]))
                    me.post("/gradio_api/queue/join", each.body(place, shapes(path)["listed"]))
        time.sleep(1)
        assert Reader(site).ask("GET", "/health").status == 200
        site.ends()
    finally:
        stop(site)


def test_uploads_stop_at_their_room_and_go_with_the_server(tmp_path: Path) -> None:
    site = start(tmp_path, file_bytes=4_000_000, body_bytes=1_000_000)
    try:
        me, data = Reader(site), b"x" * 900_000
        statuses = [me.upload(f"{n}.txt", data).status for n in range(8)]
        assert statuses == [200, 200, *[413] * 6]
        refused = me.upload("more.txt", data)
        assert "more than 2 MB" in refused.body.decode()
        assert _held(site) <= 2_000_000
        for _ in range(5):
            other = Reader(site)
            assert other.upload("a.txt", data).status == 200
        assert _held(site) <= 4_000_000
        # Refused by its announced length: a client that still sends may see no more than a closed connection.
        assert me.upload("whole.txt", b"x" * 1_100_000).status in (413, 0)
        assert _held(site) <= 4_000_000
        site.ends()
        assert _held(site) == 0
    finally:
        stop(site)


def _held(site: Site) -> int:
    return sum(path.stat().st_size for path in site.served() if path.suffix == ".txt")
