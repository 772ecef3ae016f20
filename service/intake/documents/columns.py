"""Columns added to the sheets of a workbook; every other part and cell stays as it is.

Written as XML: a workbook that openpyxl saves again has lost its charts, shapes and whatever else it does not
know.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from service.errors import InputError
from service.intake.documents.archive import Archive
from service.intake.documents.office import parse_xml

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

Value = str | float | None
MOST = 32_767
"""Characters that a cell holds."""

_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_ID = re.compile(r"\{http[^}]*/relationships\}id")
# Of a name four letters are enough to tell that it is past the last column, XFD; all of a long one would make
# a number whose sum takes its length squared.
_LETTERS = re.compile(r"[A-Z]{1,4}+")
# What XML 1.0 cannot hold, and what Excel would read as an escape for it.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_WIDEST = 16_384


def with_columns(archive: Archive, sheets: Mapping[str, Mapping[int, Sequence[Value]]]) -> bytes:
    """Return the workbook with ``sheets`` written to the right of what each has.

    A sheet's name leads to its rows, numbered from 1, and each row to the values of its new cells. Raises
    InputError for a workbook that lacks a sheet or has no room in it.
    """
    parts = sheet_parts(archive)
    changed: dict[str, bytes] = {}
    for title, rows in sheets.items():
        if title not in parts:
            raise InputError("document.sheet", "broken: it lacks its sheet {name!r}", name=title)
        changed[parts[title]] = _extended(archive.read(parts[title]), parts[title], rows)
    return archive.copy(changed)


def sheet_parts(archive: Archive) -> dict[str, str]:
    """Return where each sheet is in the archive, by its name."""
    targets = {
        one.get("Id", ""): one.get("Target", "") for one in parse_xml(archive.read(_RELATIONS), _RELATIONS)
    }
    found: dict[str, str] = {}
    for sheet in parse_xml(archive.read(_BOOK), _BOOK).iter("{*}sheet"):
        id = next((str(value) for name, value in sheet.items() if _ID.fullmatch(str(name))), "")
        target = targets.get(id, "")
        place = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        found[str(sheet.get("name", ""))] = posixpath.normpath(place)
    return found


def _extended(data: bytes, name: str, rows: Mapping[int, Sequence[Value]]) -> bytes:
    from lxml import etree

    root = parse_xml(data, name)
    there = list(root.iter("{*}row"))
    widths = [_last(row) for row in there]
    first = max(widths, default=0) + 1
    if first + max(map(len, rows.values()), default=0) - 1 > _WIDEST:
        raise InputError("document.sheet_full", "a sheet with no room for more columns")
    number = 0
    for row in there:
        number = int(row.get("r", number + 1))
        for offset, value in enumerate(rows.get(number, ())):
            if value is not None and value != "":
                row.append(_cell(row, f"{letters(first + offset)}{number}", value))
        # How wide a row is, if it says so, is a hint that would now be wrong.
        if "spans" in row.attrib:
            del row.attrib["spans"]
    for dimension in list(root.iter("{*}dimension")):
        root.remove(dimension)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _last(row: Element) -> int:
    """Return the number of a row's last column; cells without a place follow one another."""
    last = 0
    for cell in row:
        found = _LETTERS.match(cell.get("r", ""))
        last = _number(found[0]) if found else last + 1
    return last


def _number(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number


def letters(number: int) -> str:
    """Return the name of a column, numbered from 1: ``A``, ``Z``, ``AA``."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _cell(row: Element, place: str, value: str | float) -> Element:
    from lxml import etree as xml

    space = xml.QName(row).namespace
    prefix = f"{{{space}}}" if space else ""
    cell = row.makeelement(f"{prefix}c", {"r": place})
    if isinstance(value, float):
        xml.SubElement(cell, f"{prefix}v").text = repr(value)
        return cell
    cell.set("t", "inlineStr")
    held = xml.SubElement(xml.SubElement(cell, f"{prefix}is"), f"{prefix}t")
    held.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    held.text = _LOOKS_ESCAPED.sub("_x005F_", _ILLEGAL.sub("\ufffd", value))
    return cell
