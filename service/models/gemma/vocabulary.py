"""A vocabulary cut to the pieces that Indonesian and English need.

The model's own 262,144 pieces serve a hundred languages, and every one of them is scored at
every step. The pieces that stay are a bit each in a file beside the adapter; what is not
among them is spelt with smaller pieces or, in the end, with bytes, so any text can still be
read and written. ``eval/training/keep_pieces.py`` chose them, each with the pieces that it is
merged from: a text that needs none of the others is cut into pieces as before.
"""

from __future__ import annotations

import lzma
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

_LISTS = ("tokens", "scores", "token_type")
_SPECIAL = ("bos", "eos", "unknown", "padding")


def pack(ids: Sequence[int], count: int) -> bytes:
    """Return ``ids`` out of ``count`` as compressed bits."""
    bits = np.zeros(count, np.bool_)
    bits[list(ids)] = True
    return lzma.compress(np.packbits(bits).tobytes(), preset=9 | lzma.PRESET_EXTREME)


def unpack(data: bytes, count: int) -> Ids:
    """Return the ids that :func:`pack` was given, in order. Raises ValueError for another ``count``."""
    bits = np.frombuffer(lzma.decompress(data), np.uint8)
    if len(bits) != -(-count // 8):
        raise ValueError(f"the list of pieces is not for a vocabulary of {count}")
    # Bits come in whole bytes; ``count`` leaves the last ones out.
    return np.flatnonzero(np.unpackbits(bits, count=count))


def cut(metadata: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """Return a GGUF file's metadata with the pieces ``ids`` only, which are renumbered in their order.

    Raises ValueError if a piece with a role of its own is not among them.
    """
    small = dict(metadata)
    for name in _LISTS:
        key = f"tokenizer.ggml.{name}"
        small[key] = [metadata[key][i] for i in ids]
    # By old id, its new one.
    place = {int(old): new for new, old in enumerate(ids)}
    for name in _SPECIAL:
        key = f"tokenizer.ggml.{name}_token_id"
        if metadata[key] not in place:
            raise ValueError(f"the list of pieces lacks the {name} token")
        small[key] = place[metadata[key]]
    return small
