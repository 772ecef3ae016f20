"""GGUF version 3, read from memory: what Warta needs of it, in a fraction of ``GGUFReader``'s time.

``gguf.GGUFReader`` makes several numpy views of every string, which takes nine seconds for a
vocabulary of 262,144 pieces; plain slicing takes 0.2. Layout:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType
from gguf.quants import dequantize

Floats = npt.NDArray[np.float32]

_SCALARS = {
    GGUFValueType.UINT8: "<u1",
    GGUFValueType.INT8: "<i1",
    GGUFValueType.UINT16: "<u2",
    GGUFValueType.INT16: "<i2",
    GGUFValueType.UINT32: "<u4",
    GGUFValueType.INT32: "<i4",
    GGUFValueType.FLOAT32: "<f4",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "<u8",
    GGUFValueType.INT64: "<i8",
    GGUFValueType.FLOAT64: "<f8",
}


class GgufFile:
    """``metadata`` by key (arrays as lists) and tensors by name. Raises ValueError for other data."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = memoryview(data)
        # Magic, version, and how many tensors and keys there are: 4 + 4 + 8 + 8 bytes.
        self._at = 24
        if len(data) < self._at or data[:4] != b"GGUF":
            raise ValueError("not a GGUF file")
        version, tensors, keys = struct.unpack_from("<IQQ", data, 4)
        if version != 3:
            raise ValueError(f"GGUF version {version} is not 3")
        # Each call moves ``_at`` on, so the order counts: Python evaluates a key before its value.
        self.metadata: dict[str, Any] = {self._string(): self._value(self._int(4)) for _ in range(keys)}
        self._tensors = dict(self._tensor_info() for _ in range(tensors))
        alignment = self.metadata.get("general.alignment", 32)
        # Tensors begin at the next multiple of the alignment, 32 where the file names none.
        self._base = -(-self._at // alignment) * alignment

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape with rows first, as numpy has it."""
        return self._tensors[name][0]

    def tensor(self, name: str, rows: slice | npt.NDArray[np.int64] = slice(None)) -> Floats:
        """Return a tensor, or some of its rows, dequantised."""
        shape, kind, offset = self._tensors[name]
        block, size = GGML_QUANT_SIZES[kind]
        # Bytes of a row. Rows are whole blocks, so they can be picked before they are dequantised.
        width = shape[-1] // block * size
        count = int(np.prod(shape[:-1], dtype=np.int64))
        raw = np.frombuffer(self._data, np.uint8, count * width, self._base + offset).reshape(count, width)
        values: Floats = dequantize(raw[rows], kind)
        return values.reshape(-1, *shape[1:])

    def _tensor_info(self) -> tuple[str, tuple[tuple[int, ...], GGMLQuantizationType, int]]:
        name = self._string()
        # GGUF names the dimension that changes fastest first, numpy last.
        shape = tuple(reversed([self._int(8) for _ in range(self._int(4))]))
        return name, (shape, GGMLQuantizationType(self._int(4)), self._int(8))

    def _value(self, kind: int) -> object:
        if kind == GGUFValueType.STRING:
            return self._string()
        if kind == GGUFValueType.ARRAY:
            item, count = self._int(4), self._int(8)
            # Strings differ in length and are read one by one; numbers are read in one go.
            if item in (GGUFValueType.STRING, GGUFValueType.ARRAY):
                return [self._value(item) for _ in range(count)]
            return self._numbers(item, count)
        return self._numbers(kind, 1)[0]

    def _numbers(self, kind: int, count: int) -> list[object]:
        values = np.frombuffer(self._data, _SCALARS[GGUFValueType(kind)], count, self._at)
        self._at += values.nbytes
        numbers: list[Any] = values.tolist()
        return numbers

    def _string(self) -> str:
        return str(self._take(self._int(8)), "utf-8")

    def _int(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def _take(self, size: int) -> memoryview:
        start, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise ValueError("the GGUF file ends too early")
        return self._data[start : self._at]
