"""Jobs over HTTP and across restarts: each record once, each owner his own, nothing without bound."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service.api.auth import KeyStore, default_url
from service.api.background import Full, Jobs, Limits, Order, Status
from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.errors import UnknownModel
from service.pool import Host
from service.settings import Settings
from tests.serving import Answer, Server, serving

ROOT = Path(__file__).parents[2]
TEXTS = [f"Harga beras di pasar {number} naik." for number in range(400)]


class Gated(EchoEngine):
    """Lets as many calls through as ``free`` was released."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.texts: list[str] = []

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.begun.release()
        self.free.acquire()
        self.texts += texts
        return super().generate(texts, decoding)


class Counted(EchoEngine):
    """Echoes ``most`` texts, in however many calls, and no more before ``on`` is set."""

    def __init__(self, most: int) -> None:
        self.on = threading.Event()
        self.most = most
        self.done = 0
        self._lock = threading.Lock()

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        with self._lock:
            self.done += len(texts)
            wait = self.done > self.most
        if wait:
            self.on.wait(60)
        return super().generate(texts, decoding)


def until(true: Callable[[], Any]) -> Any:
    """Waits for ``true`` to give something that is, as long as a slow machine may take."""
    for _ in range(3000):
        if found := true():
            return found
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def ended(server: Server, id: str, **headers: str) -> Any:
    def over() -> Any:
        job = server.get(f"/v1/jobs/{id}", **headers).json
        return job if job["state"] in ("done", "failed", "cancelled") else None

    return until(over)


def rows(answer: Answer) -> list[Any]:
    body = answer.body
    if answer.headers.get("transfer-encoding") == "chunked":
        plain = b""
        while body:
            size, _, rest = body.partition(b"\r\n")
            plain, body = plain + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        body = plain
    return [json.loads(line) for line in body.decode().split("\n")[:-1]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.mark.parametrize("task", ["translate", "summarize", "read"])
def test_texts_are_worked_on_in_order(task: str, server: Server) -> None:
    texts = [" ".join(TEXTS[:5]), "Satu dua tiga."]
    answer = server.post(
        "/v1/jobs", {"texts": texts, "task": task, "summary": {"route": "extractive", "sentences": 1}}
    )
    assert answer.status == 202
    job = ended(server, answer.json["id"])
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["records"], job["share"], job["error"]) == ("done", 2, 1.0, "")
    made = rows(server.get(f"/v1/jobs/{job['id']}/result"))
    assert [row["place"] for row in made] == ["texts.jsonl:1", "texts.jsonl:2"]
    if task != "summarize":
        assert [row["translation"] for row in made] == texts
    if task != "translate":
        assert [len(row["summary"]) for row in made] == [1, 1]


def multipart(name: str, data: bytes, **fields: str) -> tuple[bytes, str]:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        for k, v in fields.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return b"".join([*parts, head, data, b"\r\n--x--\r\n"]), "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("name", "kind", "content", "made"),
    [
        ("berita.csv", "text/csv; charset=utf-8", b"id,isi\n7,Satu dua.\n8,\n", b"7,Satu dua.,Satu dua.,,"),
        ("a.jsonl", "application/x-ndjson", b'{"isi": "Satu.", "n": 1.50}\n',
         b'{"isi": "Satu.", "n": 1.50, "translation": "Satu.", "error": null,'),
    ],
)  # fmt: skip
def test_a_table_comes_back_as_that_table(
    name: str, kind: str, content: bytes, made: bytes, server: Server
) -> None:
    body, sent = multipart(name, content, column="isi", wide="true")
    job = ended(server, server.ask("POST", "/v1/jobs/file", body, content_type=sent).json["id"])
    answer = server.get(f"/v1/jobs/{job['id']}/result")
    assert job["state"] == "done"
    assert made in answer.body
    assert answer.headers["content-type"] == kind
    assert answer.headers["warta-signature"].startswith("preset:echo|")


def test_a_file_of_records(server: Server) -> None:
    table = b"id,isi\n7,Satu dua.\n8,\n"
    body, kind = multipart("../../etc/berita.csv", table, column="isi")
    answer = server.ask("POST", "/v1/jobs/file", body, content_type=kind)
    assert answer.status == 202
    job = ended(server, answer.json["id"])
    assert (job["state"], job["records"], job["failures"]) == ("done", 2, 1)
    made = rows(server.get(f"/v1/jobs/{job['id']}/result"))
    assert [(row["fields"], row["translation"], row["place"]) for row in made] == [
        ({"id": "7"}, "Satu dua.", "upload.csv:2"),
        ({"id": "8"}, None, "upload.csv:3"),
    ]
    assert str(server.host.settings.home) not in json.dumps(made)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/v1/jobs", {"texts": []}, 422),
        ("/v1/jobs", {"texts": [""]}, 422),
        ("/v1/jobs", {"texts": ["Satu."], "task": "hapus"}, 422),
        ("/v1/jobs", {"texts": ["Satu."], "owner": "siapa"}, 422),
        ("/v1/jobs", {"texts": ["Satu."], "model": "tiada"}, 400),
        ("/v1/jobs", {"texts": ["Satu."], "model": "opus-mt-id-en"}, 400),
        ("/v1/jobs", {"texts": ["\ud800"]}, 422),
    ],
)
def test_what_is_no_job(path: str, fields: Any, status: int, server: Server) -> None:
    before = len(server.get("/v1/jobs").json["jobs"])
    answer = server.post(path, fields)
    assert (answer.status, set(answer.json["error"])) == (status, {"code", "type", "message"})
    assert len(server.get("/v1/jobs").json["jobs"]) == before


@pytest.mark.parametrize(("name", "data"), [("a.exe", b"MZ"), ("a.csv", b""), ("a.parquet", b"PAR2")])
def test_what_is_no_file_of_records(name: str, data: bytes, server: Server) -> None:
    body, kind = multipart(name, data)
    assert server.ask("POST", "/v1/jobs/file", body, content_type=kind).status == 400


def test_a_job_that_is_not_there(server: Server) -> None:
    for id in ("0" * 32, "..", "0" * 31, "%2e%2e%2fkeys.sqlite"):
        for answer in (
            server.get(f"/v1/jobs/{id}"),
            server.get(f"/v1/jobs/{id}/result"),
            server.ask("DELETE", f"/v1/jobs/{id}"),
            server.ask("POST", f"/v1/jobs/{id}/cancel"),
        ):
            assert answer.status in (404, 422)


def test_a_key_sees_its_own_jobs_only(tmp_path: Path) -> None:
    store = KeyStore(default_url(tmp_path))
    ours, theirs = ({"authorization": f"Bearer {store.add(name)}"} for name in ("satu", "dua"))
    store.close()
    with serving(tmp_path, keys_url=default_url(tmp_path)) as running:
        id = running.post("/v1/jobs", {"texts": ["Satu."]}, **ours).json["id"]
        ended(running, id, **ours)
        for others in (theirs, {}):
            assert running.get(f"/v1/jobs/{id}", **others).status == 404
            assert running.get(f"/v1/jobs/{id}/result", **others).status == 404
            assert running.ask("DELETE", f"/v1/jobs/{id}", b"", **others).status == 404
            assert running.get("/v1/jobs", **others).json == {"jobs": []}
        assert [job["id"] for job in running.get("/v1/jobs", **ours).json["jobs"]] == [id]
        assert running.ask("DELETE", f"/v1/jobs/{id}", b"", **ours).status == 204
        assert running.get(f"/v1/jobs/{id}", **ours).status == 404
        assert not (tmp_path / "jobs" / id).exists()


def test_nobody_lists_jobs_where_others_can_ask(tmp_path: Path) -> None:
    with serving(tmp_path, allowed_hosts=("warta.example",)) as running:
        assert running.get("/v1/jobs").status == 403


# The store


def host_of(home: Path, engine: EchoEngine, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr("service.pool.open_engine", lambda *_: engine)
    return Host(Settings(home, model="echo"))


def texts(count: int) -> Callable[[Path], Path]:
    def put(folder: Path) -> Path:
        path = folder / "texts.jsonl"
        path.write_text("".join(json.dumps(text) + "\n" for text in TEXTS[:count]), "utf-8")
        return path

    return put


def only_the_state(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == ["job.json"]


def over(jobs: Jobs, status: Status, state: str) -> bool:
    found = jobs.get(status.id, status.order.owner)
    return found is not None and found.state == state


def test_cancelled_it_stops_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Gated()
    jobs = Jobs(tmp_path / "jobs", host_of(tmp_path, engine, monkeypatch))
    jobs.start()
    running, waiting = jobs.submit(Order(), texts(40)), jobs.submit(Order(), texts(1))
    engine.begun.acquire()
    jobs.cancel(waiting.id)
    jobs.cancel(running.id)
    for status in (running, waiting):
        until(partial(only_the_state, tmp_path / "jobs" / status.id))
        assert over(jobs, status, "cancelled")
    engine.free.release(100)
    jobs.close()
    jobs._host.close()
    assert len(engine.texts) < 40


def test_stopped_and_started_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first commit is whole by then, however fast the others follow, and the last is not begun.
    engine = Counted(100)
    host = host_of(tmp_path, engine, monkeypatch)
    jobs = Jobs(tmp_path / "jobs", host)
    jobs.start()
    status = jobs.submit(Order(), texts(400))
    until(lambda: (found := jobs.get(status.id, "")) and found.totals.records)
    until(lambda: engine.done > 100)
    stopping = threading.Thread(target=jobs.close)
    stopping.start()
    until(lambda: jobs.stopping)
    engine.on.set()
    stopping.join()
    assert over(jobs, status, "queued")
    before = len((tmp_path / "jobs" / status.id / "result.jsonl.partial").read_text("utf-8").splitlines())
    assert 0 < before < 400
    again = Jobs(tmp_path / "jobs", host)
    again.start()
    until(lambda: over(again, status, "done"))
    assert [
        json.loads(row)["translation"] for row in again.result(status).path.read_text("utf-8").splitlines()
    ] == TEXTS
    again.close()
    host.close()


def test_bounded_in_number_and_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, now = Gated(), [1000.0]
    limits = Limits(count=3, each=2, total_bytes=10_000, job_bytes=3000, seconds=60)
    jobs = Jobs(tmp_path / "jobs", host_of(tmp_path, engine, monkeypatch), limits, lambda: now[0])
    jobs.start()
    first = jobs.submit(Order("a"), texts(1))
    jobs.submit(Order("a"), texts(1))
    with pytest.raises(Full, match="2 jobs are waiting"):
        jobs.submit(Order("a"), texts(1))
    jobs.submit(Order("b"), texts(1))
    with pytest.raises(Full, match="3 jobs are kept"):
        jobs.submit(Order("c"), texts(1))
    engine.free.release(100)
    until(lambda: all(over(jobs, status, "done") for owner in "ab" for status in jobs.all(owner)))
    now[0] += 61
    large = jobs.submit(Order("c"), texts(40))
    assert jobs.get(first.id, "a") is None
    until(lambda: over(jobs, large, "failed"))
    found = jobs.get(large.id, "c")
    assert found is not None
    assert "larger than the limit" in found.error
    (tmp_path / "jobs" / large.id / "ballast").write_bytes(bytes(20_000))
    with pytest.raises(Full, match="delete some"):
        jobs.submit(Order("c"), texts(1))
    jobs.close()
    jobs._host.close()


def test_owners_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Gated()
    jobs = Jobs(tmp_path / "jobs", host_of(tmp_path, engine, monkeypatch))
    many = [jobs.submit(Order("banyak"), texts(1)) for _ in range(3)]
    few = jobs.submit(Order("sedikit"), texts(1))
    jobs.start()
    engine.begun.acquire()
    engine.free.release(1)
    engine.begun.acquire()
    assert over(jobs, many[0], "done")
    assert over(jobs, few, "running")
    assert over(jobs, many[1], "queued")
    engine.free.release(100)
    until(lambda: all(over(jobs, status, "done") for status in (*many, few)))
    jobs.close()
    jobs._host.close()


def test_one_server_runs_the_jobs_of_a_home(tmp_path: Path) -> None:
    with serving(tmp_path), serving(tmp_path) as second:
        answer = second.post("/v1/jobs", {"texts": ["Satu."]})
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")


def test_what_was_half_written_is_no_job(tmp_path: Path) -> None:
    host = Host(Settings(tmp_path, model="echo"))
    for name, text in (("0" * 32, None), ("1" * 32, "{"), ("2" * 32, '{"id": 1}'), ("lain", None)):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        if text:
            (tmp_path / "jobs" / name / "job.json").write_text(text)
    jobs = Jobs(tmp_path / "jobs", host)
    jobs.start()
    assert jobs.all("") == []
    assert sorted(p.name for p in (tmp_path / "jobs").iterdir() if p.is_dir()) == ["1" * 32, "2" * 32, "lain"]
    with pytest.raises(UnknownModel):
        jobs.submit(Order(model="tiada"), texts(1))
    jobs.close()
    host.close()


def test_killed_at_any_moment_the_next_server_ends_it(tmp_path: Path) -> None:
    """A real process and a real SIGKILL, while the job runs."""
    count = 3000
    code = (
        "import json, sys; from pathlib import Path; from tests.api.test_background import *;"
        "host = Host(Settings(Path(sys.argv[1]), model='echo'));"
        "jobs = Jobs(Path(sys.argv[1]) / 'jobs', host); jobs.start();"
        f"put = lambda folder: many(folder, {count});"
        "print(jobs.submit(Order(), put).id, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    id = process.stdout.readline().strip()
    journal = tmp_path / "jobs" / id / "result.jsonl.journal"
    until(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 3)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    host = Host(Settings(tmp_path, model="echo"))
    jobs = Jobs(tmp_path / "jobs", host)
    jobs.start()
    status = jobs.get(id, "")
    assert status is not None
    until(lambda: over(jobs, status, "done"))
    made = [
        json.loads(row)["translation"] for row in jobs.result(status).path.read_text("utf-8").splitlines()
    ]
    assert made == [f"Berita nomor {number}." for number in range(count)]
    jobs.close()
    host.close()


def many(folder: Path, count: int) -> Path:
    path = folder / "texts.jsonl"
    path.write_text("".join(f'"Berita nomor {number}."\n' for number in range(count)), "utf-8")
    return path
