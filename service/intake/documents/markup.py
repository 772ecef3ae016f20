"""A text with markup, as pieces: what is left alone, and the slots of blocks that are translated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace

from service.intake.documents.alignment import Mark
from service.intake.documents.blocks import (
    Block,
    Change,
    PlacedFinding,
    Steps,
    Translate,
    block_steps,
    together,
)

_SPACE = re.compile(r"[ \t\r\n\f]+")
# Deeper marks are left alone: nobody reads them, and a hostile file may nest a million.
_DEEPEST = 8


class Markup:
    """The pieces of a marked-up text. ``joined`` without a change is the text, byte for byte."""

    def __init__(self, escape: Callable[[str], str], place: str = "paragraph") -> None:
        """Begin; ``escape`` turns translated text into markup, ``place`` is what a block is called."""
        self._escape = escape
        self._place = place
        self._pieces: list[str] = []
        self._blocks: list[Block] = []
        self._where: list[list[int]] = []
        self._instead: list[dict[int, str]] = []
        self._ranges: list[dict[Mark, range]] = []
        self._clear()

    def _clear(self) -> None:
        self._slots: list[int] = []
        self._texts: list[str] = []
        self._marks: dict[Mark, range] = {}
        self._heading = False
        self._open: list[tuple[str, Mark, int]] = []
        self._swaps: dict[int, str] = {}
        self._shown: set[int] = set()

    def text(self, raw: str, plain: str) -> None:
        """Text that is read as ``plain``."""
        if self._slots and self._slots[-1] == len(self._pieces) - 1 and not self._pieces[-1]:
            self._pieces[-1], self._texts[-1] = raw, self._texts[-1] + plain
        else:
            self._slots.append(len(self._pieces))
            self._pieces.append(raw)
            self._texts.append(plain)

    def inline(
        self, raw: str, *, space: bool = False, instead: str | None = None, shown: bool = False
    ) -> None:
        """Add markup inside a block; ``space`` if it parts words; ``instead`` replaces it in a changed
        block; ``shown`` if it stands there like a word, as a picture does.
        """
        if not self._slots:
            self.text("", "")
        if space:
            self._texts[-1] += " "
        if instead is not None:
            self._swaps[len(self._pieces)] = instead
        self._pieces.append(raw)
        self.text("", "")
        if shown:
            self._shown.add(len(self._slots) - 1)

    def open(self, raw: str, name: str, *, fixed: bool = False, line: bool = False) -> None:
        """Add markup that begins a mark: see :class:`Mark`."""
        self.inline(raw)
        self._open.append((name, Mark(len(self._slots) - 1, 0, fixed, line), len(self._pieces) - 2))

    def close(self, raw: str, name: str, *, instead: str | None = None) -> None:
        """Add markup that ends the mark ``name``, and those inside it that were left open."""
        stop = len(self._slots)
        if any(name == opened for opened, *_ in self._open[-_DEEPEST:]):
            while self._open:
                opened, mark, start = self._open.pop()
                if len(self._open) < _DEEPEST:
                    own = opened == name
                    mark = replace(mark, stop=stop, pinned=not own)
                    self._marks[mark] = range(start, len(self._pieces) + own)
                if opened == name:
                    break
        self.inline(raw, instead=instead)

    def heading(self) -> None:
        """Note that the open block, or else the next, is a title or a heading."""
        self._heading = True

    def end(self, raw: str = "") -> None:
        """End the block; ``raw`` follows it."""
        if any(c.isalpha() for text in self._texts for c in text):
            stop = len(self._slots)
            rest = [replace(mark, stop=stop, pinned=True) for _, mark, _ in self._open[:_DEEPEST]]
            marks = tuple(sorted([*self._marks, *rest], key=lambda mark: (mark.first, -mark.stop)))
            place = f"{self._place} {len(self._blocks) + 1}"
            self._blocks.append(Block(_collapsed(self._texts, self._shown), marks, place, self._heading))
            self._where.append(self._slots)
            self._instead.append(self._swaps)
            self._ranges.append(self._marks)
        self._clear()
        if raw:
            self._pieces.append(raw)

    @property
    def paragraphs(self) -> list[str]:
        """What a reader sees, a string a block."""
        return [" ".join("".join(block.texts).split()) for block in self._blocks]

    def joined(self) -> str:
        """Return the text with its markup."""
        return "".join(self._pieces)

    def translate(self, translate: Translate) -> list[PlacedFinding]:
        """Put translations in the place of the blocks' texts."""
        return together([self.steps()], lambda passages: map(translate, passages))[0]

    def steps(self) -> Steps[list[PlacedFinding]]:
        """Do what :meth:`translate` does step by step, for :func:`together` with other texts."""
        changes, findings = yield from block_steps(self._blocks)
        for index, change in enumerate(changes):
            if change:
                self._change(index, change)
        return findings

    def _change(self, block: int, change: Change) -> None:
        swaps, ranges = self._instead[block], self._ranges[block]
        before = self._blocks[block].texts
        for index, old, text in zip(self._where[block], before, change.texts, strict=True):
            if text == old and self._pieces[index].strip():
                continue  # as the source writes it, which may be otherwise than it is read
            new = _edged(self._pieces[index], self._escape(text))
            self._pieces[index] = self._at_line_ends(index, new, swaps)
        for index, raw in swaps.items():
            self._pieces[index] = raw
        moved = [
            (ranges[there], "".join(self._pieces[i] for i in ranges[mark])) for there, mark in change.moves
        ]
        for place, text in moved:
            self._pieces[place.start : place.stop] = [text] + [""] * (len(place) - 1)

    def _at_line_ends(self, index: int, text: str, swaps: Mapping[int, str]) -> str:
        """Return ``text`` without the white space that would stand at the end or start of a kept line."""
        before, after = index - 1, index + 1
        if before >= 0 and before not in swaps and self._pieces[before].endswith("\n"):
            text = text.lstrip(" ")
        if after < len(self._pieces) and after not in swaps and self._pieces[after].startswith("\n"):
            text = text.rstrip(" ")
        return text


def _collapsed(texts: Sequence[str], shown: Set[int]) -> tuple[str, ...]:
    """Return white space as a browser shows it: one space, also across slots, but for those behind a
    picture.
    """
    result, spaced = [], False
    for number, text in enumerate(texts):
        spaced = spaced and number not in shown
        single = _SPACE.sub(" ", text)
        if spaced and single.startswith(" "):
            single = single[1:]
        spaced = single.endswith(" ") or (spaced and not single)
        result.append(single)
    return tuple(result)


def _edged(old: str, new: str) -> str:
    """Return ``new`` with the line breaks and indents that ``old`` had at its ends."""
    if not new.strip():
        return old if new and not old.strip() else new
    before = old[: len(old) - len(old.lstrip())]
    after = old[len(old.rstrip()) :]
    if before and new.startswith(" "):
        new = before + new[1:]
    return new[:-1] + after if after and new.endswith(" ") else new
