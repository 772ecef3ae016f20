"""What Office and OpenDocument files have in common: parts of XML, read safely, and their properties."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from service.errors import InputError
from service.intake.compression import need
from service.intake.documents.blocks import Block, Change

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

CORE = "docProps/core.xml"
"""Where Office documents have their title and language."""
OLE = b"\xd0\xcf\x11\xe0"
_DC = "{http://purl.org/dc/elements/1.1/}"
# What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root of an XML part. Entities of its own, which no office program writes, are refused."""
    try:
        from lxml import etree
    except ImportError as error:
        raise need(error, "documents", "lxml") from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        raise InputError(
            "document.not_xml", "broken: its part {name!r} is not XML: {reason}", name=name, reason=problem
        ) from problem
    declared: Any = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError(
            "document.entities",
            "its part {name!r} declares XML entities, which may be a bomb; refused",
            name=name,
        )
    return root


def explain_ole(data: bytes) -> InputError:
    """Return why a file in the old container cannot be read."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return InputError("document.locked", "password-protected")
    return InputError("document.old_office", "an old Office document; save it as .docx or .odt")


def serialised(root: Element) -> bytes:
    """Return an XML part as it is written."""
    from lxml import etree

    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def is_indonesian(language: str) -> bool:
    """Return whether a language tag is of Indonesian, in Java's old code too."""
    return language.strip().lower().replace("_", "-").partition("-")[0] in ("id", "in", "ind")


class Properties:
    """What a document says of itself: title, language and, where that is wanted, description.

    They stand in ``docProps/core.xml`` of Office, ``meta.xml`` of OpenDocument and the package of an EPUB,
    all in the names of Dublin Core.
    """

    def __init__(self, root: Element, *, described: bool = False) -> None:
        names = ("title", "description", "subject") if described else ("title",)
        found = [one for name in names for one in root.iter(f"{_DC}{name}") if (one.text or "").strip()]
        self._root = root
        self._found = [one for one in found if len(one) == 0 and "<" not in (one.text or "")]

    def blocks(self) -> list[Block]:
        """Return what is to be translated; titles are headings."""
        return [
            Block((one.text or "",), (), name, heading=name == "title")
            for one, name in ((one, _local(one)) for one in self._found)
        ]

    def put(self, changes: Sequence[Change | None]) -> None:
        """Write what became of the blocks; the language is English from now on."""
        for one, change in zip(self._found, changes, strict=True):
            if change:
                one.text = without_illegal(change.texts[0])
        for language in self._root.iter(f"{_DC}language"):
            if is_indonesian(language.text or "") or not (language.text or "").strip():
                language.text = "en"


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def without_illegal(text: str) -> str:
    """Return ``text`` without what XML 1.0 cannot hold."""
    return _ILLEGAL.sub("", text)
