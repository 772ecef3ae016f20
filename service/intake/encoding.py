"""From bytes to text: which encoding, and is it text at all."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from service.document import Message
from service.errors import InputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", Message("term", "a PDF file")),
    (b"PK\x03\x04", Message("term", "a ZIP archive or an Office document")),
    (b"\xd0\xcf\x11\xe0", Message("term", "an old Office document")),
    (b"{\\rtf", Message("term", "an RTF document")),
    (b"\x89PNG", Message("term", "a PNG image")),
    (b"\xff\xd8\xff", Message("term", "a JPEG image")),
    (b"GIF8", Message("term", "a GIF image")),
    (b"RIFF", Message("term", "a RIFF media file")),
    (b"\x1f\x8b", Message("term", "a gzip file")),
    (b"BZh", Message("term", "a bzip2 file")),
    (b"\xfd7zXZ", Message("term", "an xz file")),
    (b"7z\xbc\xaf", Message("term", "a 7-Zip archive")),
    (b"\x7fELF", Message("term", "a program")),
    (b"SQLite format", Message("term", "a database")),
)
_SAMPLE = 4096
# Control characters but tab and the line breaks.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
# One character as the Unicode standard allows it (table 3-7), or any other byte alone. Plain ASCII is taken
# in runs, for the speed.
_UTF8_PART = re.compile(
    rb"[\x00-\x7f]++|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2}|(?P<other>.)",
    re.DOTALL,
)


def decode(data: bytes) -> str:
    """Return ``data`` as text: UTF-8 or UTF-16 with or without a mark, UTF-32 with one, else Windows-1252.

    Where UTF-8 holds a few stray bytes only those are read as Windows-1252 (Latin-1 for the
    five that it lacks), so the rest stays whole. Raises :class:`InputError` for what is not text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise InputError("input.not_text", "{kind}, not text; save the article as plain text", kind=name)
    # No text in UTF-8 or Windows-1252 holds a zero byte.
    if b"\0" in data:
        return _utf16_without_mark(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _mixed(data)


def has_mark(data: bytes) -> bool:
    """Return whether ``data`` begins with a byte order mark."""
    return any(data.startswith(mark) for mark, _ in _BOMS)


def read_bytes(path: Path, max_bytes: int, shown: str = "") -> bytes:
    """Return the file at ``path``; InputError says what stands in the way, and names the file as
    ``shown``.
    """
    name = shown or str(path)
    if path.is_dir():
        raise InputError("file.directory", "a directory, not a file", at=name)
    try:
        with path.open("rb") as file:
            # A byte more than is allowed tells that there is more, without reading all of it.
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputError("file.missing", "no such file", at=name) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError("file.unreadable", "cannot be read: {reason}", at=name, reason=reason) from problem
    if len(data) > max_bytes:
        raise InputError(
            "input.size", "larger than the limit of {size} bytes", at=name, size=f"{max_bytes:,}"
        )
    if not data:
        raise InputError("input.empty", "empty", at=name)
    return data


def read_text(path: Path, max_bytes: int) -> str:
    """Return the text of the file at ``path``; :class:`InputError` says what stands in the way."""
    data = read_bytes(path, max_bytes)
    try:
        text = decode(data)
    except InputError as problem:
        raise InputError(problem, at=path) from None
    if not text.strip():
        raise InputError("input.empty", "empty", at=path)
    return text


def _utf16_without_mark(data: bytes) -> str:
    """Return the text of UTF-16 where zero bytes stand almost all in one half of the pairs; anything
    else is binary.
    """
    sample = data[:_SAMPLE]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    most, least = max(zeros), min(zeros)
    # Latin letters in UTF-16 have one zero byte each: a quarter of the pairs at least, and hardly any in the
    # other half.
    if len(data) % 2 == 0 and most > len(sample) // 8 and least * 20 <= most:
        try:
            text = data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")
        except UnicodeDecodeError:
            text = "\0"
        if not _CONTROL.search(text):
            return text
    raise InputError("input.binary", "binary data, not text")


def _mixed(data: bytes) -> str:
    """Return valid UTF-8 as it is, every other byte as Windows-1252."""
    return "".join(
        _single(part[0]) if part.lastgroup else part[0].decode("utf-8") for part in _UTF8_PART.finditer(data)
    )


def _single(byte: bytes) -> str:
    try:
        # It lacks 81, 8D, 8F, 90 and 9D.
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")
