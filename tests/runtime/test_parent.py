"""No process that this program started outlives the one that started it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from eval.bench.batch import descendants, write_corpus
from service.errors import WartaError
from service.runtime.parent import end_with_parent

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")

SLOW = 20.0
"""Seconds that a busy machine may take for what takes a fraction of one."""

# Each keeps a worker busy for minutes, in another kind of code.
BUSY = {
    "Python": "time.sleep(600)",
    "one call that holds the interpreter's lock": "re.match('(a|aa)+$', 'a' * 80 + 'b')",
    "native code that lets go of it": "native()",
}
PROGRAM = """
import re, sys, time
from multiprocessing import get_context
from pathlib import Path

from service.runtime.parent import end_with_parent


def native():
    import torch

    many = torch.ones(4096, 4096)
    for _ in range(10_000):
        many = many @ many


def busy(ready):
    end_with_parent()
    Path(ready).touch()
    {busy}


if __name__ == "__main__":
    get_context("spawn").Process(target=busy, args=(sys.argv[1],)).start()
    time.sleep(600)
"""


def until(found: Callable[[], bool], seconds: float = SLOW) -> bool:
    """Whether it is so, at the latest then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.05)
    return found()


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and was not asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def started(command: Sequence[str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WARTA_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        left = [pid for pid, _ in descendants(process.pid)]
        process.kill()
        process.wait()
        for pid in filter(alive, left):
            os.kill(pid, signal.SIGKILL)


def killed(process: subprocess.Popen[bytes], named: str) -> set[int]:
    """Kills the process; which of those below it whose command holds ``named`` are left after a while."""
    below = {pid for pid, command in descendants(process.pid) if named in command}
    assert below
    process.kill()
    process.wait()
    until(lambda: not any(map(alive, below)))
    return {pid for pid in below if alive(pid)}


@pytest.mark.parametrize("code", BUSY)
def test_a_worker_ends_with_its_parent_whatever_it_does(code: str, tmp_path: Path) -> None:
    program, ready = tmp_path / "program.py", tmp_path / "ready"
    program.write_text(PROGRAM.replace("{busy}", BUSY[code]))
    with started([sys.executable, str(program), str(ready)], tmp_path) as process:
        assert until(ready.exists, 120)
        time.sleep(1)  # for it to be in the midst of it
        assert killed(process, "spawn_main") == set()


TRAINING = """
import sys
import time
from pathlib import Path

from eval.training.adapt import side_by_side


def work(member, ready, gate):
    gate.wait()
    Path(f"{ready}{member}").touch()
    time.sleep(600)


if __name__ == "__main__":
    side_by_side(2, work, sys.argv[1])
"""


def test_the_processes_of_a_killed_training_run_end(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(TRAINING)
    ready = [tmp_path / f"ready{member}" for member in range(2)]
    with started([sys.executable, str(program), str(tmp_path / "ready")], tmp_path) as process:
        assert until(lambda: all(path.exists() for path in ready), 120)
        assert killed(process, "spawn_main") == set()


def test_the_workers_of_a_killed_batch_end(tmp_path: Path) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 100_000, sentences=3)
    output = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output)]
    command += ["--long", "--model", "echo"]
    partial = output.with_name("out.jsonl.partial")
    with started([*command, "--workers", "2"], tmp_path / "home") as process:
        assert until(lambda: partial.exists() and partial.stat().st_size > 0, 120)
        assert killed(process, "spawn_main") == set()


def test_the_actors_of_a_killed_batch_on_ray_end(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the cluster extra")
    source = write_corpus(tmp_path / "in.jsonl", 100_000, sentences=3)
    output = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output)]
    command += ["--long", "--model", "echo"]
    partial = output.with_name("out.jsonl.partial")
    with started([*command, "--cluster", "local", "--workers", "1"], tmp_path / "home") as process:
        assert until(lambda: partial.exists() and partial.stat().st_size > 0, 400)
        assert killed(process, "ray::_Actor") == set()


MIDDLE = """
import subprocess, sys, time

child = "import os, time; from service.runtime.parent import end_with; end_with(os.getppid()); "
child += "open(os.sys.argv[1], 'w').close(); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child, *sys.argv[1:]])
time.sleep(600)
"""


def test_a_process_that_anything_else_started_ends_too(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with started([sys.executable, "-c", MIDDLE, str(ready)], tmp_path) as process:
        assert until(ready.exists, 60)
        assert killed(process, "end_with(os.getppid())") == set()


def test_a_process_without_a_parent_of_ours_says_so() -> None:
    with pytest.raises(WartaError, match="not started by another"):
        end_with_parent()


def test_what_a_killed_batch_had_done_is_whole(tmp_path: Path) -> None:
    source = write_corpus(tmp_path / "in.jsonl", 20_000, sentences=3)
    output = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output)]
    command += ["--long", "--model", "echo"]
    command += ["--workers", "2"]
    partial = output.with_name("out.jsonl.partial")
    with started(command, tmp_path / "home") as process:
        assert until(lambda: partial.exists() and partial.stat().st_size > 0, 120)
        killed(process, "spawn_main")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WARTA_HOME": str(tmp_path / "home")}
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert [row["fields"]["id"] for row in rows] == list(range(20_000))
