"""Target tokens a second of the models of ``warta models list``, in their true shapes with random weights.

``python -m eval.bench.models [--model NAME ...] [--seconds 5]``. A random model says nothing, but a step of
it costs what a step costs in the real one. Each model has a process of its own, two threads, its preset's
beam and the sentences of the examples; targets are held to 30 tokens. Firefox's library ends an answer by
itself, so its rate is of the tokens that came.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eval.bench import shapes
from eval.bench.alone import alone, peak_mb
from service import presets
from service.document import Decoding
from service.engines.base import Engine
from service.models.convert import convert
from service.text import segment

EXAMPLES = Path(__file__).parents[2] / "examples"
TARGET = 30


@dataclass(frozen=True, slots=True)
class Speed:
    """One model: how long it took to load, and how many target tokens a second it gave."""

    model: str
    beam: int
    load_seconds: float
    tokens_a_second: float
    sentences_a_second: float
    peak_mb: float


def quickmt(folder: Path, texts: Sequence[str]) -> Engine:
    """8 + 2 layers, width 1024, 16 heads, FFN 4096, 32,000 pieces a side; float16 on disk, int8 at load."""
    from service.engines.ctranslate2 import CTranslate2Engine

    shapes.quickmt(folder, texts)
    return CTranslate2Engine(folder, preset("quickmt-id-en"), compute_type="int8", threads=2)


def opus(folder: Path, texts: Sequence[str]) -> Engine:
    """6 + 6 layers, width 512, 54,796 pieces."""
    from service.engines.ctranslate2 import CTranslate2Engine

    shapes.opus_mt(folder / "original", texts)
    convert(folder / "original", folder / "int8", preset("opus-mt-id-en"), "int8")
    return CTranslate2Engine(folder / "int8", preset("opus-mt-id-en"), threads=2)


def indonanot5(folder: Path, texts: Sequence[str]) -> Engine:
    """12 + 12 layers, width 768, 32,128 pieces."""
    from service.engines.ctranslate2 import CTranslate2Engine

    shapes.t5_base(folder / "original", texts)
    convert(folder / "original", folder / "int8", preset("indonanot5-indosum"), "int8")
    return CTranslate2Engine(folder / "int8", preset("indonanot5-indosum"), threads=2)


def firefox(folder: Path, texts: Sequence[str]) -> Engine:
    """6 encoder and 2 SSRU decoder layers, width 256, FFN 1536, 32,000 rows."""
    from service.engines.firefox import FirefoxEngine

    shapes.firefox_tiny(folder, texts)
    return FirefoxEngine(folder, preset("firefox-id-en"), threads=2)


MODELS: dict[str, Callable[[Path, Sequence[str]], Engine]] = {
    "quickmt-id-en": quickmt,
    "firefox-id-en": firefox,
    "opus-mt-id-en": opus,
    "indonanot5-indosum": indonanot5,
}


def preset(name: str) -> presets.Preset:
    """The preset as it ships."""
    return presets.get(name)


def measured(name: str, folder: str, texts: Sequence[str], seconds: float) -> dict[str, Any]:
    """The speed of one model over ``texts``, again and again for ``seconds``."""
    began = time.perf_counter()
    engine = MODELS[name](Path(folder), texts)
    load = time.perf_counter() - began
    decoding: Decoding = replace(preset(name).decoding, max_new_tokens=TARGET)
    engine.generate(texts[:2], decoding)
    tokens, rounds, began = 0, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        tokens += sum(output.tokens for output in engine.generate(texts, decoding))
        rounds += 1
    took = time.perf_counter() - began
    speed = Speed(name, decoding.beam_size, load, tokens / took, rounds * len(texts) / took, peak_mb())
    return asdict(speed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", choices=sorted(MODELS))
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    sentences = [
        part.text
        for file in sorted(EXAMPLES.glob("*.txt"))
        for part in segment.split(file.read_text("utf-8")).segments
    ]
    texts = (sentences * 32)[:32]
    for name in asked.model or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            made = alone(measured, name, str(Path(folder) / name), texts, asked.seconds)
        print(json.dumps(made))


if __name__ == "__main__":
    main()
