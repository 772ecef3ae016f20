"""Text in drawings as PowerPoint has it, and Excel and Word in their charts and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from service.intake.documents.office import is_indonesian
from service.intake.documents.runs import Dialect, Stretch, stretches

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PICTURES = ("{*}cNvPr", "{*}docPr")

DRAWN = Dialect(
    paragraph=_A + "p",
    run=_A + "r",
    text=_A + "t",
    look=_A + "rPr",
    breaks=(_A + "br", _A + "fld"),
    holders=frozenset((_A + "r", _A + "p")),
    ignored=frozenset(("lang", "altLang", "dirty", "err", "noProof", "smtClean", "bmk")),
    preserve=False,
)
"""A field, such as the number of the slide, parts the text as a break does."""


def drawn_text(root: Element) -> Iterator[tuple[Stretch, Element]]:
    """Yield the texts of a drawing, each with its paragraph."""
    for paragraph in root.iter(DRAWN.paragraph):
        for stretch in stretches(paragraph, DRAWN):
            yield stretch, paragraph


def pictures(roots: Iterable[Element]) -> Iterator[tuple[Element, str]]:
    """Yield what has a title or a description for those who do not see it, and the name of that attribute."""
    for root in roots:
        for element in root.iter(*_PICTURES):
            yield from ((element, name) for name in ("title", "descr") if element.get(name))


def say_english(root: Element) -> None:
    """Have the proofing language be English where it was Indonesian."""
    for element in root.iter(_A + "rPr", _A + "endParaRPr", _A + "defRPr"):
        if is_indonesian(element.get("lang", "")):
            element.set("lang", "en-US")
