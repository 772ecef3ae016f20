"""Measures a batch: killed at random moments, many short lines, overhead, a second run from memory, Ray.

``python -m eval.bench.batch torture [--kills 50]`` · ``ray-torture`` · ``rates [--count 1000000]`` ·
``overhead`` · ``ray``; each with ``--json FILE``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from eval.bench.marian import FULL, NAME, TINY, install
from service.batch.executors import AT_ONCE, BatchExecutor, in_this_process
from service.batch.job import Item, Job
from service.batch.ray import Place, cluster
from service.batch.run import run, run_with
from service.batch.worker import Done
from service.document import Decoding
from service.engines.ctranslate2 import CTranslate2Engine
from service.engines.echo import EchoEngine
from service.pipeline import Pipeline, build_pipeline, to_article
from service.presets import get
from service.settings import Settings
from service.summary.summarizer import Writer
from service.translation.glossary import Glossary
from service.translation.memory.sqlite import TranslationMemory
from service.translation.translator import Care, Translator

ROOT = Path(__file__).parents[2]
ROUNDS = 2
"""How often the overhead is measured; the quickest counts on both sides."""


@dataclass(frozen=True, slots=True)
class Torture:
    """What became of a batch that was killed ``kills`` times, ``midway`` of them after its first commit."""

    kills: int
    midway: int
    lost: int
    doubled: int
    equal: bool


def write_corpus(path: Path, count: int, sentences: int = 1) -> Path:
    """Write records of short sentences, no two alike."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            parts = (f"Harga beras di pasar {number} naik {part + 2} persen." for part in range(sentences))
            file.write(json.dumps({"id": number, "text": " ".join(parts)}) + "\n")
    return path


def torture(folder: Path, records: int, kills: int, seed: int = 7, options: Sequence[str] = ()) -> Torture:
    """Run ``warta batch`` with SIGKILL at random moments until ``kills`` are done, then to the end.

    A run that finishes before its kill is started over, so that every kill counts; kills go on, up to five
    times as many, until one came while records were done.
    """
    source = write_corpus(folder / "in.jsonl", records, sentences=3)
    clean, output = folder / "clean.jsonl", folder / "out.jsonl"
    journal = output.with_name(output.name + ".journal")
    started = time.perf_counter()
    # An undisturbed run is what the killed one is compared with, and says how long it takes.
    _batch(folder, source, clean, *options).wait()
    whole = time.perf_counter() - started
    moments, done, midway = random.Random(seed), 0, 0  # noqa: S311 - not for secrets
    while done < kills or (not midway and done < 5 * kills):
        process = _batch(folder, source, output, *options)
        # From before the model is opened to about the end of the work.
        time.sleep(moments.uniform(whole * 0.4, whole))
        process.kill()
        process.wait()
        # It was done before it was killed: that does not count.
        if output.exists() and not journal.exists():
            output.unlink()
            whole *= 0.8  # the machine was busier when it was measured
            continue
        done += 1
        # Two lines are there before any record is done: the job, and the empty first commit.
        begun = journal.exists() and journal.read_bytes().count(b"\n") > 2
        midway += begun
        whole *= 1.0 if begun else 1.2  # it was quieter then
    _batch(folder, source, output, *options).wait()
    return _judged(output, clean, done, midway)


def ray_torture(folder: Path, records: int, kills: int, seed: int = 7) -> Torture:
    """Return one run of ``warta batch --cluster local`` while its Ray workers are killed, at random
    moments.
    """
    source = write_corpus(folder / "in.jsonl", records, sentences=3)
    clean, output = folder / "clean.jsonl", folder / "out.jsonl"
    _batch(folder, source, clean).wait()
    moments, done = random.Random(seed), 0  # noqa: S311 - not for secrets
    journal = output.with_name(output.name + ".journal")
    process = _batch(folder, source, output, "--cluster", "local", "--workers", "2")
    while done < kills and process.poll() is None:
        time.sleep(moments.uniform(0.05, 0.5))
        begun = journal.exists() and journal.read_bytes().count(b"\n") > 2
        # Ray names an actor's process after its class.
        actors = [pid for pid, name in descendants(process.pid) if "ray::_Actor" in name]
        if begun and actors:
            os.kill(moments.choice(actors), signal.SIGKILL)
            done += 1
    if process.wait():
        raise SystemExit(f"warta batch ended with {process.returncode}")
    return _judged(output, clean, done, done)


def descendants(pid: int) -> list[tuple[int, str]]:
    """Return every process below ``pid`` with its command line; on Linux."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything.
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        parents.setdefault(parent, []).append(int(status.parent.name))
    found, waiting = list[tuple[int, str]](), [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            waiting.append(child)
            try:
                found.append((child, Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")))
            except OSError:
                continue
    return found


def _judged(output: Path, clean: Path, kills: int, midway: int) -> Torture:
    keys, wanted = (Counter(_keys(path)) for path in (output, clean))
    doubled = sum(count - 1 for count in keys.values())
    equal = output.read_bytes() == clean.read_bytes()
    return Torture(kills, midway, len(wanted.keys() - keys.keys()), doubled, equal)


def _batch(folder: Path, source: Path, output: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "warta", "batch", str(source), "-o", str(output), "--model", "echo"]
    command += ["--long", *options]
    environment = {**os.environ, "WARTA_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def _keys(path: Path) -> list[str]:
    rows = (json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1])
    return [str(row.get("fields", row)["id"]) for row in rows]


def rates(folder: Path, count: int) -> list[dict[str, object]]:
    """Return lines a second and the most memory of a process, in MB, of the pipe and of a batch, with
    the echo.
    """
    made: list[dict[str, object]] = []
    for size in (count // 100, count // 10, count):
        source = write_corpus(folder / "in.jsonl", size)
        lines = folder / "in.txt"
        with source.open(encoding="utf-8") as file, lines.open("w", encoding="utf-8") as plain:
            plain.writelines(json.loads(line)["text"] + "\n" for line in file)
        starts = {
            "translate --lines": partial(_pipe, folder, lines),
            "batch": partial(_batch, folder, source, folder / "out.jsonl", "--fresh"),
            "batch --workers 2": partial(
                _batch, folder, source, folder / "out.jsonl", "--fresh", "--workers", "2"
            ),
        }
        for name, start in starts.items():
            seconds, megabytes = _waited(start())
            made.append(
                {"what": name, "lines": size, "seconds": seconds, "rate": size / seconds, "mb": megabytes}
            )
            print(made[-1], flush=True)
    return made


def _pipe(folder: Path, lines: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "warta", "translate", "--lines", "--model", "echo"]
    environment = {**os.environ, "WARTA_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    with lines.open("rb") as source, (folder / "out.txt").open("wb") as target:
        return subprocess.Popen(command, env=environment, stdin=source, stdout=target)


def _waited(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Return seconds until it ends, and the most that it, or a process that it waited for, held at once."""
    started = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"it ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024  # Linux counts in KiB


def overhead(folder: Path, records: int = 40, tokens: int = 24) -> dict[str, object]:
    """Return a batch beside the bare engine call on the same segments, then again from memory.

    The engine is a Marian of opus-mt's shape with random weights and a beam of 6. As random weights never
    end a sentence, each is cut at ``tokens``; repair is off, because it would decode nonsense again.
    """
    source = write_corpus(folder / "in.jsonl", records, sentences=10)
    texts = [json.loads(line)["text"] for line in source.read_text("utf-8").splitlines()]
    segments = [source for text in texts for source in to_article(text).sources]
    home = folder / "home"
    preset = replace(get(NAME), decoding=Decoding(beam_size=6, max_new_tokens=tokens))
    engine = CTranslate2Engine(install(home, segments, FULL), preset)
    memory = TranslationMemory(folder / "memory.sqlite")
    care = Care(Glossary.load(), repair=False, memory=memory)

    def batch() -> object:
        pipeline = Pipeline(Translator(engine, preset, "random", care=care), _no_writer, lambda _: False)
        return run(Job([source], folder / "out.jsonl", fresh=True), pipeline)

    run(Job([source], folder / "warm.jsonl"), _echo())  # opens the language identifier
    engine.generate(segments[:32], preset.decoding)
    bare = first = float("inf")
    for _ in range(ROUNDS):  # by turns, as the machine's pace varies
        memory.clear()
        bare = min(bare, _seconds(lambda: engine.generate(segments, preset.decoding)))
        first = min(first, _seconds(batch))
    kept = (folder / "out.jsonl").read_bytes()
    second = _seconds(batch)
    if (folder / "out.jsonl").read_bytes() != kept:
        raise SystemExit("the second run wrote other bytes")
    return {
        "segments": len(segments),
        "bare_s": bare,
        "batch_s": first,
        "overhead": first / bare - 1,
        "again_s": second,
        "faster": first / second,
    }


class _Timed:
    """An executor, and the seconds that its chunks took where they were done, in all."""

    def __init__(self, executor: BatchExecutor) -> None:
        self._executor = executor
        self.about = executor.about
        self.busy = 0.0

    def done(self, items: Iterator[Item]) -> Iterator[Done]:
        for done in self._executor.done(items):
            self.busy += done.seconds
            yield done


def ray_efficiency(folder: Path, records: int = 768) -> list[dict[str, float]]:
    """Return seconds of a batch on Ray with 1 and 2 workers, and by 1 process, with a tiny random Marian.

    ``all_s`` is all; ``busy_s`` what the chunks took where they were done, all workers added up; ``idle_s``
    what each worker did nothing of, mostly the start of Ray and of the models.
    """
    source = write_corpus(folder / "in.jsonl", records, sentences=2)
    texts = [json.loads(line)["text"] for line in source.read_text("utf-8").splitlines()]
    install(folder / "home", texts, TINY)
    settings = Settings(folder / "home", model=NAME, threads=1, beam_size=1, repair=False)
    made: list[dict[str, float]] = []
    for workers in (0, 1, 2):
        job = Job([source], folder / f"out{workers}.jsonl")
        started = time.perf_counter()
        with _executor(job, settings, workers) as executor:
            timed = _Timed(executor)
            totals = run_with(job, timed)
            seconds = time.perf_counter() - started
        if job.output.read_bytes() != (folder / "out0.jsonl").read_bytes():
            raise SystemExit("Ray wrote other bytes")
        row: dict[str, float] = {
            "ray_workers": workers,
            "segments": totals.segments,
            "all_s": seconds,
            "busy_s": timed.busy,
        }
        row["idle_s"] = seconds - timed.busy / (workers or AT_ONCE)
        row["efficiency"] = (made[0]["all_s"] if made else seconds) / (max(1, workers) * seconds)
        made.append(row)
        print(row, flush=True)
    return made


def _executor(job: Job, settings: Settings, workers: int) -> AbstractContextManager[BatchExecutor]:
    """Return that many workers on Ray, or none and this process alone."""
    if workers:
        return cluster(job, settings, Place("local", workers))
    return in_this_process(job, build_pipeline(settings, lambda _: None))


def _echo() -> Pipeline:
    translator = Translator(EchoEngine(), get("echo"), "bench", care=Care(Glossary.load(), repair=False))
    return Pipeline(translator, _no_writer, lambda _: False)


def _no_writer(name: str) -> Writer:
    raise KeyError(name)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(argv: list[str] | None = None) -> int:
    """Print what was measured; 1 when a killed batch was not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("torture", "ray-torture", "rates", "overhead", "ray"))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    work: dict[str, Callable[[Path], Any]] = {
        "torture": lambda folder: asdict(torture(folder, options.records, options.kills)),
        "ray-torture": lambda folder: asdict(ray_torture(folder, options.records, options.kills)),
        "rates": lambda folder: rates(folder, options.count),
        "overhead": overhead,
        "ray": ray_efficiency,
    }
    with tempfile.TemporaryDirectory() as name:
        result = work[options.what](Path(name))
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps({options.what: result}, indent=1) + "\n", "utf-8")
    killed = options.what.endswith("torture")
    return 0 if not killed or (result["equal"] and not result["lost"] and not result["doubled"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
