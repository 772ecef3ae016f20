"""An Excel workbook with its cells in English; formulas, figures, looks and every other part stay.

Written as XML, as :mod:`service.intake.documents.columns` is, and for its reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING

from service.errors import InputError
from service.intake.documents.archive import Archive, Limits
from service.intake.documents.blocks import (
    AS_EVER,
    Block,
    How,
    PlacedFinding,
    Translate,
    translate_blocks,
)
from service.intake.documents.columns import sheet_parts
from service.intake.documents.drawn import drawn_text, pictures, say_english
from service.intake.documents.office import CORE, Properties, parse_xml, serialised, without_illegal
from service.intake.documents.runs import Dialect, Stretch, stretches

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

BOOK = "xl/workbook.xml"
_STRINGS = "xl/sharedStrings.xml"
_TABLE = re.compile(r"xl/tables/[^/]+\.xml")
_DRAWING = re.compile(r"xl/(?:drawings|charts)/[^/]+\.xml")
_LITERAL = re.compile(r'"((?>(?:[^"]|"")*))"')
_COLUMN = re.compile(r"\[[^\]\[\d]")
_LINES = re.compile(r"((?:_x000[dD]_)?\r?\n)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORMULAS = ("{*}f", "{*}formula", "{*}formula1", "{*}formula2", "{*}calculatedColumnFormula")


def translate(
    archive: Archive, limits: Limits, translation: Translate, how: How = AS_EVER
) -> tuple[bytes, list[PlacedFinding]]:
    """Return the workbook again, its texts in English; the names of sheets stay, for formulas say them.

    So do the texts that a formula or a list of choices names. Values that formulas gave are computed anew
    when the workbook is opened.
    """
    book = _Book(archive, limits)
    texts = book.texts()
    cells = [(stretch, text.place) for text in texts for stretch in text.stretches()]
    drawn = [stretch for root in book.drawings.values() for stretch, _ in drawn_text(root)]
    described = [*pictures(book.drawings.values())] if how.attributes else []
    properties = Properties(book.core, described=how.attributes) if book.core is not None else None
    blocks = [stretch.block(place) for stretch, place in cells]
    blocks += [stretch.block(f"drawing {number}") for number, stretch in enumerate(drawn, start=1)]
    blocks += [Block((element.get(name, ""),), (), "description") for element, name in described]
    blocks += properties.blocks() if properties else []
    changed, findings = translate_blocks(blocks, translation)
    for stretch, change in zip([*(stretch for stretch, _ in cells), *drawn], changed, strict=False):
        if change:
            stretch.put(change)
    rest = changed[len(cells) + len(drawn) :]
    for (element, name), change in zip(described, rest, strict=False):
        element.set(name, without_illegal(change.texts[0]) if change else element.get(name, ""))
    if properties:
        properties.put(rest[len(described) :])
    book.rename_columns(texts)
    return archive.copy(book.parts()), findings


class _Text:
    """The text of cells: a shared string or a cell's own; ``place`` is the first cell that has it."""

    def __init__(self, holder: Element, place: str) -> None:
        self.place = place
        self.before = plain(holder)
        self._holder = holder
        self._was = deepcopy(holder)
        self._dialect = _dialect(str(holder.tag))

    def stretches(self) -> Iterator[Stretch]:
        """Yield its lines; each is translated by itself."""
        _part_lines(self._holder, self._dialect)
        yield from stretches(self._holder, self._dialect)

    @property
    def after(self) -> str:
        """What it reads as now."""
        return plain(self._holder)

    def restore(self) -> None:
        """Make it what it was."""
        for child in list(self._holder):
            self._holder.remove(child)
        self._holder.extend(deepcopy(self._was))

    def finish(self) -> None:
        """Drop what says how the old text was read aloud, and write what looks like an escape as text."""
        if self.after == self.before:
            self.restore()
            return
        for reading in list(self._holder.iterchildren("{*}rPh", "{*}phoneticPr")):
            self._holder.remove(reading)
        if next(self._was.iterchildren(self._dialect.run), None) is None:
            # A text that was parted into its lines and nothing else.
            whole = self._holder.makeelement(self._dialect.text)
            self._dialect.write(
                whole, "".join(leaf.text or "" for leaf in self._dialect.leaves(self._holder))
            )
            for child in list(self._holder):
                self._holder.remove(child)
            self._holder.append(whole)


def plain(holder: Element) -> str:
    """Return what the text of a cell reads as."""
    runs = (leaf.text or "" for leaf in _dialect(str(holder.tag)).leaves(holder))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "".join(runs))


@cache
def _dialect(tag: str) -> Dialect:
    space = tag.rpartition("}")[0] + "}"
    return Dialect(
        paragraph=tag,
        run=space + "r",
        text=space + "t",
        look=space + "rPr",
        holders=frozenset((tag, space + "r")),
    )


def _part_lines(holder: Element, dialect: Dialect) -> None:
    """Give each line of a text, and what ends it, a run of its own."""
    for leaf in list(dialect.leaves(holder)):
        lines = _LINES.split(leaf.text or "")
        if len(lines) == 1:
            continue
        run = dialect.run_of(leaf)
        at, look = (leaf, None) if run is holder else (run, run.find(dialect.look))
        for line in lines:
            if line:
                new = holder.makeelement(dialect.run)
                if look is not None:
                    new.append(deepcopy(look))
                text = new.makeelement(dialect.text)
                # What ends a line is a break by itself, whichever way it is written.
                dialect.write(text, "\n" if _LINES.fullmatch(line) else line)
                new.append(text)
                at.addprevious(new)
        holder.remove(at)


class _Book:
    """The parts of a workbook that hold texts."""

    def __init__(self, archive: Archive, limits: Limits) -> None:
        def parsed(names: Iterable[str]) -> dict[str, Element]:
            return {name: parse_xml(archive.read(name), name) for name in names if name in archive.names}

        self._titles = sheet_parts(archive)
        self.sheets = parsed(dict.fromkeys(self._titles.values()))
        self._strings = parsed([_STRINGS])
        self._tables = parsed(sorted(filter(_TABLE.fullmatch, archive.names)))
        self.drawings = parsed(sorted(filter(_DRAWING.fullmatch, archive.names)))
        self._other = parsed([BOOK, CORE])
        self.core = self._other.get(CORE)
        if sum(1 for root in self.sheets.values() for _ in root.iter("{*}c")) > limits.cells:
            raise InputError(
                "document.cells", "a workbook of more than {count} cells", count=f"{limits.cells:,}"
            )

    def texts(self) -> list[_Text]:
        """Return the texts of the cells, of shared ones each once, but for those that formulas name."""
        strings = [one for root in self._strings.values() for one in root.iterchildren("{*}si")]
        kept, seen = self._kept(), set[int]()
        found: list[_Text] = []
        for title, part in self._titles.items():
            for cell in self.sheets[part].iter("{*}c") if part in self.sheets else ():
                place = f"{title}!{cell.get('r', '?')}"
                if cell.get("t") == "inlineStr":
                    found += [_Text(inner, place) for inner in cell.iterchildren("{*}is")]
                elif cell.get("t") == "s":
                    number = next((value.text or "" for value in cell.iterchildren("{*}v")), "").strip()
                    index = int(number) if number.isdecimal() and len(number) < 10 else len(strings)
                    if index < len(strings) and index not in seen:
                        seen.add(index)
                        found.append(_Text(strings[index], place))
        return [text for text in found if text.before.casefold() not in kept]

    def _kept(self) -> frozenset[str]:
        """Return, in small letters, the texts that formulas and lists of choices name."""
        kept = set[str]()
        columns = False
        for root in [*self.sheets.values(), *self._tables.values()]:
            for formula in root.iter(*_FORMULAS):
                said = formula.text or ""
                columns = columns or bool(_COLUMN.search(said))
                for found in _LITERAL.finditer(said):
                    literal = found[1].replace('""', '"').casefold()
                    kept |= {literal, *(part.strip() for part in literal.split(","))}
        if columns:
            kept |= {_unescaped(column.get("name", "")).casefold() for column in self._columns()}
        return frozenset(kept)

    def _columns(self) -> Iterator[Element]:
        for root in self._tables.values():
            yield from root.iter("{*}tableColumn")

    def rename_columns(self, texts: Sequence[_Text]) -> None:
        """Have the tables name their columns as their headers read now; two may not become one."""
        by_name: dict[str, list[_Text]] = {}
        for text in texts:
            by_name.setdefault(text.before, []).append(text)
        for root in self._tables.values():
            names = [_unescaped(column.get("name", "")) for column in root.iter("{*}tableColumn")]
            while clashes := _clashes(names, by_name):
                for text in (text for clash in clashes for text in by_name.pop(clash)):
                    text.restore()
        for column in self._columns():
            name = _unescaped(column.get("name", ""))
            if name in by_name:
                column.set("name", _escaped(by_name[name][0].after))
        for text in texts:
            text.finish()

    def parts(self) -> dict[str, bytes]:
        """Return the parts as they are now; formulas are computed when the workbook is opened."""
        for calculation in self._other[BOOK].iter("{*}calcPr"):
            calculation.set("fullCalcOnLoad", "1")
        for root in self.drawings.values():
            say_english(root)
        roots = {**self.sheets, **self._strings, **self._tables, **self.drawings, **self._other}
        return {name: serialised(root) for name, root in roots.items()}


def _clashes(names: Sequence[str], by_name: Mapping[str, Sequence[_Text]]) -> list[str]:
    """Return the names that changed into what another column is called too."""
    now = {name: by_name[name][0].after if name in by_name else name for name in names}
    counts = Counter(new.casefold() for new in now.values())
    return [old for old, new in now.items() if old in by_name and counts[new.casefold()] > 1]


def _unescaped(name: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def _escaped(name: str) -> str:
    return _LOOKS_ESCAPED.sub("_x005F_", without_illegal(name)).replace("\n", "_x000a_")
