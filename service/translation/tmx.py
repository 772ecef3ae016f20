"""TMX 1.4b, in which translation memories are exchanged: Indonesian-English units in and out, as a stream.

https://www.gala-global.org/tmx-14b
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from xml.sax.saxutils import escape, quoteattr

from service import __version__
from service.errors import InputError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n'
    f'<header creationtool="warta" creationtoolversion={quoteattr(__version__)} segtype="sentence"'
    ' o-tmf="warta" adminlang="en" srclang="id" datatype="plaintext"/>\n<body>\n'
)
_CODES = {"in": "id"}  # Indonesian's code until 1989, which Java's tools still write


def read_tmx(path: Path) -> Iterator[tuple[str, str]]:
    """The Indonesian and English sides of each unit that has both. Raises InputError."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        for _, element in iterparse(path, events=("end",)):
            if element.tag != "tu":
                continue
            sides = dict(_sides(element))
            # The units read so far would otherwise all stay in memory.
            element.clear()
            if sides.get("id", "").strip() and sides.get("en", "").strip():
                yield sides["id"], sides["en"]
    except (ParseError, DefusedXmlException) as error:
        raise InputError(f"{path}: not a TMX file: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def write_tmx(file: TextIO, entries: Iterable[tuple[str, str, str]]) -> int:
    """Writes (signature, source, target) as units, the signature as a note; how many there were."""
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


def _sides(unit: Element) -> Iterator[tuple[str, str]]:
    """Two-letter language and text of each side; of several in one language the last."""
    for variant in unit.iter("tuv"):
        segment = variant.find("seg")
        language = (variant.get(_LANGUAGE) or variant.get("lang") or "").lower().replace("_", "-")
        code = language.partition("-")[0]
        if segment is not None:
            yield _CODES.get(code, code), "".join(segment.itertext())


def _plain(text: str) -> str:
    """``text`` escaped, without the characters that XML 1.0 cannot hold."""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
    return escape(kept.replace("\ufffe", "").replace("\uffff", ""))
