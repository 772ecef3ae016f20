"""Target tokens a second of the models of ``warta models list``, in their true shapes with random weights.

``python -m eval.bench.models [--model NAME ...] [--seconds 5]``; ``--lock`` measures instead whether
Firefox's library lets go of Python's lock. A random model says nothing, but a step of it costs what a step
costs in the real one. Each model has a process of its own, two threads, its preset's beam and the sentences
of the examples; targets are held to 30 tokens. Firefox's library ends an answer by itself, and uses one
core.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eval.bench import shapes
from eval.bench.fresh_process import in_fresh_process, peak_mb
from service import presets
from service.document import Decoding
from service.engines.base import Engine
from service.models.convert import convert
from service.text import segment

Shape = Callable[[Path, Sequence[str]], None]
Builder = Callable[[Path, Sequence[str]], Engine]

EXAMPLES = Path(__file__).parents[2] / "examples"
TARGET = 30


@dataclass(frozen=True, slots=True)
class Speed:
    """One model: how long it took to make and load, and how many target tokens a second it gave.

    ``tokens_a_core_second`` is by processor time, which other work on the machine does not change so much.
    """

    model: str
    beam: int
    load_seconds: float
    tokens_a_second: float
    tokens_a_core_second: float
    peak_mb: float


def quickmt(folder: Path, texts: Sequence[str]) -> Engine:
    """Return 8 + 2 layers, width 1024, 16 heads, FFN 4096, 32,000 pieces a side; float16 on disk, int8
    at load.
    """
    from service.engines.ctranslate2 import CTranslate2Engine

    shapes.quickmt(folder, texts)
    return CTranslate2Engine(folder, preset("quickmt-id-en"), compute_type="int8", threads=2)


def converted(make: Shape, name: str) -> Builder:
    """Return a preset's engine over a checkpoint that ``make`` writes, converted to int8 as a pull does."""

    def build(folder: Path, texts: Sequence[str]) -> Engine:
        from service.engines.ctranslate2 import CTranslate2Engine

        make(folder / "original", texts)
        convert(folder / "original", folder / "int8", preset(name), "int8")
        return CTranslate2Engine(folder / "int8", preset(name), threads=2)

    return build


def firefox(folder: Path, texts: Sequence[str]) -> Engine:
    """Return 6 encoder and 2 SSRU decoder layers, width 256, FFN 1536, 32,000 rows."""
    from service.engines.firefox import FirefoxEngine

    shapes.firefox_tiny(folder, texts)
    return FirefoxEngine(folder, preset("firefox-id-en"))


CONVERTED: dict[str, Shape] = {
    "opus-mt-id-en": shapes.opus_mt,
    "opus-mt-poz-en": shapes.opus_mt_big,
    "mt0-small": shapes.mt5_small,
    "mt0-base": shapes.mt5_base,
    "mt5-xlsum": shapes.mt5_base,
    "indonanot5-indosum": shapes.t5_base,
}
"""What is converted, and the checkpoint of its shape; mt5-crosssum-en has the shape and beam of mt5-xlsum."""

MODELS: dict[str, Builder] = {
    "quickmt-id-en": quickmt,
    "firefox-id-en": firefox,
    **{name: converted(make, name) for name, make in CONVERTED.items()},
}


def preset(name: str) -> presets.Preset:
    """Return the preset as it ships."""
    return presets.get(name)


def measured(name: str, folder: str, texts: Sequence[str], seconds: float) -> dict[str, object]:
    """Return the speed of one model over ``texts``, again and again for ``seconds``."""
    began = time.perf_counter()
    engine = MODELS[name](Path(folder), texts)
    load = time.perf_counter() - began
    decoding: Decoding = replace(preset(name).decoding, max_new_tokens=TARGET)
    # The first call allocates buffers and picks kernels; its time is not counted.
    engine.generate(texts[:2], decoding)
    tokens, began, busy = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        tokens += sum(output.tokens for output in engine.generate(texts, decoding))
    took = time.perf_counter() - began
    worked = time.process_time() - busy
    speed = Speed(name, decoding.beam_size, load, tokens / took, tokens / worked, peak_mb())
    return asdict(speed)


def lock(folder: str, texts: Sequence[str]) -> dict[str, float]:
    """Return how much processor time another thread of Python gets while the library translates, as a share
    of its.

    About 1 where the library lets go of Python's lock, near 0 where it holds it.
    """
    import threading

    import fxtranslate

    place = Path(folder)
    shapes.firefox_tiny(place, texts)
    parts = [(place / name).read_bytes() for name in ("model.bin", "vocab.spm", "vocab.spm", "lex.bin")]
    started, done = threading.Event(), threading.Event()
    worked: list[float] = []

    def work() -> None:
        translator = fxtranslate.Translator(*parts)
        began = time.thread_time()
        started.set()
        for _ in range(30):
            translator.translate(" ".join(texts[2:4]))
        # Of this thread alone: the library does all its work in the thread that calls.
        worked.append(time.thread_time() - began)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    began = time.thread_time()
    # Busy on purpose: a thread that holds the lock leaves this loop no processor time at all.
    while not done.is_set():
        pass
    beside = time.thread_time() - began
    thread.join()
    return {"library_seconds": worked[0], "python_seconds_beside": beside, "share": beside / worked[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", choices=sorted(MODELS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--lock", action="store_true")
    asked = parser.parse_args()
    sentences = [
        part.text
        for file in sorted(EXAMPLES.glob("*.txt"))
        for part in segment.split(file.read_text("utf-8")).segments
    ]
    # Always 32 texts, however many sentences the examples have.
    texts = (sentences * 32)[:32]
    if asked.lock:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(in_fresh_process(lock, str(Path(folder) / "model"), texts)))
        return
    for name in asked.model or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            made = in_fresh_process(measured, name, str(Path(folder) / name), texts, asked.seconds)
        print(json.dumps(made))


if __name__ == "__main__":
    main()
