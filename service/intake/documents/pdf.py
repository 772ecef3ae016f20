"""PDF text: pages put together again, without their headers, footers, wrapping and hyphenation."""

from __future__ import annotations

import logging
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import pairwise

from service.errors import InputError
from service.intake.compression import need
from service.intake.documents import bilingual
from service.intake.documents.archive import Limits
from service.intake.documents.blocks import Block, How, PlacedFinding, Translate, translate_blocks
from service.intake.raised import SUBSCRIPTS, SUPERSCRIPTS

_EDGE = 2
_LARGE = 1.2
"""How many times the size of most of a page a headline is at least."""
_SMALL = 0.8
"""How many times the size of the line a raised figure is at most."""
_LONGEST_HEADLINE = 200
_FIGURES = re.compile(r"\d{1,3}(?:,\d{1,3})*")
_FORMULA = re.compile(r"(?<![A-Za-z])(?:[A-Z][a-z]?\d?){0,3}(?:CO|H|O|N|SO|NO|CH|NH|PM)\Z")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"\A(?:[-–—|]\s*+)?(?:hal(?:aman)?\.?|page|hlm\.?)?\s*+\d{1,4}+"
    r"(?:\s*+(?:/|dari|of)\s*+\d{1,4}+)?(?:\s*+[-–—|])?",
    re.I,
)
_HYPHEN = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,}+)[-\u00ad\u2010]\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_ENDED = re.compile(r"""[.!?…:]["'”’)\]]*\Z""")
_ITEM = re.compile(r"(?:[-–—•*▪●○]|\d{1,3}[.)]|[a-z][.)])\s")
# pypdf meets a damaged file with whatever its parser stumbles over.
_BROKEN = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    NotImplementedError,
    OverflowError,
    EOFError,
    OSError,
    zlib.error,
)


def read(data: bytes, limits: Limits) -> str:
    """Return the running text, a blank line between paragraphs.

    Raises InputError for a protected or broken file, and for one of pictures only.
    """
    return "\n\n".join(text for text, _, _ in paragraphs(data, limits))


def paragraphs(data: bytes, limits: Limits) -> list[tuple[str, int, bool]]:
    """Return the paragraphs, each with the page it begins on, from 1, and whether it is set as a headline.

    Raises InputError as :func:`read` does.
    """
    drawn = _pages(data, limits)
    pages = _without_repeats([[" ".join(line.split()) for line in page.lines] for page in drawn])
    lines = [(line, number) for number, page in enumerate(pages, start=1) for line in page if line]
    if not lines:
        raise InputError("document.scan", "holds no text; it may be a scan")
    large = frozenset(line for page in drawn for line in page.large)
    return [
        (text, lines[at][1], text in large) for text, at in _paragraphs([line for line, _ in lines], large)
    ]


def translate(
    data: bytes, limits: Limits, translation: Translate, how: How
) -> tuple[bytes, list[PlacedFinding]]:
    """Return the text in both languages beside each other, as a Word document or a page.

    Raises InputError.
    """
    found = paragraphs(data, limits)
    blocks = [Block((text,), (), f"page {page}", heading=heading) for text, page, heading in found]
    changes, findings = translate_blocks(blocks, translation, how)
    rows = bilingual.rows(found, changes)
    if how.suffix in bilingual.HTML_SUFFIXES:
        return bilingual.as_html(rows), findings
    return bilingual.as_docx(rows), findings


@dataclass(frozen=True, slots=True)
class _Page:
    """A page's lines, and those of them that are set large, as headlines are."""

    lines: list[str]
    large: list[str]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Text drawn at one size, in points, at one height."""

    text: str
    size: float
    height: float


def _pages(data: bytes, limits: Limits) -> list[_Page]:
    """Return the lines of each page."""
    try:
        import pypdf
        from pypdf.errors import DependencyError, PyPdfError
    except ImportError as error:
        raise need(error, "documents", "pypdf") from error
    logger = logging.getLogger("pypdf")
    if not logger.handlers:
        # Without a handler Python would print the library's warnings on standard error.
        logger.addHandler(logging.NullHandler())
    try:
        reader = pypdf.PdfReader(BytesIO(data), strict=False)
        # Many files are locked against changes only, and open with an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError("document.locked", "password-protected")
        if len(reader.pages) > limits.pages:
            raise InputError("document.pages", "more than {count} pages", count=f"{limits.pages:,}")
        pages, size = [], 0
        for page in reader.pages:
            chunks: list[_Chunk] = []
            text = page.extract_text(visitor_text=partial(_visit, chunks))
            size += len(text)
            if size > limits.unpacked:
                raise InputError(
                    "document.characters", "holds more than {count} characters", count=f"{limits.unpacked:,}"
                )
            # What the chunks do not add up to is taken as it came.
            whole = "".join(chunk.text for chunk in chunks) == text
            pages.append(_laid_out(chunks) if whole else _Page(text.split("\n"), []))
    except DependencyError as problem:
        raise _without(problem) from problem
    except (PyPdfError, *_BROKEN) as problem:
        raise InputError(
            "document.pdf", "a broken PDF file: {reason}", reason=problem or type(problem).__name__
        ) from problem
    return pages


def _without(problem: Exception) -> InputError:
    """Return what a file asks for that is not here: a library for locked files, or a rare filter."""
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        return need(error, "documents", "cryptography")
    return InputError(
        "document.pdf_needs", "a PDF file that needs what is not installed: {reason}", reason=problem
    )


def _visit(
    chunks: list[_Chunk], text: str, page: Sequence[float], line: Sequence[float], _font: object, size: float
) -> None:
    """Keep what pypdf tells of a piece of text; ``page`` and ``line`` are its matrices."""
    if text:
        scale = abs(line[3] * page[3]) or 1.0
        chunks.append(_Chunk(text, round(size * scale, 1), line[5] + page[5]))


def _laid_out(chunks: Sequence[_Chunk]) -> _Page:
    """Return the lines of a page: small raised or lowered figures as such, a headline over several lines as
    one.
    """
    sizes: Counter[float] = Counter()
    for chunk in chunks:
        sizes[chunk.size] += len(chunk.text.strip())
    usual = max(sizes, key=lambda size: sizes[size], default=0.0)
    lines, large, written = [""], [False], 0.0
    previous: _Chunk | None = None
    for chunk in chunks:
        if not chunk.text.strip():
            if "\n" in chunk.text:
                lines += [""] * chunk.text.count("\n")
                large += [False] * chunk.text.count("\n")
            else:
                lines[-1] += chunk.text
            continue
        text = _raised(chunk, previous, lines[-1]) if previous else chunk.text
        is_large = chunk.size > usual * _LARGE
        for i, piece in enumerate(text.split("\n")):
            if i:
                lines, large = [*lines, ""], [*large, False]
            goes_on = is_large and not lines[-1] and len(lines) > 1 and large[-2] and chunk.size == written
            if goes_on and len(lines[-2]) + len(piece) <= _LONGEST_HEADLINE:
                lines.pop()
                large.pop()
                lines[-1] = f"{lines[-1].rstrip()} {piece.lstrip()}"
            else:
                lines[-1] += piece
            large[-1] = is_large or (large[-1] and not piece.strip())
        written = chunk.size
        # A raised figure does not change what the line is set in.
        previous = previous if text != chunk.text else chunk
    return _Page(
        lines, [" ".join(line.split()) for line, is_large in zip(lines, large, strict=True) if is_large]
    )


def _raised(chunk: _Chunk, before: _Chunk, line: str) -> str:
    """Return ``chunk`` in raised or lowered figures, if it is a small number close behind a word."""
    figures = chunk.text.strip()
    if not _FIGURES.fullmatch(figures) or chunk.size > before.size * _SMALL or not line or line[-1].isspace():
        return chunk.text
    lowered = chunk.height < before.height - 0.5 or (chunk.height == before.height and _FORMULA.search(line))
    return chunk.text.translate(SUBSCRIPTS if lowered else SUPERSCRIPTS)


def _without_repeats(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the pages without page numbers and what stands at the edge of at least half of them."""
    filled = [[line for line in page if line] for page in pages]
    edges = Counter(key for page in filled for key in {_key(page[i]) for i in _edge(page)})
    often = max(2, (len([page for page in filled if page]) + 1) // 2)
    return [
        [
            line
            for i, line in enumerate(page)
            if not (i in _edge(page) and (edges[_key(line)] >= often or _PAGE_NUMBER.fullmatch(line)))
        ]
        for page in filled
    ]


def _edge(page: Sequence[str]) -> set[int]:
    """Return the first and last lines; of a short page fewer, so that it keeps a middle."""
    reach = min(_EDGE, (len(page) - 1) // 2) if len(page) > 1 else 0
    return {*range(reach), *range(len(page) - reach, len(page))}


def _key(line: str) -> str:
    return _DIGITS.sub("#", line)


def _paragraphs(lines: Sequence[str], large: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield lines joined that a column broke apart: those whose next word found no room; never the ``large``
    ones. Each paragraph with the number of its first line, from 0.
    """
    lengths = sorted(len(line) for line in lines)
    width = lengths[len(lengths) * 9 // 10]
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line))
    paragraph, first = lines[0], 0
    for number, (line, following) in enumerate(pairwise(lines), start=1):
        if line in large or following in large or _ends(line, following, width):
            yield paragraph, first
            paragraph, first = following, number
        else:
            paragraph = _joined(paragraph, following, words)
    yield paragraph, first


def _ends(line: str, following: str, width: int) -> bool:
    """Return whether a paragraph ends with ``line``; letters differ in width, so the measure is a soft
    one.
    """
    if _ITEM.match(following):
        return True
    if following[0].islower() and not _ENDED.search(line):
        return False
    room = width - len(line) - 1 - len(following.split(" ", 1)[0])
    return room > width // 10 if _ENDED.search(line) else room > width // 4


def _joined(paragraph: str, following: str, words: Counter[str]) -> str:
    broken = _HYPHEN.search(paragraph[-60:])
    second = _FIRST_WORD.match(following)
    if not broken or not second or not second[0].islower():
        return f"{paragraph} {following}"
    stem = paragraph[:-1]
    return (f"{stem}-" if _hyphenated(broken[1], second[0], words) else stem) + following


def _hyphenated(first: str, second: str, words: Counter[str]) -> bool:
    """Return whether a hyphen at the end of a line belongs to the word, as in anak-anak or sayur-mayur."""
    whole, parted = (first + second).lower(), f"{first}-{second}".lower()
    if words[whole] or words[parted]:
        return words[parted] > words[whole]
    stem = first.lower()
    return len(stem) > 2 and (second.startswith(stem) or stem[1:] in second)
