"""What a GPU machine needs, in files small enough to travel, and nothing else.

    python -m eval.training.travel --data OUT --mono mono.id.tsv.xz --adapter FILE --to DIR [--lines N]

writes to ``DIR``: the model's body as it stands in the GGUF file with only those rows of the
embedding that the texts need (``teacher.gguf.000`` and on, at most 48 MB each), the adapter, and
the texts as token ids: no tokenizer and no registry is needed over there, only torch,
transformers, sentencepiece and the pure-Python ``gguf``.
"""

from __future__ import annotations

import argparse
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from eval.training.data import Pair, TestText, is_text, length_fits, near, read_pairs, test_lines
from eval.training.gemma import Gemma
from eval.training.rows import PRESET, TrainingRow, encode, tokenizer
from eval.training.settings import settings
from service import presets
from service.models.gemma import build as embedded
from service.models.gemma.gguf import GgufFile

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

REVERSE_PROMPT = "English: {source}\nIndonesian:"
PART = 48 << 20
Ids = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows of ids as two flat arrays, the ids renumbered to the pieces that occur anywhere."""

    ids: Ids
    lengths: Ids
    starts: Ids

    def rows(self) -> list[TrainingRow]:
        ends = np.cumsum(self.lengths)
        parts = zip(ends - self.lengths, ends, self.starts, strict=True)
        return [TrainingRow(self.ids[a:b].tolist(), int(start)) for a, b, start in parts]


def pack(rows: Sequence[TrainingRow], place: Ids) -> Packed:
    """Return ``rows``, each id replaced by its place."""
    flat = np.array([i for row in rows for i in row.ids], np.int32)
    return Packed(
        place[flat],
        np.array([len(row.ids) for row in rows], np.int32),
        np.array([row.start for row in rows], np.int32),
    )


def swapped(pair: Pair) -> Pair:
    return replace(pair, indonesian=pair.english, english=pair.indonesian)


def mono_lines(path: Path, sources: Sequence[str], tests: TestText, overlap: float) -> Iterator[str]:
    """Yield the monolingual lines to translate: of the sources named, whole sentences, no test text."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for row in file:
            source, licence, _, text = row.rstrip("\n").split("\t")
            # There is no English; a letter stands for it, as the filters take pairs.
            pair = Pair(source, licence, " ".join(text.split()), "A")
            if not source.startswith(tuple(sources)) or not is_text(pair):
                continue
            if length_fits(pair, (5, 80), (0, 9)) and not near(tests, text, overlap):
                yield pair.indonesian


def body(gguf: bytes | bytearray, ids: Sequence[int], target: Path) -> None:
    """Write ``gguf`` without vocabulary and with the embedding's rows ``ids`` only, blocks as they are."""
    from gguf import GGUFReader, GGUFWriter

    whole = target.with_suffix(".whole")
    # GGUFReader reads files only.
    whole.write_bytes(gguf)
    metadata, reader = GgufFile(gguf).metadata, GGUFReader(whole)
    writer = GGUFWriter(target, "gemma3")
    for key, value in metadata.items():
        if key.startswith("gemma3."):
            writer.add_key_value(key, value, reader.fields[key].types[0])
    for tensor in reader.tensors:
        # Rows of quantised blocks, which can be picked as they are.
        data = tensor.data[np.asarray(ids)] if tensor.name == "token_embd.weight" else tensor.data
        writer.add_tensor(tensor.name, np.ascontiguousarray(data), raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    whole.unlink()


def split(path: Path, size: int = PART) -> list[Path]:
    """Split ``path`` into numbered parts; remove the whole."""
    data, parts = path.read_bytes(), []
    for n, at in enumerate(range(0, len(data), size)):
        parts.append(path.with_name(f"{path.name}.{n:03}"))
        parts[-1].write_bytes(data[at : at + size])
    path.unlink()
    return parts


def joined(folder: Path, name: str = "teacher.gguf") -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.glob(f"{name}.*")))


class PackedCorpus:
    """What :func:`main` packed, read back: no service beyond :class:`GgufFile` is touched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrays = np.load(folder / "texts.npz")
        self.pieces = [str(piece) for piece in self._arrays["pieces"]]

    def rows(self, name: str) -> list[TrainingRow]:
        """Return ``train``, ``held``, both with ``-reverse`` too, and ``mono``, which has prompts only."""
        sides = (self._arrays[f"{name}.{part}"] for part in ("ids", "lengths", "starts"))
        return Packed(*sides).rows()

    def text(self, ids: Sequence[int]) -> str:
        """Return the text that ids stand for, byte pieces put together."""
        data = b"".join(_bytes(self.pieces[i]) for i in ids)
        return " ".join(data.decode("utf-8", "ignore").split())

    def model(self, rank: int, scale: float, *, fused: bool, dtype: torch.dtype = torch.bfloat16) -> Gemma:
        from safetensors.torch import load_file

        model = Gemma(GgufFile(joined(self._folder)), rank, scale, dtype, fused=fused)
        adapter = load_file(self._folder / "adapter.safetensors")
        model.load_adapter({name: side.float() for name, side in adapter.items()})
        model.use_pieces(range(len(self.pieces)))
        return model


def _bytes(piece: str) -> bytes:
    if len(piece) == 6 and piece.startswith("<0x"):
        return bytes([int(piece[3:5], 16)])
    return piece.replace("▁", " ").encode()


def prompt_rows(lines: Sequence[str], spm: SentencePieceProcessor, prompt: str) -> list[TrainingRow]:
    """Return prompts to be answered; nothing in them is a target."""
    rows = [[spm.bos_id(), *spm.encode(prompt.replace("{source}", line))] for line in lines]
    return [TrainingRow(ids, len(ids)) for ids in rows]


def write(
    folder: Path,
    rows: Mapping[str, Sequence[TrainingRow]],
    spm: SentencePieceProcessor,
    gguf: bytes | bytearray,
    part: int = PART,
) -> None:
    """Write ``texts.npz`` and the parts of ``teacher.gguf``, all ids renumbered to the pieces that occur."""
    pieces = sorted({i for some in rows.values() for row in some for i in row.ids})
    # Two bytes an id where that is enough.
    place = np.zeros(len(spm), np.uint16 if len(pieces) < 1 << 16 else np.int32)
    place[pieces] = np.arange(len(pieces))
    arrays: dict[str, npt.NDArray[np.generic]] = {"pieces": np.array([spm.id_to_piece(i) for i in pieces])}
    for name, some in rows.items():
        packed = pack(some, place)
        arrays |= {f"{name}.{k}": getattr(packed, k) for k in ("ids", "lengths", "starts")}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "texts.npz", **arrays)  # type: ignore[arg-type]
    body(gguf, pieces, folder / "teacher.gguf")
    split(folder / "teacher.gguf", part)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that eval.training.data wrote")
    parser.add_argument("--mono", type=Path, required=True, help="TSV: source, licence, document, text")
    parser.add_argument("--tests", type=Path, required=True, help="folder of the test sets to keep out")
    parser.add_argument("--adapter", type=Path, required=True, help="where the machine starts from")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--lines", type=int, help="so many lines of each text only, for a rehearsal")
    options = parser.parse_args()
    config = settings()
    tests = TestText(test_lines(options.tests), config["data"]["shingle"])
    train, held = (read_pairs(options.data / f"{name}.tsv")[: options.lines] for name in ("train", "held"))
    mono = mono_lines(options.mono, config["distil"]["mono"], tests, config["data"]["overlap"])
    lines = list(islice(mono, options.lines))
    preset = presets.get(PRESET)
    weights = embedded.weights(preset)
    spm = tokenizer(GgufFile(weights))
    rows = {
        "train": [encode(p, spm, preset.prompt) for p in train],
        "held": [encode(p, spm, preset.prompt) for p in held],
        "train-reverse": [encode(swapped(p), spm, REVERSE_PROMPT) for p in train],
        "held-reverse": [encode(swapped(p), spm, REVERSE_PROMPT) for p in held],
        "mono": prompt_rows(lines, spm, preset.prompt),
    }
    write(options.to, rows, spm, weights)
    (options.to / "adapter.safetensors").write_bytes(options.adapter.read_bytes())
    for path in sorted(options.to.iterdir()):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path.name}")
    print(", ".join(f"{name} {len(part)} rows" for name, part in rows.items()))


if __name__ == "__main__":
    main()
