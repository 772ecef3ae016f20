"""Remarks as Word comments, on the words that they are about."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from service.intake.documents.archive import Archive
from service.intake.documents.blocks import Change, PlacedNote
from service.intake.documents.office import parse_xml, serialised, without_illegal
from service.intake.documents.runs import Stretch

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

AUTHOR = "Warta"
MAIN = "word/document.xml"
PART = "word/comments.xml"
_RELATIONS = "word/_rels/document.xml.rels"
_TYPES = "[Content_Types].xml"
_NS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W = f"{{{_NS}}}"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_EMPTY = f'<w:comments xmlns:w="{_NS}"/>'.encode()
_NO_RELATIONS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
MOST = 2_000
"""Comments that are added to a document: whoever has more reads the list of findings."""


class Comments:
    """The comments that are added to a document: those that it has stay."""

    def __init__(self, archive: Archive, roots: Mapping[str, Element]) -> None:
        self._archive = archive
        self._main = roots.get(MAIN)
        there = PART in archive.names
        self._root = parse_xml(archive.read(PART) if there else _EMPTY, PART)
        numbers = [one.get(_W + "id", "") for one in self._root]
        self._next = max((int(n) for n in numbers if n.isdecimal() and len(n) < 10), default=-1) + 1
        self._added = 0

    def add(self, stretch: Stretch, change: Change, leaves: Sequence[Element | None]) -> None:
        """Put the notes of a change that was written to ``leaves``; Word takes those of the body only."""
        if not change.notes or not self._takes(stretch.groups[0][0]):
            return
        pieces = _Pieces(leaves, stretch)
        for note in change.notes[: MOST - self._added]:
            inside = pieces.within(note)
            if inside:
                first, last = (stretch.dialect.run_of(leaf) for leaf in (inside[0], inside[-1]))
                self._anchor(first, last, note.text)

    def _takes(self, leaf: Element) -> bool:
        inside = leaf.getroottree().getroot() is self._main and _TYPES in self._archive.names
        return inside and next(leaf.iterancestors(_W + "txbxContent"), None) is None

    def _anchor(self, first: Element, last: Element, text: str) -> None:
        number = {_W + "id": str(self._next)}
        self._next += 1
        self._added += 1
        first.addprevious(first.makeelement(_W + "commentRangeStart", number))
        reference = last.makeelement(_W + "r")
        reference.append(last.makeelement(_W + "commentReference", number))
        last.addnext(reference)
        last.addnext(last.makeelement(_W + "commentRangeEnd", number))
        comment = self._root.makeelement(
            _W + "comment", {**number, _W + "author": AUTHOR, _W + "initials": AUTHOR[0]}
        )
        self._root.append(comment)
        inner = comment
        for name in ("p", "r", "t"):
            inner.append(inner.makeelement(_W + name))
            inner = inner[0]
        inner.text = without_illegal(text)

    def parts(self) -> dict[str, bytes]:
        """Return the parts of the archive that comments change; none where none were added."""
        if not self._added:
            return {}
        made = {PART: serialised(self._root)}
        if PART in self._archive.names:
            return made
        there = _RELATIONS in self._archive.names
        relations = parse_xml(self._archive.read(_RELATIONS) if there else _NO_RELATIONS, _RELATIONS)
        space = relations.tag.rpartition("}")[0] + "}"
        taken = {one.get("Id") for one in relations}
        id = next(name for n in range(len(taken) + 1) if (name := f"rIdWarta{n}") not in taken)
        values = {"Id": id, "Type": _RELATED, "Target": "comments.xml"}
        relations.append(relations.makeelement(f"{space}Relationship", values))
        types = parse_xml(self._archive.read(_TYPES), _TYPES)
        space = types.tag.rpartition("}")[0] + "}"
        types.append(types.makeelement(f"{space}Override", {"PartName": f"/{PART}", "ContentType": _TYPE}))
        return {**made, _RELATIONS: serialised(relations), _TYPES: serialised(types)}


class _Pieces:
    """The texts of a stretch, cut where a note begins or ends."""

    def __init__(self, leaves: Sequence[Element | None], stretch: Stretch) -> None:
        self._leaves = [[leaf] if leaf is not None else [] for leaf in leaves]
        self._starts = [[0] * len(held) for held in self._leaves]
        self._stretch = stretch

    def within(self, note: PlacedNote) -> list[Element]:
        """Return the texts that hold the note's words and nothing else, as they stand in the document."""
        self._part(note.first, note.start)
        self._part(note.last, note.end)
        found: list[Element] = []
        for slot in range(note.first, note.last + 1):
            starts = self._starts[slot]
            first = bisect_left(starts, note.start) if slot == note.first else 0
            last = bisect_left(starts, note.end) if slot == note.last else len(starts)
            found += [leaf for leaf in self._leaves[slot][first:last] if leaf.text]
        if note.first < note.last and found:
            # Marks may have changed places.
            paragraph = next(found[0].iterancestors(self._stretch.dialect.paragraph))
            chosen = set(found)
            return [leaf for leaf in self._stretch.dialect.leaves(paragraph) if leaf in chosen]
        return found

    def _part(self, slot: int, at: int) -> None:
        """Have a text of the slot begin at a character; what follows it in its run goes with it."""
        starts, leaves = self._starts[slot], self._leaves[slot]
        index = bisect_right(starts, at) - 1
        text = (leaves[index].text or "") if index >= 0 else ""
        if index >= 0 and starts[index] < at < starts[index] + len(text):
            leaves.insert(index + 1, self._split(leaves[index], text, at - starts[index]))
            starts.insert(index + 1, at)

    def _split(self, leaf: Element, text: str, at: int) -> Element:
        dialect = self._stretch.dialect
        run = dialect.run_of(leaf)
        behind = run.makeelement(run.tag, {str(name): str(value) for name, value in run.items()})
        look = run.find(dialect.look)
        if look is not None:
            behind.append(deepcopy(look))
        right = leaf.makeelement(leaf.tag)
        behind.append(right)
        for follower in list(leaf.itersiblings()):
            behind.append(follower)
        dialect.write(leaf, text[:at])
        dialect.write(right, text[at:])
        run.addnext(behind)
        return right
