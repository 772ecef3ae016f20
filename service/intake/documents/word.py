"""Word documents.

Read and written as XML rather than through an object model: python-docx does not reach footnotes, text
boxes and runs inside links, and what is not text must stay as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from service.intake.documents.archive import Archive
from service.intake.documents.blocks import AS_EVER, Block, How, PlacedFinding, Translate, translate_blocks
from service.intake.documents.comments import Comments
from service.intake.documents.office import (
    CORE,
    Properties,
    is_indonesian,
    parse_xml,
    serialised,
    without_illegal,
)
from service.intake.documents.runs import Dialect, stretches

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_BODY = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml")
_PARTS = re.compile(r"word/(?:document|footnotes|endnotes|header|footer|styles|settings)\d*\.xml")
_HEADING = re.compile(r"title|subtitle|heading \d", re.IGNORECASE)
_STYLE_DEPTH = 8
"""How many styles may stand between one and the heading style that it is based on."""
_DEFAULTS = ("docDefaults", "rPrDefault", "rPr")

WORD = Dialect(
    paragraph=_W + "p",
    run=_W + "r",
    text=_W + "t",
    look=_W + "rPr",
    breaks=(_W + "tab", _W + "br", _W + "cr"),
    holders=frozenset((_W + "r",)),
    link=_W + "hyperlink",
    ignored=frozenset((_W + "lang", _W + "noProof")),
)


def read_docx(archive: Archive) -> str:
    """Return body, tables, text boxes and notes, a blank line between paragraphs; not headers and footers."""
    parts = [parse_xml(archive.read(name), name) for name in _sorted(archive, _BODY)]
    lines = (line for root in parts for p in root.iter(_W + "p") for line in _lines(p))
    return "\n\n".join(line for line in lines if line.strip())


def translate_docx(
    archive: Archive, translate: Translate, how: How = AS_EVER
) -> tuple[bytes, list[PlacedFinding]]:
    """Return the document again, in English; headers, footers, tables, notes, links and the title included.

    What ``how.notes`` says of a sentence of the body stands as a comment on its words.
    """
    roots = {name: parse_xml(archive.read(name), name) for name in _sorted(archive, _PARTS)}
    core = parse_xml(archive.read(CORE), CORE) if CORE in archive.names else None
    properties = Properties(core, described=how.attributes) if core is not None else None
    headings = _heading_styles(roots.values())
    found = [
        (stretch, _is_heading(p, headings))
        for root in roots.values()
        for p in root.iter(_W + "p")
        for stretch in stretches(p, WORD)
    ]
    blocks = [
        stretch.block(f"paragraph {number}", heading=heading)
        for number, (stretch, heading) in enumerate(found, start=1)
    ]
    pictures = [*_pictures(roots.values())] if how.attributes else []
    more = [Block((element.get(name, ""),), (), "description") for element, name in pictures]
    more += properties.blocks() if properties else []
    changed, findings = translate_blocks([*blocks, *more], translate, how)
    comments = Comments(archive, roots)
    for (stretch, _), change in zip(found, changed, strict=False):
        if change:
            comments.add(stretch, change, stretch.put(change))
    rest = changed[len(found) :]
    for (element, name), change in zip(pictures, rest, strict=False):
        element.set(name, without_illegal(change.texts[0]) if change else element.get(name, ""))
    for root in roots.values():
        _say_english(root)
    made = {name: serialised(root) for name, root in roots.items()} | comments.parts()
    if core is not None and properties:
        properties.put(rest[len(pictures) :])
        made[CORE] = serialised(core)
    return archive.copy(made), findings


def _pictures(roots: Iterable[Element]) -> Iterator[tuple[Element, str]]:
    """Yield the drawings that have a title or a description, each with the name of that attribute."""
    for root in roots:
        for drawn in root.iter(_DRAWN):
            yield from ((drawn, name) for name in ("title", "descr") if drawn.get(name))


def _say_english(root: Element) -> None:
    """Have the proofing language be English: where it was Indonesian, and by default."""
    for language in root.iter(_W + "lang", _W + "themeFontLang"):
        if is_indonesian(language.get(_W + "val", "")):
            language.set(_W + "val", "en-US")
    defaults: Element | None = root if root.tag == _W + "styles" else None
    for name in _DEFAULTS:
        defaults = defaults.find(_W + name) if defaults is not None else None
    if defaults is not None and defaults.find(_W + "lang") is None:
        defaults.append(defaults.makeelement(_W + "lang", {_W + "val": "en-US"}))


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
    """Return whether a paragraph has one of the styles or an outline level; level 9 is body text."""
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


def _sorted(archive: Archive, wanted: re.Pattern[str]) -> list[str]:
    """Return the parts in reading order: the document first, then notes, headers and footers."""
    return sorted(filter(wanted.fullmatch, archive.names), key=lambda name: ("document" not in name, name))


def _lines(paragraph: Element) -> list[str]:
    if next(paragraph.iterancestors(_MC + "Fallback"), None) is not None:
        return []  # the same text box again, for old programs
    pieces = [(leaf.text or "") if leaf.tag == _W + "t" else _break(leaf) for leaf in WORD.leaves(paragraph)]
    return "".join(pieces).split("\n")


def _break(leaf: Element) -> str:
    return "\t" if leaf.tag == _W + "tab" else "\n"
