"""TMX 1.4b, in which translation memories are exchanged: Indonesian-English units in and out, as a stream.

https://www.gala-global.org/tmx-14b
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO
from xml.sax.saxutils import escape, quoteattr

from service.errors import InputError
from service.intake.compression import open_unpacked
from service.translation.memory.base import Unit
from service.version import __version__

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n'
    f'<header creationtool="warta" creationtoolversion={quoteattr(__version__)} segtype="sentence"'
    ' o-tmf="warta" adminlang="en" srclang="id" datatype="plaintext"/>\n<body>\n'
)
# Indonesian's code until 1989, which Java's tools still write, and the three-letter ones.
_CODES = {"in": "id", "ind": "id", "eng": "en"}
_MADE = "preset:"  # how a signature begins
_SPACES = re.compile(" {2,}")
_CODE = ("bpt", "ept", "ph", "it", "ut")


class TmxReader:
    """The Indonesian and English sides of the units in a file that have both; ``passed`` counts the others.

    So does ``made``, those that a model made, as :func:`write_tmx` notes: they are nobody's own.
    The file may be packed; it is read as a stream, and a DOCTYPE is let be as long as it declares no
    entities. Iterating raises InputError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.passed = 0
        self.made = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((unit.source, unit.target) for unit in self.units())

    def units(self) -> Iterator[Unit]:
        """Yield the units with their dates. Raises InputError."""
        from xml.etree.ElementTree import ParseError

        from defusedxml.common import DefusedXmlException

        try:
            with open_unpacked(self._path) as file:
                for unit in _units(file):
                    sides = _sides(unit)
                    if any(_local(e) == "note" and (e.text or "").startswith(_MADE) for e in unit):
                        self.made += 1
                    elif sides.get("id") and sides.get("en"):
                        yield Unit(sides["id"], sides["en"], _changed(unit))
                    else:
                        self.passed += 1
        except (ParseError, DefusedXmlException, LookupError, ValueError, RecursionError) as error:
            raise InputError("memory.tmx", "not a TMX file: {reason}", at=self._path, reason=error) from error
        except InputError as error:
            raise InputError(error, at=self._path) from error
        except OSError as error:
            raise InputError(
                "file.unreadable", "cannot be read: {reason}", at=self._path, reason=error.strerror
            ) from error


def _units(file: BinaryIO) -> Iterator[Element]:
    from defusedxml.ElementTree import iterparse

    body = None
    # The body is needed from its start, a unit when it is complete.
    for event, element in iterparse(file, events=("start", "end")):
        name = _local(element)
        if event == "start" and name == "body":
            body = element
        elif event == "end" and name == "tu":
            yield element
            # The units read so far would otherwise all stay in memory.
            element.clear()
            if body is not None:
                del body[:]


def write_tmx(file: TextIO, entries: Iterable[tuple[str, str, str]]) -> int:
    """Write (signature, source, target) as units, the signature as a note; return how many."""
    file.write(_HEADER)
    count = 0
    for signature, source, target in entries:
        count += 1
        note = f"<note>{_plain(signature)}</note>" if signature else ""
        file.write(
            f'<tu>{note}<tuv xml:lang="id"><seg>{_plain(source)}</seg></tuv>'
            f'<tuv xml:lang="en"><seg>{_plain(target)}</seg></tuv></tu>\n'
        )
    file.write("</body>\n</tmx>\n")
    return count


def _sides(unit: Element) -> dict[str, str]:
    """Return text by two-letter language; of several in one language the last that is not empty."""
    sides = {}
    for variant in (element for element in unit.iter() if _local(element) == "tuv"):
        language = (variant.get(_LANGUAGE) or variant.get("lang") or "").strip().lower().replace("_", "-")
        code = language.partition("-")[0]
        for segment in variant:
            if _local(segment) == "seg" and (text := _SPACES.sub(" ", "".join(_words(segment))).strip()):
                sides[_CODES.get(code, code)] = text
    return sides


def _changed(unit: Element) -> float:
    """Return when a unit, or a side of it, was changed last, else made; 0 where nothing says."""
    parts = [unit, *(part for part in unit if _local(part) == "tuv")]
    for name in ("changedate", "creationdate"):
        if dates := [date for part in parts if (date := _date(part.get(name)))]:
            return max(dates)
    return 0.0


def _date(text: str | None) -> float:
    """Return a date as TMX writes it, ``20240131T235959Z``, in seconds since 1970; 0 for any other text."""
    try:
        return datetime.strptime((text or "").strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _words(element: Element) -> Iterator[str]:
    """Yield the text, without what stands in elements for codes of the format the segment came from."""
    yield element.text or ""
    for inner in element:
        if _local(inner) not in _CODE:
            yield from _words(inner)
        yield inner.tail or ""


def _local(element: Element) -> str:
    """Return its name without a namespace, which some tools add."""
    return str(element.tag).rpartition("}")[2]


def _plain(text: str) -> str:
    """Return ``text`` escaped, without the characters that XML 1.0 cannot hold."""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
    return escape(kept.replace("\ufffe", "").replace("\uffff", ""))
