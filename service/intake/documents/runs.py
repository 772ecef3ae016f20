"""Text in runs, as Word, PowerPoint and Excel write it: a paragraph is a row of pieces of one look each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.intake.documents.alignment import Mark
from service.intake.documents.blocks import Block, Change

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a format calls its paragraphs, runs and texts, all as tags with their namespaces.

    ``look`` is what a run holds of its looks, in which elements and attributes of ``ignored`` do not count;
    ``breaks`` part the text of a paragraph, as tabs do; ``holders`` are what a text or a break stands in.
    ``preserve`` says that white space has to be asked for.
    """

    paragraph: str
    run: str
    text: str
    look: str
    breaks: tuple[str, ...] = ()
    holders: frozenset[str] = frozenset()
    link: str = ""
    ignored: frozenset[str] = frozenset()
    preserve: bool = True

    def leaves(self, paragraph: Element) -> Iterator[Element]:
        """Yield texts and breaks of a paragraph, not of paragraphs in text boxes inside it."""
        for leaf in paragraph.iter(self.text, *self.breaks):
            parent = leaf.getparent()
            if parent is not None and parent.tag in self.holders and self._owner(leaf) is paragraph:
                yield leaf

    def _owner(self, leaf: Element) -> Element | None:
        return next(leaf.iterancestors(self.paragraph), None)

    def is_break(self, leaf: Element) -> bool:
        """Return whether a leaf parts the text; a line break may be a text of its own."""
        return leaf.tag != self.text or leaf.text == "\n"

    def run_of(self, leaf: Element) -> Element:
        """Return what a text stands in."""
        run = leaf.getparent()
        assert run is not None  # noqa: S101  (leaves takes only what stands in a holder)
        return run

    def look_of(self, leaf: Element) -> Element | None:
        """Return the looks of a text's run, if it says any."""
        return self.run_of(leaf).find(self.look)

    def link_of(self, leaf: Element) -> Element | None:
        """Return the link around a text, if the format has links around runs."""
        return next(leaf.iterancestors(self.link), None) if self.link else None

    def anchor(self, leaf: Element) -> Element:
        """Return what moves as a whole: the link that the text is in, or its run."""
        link = self.link_of(leaf)
        return self.run_of(leaf) if link is None else link

    def write(self, leaf: Element, text: str) -> None:
        """Give a text another one, without what XML cannot hold."""
        leaf.text = _ILLEGAL.sub("", text)
        if self.preserve:
            leaf.set(_SPACE, "preserve")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Text without a break: its texts in groups of one look; the look most used is no mark."""

    dialect: Dialect
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

    def put(self, change: Change) -> list[Element | None]:
        """Write the texts; plain text between two marks gets a run of its own. Return the slots' texts."""
        slots = self.slots()
        plain = next((g[0] for g, marked in zip(self.groups, self.marked, strict=True) if not marked), None)
        look = self.dialect.look_of(plain) if plain is not None else None
        written = list(slots)
        for index, (slot, text) in enumerate(zip(slots, change.texts, strict=True)):
            if slot is not None:
                self.dialect.write(slot, text)
            elif _ILLEGAL.sub("", text):
                follows = index + 1 < len(slots)
                neighbour = slots[index + 1 if follows else index - 1]
                assert neighbour is not None  # noqa: S101  (two gaps never stand side by side)
                written[index] = self._insert(neighbour, text, look, before=follows)
        self._move([(slots[there.first], slots[mark.first]) for there, mark in change.moves])
        return written

    def _insert(self, neighbour: Element, text: str, look: Element | None, *, before: bool) -> Element:
        """Put a run of its own for ``text`` beside a text's link or run; return its text."""
        run = neighbour.makeelement(self.dialect.run)
        if look is not None:
            run.append(deepcopy(look))
        leaf = run.makeelement(self.dialect.text)
        self.dialect.write(leaf, text)
        run.append(leaf)
        anchor = self.dialect.anchor(neighbour)
        (anchor.addprevious if before else anchor.addnext)(run)
        return leaf

    def _move(self, pairs: Sequence[tuple[Element | None, Element | None]]) -> None:
        """Move the links and runs of each second text's group to where those of the first stood."""
        groups = {id(leaf): group for group in self.groups for leaf in group}
        places = []
        for there, mark in pairs:
            place = self.groups[0][0].makeelement(self.dialect.run)
            self.dialect.anchor(groups[id(there)][0]).addprevious(place)
            places.append((place, dict.fromkeys(self.dialect.anchor(leaf) for leaf in groups[id(mark)])))
        for place, anchors in places:
            for anchor in anchors:
                place.addprevious(anchor)
            parent = place.getparent()
            if parent is not None:
                parent.remove(place)


def stretches(paragraph: Element, dialect: Dialect) -> Iterator[Stretch]:
    """Yield the texts of a paragraph, parted at its breaks."""
    leaves: list[Element] = []
    links: dict[Element, int] = {}
    if dialect.link:
        links = {link: number for number, link in enumerate(paragraph.iterchildren(dialect.link))}
    for leaf in dialect.leaves(paragraph):
        if not dialect.is_break(leaf):
            leaves.append(leaf)
        elif leaves:
            yield _stretch(leaves, links, dialect)
            leaves = []
    if leaves:
        yield _stretch(leaves, links, dialect)


def _stretch(leaves: Sequence[Element], links: Mapping[Element, int], dialect: Dialect) -> Stretch:
    groups: list[list[Element]] = []
    looks: list[bytes] = []
    weight: dict[bytes, int] = {}
    for leaf in leaves:
        look = _key(leaf, links, dialect)
        if not looks or looks[-1] != look:
            groups.append([])
            looks.append(look)
        groups[-1].append(leaf)
        linked = look.startswith(b"link")
        weight[look] = weight.get(look, 0) + (0 if linked else len(leaf.text or ""))
    plain = max(weight, key=lambda look: weight[look])
    # A link is a mark even where there is nothing else.
    marked = tuple(look != plain or look.startswith(b"link") for look in looks)
    return Stretch(dialect, tuple(map(tuple, groups)), marked)


def _key(leaf: Element, links: Mapping[Element, int], dialect: Dialect) -> bytes:
    """Return what two runs of one look have in common; proofing language and the like do not count."""
    from lxml import etree

    link = dialect.link_of(leaf)
    if link is not None:
        return b"link %d" % links[link] if link in links else b"link"
    look = dialect.look_of(leaf)
    if look is None:
        return b""
    said = sorted(f"{n!s}={v!s}" for n, v in look.items() if n not in dialect.ignored)
    inner = sorted(etree.tostring(e, with_tail=False) for e in look if e.tag not in dialect.ignored)
    return "".join(said).encode() + b"".join(inner)
