"""What the embedded model costs and what it is worth, on this machine.

Run as ``python -m eval.bench.embedded [--lines N] [--beam 1 --beam 4] [--adapter FILE] [--json FILE]``.
Preparation by stage, with the adapter that ships or another; a warm start, from a fresh process to its
first sentence; speed, peak memory and quality for each beam on the first lines of FLORES-200 dev; and how
much of a step the output layer takes.

Each measurement has a process of its own, so that peak memory is its own. The parent stays
small: on Linux a child's peak starts from its parent's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eval.bench.fresh_process import in_fresh_process, peak_mb
from service import presets
from service.models.gemma import build as embedded
from service.models.store import Store

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "flores200.dev.ind-eng.tsv"
PRESET = "gemma-3-270m"
FIRST = "Harga beras naik 12 persen pada bulan Maret."
STEPS = 24


@dataclass(frozen=True, slots=True)
class Preparation:
    """Seconds by stage, in order, and peak memory."""

    stages: tuple[tuple[str, float], ...]
    seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from a fresh process to its first sentence; ``load`` is imports and weights."""

    process: float
    load: float


@dataclass(frozen=True, slots=True)
class DecodingRun:
    """One decoding on the same lines.

    ``tokens`` are target tokens, ends included; ``core_seconds`` is processor time, which other
    work on the machine disturbs less than it does ``seconds``.
    """

    beam: int
    length_penalty: float
    tokens: int
    seconds: float
    core_seconds: float
    peak_mb: float
    truncated: int
    bleu: float
    chrf2: float


@dataclass(frozen=True, slots=True)
class OutputLayer:
    """Milliseconds a greedy step: all of it, and what is left at no layers."""

    step: float
    without_layers: float

    @property
    def share(self) -> float:
        """The part of a step that no transformer layer takes."""
        return self.without_layers / self.step


def preparation(root: Path, adapter: Path | None) -> Preparation:
    """Build the model in the empty ``root``."""
    data = adapter.read_bytes() if adapter else None
    marks: list[tuple[str, float]] = []
    began = time.perf_counter()
    embedded.prepare(Store(root), presets.get(PRESET), lambda s: marks.append((s, time.perf_counter())), data)
    # A stage is told when it begins, so it ends where the next one does.
    ends = [*(at for _, at in marks[1:]), time.perf_counter()]
    stages = tuple((name, end - at) for (name, at), end in zip(marks, ends, strict=True))
    return Preparation(stages, ends[-1] - began, peak_mb())


def first_sentence(root: Path, began: float) -> Start:
    """Open the model and translate; ``began`` is the wall clock before this process."""
    from service.engines.causal import CausalEngine

    # The wall clock, as ``began`` was taken in another process.
    inside, preset = time.time(), presets.get(PRESET)
    engine = CausalEngine(Store(root).folder(preset), preset)
    loaded = time.time()
    engine.generate([FIRST], preset.decoding)
    return Start(time.time() - began, loaded - inside)


def quality(root: Path, pairs: Sequence[tuple[str, str]], beam: int, penalty: float) -> DecodingRun:
    """Translate the sources and score them with sacreBLEU."""
    from service.engines.causal import CausalEngine

    preset = presets.get(PRESET)
    engine = CausalEngine(Store(root).folder(preset), preset)
    decoding = replace(preset.decoding, beam_size=beam, length_penalty=penalty)
    began, busy = time.perf_counter(), time.process_time()
    outputs = engine.generate([source for source, _ in pairs], decoding)
    seconds, core_seconds, peak = time.perf_counter() - began, time.process_time() - busy, peak_mb()
    tokens = sum(output.tokens for output in outputs)
    bleu, chrf = (
        metric.corpus_score([o.text for o in outputs], [[target for _, target in pairs]]).score
        for metric in metrics()
    )
    cut = sum(output.truncated for output in outputs)
    return DecodingRun(beam, penalty, tokens, seconds, core_seconds, peak, cut, bleu, chrf)


def metrics() -> tuple[Any, Any]:
    """Return BLEU and chrF2 with sacreBLEU's defaults."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    return BLEU(), CHRF()


def signatures(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return sacreBLEU's signatures, which hold once something was scored."""
    targets = [target for _, target in pairs]
    scored = metrics()
    for metric in scored:
        metric.corpus_score(targets, [targets])
    return tuple(str(metric.get_signature()) for metric in scored)


def output_layer(root: Path) -> OutputLayer:
    """Return a step of the model and of one cut to its first layer: the line through both, at no layers.

    What is left there is the score of every piece, the choice among them and the embedding.
    """
    preset = presets.get(PRESET)
    folder = Store(root).folder(preset)
    layers = cut_to_one_layer(folder, root / "one")
    whole, one = step(folder), step(root / "one")
    # A straight line through one layer and all layers, at none.
    return OutputLayer(whole * 1000, (one - (whole - one) / (layers - 1)) * 1000)


def cut_to_one_layer(folder: Path, target: Path) -> int:
    """Write a model of the first layer only; how many the whole one has."""
    from service.models.gemma.convert import Gemma3Converter
    from service.models.gemma.gguf import GgufFile

    preset = presets.get(PRESET)
    gguf = GgufFile(embedded.weights(preset))
    layers: int = gguf.metadata["gemma3.block_count"]
    gguf.metadata["gemma3.block_count"] = 1
    target.mkdir()
    Gemma3Converter(gguf, {}, 0.0, int8=True, keep=embedded.kept(preset, gguf)).spec().save(str(target))
    (target / "tokenizer.spm").write_bytes((folder / "tokenizer.spm").read_bytes())
    return layers


def step(folder: Path) -> float:
    """Return processor seconds of one greedy step for one sentence, the best of five runs.

    Processor time, as wall time would measure the machine's other work too.
    """
    import ctranslate2

    generator = ctranslate2.Generator(str(folder), compute_type="int8", inter_threads=1, intra_threads=1)
    # The difference of two lengths leaves out what a call costs however long it is.
    return min(_steps(generator, 2 * STEPS) - _steps(generator, STEPS) for _ in range(5)) / STEPS


def _steps(generator: Any, count: int) -> float:
    began = time.process_time()
    # Least and most the same, so that the end token cannot make it shorter.
    generator.generate_batch([["<bos>"]], max_length=count, min_length=count)
    return time.process_time() - began


def read_pairs(path: Path, lines: int) -> list[tuple[str, str]]:
    """Return the first ``lines`` pairs of a two-column file."""
    rows = path.read_text("utf-8").split("\n")[:lines]
    return [(source, target) for source, target in (row.split("\t") for row in rows if row)]


def show(rows: Iterable[DecodingRun]) -> None:
    """Print the table of decodings."""
    print("beam   lp   BLEU  chrF2  tokens/s  tokens/core-s  peak MB  cut")
    for r in rows:
        quality = f"{r.beam:4} {r.length_penalty:4} {r.bleu:6.2f} {r.chrf2:6.2f}"
        speed = f"{r.tokens / r.seconds:9.1f} {r.tokens / r.core_seconds:14.1f}"
        print(f"{quality} {speed} {r.peak_mb:8.0f} {r.truncated:4}")


def measure(root: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Return all measurements in the empty folder ``root``, printed as they come."""
    prepared = in_fresh_process(preparation, root, arguments.adapter)
    for name, seconds in prepared.stages:
        print(f"{seconds:6.2f} s  {name}")
    print(f"{prepared.seconds:6.2f} s  preparation, peak {prepared.peak_mb:.0f} MB")
    # The best of three: whatever else the machine does only ever adds time.
    start = min(
        (in_fresh_process(first_sentence, root, time.time()) for _ in range(3)), key=lambda s: s.process
    )
    print(f"{start.process:6.2f} s  fresh process to first sentence, of which loading {start.load:.2f} s")
    layer = in_fresh_process(output_layer, root)
    print(f"{layer.step:6.2f} ms a greedy step, {layer.share:.0%} of it outside the layers", flush=True)
    pairs = read_pairs(arguments.data, arguments.lines)
    grid = [(beam, penalty) for beam in arguments.beam for penalty in arguments.length_penalty]
    rows = [in_fresh_process(quality, root, pairs, beam, penalty) for beam, penalty in grid]
    show(rows)
    print(*signatures(pairs), sep="\n")
    parts = {"preparation": asdict(prepared), "start": asdict(start), "output_layer": asdict(layer)}
    return {**parts, "lines": len(pairs), "rows": [asdict(row) for row in rows]}


def main() -> None:
    """Print the figures; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100, help="how many lines to translate")
    parser.add_argument("--beam", type=int, action="append", help="a beam size; may be repeated")
    parser.add_argument("--length-penalty", type=float, action="append", help="may be repeated")
    parser.add_argument("--data", type=Path, default=DATA, help="Indonesian, tab, English")
    parser.add_argument("--adapter", type=Path, help="by default the one that ships")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    if not arguments.data.exists():
        parser.error(f"there is no {arguments.data}")
    arguments.beam = arguments.beam or [1, 4]
    arguments.length_penalty = arguments.length_penalty or [1.0]
    with tempfile.TemporaryDirectory() as root:
        figures = measure(Path(root), arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
