"""Run systems over a data set: batch by batch, cached by (source, signature), timed, resumable."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eval.datasets import Dataset, Task
from eval.scoring import Answer, Cost, Output
from service.document import Article, Passage, SegmentTranslation, Summary
from service.errors import EngineError, InputError
from service.text import segment

CACHE = "cache.jsonl"
"""The file of a run's folder that keeps its answers."""
FIRST = 4
"""Sources that are asked first."""

Progress = Callable[[str, int, int], None]  # a system's name, segments done, segments in all


class System(Protocol):
    """Anything that answers sources: one answer each, in order. Equal signatures give equal answers."""

    @property
    def signature(self) -> str:
        """What made the answers: preset, model@revision, engine, compute type, decoding, version."""
        ...

    def __call__(self, sources: Sequence[str]) -> Iterable[Answer]:
        """Return the answers to ``sources``."""
        ...


class Pipeline(Protocol):
    """What the harness asks of the product's pipeline."""

    @property
    def signature(self) -> object:
        """Its signature; the text form is used."""
        ...

    def translate_all(self, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        """Return the translations of each passage's sentences."""
        ...

    def summarize(self, article: Article, brief: Any, /) -> Summary:
        """Return the summary of one article; ``brief`` says what kind."""
        ...


class PipelineSystem:
    """The product itself as a system: its segments for ``mt``, its summaries for ``sum``."""

    def __init__(self, pipeline: Pipeline, task: Task, brief: Any = None) -> None:
        self._pipeline = pipeline
        self._task = task
        self._brief = brief

    @property
    def signature(self) -> str:
        """The pipeline's and the task, as one pipeline answers both; for summaries also the brief."""
        brief = f"|{self._brief}" if self._task == "sum" else ""
        return f"{self._pipeline.signature}|task:{self._task}{brief}"

    def __call__(self, sources: Sequence[str]) -> Iterable[Answer]:
        """Yield translations with the model's score as confidence; summaries one sentence a line."""
        if self._task == "mt":
            # Each is a text of its own, and one segment, as the references are.
            for (part,) in self._pipeline.translate_all([Passage((source,), source) for source in sources]):
                yield Answer(part.target, part.confidence, part.findings)
            return
        for number, source in enumerate(sources, 1):
            summary = self._pipeline.summarize(Article(str(number), segment.split(source)), self._brief)
            carried = sum(bool(sentence.support) for sentence in summary.sentences)
            text = "\n".join(sentence.text for sentence in summary.sentences)
            support = (carried, len(summary.sentences))
            yield Answer(text, None, summary.findings, support, signature=str(summary.signature))


class Cache:
    """Answers in an append-only JSONL file. A line torn by a kill is dropped and written again."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._answers: dict[str, Answer] = {}
        self._runs: dict[str, dict[str, object]] = {}
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        for number, line in enumerate(whole.decode("utf-8").split("\n")[:-1], 1):
            self._take(line, number)
        if len(whole) < len(data):
            with path.open("r+b") as file:
                file.truncate(len(whole))

    def _take(self, line: str, number: int) -> None:
        try:
            record = json.loads(line)
            if "run" in record:
                self._runs[record["run"]] = record["cost"]
            else:
                self._answers[record["key"]] = Answer.from_json(record["answer"])
        except (ValueError, KeyError, TypeError):
            raise InputError(
                "score.damaged_line",
                "line {line} is damaged; delete the file to start over",
                at=self._path,
                line=number,
            ) from None

    @staticmethod
    def _key(signature: str, source: str) -> str:
        return hashlib.sha256(f"{signature}\0{source}".encode()).hexdigest()

    def get(self, signature: str, source: str) -> Answer | None:
        """Return the answer this signature gave to this source."""
        return self._answers.get(self._key(signature, source))

    def put(self, signature: str, sources: Sequence[str], answers: Sequence[Answer]) -> None:
        """Keep a batch; it is on the disk when this returns."""
        keyed = [(self._key(signature, s), a) for s, a in zip(sources, answers, strict=True)]
        self._append([{"key": key, "answer": asdict(answer)} for key, answer in keyed])
        self._answers.update(keyed)

    def __len__(self) -> int:
        return len(self._answers)

    def run(self, signature: str) -> dict[str, object]:
        """Return what the last run that did work for this signature measured: load time, memory, batch,
        hardware.
        """
        return self._runs.get(signature, {})

    def put_run(self, signature: str, measured: dict[str, object]) -> None:
        """Keep what a run measured."""
        self._append([{"run": signature, "cost": measured}])
        self._runs[signature] = measured

    def _append(self, records: Sequence[dict[str, object]]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
            file.flush()
            os.fsync(file.fileno())


def run(
    dataset: Dataset,
    systems: Mapping[str, Callable[[], System]],
    out: Path,
    batch: int = 16,
    progress: Progress | None = None,
) -> list[Output]:
    """Return the outputs of every system over the data set, one after the other; equal sources are asked
    once.

    ``systems`` maps a name to what loads it: loading is timed, and only one is held at a time.
    ``out``/cache.jsonl keeps the answers, so a second run asks nothing and a killed one goes on.
    A system's seconds are wall time: its batch's, divided among the batch.
    """
    if not dataset.sources:
        raise InputError("score.no_sources", "{name} has no sources to run on", name=dataset.name)
    cache = Cache(out / CACHE)
    return [_run(dataset, name, load, (cache, batch, progress)) for name, load in systems.items()]


def kept(out: Path) -> int:
    """Return how many answers all runs into a folder have kept."""
    return len(Cache(out / CACHE))


def _run(
    dataset: Dataset,
    name: str,
    load: Callable[[], System],
    means: tuple[Cache, int, Progress | None],
) -> Output:
    cache, batch, progress = means
    reset_peak()
    start = time.perf_counter()
    system = load()
    loaded, signature = time.perf_counter() - start, system.signature
    distinct = list(dict.fromkeys(dataset.sources))
    missing = [source for source in distinct if cache.get(signature, source) is None]
    done = len(distinct) - len(missing)
    for sources in _chunks(missing, batch):
        start = time.perf_counter()
        answers = list(system(sources))
        seconds = (time.perf_counter() - start) / len(sources)
        _whole(name, answers, sources)
        timed = [replace(answer, seconds=seconds) for answer in answers]
        cache.put(signature, sources, timed)
        if progress is not None:
            done += len(sources)
            progress(name, done, len(distinct))
    if missing:
        cache.put_run(signature, _measured(loaded, batch))
    kept = {source: cache.get(signature, source) for source in distinct}
    answers = [answer for source in dataset.sources if (answer := kept[source]) is not None]
    once = [answer for answer in kept.values() if answer is not None]
    made = sorted({answer.signature for answer in once if answer.signature})
    return Output(name, tuple(answers), "|".join([signature, *made]), _cost(once, cache.run(signature)))


def _measured(loaded: float, batch: int) -> dict[str, object]:
    return {"load_seconds": loaded, "batch": batch, "peak_megabytes": peak(), "hardware": hardware()}


def _whole(name: str, answers: Sequence[Answer], sources: Sequence[str]) -> None:
    """Raise EngineError where there are more or fewer answers than sources."""
    if len(answers) != len(sources):
        raise EngineError(
            "score.answers",
            "{name} gave {count} answer to {sources} sources",
            plural="{name} gave {count} answers to {sources} sources",
            name=name,
            count=len(answers),
            sources=len(sources),
        )


def _chunks(sources: Sequence[str], batch: int) -> Iterator[Sequence[str]]:
    """Yield what is asked at once; the first time less, so that it is soon said how far the run is."""
    start, size = 0, min(batch, FIRST)
    while start < len(sources):
        yield sources[start : start + size]
        start, size = start + size, batch


def _cost(answers: Sequence[Answer], measured: Mapping[str, Any]) -> Cost | None:
    """Return the cost by the seconds kept with each answer; ``None`` when the run was cut before it
    could measure.
    """
    seconds = np.array([answer.seconds for answer in answers])
    if not measured or not seconds.sum():
        return None
    tokenize = importlib.import_module("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
    total = float(seconds.sum())
    return Cost(
        seconds=total,
        words_per_second=sum(len(a.text.split()) for a in answers) / total,
        tokens_per_second=sum(len(tokenize(a.text).split()) for a in answers) / total,
        p50_seconds=float(np.percentile(seconds, 50)),
        p95_seconds=float(np.percentile(seconds, 95)),
        **measured,
    )


# --- the machine -------------------------------------------------------------------------------


def reset_peak() -> None:
    """Start the kernel's memory high-water mark of this process anew, where Linux lets us."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak() -> float | None:
    """Return the most memory held since :func:`reset_peak`, in MB (10^6 bytes); ``None`` where unknown."""
    try:
        lines = Path("/proc/self/status").read_text().split("\n")
    except OSError:
        return None
    kibibytes = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return kibibytes[0] * 1024 / 1e6 if kibibytes else None


def hardware() -> str:
    """Return processor, cores this process may use, and system."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n")
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{models[0] if models else platform.machine()}, {cores} cores, {platform.system()}"
