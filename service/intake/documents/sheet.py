"""Excel sheets, a row a line."""

from __future__ import annotations

import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

from service.errors import InputError
from service.intake.documents.archive import Limits, need

_LONG = 80


def read(data: bytes, limits: Limits) -> str:
    """Every sheet; cells of a row parted by `` | ``, or a paragraph each where one is long.

    The archive is checked by the caller. Values are those that were saved; formulas are not computed.
    """
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
        from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    except ImportError:
        raise need("documents", "openpyxl") from None
    paragraphs, cells = [], 0
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            if isinstance(sheet, ReadOnlyWorksheet):
                sheet.reset_dimensions()  # else every row is as wide as the file claims, up to 16,384
            for row in sheet.iter_rows(values_only=True):
                cells += len(row)
                if cells > limits.cells:
                    raise InputError(f"a workbook of more than {limits.cells:,} cells")
                texts = [text for value in row if (text := _text(value))]
                long = any(len(text) > _LONG or "\n" in text for text in texts)
                paragraphs.append(("\n\n" if long else " | ").join(texts))
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
        raise InputError(f"a broken Excel file: {problem}") from problem
    return "\n\n".join(filter(None, paragraphs))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
