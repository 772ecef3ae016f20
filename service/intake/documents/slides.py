"""PowerPoint: the slides in order with their notes, and the same presentation in English."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from service.intake.documents.archive import Archive
from service.intake.documents.blocks import (
    AS_EVER,
    Block,
    How,
    PlacedFinding,
    Translate,
    translate_blocks,
)
from service.intake.documents.drawn import DRAWN, drawn_text, pictures, say_english
from service.intake.documents.office import CORE, Properties, parse_xml, serialised, without_illegal

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MAIN = "ppt/presentation.xml"
_DRAWN = re.compile(r"ppt/(?:slides|notesSlides|charts|diagrams)/[^/]+\.xml")
_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_NUMBER = re.compile(r"\d{1,9}")
_TITLES = ("title", "ctrTitle")
_UNREAD = ("sldNum", "dt")
"""Placeholders of a slide's number and of its date."""


def read(archive: Archive) -> str:
    """Return what stands on the slides, each followed by its notes; a blank line between paragraphs."""
    lines = [
        _line(paragraph)
        for name in _ordered(archive)
        for paragraph in parse_xml(archive.read(name), name).iter(DRAWN.paragraph)
        if not _is_unread(paragraph)
    ]
    return "\n\n".join(line for line in lines if line.strip())


def translate(
    archive: Archive, translation: Translate, how: How = AS_EVER
) -> tuple[bytes, list[PlacedFinding]]:
    """Return the presentation again, in English; tables, charts, diagrams, notes and the title included."""
    roots = {name: parse_xml(archive.read(name), name) for name in _ordered(archive)}
    core = parse_xml(archive.read(CORE), CORE) if CORE in archive.names else None
    properties = Properties(core, described=how.attributes) if core is not None else None
    found = [
        (stretch, _place(name, number), _is_title(paragraph))
        for number, (name, root) in enumerate(roots.items(), start=1)
        for stretch, paragraph in drawn_text(root)
        if not _is_unread(paragraph)
    ]
    blocks = [stretch.block(place, heading=heading) for stretch, place, heading in found]
    described = [*pictures(roots.values())] if how.attributes else []
    blocks += [Block((element.get(name, ""),), (), "description") for element, name in described]
    blocks += properties.blocks() if properties else []
    changed, findings = translate_blocks(blocks, translation)
    for (stretch, _, _), change in zip(found, changed, strict=False):
        if change:
            stretch.put(change)
    rest = changed[len(found) :]
    for (element, name), change in zip(described, rest, strict=False):
        element.set(name, without_illegal(change.texts[0]) if change else element.get(name, ""))
    for root in roots.values():
        say_english(root)
    made = {name: serialised(root) for name, root in roots.items()}
    if core is not None and properties:
        properties.put(rest[len(described) :])
        made[CORE] = serialised(core)
    return archive.copy(made), findings


def _ordered(archive: Archive) -> list[str]:
    """Return the parts with text: slides as shown, each with what belongs to it, then what is left."""
    shown = [slide for slide in _slides(archive) if slide in archive.names]
    names: dict[str, None] = {}
    for slide in shown:
        belonging = sorted(
            target for target in _relations(archive, slide).values() if _DRAWN.fullmatch(target)
        )
        names |= dict.fromkeys(
            name
            for name in (slide, *belonging)
            if name in archive.names and (name == slide or name not in shown)
        )
    rest = sorted(filter(_DRAWN.fullmatch, archive.names), key=lambda name: (len(name), name))
    return list(names | dict.fromkeys(rest))


def _slides(archive: Archive) -> Iterator[str]:
    relations = _relations(archive, MAIN)
    for slide in parse_xml(archive.read(MAIN), MAIN).iter("{*}sldId"):
        yield relations.get(slide.get(_RELATED, ""), "")


def _relations(archive: Archive, part: str) -> dict[str, str]:
    """Return what a part refers to, by id: names of the archive, which are only looked up in it."""
    folder, name = posixpath.split(part)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.names:
        return {}
    root = parse_xml(archive.read(relations), relations)
    return {
        one.get("Id", ""): posixpath.normpath(posixpath.join(f"/{folder}", one.get("Target", ""))).lstrip("/")
        for one in root
        if one.get("TargetMode") != "External"
    }


def _place(name: str, number: int) -> str:
    found = _NUMBER.search(posixpath.basename(name))
    return f"slide {found[0]}" if found and name.startswith("ppt/slides/") else f"drawing {number}"


def _placeholder(paragraph: Element) -> str:
    """Return what kind of placeholder of the slide's layout a paragraph stands in, empty for none."""
    shape = next(paragraph.iterancestors("{*}sp"), None)
    found = None if shape is None else next(shape.iter("{*}ph"), None)
    return "" if found is None else str(found.get("type", ""))


def _is_title(paragraph: Element) -> bool:
    return _placeholder(paragraph) in _TITLES


def _is_unread(paragraph: Element) -> bool:
    return _placeholder(paragraph) in _UNREAD


def _line(paragraph: Element) -> str:
    return "".join(
        (leaf.text or "") if not DRAWN.is_break(leaf) else "\n" if str(leaf.tag).endswith("}br") else ""
        for leaf in DRAWN.leaves(paragraph)
    )
