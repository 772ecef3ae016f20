"""Word and OpenDocument text: ZIP files of XML.

Read and written as XML rather than through an object model: python-docx and odfdo do not reach
footnotes, text boxes and runs inside links, and what is not text must stay as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.errors import InputError
from service.intake.compression import need
from service.intake.documents.alignment import Mark
from service.intake.documents.archive import Archive
from service.intake.documents.blocks import Block, Change, PlacedFinding, Translate, translate_blocks

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

OLE = b"\xd0\xcf\x11\xe0"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BODY = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml")
_PARTS = re.compile(r"word/(?:document|footnotes|endnotes|header|footer|styles)\d*\.xml")
_HEADING = re.compile(r"title|subtitle|heading \d", re.IGNORECASE)
_STYLE_DEPTH = 8
"""How many styles may stand between one and the heading style that it is based on."""
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


def read_docx(archive: Archive) -> str:
    """Return body, tables, text boxes and notes, a blank line between paragraphs; not headers and footers."""
    parts = [parse_xml(archive.read(name), name) for name in _sorted(archive, _BODY)]
    lines = (line for root in parts for p in root.iter(_W + "p") for line in _lines(p))
    return "\n\n".join(line for line in lines if line.strip())


def translate_docx(archive: Archive, translate: Translate) -> tuple[bytes, list[PlacedFinding]]:
    """Return the document again, in English; headers, footers, tables, notes and links included."""
    roots = {name: parse_xml(archive.read(name), name) for name in _sorted(archive, _PARTS)}
    headings = _heading_styles(roots.values())
    stretches = [
        (stretch, _is_heading(p, headings))
        for root in roots.values()
        for p in root.iter(_W + "p")
        for stretch in _stretches(p)
    ]
    blocks = [
        stretch.block(f"paragraph {number}", heading=heading)
        for number, (stretch, heading) in enumerate(stretches, start=1)
    ]
    changed, findings = translate_blocks(blocks, translate)
    for (stretch, _), change in zip(stretches, changed, strict=True):
        if change:
            stretch.put(change)
    for root in roots.values():
        for language in root.iter(_W + "lang"):
            if language.get(_W + "val", "").split("-")[0] in ("id", "in"):
                language.set(_W + "val", "en-US")
    return archive.copy({name: _serialised(root) for name, root in roots.items()}), findings


def _heading_styles(roots: Iterable[Element]) -> frozenset[str]:
    """Return the ids of the styles of titles and headings, and of those that are based on them.

    Word names its own styles in English whatever the language of its menus; ids are in that language.
    """
    styles = [style for root in roots for style in root.iter(_W + "style")]
    found = {_value(style, "styleId") for style in styles if _HEADING.fullmatch(_below(style, "name"))}
    based = {_value(style, "styleId"): _below(style, "basedOn") for style in styles}
    for _ in range(_STYLE_DEPTH):
        found |= {name for name, base in based.items() if base in found}
    return frozenset(found - {""})


def _is_heading(paragraph: Element, styles: frozenset[str]) -> bool:
    """Return whether a paragraph has one of the styles or an outline level of its own; level 9 is body
    text.
    """
    look = paragraph.find(_W + "pPr")
    if look is None:
        return False
    return _below(look, "pStyle") in styles or _below(look, "outlineLvl") in tuple("012345678")


def _below(element: Element, name: str) -> str:
    """Return the value of the element of that name in ``element``, empty if there is none."""
    found = element.find(_W + name)
    return "" if found is None else _value(found, "val")


def _value(element: Element, name: str) -> str:
    return str(element.get(_W + name, ""))


def _serialised(root: Element) -> bytes:
    from lxml import etree

    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _sorted(archive: Archive, wanted: re.Pattern[str]) -> list[str]:
    """Return the parts in reading order: the document first, then notes, headers and footers."""
    return sorted(filter(wanted.fullmatch, archive.names), key=lambda name: ("document" not in name, name))


def _leaves(paragraph: Element) -> Iterator[Element]:
    """Yield texts, tabs and breaks of a paragraph's runs, not of paragraphs in text boxes inside it."""
    for leaf in paragraph.iter(_W + "t", _W + "tab", _W + "br", _W + "cr"):
        parent = leaf.getparent()
        if parent is not None and parent.tag == _W + "r" and next(leaf.iterancestors(_W + "p")) is paragraph:
            yield leaf


def _lines(paragraph: Element) -> list[str]:
    if next(paragraph.iterancestors(_MC + "Fallback"), None) is not None:
        return []  # the same text box again, for old programs
    pieces = [(leaf.text or "") if leaf.tag == _W + "t" else _break(leaf) for leaf in _leaves(paragraph)]
    return "".join(pieces).split("\n")


def _break(leaf: Element) -> str:
    return "\t" if leaf.tag == _W + "tab" else "\n"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Text without a break: its ``w:t`` in groups of one look; the look most used is no mark."""

    groups: tuple[tuple[Element, ...], ...]
    marked: tuple[bool, ...]

    def slots(self) -> list[Element | None]:
        """Return the texts; None where a mark has no plain text before it, or at the end none after it."""
        slots: list[Element | None] = []
        after_mark = True
        for group, marked in zip(self.groups, self.marked, strict=True):
            slots += [None] if marked and after_mark else []
            slots += group
            after_mark = marked
        return [*slots, None] if after_mark else slots

    def block(self, place: str, *, heading: bool = False) -> Block:
        """Return the texts and marks for translation."""
        slots = self.slots()
        texts = tuple("" if slot is None else (slot.text or "").replace("\n", " ") for slot in slots)
        first = {id(slot): index for index, slot in enumerate(slots) if slot is not None}
        marks = tuple(
            Mark(first[id(group[0])], first[id(group[0])] + len(group))
            for group, marked in zip(self.groups, self.marked, strict=True)
            if marked
        )
        return Block(texts, marks, place, heading)

    def put(self, change: Change) -> None:
        """Write the texts; plain text between two marks gets a run of its own."""
        slots = self.slots()
        texts = change.texts
        plain = next((g[0] for g, marked in zip(self.groups, self.marked, strict=True) if not marked), None)
        look = _look(plain) if plain is not None else None
        for index, (slot, text) in enumerate(zip(slots, texts, strict=True)):
            clean = _ILLEGAL.sub("", text)
            if slot is not None:
                _set(slot, clean)
            elif clean:
                follows = index + 1 < len(slots)
                neighbour = slots[index + 1 if follows else index - 1]
                assert neighbour is not None  # noqa: S101  (two gaps never stand side by side)
                _insert(neighbour, clean, look, before=follows)

        self._move([(slots[there.first], slots[mark.first]) for there, mark in change.moves])

    def _move(self, pairs: Sequence[tuple[Element | None, Element | None]]) -> None:
        """Move the links and runs of each second text's group to where those of the first stood."""
        groups = {id(leaf): group for group in self.groups for leaf in group}
        places = []
        for there, mark in pairs:
            place = self.groups[0][0].makeelement(_W + "r")
            _anchor(groups[id(there)][0]).addprevious(place)
            places.append((place, dict.fromkeys(_anchor(leaf) for leaf in groups[id(mark)])))
        for place, anchors in places:
            for anchor in anchors:
                place.addprevious(anchor)
            parent = place.getparent()
            if parent is not None:
                parent.remove(place)


def _insert(neighbour: Element, text: str, look: Element | None, *, before: bool) -> None:
    """Insert a run for ``text``, beside a text's link or run."""
    run = neighbour.makeelement(_W + "r")
    if look is not None:
        run.append(deepcopy(look))
    leaf = run.makeelement(_W + "t")
    _set(leaf, text)
    run.append(leaf)
    anchor = _anchor(neighbour)
    (anchor.addprevious if before else anchor.addnext)(run)


def _anchor(leaf: Element) -> Element:
    """Return what moves as a whole: the link that the text is in, or its run."""
    link = _link(leaf)
    return _run(leaf) if link is None else link


def _set(leaf: Element, text: str) -> None:
    leaf.text = text
    leaf.set(_SPACE, "preserve")


def _stretches(paragraph: Element) -> Iterator[_Stretch]:
    leaves: list[Element] = []
    links = {link: number for number, link in enumerate(paragraph.iterchildren(_W + "hyperlink"))}
    for leaf in _leaves(paragraph):
        if leaf.tag == _W + "t":
            leaves.append(leaf)
        elif leaves:
            yield _stretch(leaves, links)
            leaves = []
    if leaves:
        yield _stretch(leaves, links)


def _stretch(leaves: Sequence[Element], links: Mapping[Element, int]) -> _Stretch:
    groups: list[list[Element]] = []
    looks: list[bytes] = []
    weight: dict[bytes, int] = {}
    for leaf in leaves:
        look = _key(leaf, links)
        if not looks or looks[-1] != look:
            groups.append([])
            looks.append(look)
        groups[-1].append(leaf)
        linked = look.startswith(b"link")
        weight[look] = weight.get(look, 0) + (0 if linked else len(leaf.text or ""))
    plain = max(weight, key=lambda look: weight[look])
    # A link is a mark even where there is nothing else.
    marked = tuple(look != plain or look.startswith(b"link") for look in looks)
    return _Stretch(tuple(map(tuple, groups)), marked)


def _run(leaf: Element) -> Element:
    run = leaf.getparent()
    assert run is not None  # noqa: S101  (_leaves takes only what stands in a run)
    return run


def _look(leaf: Element) -> Element | None:
    return _run(leaf).find(_W + "rPr")


def _link(leaf: Element) -> Element | None:
    return next(leaf.iterancestors(_W + "hyperlink"), None)


def _key(leaf: Element, links: Mapping[Element, int]) -> bytes:
    """Return what two runs of one look have in common; proofing language and revision numbers do not
    count.
    """
    from lxml import etree

    link = _link(leaf)
    if link is not None:
        return b"link %d" % links[link] if link in links else b"link"
    look = _look(leaf)
    if look is None:
        return b""
    ignored = {_W + "lang", _W + "noProof"}
    return b"".join(sorted(etree.tostring(e, with_tail=False) for e in look if e.tag not in ignored))


def read_odt(archive: Archive) -> str:
    """Return headings, paragraphs and tables, a blank line between; not what tracked changes deleted."""
    if "META-INF/manifest.xml" in archive.names and b"encryption-data" in archive.read(
        "META-INF/manifest.xml"
    ):
        raise InputError("document.locked", "password-protected")
    root = parse_xml(archive.read("content.xml"), "content.xml")
    body = root.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise InputError("document.no_text_part", "broken: it holds no text document")
    for deleted in list(body.iter(_TEXT + "tracked-changes")):
        parent = deleted.getparent()
        if parent is not None:
            parent.remove(deleted)
    lines = ("".join(_odt_text(p)) for p in body.iter(_TEXT + "p", _TEXT + "h"))
    return "\n\n".join(line for line in lines if line.strip())


def _odt_text(element: Element) -> Iterator[str]:
    """Yield the text of a paragraph; a paragraph inside it (a note, a frame) is one of its own."""
    yield element.text or ""
    for child in element:
        if child.tag == _TEXT + "s":
            yield " " * min(int(child.get(_TEXT + "c", "1")), 100)
        elif child.tag in (_TEXT + "tab", _TEXT + "line-break"):
            yield "\t" if child.tag == _TEXT + "tab" else "\n"
        elif child.tag not in (_TEXT + "p", _TEXT + "h", _TEXT + "note-citation", _OFFICE + "annotation"):
            yield from _odt_text(child)
        yield child.tail or ""
