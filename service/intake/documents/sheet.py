"""Excel sheets, a row a line."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO

from service.errors import InputError
from service.intake.compression import need
from service.intake.documents.archive import Limits

_LONG = 80


def read(data: bytes, limits: Limits) -> str:
    """Return every sheet; cells of a row parted by `` | ``, or a paragraph each where one is long."""
    paragraphs = []
    for _, _, cells in rows(data, limits):
        texts = [text for text in cells if text]
        long = any(len(text) > _LONG or "\n" in text for text in texts)
        paragraphs.append(("\n\n" if long else " | ").join(texts))
    return "\n\n".join(filter(None, paragraphs))


def rows(data: bytes, limits: Limits) -> Iterator[tuple[str, int, list[str]]]:
    """Yield sheet, row number from 1 and the cells' texts, row by row. Raises InputError.

    The archive is checked by the caller. Values are those that were saved; formulas are not computed.
    """
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
        from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    except ImportError as error:
        raise need(error, "documents", "openpyxl") from error
    count = 0
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            if isinstance(sheet, ReadOnlyWorksheet):
                sheet.reset_dimensions()  # else every row is as wide as the file claims, up to 16,384
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                count += len(row)
                if count > limits.cells:
                    raise InputError(
                        "document.cells", "a workbook of more than {count} cells", count=f"{limits.cells:,}"
                    )
                yield sheet.title, number, [_text(value) for value in row]
        book.close()
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        SyntaxError,
        OSError,
    ) as problem:
        raise InputError("document.excel", "a broken Excel file: {reason}", reason=problem) from problem


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
