"""A file as a stream of bytes, gzip and Zstandard unpacked on the way, with a limit."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from service.errors import InputError
from service.extras import lacks

if TYPE_CHECKING:
    from zstandard import ZstdDecompressionObj

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SUFFIXES = (".gz", ".zst", ".zstd")
RATIO = 200
"""Unpacked over packed size. Deflate reaches 1,032 at most and text rarely 20."""
RATIO_FREE = 1_000_000
"""Below these bytes no ratio is refused."""
DEPTH = 3
"""How many times over a file may be packed."""

# A kilobyte of Zstandard unpacks to 32 MB at most, which is what a bomb can take before it is noticed.
_FED = 1 << 10
# 128 MB is the largest window that zstd itself opens without being asked.
_WINDOW = 1 << 27
_BUFFER = 1 << 17


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def need(error: ImportError, extra: str, library: str) -> InputError:
    """Return the error for a library of an extra that cannot be imported."""
    return InputError(lacks(error, extra, library))


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins so is a gzip or Zstandard stream."""
    return head.startswith((GZIP, ZSTD))


def unpacked_name(name: str) -> str:
    """Return ``name`` without the suffixes of compression."""
    while Path(name).suffix.lower() in SUFFIXES:
        name = name[: -len(Path(name).suffix)]
    return name


def open_unpacked(path: Path, *, depth: int = DEPTH) -> io.BufferedReader:
    """Return the file at ``path``, unpacked as it is read.

    Raises OSError. It and its methods raise InputError for a broken stream, one that unpacks to more
    than ``RATIO`` times its size, and one that is packed more than ``depth`` times over.
    """
    file = path.open("rb")
    stream: io.BufferedReader = file
    try:
        for _ in range(depth):
            # A look that takes nothing away.
            if not is_packed(stream.peek(4)[:4]):
                return stream
            # Compared with the bytes of the file itself, however many times over it is packed.
            stream = io.BufferedReader(Unpacked(stream, file.tell), _BUFFER)
        if is_packed(stream.peek(4)[:4]):
            raise InputError("input.packed_deep", "packed more than {times} times over", times=depth)
    except BaseException:
        file.close()
        raise
    return stream


class Unpacked(io.RawIOBase):
    """What the stream ``packed`` holds; ``taken`` counts the bytes of the file read so far."""

    def __init__(self, packed: io.BufferedReader, taken: Callable[[], int]) -> None:
        super().__init__()
        self._packed = packed
        self._taken = taken
        self._gzip = packed.peek(2).startswith(GZIP)
        self._inner: _Readable = gzip.GzipFile(fileobj=packed) if self._gzip else ZstdReader(packed)
        self._given = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def close(self) -> None:
        """Close what is below, too."""
        self._packed.close()
        super().close()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill the buffer as far as it can. Raises InputError."""
        try:
            data = self._inner.read(len(buffer))
        except (OSError, EOFError, zlib.error) as problem:
            raise InputError("input.gzip", "a broken gzip file: {reason}", reason=problem) from problem
        self._given += len(data)
        if self._given > max(RATIO_FREE, self._taken() * RATIO):
            raise InputError(
                "input.bomb_ratio",
                "unpacks to more than {times} times its size; refused as a possible bomb",
                times=RATIO,
            )
        buffer[: len(data)] = data
        return len(data)


class ZstdReader:
    """Zstandard frames one after another. The library's own stream takes a torn file for a whole one."""

    def __init__(self, packed: BinaryIO) -> None:
        try:
            import zstandard
        except ImportError as error:
            raise need(error, "documents", "zstandard") from error
        self._error = zstandard.ZstdError
        self._new = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj
        self._packed = packed
        self._frame: ZstdDecompressionObj | None = None
        self._rest = b""
        self._ready = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end. Raises InputError."""
        while not self._ready:
            fed = self._rest or self._packed.read(_FED)
            if not fed:
                if self._frame:
                    raise InputError("input.zstandard_short", "a broken Zstandard file: it ends too soon")
                return b""
            self._frame, self._rest = self._frame or self._new(), b""
            try:
                self._ready = memoryview(self._frame.decompress(fed))
            except self._error as problem:
                raise InputError(
                    "input.zstandard", "a broken Zstandard file: {reason}", reason=problem
                ) from problem
            # What follows a frame is the next one, which the library would leave unread.
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        given, self._ready = self._ready[:size], self._ready[size:]
        return bytes(given)
