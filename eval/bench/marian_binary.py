"""Writes Marian's binary model format with 8-bit matrices, as Firefox's models are stored.

The format is that of marian-dev (src/common/binary.cpp): a version, headers of four numbers, names, shapes,
padding, and data in blocks of 256 bytes. The multiplier of an 8-bit matrix stands behind its numbers, and
matrices other than the embedding are stored transposed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

# marian-dev's types: the low byte is the size of a number in bytes, above it the class: 0x0400 float, 0x0100
# signed, with 0x4000 laid out for intgemm.
FLOAT, INT8 = 0x0404, 0x4101
EMBEDDING = "Wemb"
SCALE = 32.0
"""What a matrix is multiplied with to be numbers of 8 bits: from -4 to 4 in steps of a thirty-second."""

Tensor = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def binary(tensors: Mapping[str, tuple[int, Tensor]], settings: Mapping[str, int]) -> bytes:
    """Return the tensors, each with its type, as a model file; ``settings`` are what the engine reads."""
    config = "".join(f"{name}: {value}\n" for name, value in settings.items())
    # Read as a C string, of which the NUL counts in its length.
    text = config.encode() + b"\0"
    items = [(name, kind, value.shape, _block(name, kind, value)) for name, (kind, value) in tensors.items()]
    items.append(("special:model.yml", 0x0101, (len(text),), _padded(text)))
    # Version 1, all numbers little-endian.
    head = struct.pack("<QQ", 1, len(items))
    for name, kind, shape, data in items:
        head += struct.pack("<QQQQ", len(name) + 1, kind, len(shape), len(data))
    head += b"".join(name.encode() + b"\0" for name, *_ in items)
    head += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in items)
    # Data begins at a multiple of 256 from the file's start, so that a mapped file is aligned for the
    # processor's wide loads. The 8 are the gap's own number.
    gap = -(len(head) + 8) % 256
    return head + struct.pack("<Q", gap) + bytes(gap) + b"".join(data for *_, data in items)


def _block(name: str, kind: int, value: Tensor) -> bytes:
    if kind == FLOAT:
        return _padded(value.astype("<f4").tobytes())
    stored = value if name == EMBEDDING else value.T
    # -127 and not -128, so that the range is the same on both sides of nought.
    numbers = np.clip(np.round(stored * SCALE), -127, 127).astype(np.int8)
    return _padded(numbers.tobytes() + struct.pack("<f", SCALE))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 256)


def shortlist(count: int, words: Sequence[int] | None = None) -> bytes:
    """Return a shortlist for ``count`` source words that names ``words`` for each, or every one of them.

    48 bytes of header, then offsets, then words.
    """
    named = list(range(count)) if words is None else list(words)
    offsets = [number * len(named) for number in range(count + 1)]
    size = count * len(named)
    # The magic number, a checksum that is not checked, how many words are in front and how many the best, and
    # the lengths of the two tables.
    head = struct.pack("<QQQQQQ", 0xF11A48D5013417F5, 0, 0, len(named), len(offsets), size)
    return head + struct.pack(f"<{len(offsets)}Q", *offsets) + struct.pack(f"<{size}I", *named * count)
