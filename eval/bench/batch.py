"""Measures a batch: killed at random moments, many short lines, its overhead, a second run from memory.

``python -m eval.bench.batch torture [--kills 50]`` · ``lines [--count 1000000]`` · ``overhead`` · ``memory``.
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.batch.run import Job, run
from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.pipeline import Pipeline, sources, to_article
from service.presets import get
from service.summary.summarizer import Writer
from service.translation.glossary import Glossary
from service.translation.memory import TranslationMemory
from service.translation.translator import Care, Translator

ROOT = Path(__file__).parents[2]
MILLISECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Torture:
    """What became of a batch that was killed ``kills`` times, ``midway`` of them after its first commit."""

    kills: int
    midway: int
    lost: int
    doubled: int
    equal: bool


def write_corpus(path: Path, count: int, sentences: int = 1) -> Path:
    """Records of short sentences, no two alike."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            parts = (f"Harga beras di pasar {number} naik {part + 2} persen." for part in range(sentences))
            file.write(json.dumps({"id": number, "text": " ".join(parts)}) + "\n")
    return path


def torture(folder: Path, records: int, kills: int, seed: int = 7) -> Torture:
    """Runs ``warta batch`` with SIGKILL at random moments until ``kills`` are done, then to the end.

    A run that finishes before its kill is started over, so that every kill counts.
    """
    source = write_corpus(folder / "in.jsonl", records, sentences=3)
    clean, output = folder / "clean.jsonl", folder / "out.jsonl"
    journal = output.with_name(output.name + ".journal")
    started = time.perf_counter()
    _batch(folder, source, clean).wait()
    whole = time.perf_counter() - started
    moments, done, midway = random.Random(seed), 0, 0  # noqa: S311 - not for secrets
    while done < kills:
        process = _batch(folder, source, output)
        # From before the model is opened to about the end of the work.
        time.sleep(moments.uniform(whole * 0.4, whole))
        process.kill()
        process.wait()
        if output.exists() and not journal.exists():
            output.unlink()
            whole *= 0.8  # the machine was busier when it was measured
            continue
        done += 1
        midway += journal.exists() and journal.read_bytes().count(b"\n") > 2
    _batch(folder, source, output).wait()
    return _judged(output, clean, kills, midway)


def ray_torture(folder: Path, records: int, kills: int, seed: int = 7) -> Torture:
    """One run of ``warta batch --cluster local`` while its Ray workers are killed, at random moments."""
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
        actors = [pid for pid, name in descendants(process.pid) if "ray::MapWorker" in name]
        if begun and actors:
            os.kill(moments.choice(actors), signal.SIGKILL)
            done += 1
    if process.wait():
        raise SystemExit(f"warta batch ended with {process.returncode}")
    return _judged(output, clean, done, done)


def descendants(pid: int) -> list[tuple[int, str]]:
    """Every process below ``pid`` with its command line; on Linux."""
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
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output), "--model", "echo"]
    command += options
    environment = {**os.environ, "WARTA_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def _keys(path: Path) -> list[str]:
    return [json.loads(line)["key"] for line in path.read_text("utf-8").split("\n")[:-1]]


class Slow(EchoEngine):
    """An echo that takes ``MILLISECONDS`` a text, as a small model on a graphics card does."""

    signature = "slow-echo"

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """The echo, later."""
        time.sleep(len(texts) * MILLISECONDS / 1000)
        return super().generate(texts, decoding)


def _pipeline(engine: EchoEngine, memory: TranslationMemory | None = None) -> Pipeline:
    care = Care(Glossary.load(), repair=False, memory=memory)
    translator = Translator(engine, get("echo"), "bench", care=care)

    def no_writer(name: str) -> Writer:
        raise KeyError(name)

    return Pipeline(translator, no_writer, lambda _: False)


def overhead(folder: Path, records: int = 400) -> dict[str, float]:
    """Microseconds a segment that a batch adds to the bare engine call on the same segments."""
    source = write_corpus(folder / "in.jsonl", records, sentences=10)
    run(Job([source], folder / "warm.jsonl"), _pipeline(EchoEngine()))  # opens the language identifier
    texts = [json.loads(line)["text"] for line in source.read_text("utf-8").splitlines()]
    segments = [segment for text in texts for segment in sources(to_article(text))]
    bare = _seconds(lambda: Slow().generate(segments, Decoding()))
    batch = _seconds(lambda: run(Job([source], folder / "out.jsonl"), _pipeline(Slow())))
    added = (batch - bare) / len(segments)
    return {"segments": len(segments), "bare_s": bare, "batch_s": batch, "added_us": added * 1e6}


def from_memory(folder: Path, records: int = 400) -> dict[str, float]:
    """Seconds of a first and a second run over the same corpus."""
    source = write_corpus(folder / "in.jsonl", records, sentences=10)
    run(Job([source], folder / "warm.jsonl"), _pipeline(EchoEngine()))  # opens the language identifier
    memory = TranslationMemory(folder / "memory.sqlite")
    first, second = (
        _seconds(lambda: run(Job([source], folder / "out.jsonl", fresh=True), _pipeline(Slow(), memory)))
        for _ in range(2)
    )
    return {"segments": records * 10, "first_s": first, "second_s": second, "ratio": first / second}


def lines(folder: Path, count: int) -> list[dict[str, float]]:
    """Lines a second and the most memory, in MB, of ``warta batch`` on a tenth of the lines and on all."""
    rows = []
    for size in (count // 10, count):
        output = folder / f"out{size}.jsonl"
        process = _batch(folder, write_corpus(folder / "in.jsonl", size), output)
        started = time.perf_counter()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if status:
            raise SystemExit(f"warta batch ended with {status}")
        rows.append({"lines": size, "seconds": seconds, "rate": size / seconds, "mb": usage.ru_maxrss / 1024})
        output.unlink()
    return rows


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(argv: list[str] | None = None) -> int:
    """Prints what was measured; 1 when a killed batch was not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("torture", "lines", "overhead", "memory"))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--count", type=int, default=1_000_000)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.what == "torture":
            result = torture(folder, options.records, options.kills)
            print(result)
            return 0 if result.equal and not result.lost and not result.doubled else 1
        if options.what == "lines":
            print(*lines(folder, options.count), sep="\n")
        else:
            print(overhead(folder) if options.what == "overhead" else from_memory(folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
