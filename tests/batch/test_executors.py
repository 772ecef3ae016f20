"""Who does the work of a batch changes nothing in its output: one process, several, or a Ray cluster."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from eval.bench.batch import descendants, ray_torture, write_corpus
from service.batch.commits import FIRST, LARGEST, CommitSize, commits
from service.batch.executors import processes
from service.batch.folder import REPORT, mirror_with
from service.batch.job import Inputs, Item, Job
from service.batch.ray import TRIALS, Place, connect
from service.batch.run import run, run_with
from service.batch.worker import sentences_in
from service.errors import InputError, UnknownModel, WartaError
from service.pipeline import build_pipeline
from service.settings import Settings
from tests.batch.test_folder import below, messy
from tests.mirroring import mirror

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", model="echo")


def alone(job: Job, settings: Settings) -> bytes:
    run(job, build_pipeline(settings, lambda _: None))
    return job.output.read_bytes()


def test_processes_write_what_one_writes(tmp_path: Path, settings: Settings) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 300, sentences=3)
    source.write_text(source.read_text("utf-8") + "{\n" + json.dumps({"text": "Selesai."}) + "\n", "utf-8")
    job = Job([source], tmp_path / "out.jsonl")
    with processes(job, settings, 2) as executor:
        totals = run_with(job, executor)
    assert (totals.records, totals.failures, totals.segments) == (302, 1, 901)
    assert job.output.read_bytes() == alone(Job([source], tmp_path / "clean.jsonl"), settings)


def test_what_one_began_several_end(tmp_path: Path, settings: Settings) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 300, sentences=3)
    job = Job([source], tmp_path / "out.jsonl")

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job, build_pipeline(settings, lambda _: None), stop)
    with processes(job, settings, 2) as executor:
        run_with(job, executor)
    assert job.output.read_bytes() == alone(Job([source], tmp_path / "clean.jsonl"), settings)


def test_strict_stops_at_the_first_bad_record_whoever_finds_one(tmp_path: Path, settings: Settings) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 300)
    lines = source.read_text("utf-8").splitlines()
    lines[200] = lines[280] = "{"
    source.write_text("\n".join(lines), "utf-8")
    job = Job([source], tmp_path / "out.jsonl", strict=True)
    with processes(job, settings, 2) as executor, pytest.raises(InputError, match=r"in\.jsonl:201: not JSON"):
        run_with(job, executor)
    assert (tmp_path / "out.jsonl.partial").read_bytes().count(b"\n") == 200


def test_processes_mirror_a_folder_as_one_does(tmp_path: Path, settings: Settings) -> None:
    source = messy(tmp_path / "masuk")
    write_corpus(source / "banyak.jsonl", 300)
    clean = Job([source], tmp_path / "bersih", folder=True)
    mirror(clean, build_pipeline(settings, lambda _: None))
    job = Job([source], tmp_path / "keluar", folder=True)
    seen = 0

    def stop(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 6:
            raise KeyboardInterrupt

    with processes(job, settings, 2) as executor, pytest.raises(KeyboardInterrupt):
        mirror_with(executor, stop)
    assert not (job.output / REPORT).exists()
    with processes(job, settings, 2) as executor:
        totals = mirror_with(executor)
    assert (totals.records, totals.failures) == (16, 7)
    assert below(job.output) == below(clean.output)


def test_a_model_that_cannot_be_opened_is_said_as_always(tmp_path: Path) -> None:
    job = Job([write_corpus(tmp_path / "in.jsonl", 3)], tmp_path / "out.jsonl")
    with (
        processes(job, Settings(tmp_path / "home", model="nothing"), 2) as executor,
        pytest.raises(UnknownModel, match="nothing"),
    ):
        run_with(job, executor)


def test_a_worker_that_dies_loses_nothing_that_was_done(tmp_path: Path, settings: Settings) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 20_000)
    job = Job([source], tmp_path / "out.jsonl")

    def kill(_: object) -> None:
        # The tracker of resources is a child too; every worker dies as if memory had run out.
        for pid, command in descendants(os.getpid()):
            if "spawn_main" in command:
                os.kill(pid, signal.SIGKILL)

    with processes(job, settings, 2) as executor, pytest.raises(WartaError, match="a worker process died"):
        run_with(job, executor, kill)
    with processes(job, settings, 2) as executor:
        run_with(job, executor)
    assert job.output.read_bytes() == alone(Job([source], tmp_path / "clean.jsonl"), settings)


def test_reading_never_runs_far_ahead(tmp_path: Path, settings: Settings) -> None:
    job = Job([write_corpus(tmp_path / "in.jsonl", 2000)], tmp_path / "out.jsonl")
    read = 0

    def counted() -> Iterator[Item]:
        nonlocal read
        for item in Inputs(job).items():
            read += 1
            yield item

    with processes(job, settings, 2) as executor:
        first = next(iter(executor.done(counted())))
        assert len(first.keys) == FIRST
        assert read == FIRST * 4


def test_commits_grow_while_they_are_quick_and_shrink_while_slow(tmp_path: Path) -> None:
    size = CommitSize()
    items = Inputs(Job([write_corpus(tmp_path / "in.jsonl", 1000)], tmp_path / "out.jsonl")).items()
    made = []
    for chunk in commits(items, size, sentences_in):
        made.append(len(chunk))
        size.took((0.1, 2.0, 2.0)[len(made) - 1] if len(made) < 4 else 30.0)
    assert made == [4, 16, 32, 64, 32, *[16] * 53, 4]
    for _ in range(20):
        size.took(0.1)
    assert size.now == LARGEST


def test_no_workers_are_refused(tmp_path: Path) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 3)
    done = batch(tmp_path, source, tmp_path / "out.jsonl", "--workers", "0")
    assert (done.returncode, "workers must be 1 or more" in done.stderr) == (2, True), done.stderr


def batch(home: Path, source: Path, output: Path | str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output)]
    command += ["--long", "--model", "echo"]
    environment = {**os.environ, "WARTA_HOME": str(home / "home"), "PYTHONPATH": str(ROOT)}
    return subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return what it said but for how far it was, which only a slow start of Ray has it say."""
    slow = r"(?m)^warta: (connecting to Ray|([^:\n]+: )?the first records are at work).*\n"
    return re.sub(slow, "", done.stderr)


def test_a_ray_cluster_goes_on_with_what_was_begun_here(tmp_path: Path, settings: Settings) -> None:
    pytest.importorskip("ray", reason="the cluster extra")
    source = write_corpus(tmp_path / "in.jsonl", 2000)
    job = Job([source], tmp_path / "out.jsonl")
    seen = 0

    def stop(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job, build_pipeline(settings, lambda _: None), stop)
    done = batch(tmp_path, source, job.output, "--cluster", "local", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert "2,000 records" in done.stderr
    assert job.output.read_bytes() == alone(Job([source], tmp_path / "clean.jsonl"), settings)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex(("127.0.0.1", port))


@contextmanager
def ray_started() -> Iterator[tuple[str, str]]:
    """A Ray of its own, as ``ray start`` makes one: its address, and the one for those outside."""
    gcs, client = (random.randint(20_000, 32_000) for _ in range(2))  # noqa: S311 - Ray takes those below
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus=2"]
    command += [f"--port={gcs}", f"--ray-client-server-port={client}", "--include-dashboard=false"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
    environment["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # as docs/cluster.md says
    started = subprocess.Popen(
        [*command, "--node-ip-address=127.0.0.1"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for port in (gcs, client):
            while not answers(port):
                assert started.poll() is None
                time.sleep(0.2)
        yield f"127.0.0.1:{gcs}", f"ray://127.0.0.1:{client}"
    finally:
        started.terminate()
        started.wait()


def test_a_ray_cluster_is_reached_from_within_and_from_outside(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="the cluster extra")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "a-secret-of-this-test-" * 2)
    source = write_corpus(tmp_path / "in.jsonl", 500)
    clean = alone(Job([source], tmp_path / "clean.jsonl"), settings)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with ray_started() as addresses:
        for number, address in enumerate(addresses):
            output = tmp_path / f"out{number}.jsonl"
            done = batch(tmp_path, source, output, "--cluster", address, "--workers", "1")
            assert done.returncode == 0, done.stderr
            assert output.read_bytes() == clean


class _Unlucky:
    """A Ray whose client server fails so often before it gives a session."""

    def __init__(self, failures: int, said: str = "Starting Ray client server failed. See a log.") -> None:
        self.failures, self.said, self.calls = failures, said, list[str]()

    def init(self, address: str, **_: object) -> None:
        self.calls.append(address)
        if len(self.calls) <= self.failures:
            raise RuntimeError(self.said)

    def shutdown(self) -> None:
        pass


def test_a_session_that_rays_client_server_failed_to_start_is_asked_for_again() -> None:
    place = Place("ray://head:10001")
    ray = _Unlucky(TRIALS - 1)
    connect(cast("ModuleType", ray), place)
    assert ray.calls == [place.address] * TRIALS
    for unlucky, calls in ((_Unlucky(TRIALS), TRIALS), (_Unlucky(1, "the versions differ"), 1)):
        with pytest.raises(RuntimeError, match=unlucky.said):
            connect(cast("ModuleType", unlucky), place)
        assert len(unlucky.calls) == calls


def test_ray_mirrors_a_folder(tmp_path: Path, settings: Settings) -> None:
    pytest.importorskip("ray", reason="the cluster extra")
    source = messy(tmp_path / "masuk")
    write_corpus(source / "banyak.jsonl", 300)
    clean = Job([source], tmp_path / "bersih", folder=True)
    one = mirror(clean, build_pipeline(settings, lambda _: None))
    done = batch(tmp_path, source, tmp_path / "keluar", "--cluster", "local", "--workers", "2")
    assert done.returncode == 1, done.stderr
    assert re.sub(r"; \d.*", "", said(done)) == (
        f"warta: keluar: 16 records, {one.segments} segments, 0 from memory, 0 findings, 7 failures\n"
        f"warta: what failed, and why, is in {tmp_path / 'keluar' / REPORT}\n"
    )
    assert below(tmp_path / "keluar") == below(clean.output)


@pytest.mark.parametrize("output", ["out.jsonl", "out/"])
def test_ray_says_what_is_wrong_with_a_model_in_a_line(tmp_path: Path, output: str) -> None:
    pytest.importorskip("ray", reason="the cluster extra")
    source = write_corpus(tmp_path / "in.jsonl", 3)
    options = ("--cluster", "local", "--workers", "1", "--model", "opus-mt-id-en")
    done = batch(tmp_path, source, f"{tmp_path}/{output}", *options)
    missing = "warta: opus-mt-id-en is not installed; get it with: warta models pull opus-mt-id-en\n"
    assert (done.returncode, said(done)) == (1, missing)


def test_ray_workers_that_are_killed_lose_and_double_nothing(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the cluster extra")
    result = ray_torture(tmp_path, records=10_000, kills=1)
    assert (result.lost, result.doubled, result.equal) == (0, 0, True)
    assert result.midway > 0


def test_the_manifest_in_the_docs_is_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    manifest = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    assert manifest["kind"] == "RayJob"
    group = manifest["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]
    assert group["template"]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] == "/data"
