"""What is done in confined processes, and how their plain answers become records again.

The functions without ``box`` run there: they take and give JSON values, texts and bytes. Those with it run in
the server. See :mod:`service.runtime.sandbox`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from service.context import checkpoint
from service.document import Article, Finding, Passage, SegmentTranslation
from service.intake.credit import About, PageText, about_of
from service.validation import plain, restored

if TYPE_CHECKING:
    from service.runtime.sandbox import Sandbox

SMALL = 5_000
"""Characters of plain text that are worked on at once, without a process of their own.

So long a text is done in milliseconds; its patterns are held to linear time by ``scripts/growth``.
"""

Translate = Callable[[Sequence[Passage]], Iterable[Iterable[SegmentTranslation]]]
"""Translates passages together, one list of translations each."""
Ask = Callable[..., Any]


def prepare() -> None:
    """Have each kind of work done once, so that what it compiles and loads is there for all that follow."""
    import service.batch.away  # noqa: F401
    from service.intake.documents import document_text
    from service.render import marks
    from service.translation.glossary import Glossary

    Glossary.load()
    document_text(b"<!doctype html><html><body><p>Banjir di Demak.</p></body></html>", "a.html", 10_000)
    # With signs beyond ASCII, so that the mending of damaged text is loaded too.
    article("Banjir di Demak\n\nBanjir merendam 340 rumah, kata \u201cwarga\u201d.", False)
    list(checks([("Banjir merendam 340 rumah.", "Floods submerged 340 houses.")]))
    marks.notes(SegmentTranslation("Banjir", "", 0.0, (Finding("empty.translation"),)))


def read_document(box: Sandbox, data: bytes, name: str, max_bytes: int, keys: Sequence[str] = ()) -> str:
    """Do as :func:`service.intake.documents.document_text`, confined."""
    text, about = box.run(".confined:text_of", data, name, max_bytes, [*keys])
    return PageText(text, restored(About, about)) if about else str(text)


def text_of(data: bytes, name: str, max_bytes: int, keys: Sequence[str] = ()) -> list[object]:
    """Return a document's text, and what the data of a web page says of it."""
    from service.intake.documents import document_text

    text = document_text(data, name, max_bytes, keys)
    about = about_of(text)
    return [str(text), plain(about) if about else None]


def translate_document(
    box: Sandbox,
    data: bytes,
    name: str,
    max_bytes: int,
    translate: Translate,
    *,
    attributes: bool = False,
    keys: Sequence[str] = (),
) -> bytes:
    """Do as :func:`service.intake.documents.translate_data`, confined; the sentences are translated here.

    ``attributes`` and ``keys`` are those of :class:`service.intake.documents.blocks.How`.
    """
    asked = data, name, max_bytes, attributes, [*keys]
    return bytes(box.run(".confined:document", *asked, answer=_translating(translate)))


def document(
    ask: Ask, data: bytes, name: str, max_bytes: int, attributes: bool, keys: Sequence[str]
) -> bytes:
    """Return a document in English, what is marked with a note; ``ask`` has its sentences translated."""
    from service.intake.documents import translate_data
    from service.intake.documents.blocks import How
    from service.render.marks import notes

    translate = _asking(ask)
    how = How(attributes=attributes, keys=tuple(keys), notes=notes)
    return translate_data(data, name, lambda passage: translate([passage])[0], max_bytes, how)[0]


def name_made(data: bytes, name: str) -> str:
    """Return what the document is called when it is written again; empty if it cannot be."""
    from service.intake.documents import kind_of

    kind = kind_of(data, name)
    return kind.target(name) if kind.translate else ""


def translate_markup(box: Sandbox, texts: Sequence[str], translate: Translate) -> list[str]:
    """Return pieces of HTML in English with their tags."""
    return [str(text) for text in box.stream(".confined:markup", [*texts], answer=_translating(translate))]


def markup(ask: Ask, texts: Sequence[str]) -> Iterator[str]:
    """Yield each piece of HTML in English; ``ask`` has its sentences translated."""
    from service.intake.documents import html
    from service.intake.documents.blocks import together

    pages = [html.parse(text) for text in texts]
    together([page.steps() for page in pages], _asking(ask))
    yield from (page.joined() for page in pages)


def read_article(
    box: Sandbox, text: str, *, keep_furniture: bool, restored_lines: Collection[int] = ()
) -> Article:
    """Do as :func:`service.pipeline.to_article`, confined where the text is long."""
    from service.pipeline import to_article

    if len(text) <= SMALL:
        return to_article(text, keep_furniture=keep_furniture, restored=restored_lines)
    about = about_of(text)
    known = plain(about) if about else None
    # Beside the text: as plain data a PageText is a string.
    made = box.run(".confined:article", str(text), keep_furniture, sorted(restored_lines), known)
    return restored(Article, made)


def article(
    text: str,
    keep_furniture: bool,
    restored_lines: Sequence[int] = (),
    about: Mapping[str, str] | None = None,
) -> Any:
    """Return a text as an article; ``about`` is what a page's data says of it."""
    from service.intake.clean import clean

    known = restored(About, about) if about else None
    kept = frozenset(restored_lines)
    return plain(clean(text, keep_furniture=keep_furniture, restored=kept, about=known))


def check_pairs(box: Sandbox, pairs: Sequence[tuple[str, str]]) -> list[tuple[Finding, ...]]:
    """Return the guard's findings in each pair, confined where the texts are long."""
    from service.translation.guard.check import check

    if sum(len(text) for pair in pairs for text in pair) <= SMALL:
        return [check(source, target) for source, target in pairs]
    made = box.stream(".confined:checks", [[source, target] for source, target in pairs])
    return [tuple(restored(Finding, finding) for finding in found) for found in made]


def checks(pairs: Iterable[Sequence[str]]) -> Iterator[list[object]]:
    """Yield the guard's findings in each pair of source and target."""
    from service.translation.guard.check import check

    for source, target in pairs:
        checkpoint()
        yield [plain(finding) for finding in check(source, target)]


def _translating(translate: Translate) -> Callable[..., object]:
    """Return what answers a confined process that asks for translations."""

    def answer(passages: Sequence[object]) -> list[list[object]]:
        asked = [restored(Passage, passage) for passage in passages]
        return [[plain(part) for part in parts] for parts in translate(asked)]

    return answer


def _asking(ask: Ask) -> Callable[[Sequence[Passage]], list[list[SegmentTranslation]]]:
    """Return the translations that ``ask`` gets."""

    def translate(passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        if not passages:
            return []
        done = ask([plain(passage) for passage in passages])
        return [[restored(SegmentTranslation, part) for part in parts] for parts in done]

    return translate
