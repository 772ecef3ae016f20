"""The engines on models of true shape, against ``transformers.generate`` on the same weights.

``python -m eval.bench.engine [--model marian|mt5] [--beam 4 ...] [--allocator huge] [--quick]
[--json FILE]``.
Ours is CTranslate2 in int8 and in float32; the peer is a loop as a good script has it: batches of
equal length, beam search with the same settings, the same threads. Lengths are forced by the
checkpoints (:mod:`eval.bench.shapes`), and tokens counted where each ends. Each engine has a
process of its own. The float32 answers must be the peer's but for rounding: the share that is
equal is printed. With a CUDA device ``--device cuda`` compares float16 with bfloat16 there.

``--allocator huge`` gives every process large pages and no trimming (glibc): half the time of torch
on small machines is page faults. The same holds for both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.bench import shapes
from eval.bench.fresh_process import in_fresh_process, peak_mb
from service.document import Decoding
from service.presets import Preset
from service.text import segment

HUGE = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}
EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked of a model: ``texts`` of about ``source_tokens``, answers of ``target_tokens``."""

    build: Callable[[Path, Sequence[str]], None]
    texts: int
    source_tokens: int
    target_tokens: int
    rows: int


WORK = {
    "marian": Work(shapes.opus_mt, 64, 30, 30, 32),
    "mt5": Work(shapes.mt5_base, 4, 510, 64, 4),
}
QUICK = {
    "marian": Work(shapes.opus_mt, 16, 30, 8, 16),
    "mt5": Work(shapes.mt5_base, 2, 128, 8, 2),
}
"""Less of the same, so that CI has its ratios in less than a minute; they are not the full ones."""


@dataclass(frozen=True, slots=True)
class EngineRun:
    """One engine at one beam. ``tokens`` are target tokens; ``answers`` are compared, not shown."""

    engine: str
    beam: int
    load: float
    seconds: float
    tokens: int
    peak_mb: float
    answers: tuple[str, ...]

    @property
    def speed(self) -> float:
        """Target tokens a second."""
        return self.tokens / self.seconds


def ours(folder: Path, preset: Preset, texts: Sequence[str], device: str, threads: int) -> EngineRun:
    """Return the product's engine on a converted folder, warmed by one text."""
    from service.engines.ctranslate2 import CTranslate2Engine

    began = time.perf_counter()
    engine = CTranslate2Engine(folder, preset, device=device, threads=threads)
    load = time.perf_counter() - began
    # Not timed: the first call allocates and picks kernels.
    engine.generate(texts[:1], preset.decoding)
    began = time.perf_counter()
    outputs = engine.generate(texts, preset.decoding)
    seconds = time.perf_counter() - began
    tokens = sum(output.tokens for output in outputs)
    name = f"CTranslate2 {folder.name}"
    return EngineRun(
        name, preset.decoding.beam_size, load, seconds, tokens, peak_mb(), tuple(o.text for o in outputs)
    )


def peer(
    folder: Path, preset: Preset, texts: Sequence[str], device: str, threads: int, dtype: str
) -> EngineRun:
    """Return ``generate`` of transformers over batches of similar length, warmed by one text."""
    import torch

    from service.engines.tokenizer import EOS, Pieces
    from service.engines.transformers import load_checkpoint

    torch.set_num_threads(threads)
    pieces, began = Pieces(folder), time.perf_counter()
    model = load_checkpoint(folder, dtype).to(device).eval()
    load = time.perf_counter() - began
    rows = [torch.tensor(pieces.ids([*pieces.encode(text), EOS])) for text in texts]
    # Longest first, so that a batch has rows of like length and little padding.
    order = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
    size, pad = WORK[preset.architecture].rows, model.config.pad_token_id

    def run(chosen: Sequence[int]) -> list[list[int]]:
        ids = torch.nn.utils.rnn.pad_sequence([rows[i] for i in chosen], True, pad).to(device)
        return _generated(model, ids, pad, preset.decoding)

    run(order[:1])  # not timed either
    began, answers = time.perf_counter(), dict[int, list[int]]()
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        answers.update(zip(batch, run(batch), strict=True))
    seconds = time.perf_counter() - began
    kept = [[i for i in answers[n] if i != pad] for n in range(len(rows))]
    decoded = tuple(pieces.decode([pieces.tokens[i] for i in ids if i < len(pieces.tokens)]) for ids in kept)
    tokens = sum(map(len, kept))
    return EngineRun(
        f"transformers {dtype}", preset.decoding.beam_size, load, seconds, tokens, peak_mb(), decoded
    )


def _generated(model: Any, ids: Any, pad: int, decoding: Decoding) -> list[list[int]]:
    """Return what transformers makes of a padded batch, searching as the engines of Warta do."""
    import torch

    with torch.inference_mode():
        made = model.generate(
            input_ids=ids,
            attention_mask=(ids != pad).long(),
            num_beams=decoding.beam_size,
            do_sample=False,
            early_stopping=True,
            max_length=None,
            max_new_tokens=decoding.max_new_tokens,
            # Marian checkpoints say so themselves; random ones need it, or padding would be chosen.
            bad_words_ids=[[pad]],
            # Marian's setting would end an answer at the limit with the end token, one token early.
            forced_eos_token_id=None,
        )
    answers: list[list[int]] = made[:, 1:].tolist()  # without the start token
    return answers


def build(root: Path, kind: str, texts: Sequence[str], types: Sequence[str]) -> None:
    """Build the checkpoint, and what it is converted to, each in a folder of ``root``."""
    from transformers.utils import logging

    from service.models.convert import convert

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    WORK[kind].build(root / "checkpoint", texts)
    preset = shapes.preset(kind, 1024, Decoding())
    for quantization in types:
        convert(root / "checkpoint", root / quantization, preset, quantization)


def sources(work: Work) -> list[str]:
    """Return texts of about the wanted length, cut from the project's example articles."""
    words = " ".join(path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.txt"))).split()
    wanted, count = work.source_tokens, work.texts
    # The small tokenizer needs about 1.6 pieces a word on the text it was trained on.
    size = max(4, round(wanted / 1.6))
    rounds = words * (2 + count * size // len(words))
    # Of three lengths, a word apart, so that batches have some padding as in practice.
    return [" ".join(rounds[i * (size - 3) :][: size - i % 3]) for i in range(count)]


def training_texts() -> list[str]:
    """Return what the tokenizers are trained on."""
    texts = [path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.txt"))]
    return [part.text for text in texts for part in segment.split(text).segments]


def compare(kind: str, root: Path, arguments: argparse.Namespace) -> list[EngineRun]:
    """Return every engine at every beam, printed as they come with their ratio to the first."""
    cuda = arguments.device == "cuda"
    types = ("float16",) if cuda else ("int8", "float32")
    in_fresh_process(build, root, kind, training_texts(), types)
    work = (QUICK if arguments.quick else WORK)[kind]
    texts, rows = sources(work), list[EngineRun]()
    peers = ("bfloat16",) if cuda else ("float32",) if arguments.quick else ("float32", "bfloat16")
    for beam in arguments.beam:
        preset = shapes.preset(kind, 1024, Decoding(beam_size=beam, max_new_tokens=work.target_tokens))
        common = (preset, texts, arguments.device, arguments.threads)
        measured = [in_fresh_process(peer, root / "checkpoint", *common, dtype) for dtype in peers]
        measured += [in_fresh_process(ours, root / name, *common) for name in types]
        show(kind, measured)
        rows += measured
    return rows


def show(kind: str, rows: Sequence[EngineRun]) -> None:
    """Print a line an engine: speed, its ratio to the first row's, and how many answers are the same."""
    # The peer in float32 (on CUDA in bfloat16), to which all are compared.
    first = rows[0]
    for row in rows:
        same = sum(a == b for a, b in zip(row.answers, first.answers, strict=True)) / len(first.answers)
        speed = f"{row.speed:8.1f} tokens/s {row.speed / first.speed:6.2f}x"
        rest = f"{row.tokens:5} tokens  load {row.load:5.1f} s  peak {row.peak_mb:6.0f} MB  same {same:4.0%}"
        print(
            f"{kind:7} beam {row.beam}  {row.engine:22} {speed}  {rest}",
            flush=True,
        )


def main() -> None:
    """Print the table; ``--json`` also writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=WORK, action="append", help="may be repeated; default: both")
    parser.add_argument("--beam", type=int, action="append", help="may be repeated; default: 1 and 4")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--allocator", choices=("default", "huge"), default="default")
    parser.add_argument("--quick", action="store_true", help="less work, and the float32 peer only")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    arguments.beam = arguments.beam or [1, 4]
    if arguments.allocator == "huge":
        # glibc reads these when a process starts, so they hold for the processes below and not for this one.
        os.environ.update(HUGE)
    found: dict[str, object] = {"allocator": arguments.allocator, "threads": arguments.threads}
    for kind in arguments.model or WORK:
        with tempfile.TemporaryDirectory() as root:
            rows = compare(kind, Path(root), arguments)
        found[kind] = [{**asdict(row), "answers": len(row.answers), "speed": row.speed} for row in rows]
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
