"""Chooses the pieces of the embedded model's vocabulary that stay: those that a corpus needs.

Run as ``python -m eval.training.keep_pieces FILE:COLUMN,COLUMN... -o PIECES``. Each FILE is tab-separated
text, packed with xz; columns count from 0. What stays are the pieces that the full
tokenizer cuts the text into, the pieces that those are merged from, all bytes and all pieces
with a role of their own; with ``--extend`` also those of an earlier list. SentencePiece merges
the best pair first, and within a piece that it arrives at no other pair can have won; so the
cut tokenizer makes the same merges in the same order.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service import presets
from service.models.gemma import build as embedded
from service.models.gemma.gguf import GgufFile
from service.models.gemma.spm import pieces, sentencepiece_model
from service.models.gemma.vocabulary import pack, unpack

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

NORMAL = 1
AT_ONCE = 20_000


def needed(lines: Iterable[str], processor: SentencePieceProcessor) -> set[int]:
    """Return the ids that ``lines`` are cut into."""
    found: set[int] = set()
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == AT_ONCE:
            found.update(*processor.encode(batch))  # a list of ids for each line
            batch.clear()
    return found.union(*processor.encode(batch))


def merged_from(piece: str, scores: Mapping[str, float]) -> set[str]:
    """Return every piece on the way from characters to ``piece``, itself included."""
    symbols = list(piece)
    made = set(symbols)
    while len(symbols) > 1:
        pairs = [a + b for a, b in pairwise(symbols)]
        # The best pair, of equals the leftmost: SentencePiece's order.
        at = max(range(len(pairs)), key=lambda i: (scores.get(pairs[i], float("-inf")), -i))
        if pairs[at] not in scores:
            break
        symbols[at : at + 2] = [pairs[at]]
        made.add(pairs[at])
    return made


def closed(ids: Iterable[int], metadata: Mapping[str, Any]) -> list[int]:
    """Return ``ids``, what they are merged from, and what must stay in any case; sorted."""
    names, kinds = pieces(metadata), metadata["tokenizer.ggml.token_type"]
    rows = zip(names, kinds, metadata["tokenizer.ggml.scores"], strict=True)
    scores = {name: score for name, kind, score in rows if kind == NORMAL}
    place = {name: i for i, name in enumerate(names)}
    # Control marks, the unknown piece, bytes and user-defined pieces; of these "<unused0>" and its like are
    # in no text.
    keep = {i for i, kind in enumerate(kinds) if kind != NORMAL and not names[i].startswith("<unused")}
    for i in ids:
        if kinds[i] == NORMAL:
            keep.update(place[part] for part in merged_from(names[i], scores) if part in scores)
    return sorted(keep)


def texts(spec: str) -> Iterator[str]:
    """Yield the texts of ``FILE:COLUMN,COLUMN``, white space collapsed: as after a space, and as at a
    beginning.
    """
    path, _, numbers = spec.rpartition(":")
    columns = [int(number) for number in numbers.split(",")]
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            for column in columns:
                text = " ".join(fields[column].split())
                yield from (text, f" {text}")


def main() -> None:
    """Write the list of pieces."""
    import sentencepiece

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="+", help="FILE:COLUMN,COLUMN")
    parser.add_argument("--extend", type=Path, help="a list whose pieces stay as well")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    metadata = GgufFile(embedded.weights(presets.get("gemma-3-270m"))).metadata
    processor = sentencepiece.SentencePieceProcessor(model_proto=sentencepiece_model(metadata))
    count = len(pieces(metadata))
    found: set[int] = set(unpack(arguments.extend.read_bytes(), count)) if arguments.extend else set()
    for corpus in arguments.corpus:
        found |= needed(texts(corpus), processor)
    keep = closed(found, metadata)
    arguments.output.write_bytes(pack(keep, count))
    sys.stdout.write(f"{len(found)} pieces needed, {len(keep)} kept of {count}\n")


if __name__ == "__main__":
    main()
